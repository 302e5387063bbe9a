//! The Neural Turing Machine: a cell made of cells.
//!
//! At each step the controller sees the external input and what the heads read at the step before; a linear layer turns
//! its output into the heads' raw numbers; the memory makes them act. What the output layer sees is the controller's
//! output, followed by this step's reads if [`OutputSees`] says so.
//!
//! A memory may have a part of its step *before* the controller ([`Memory::turns`]): its numbers then come, through the
//! same layer, from what drove the heads in the step before, which is carried in the state; and the controller sees
//! what that part reads at once.
mod gradient;
mod parameters;

use crate::buffers::{
    Mat, MatMut, block, blocks, carve, carve_mut, fill_columns, mat, mat_apart, mat_mut, of_item, of_item_mut,
};
use crate::kernels::views::{column, column_mut};
use crate::traits::{
    Backward, Cell, Forward, Initial, Memory, Needs, Parameter, Quantity, Shown, Trajectory, Turns,
};
use crate::{Linear, Operations, Real};
pub(crate) use parameters::parameters_of;
use std::ops::Range;

/// What the output layer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum OutputSees {
    /// the controller's output and this step's reads
    #[default]
    HiddenAndReads,
    /// the controller's output
    Hidden,
}

/// What drives the heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum HeadsSee {
    /// the controller's output
    #[default]
    Hidden,
    /// its inner cell state, an LSTM's c
    Cell,
}

/// x -> controller -> heads -> memory -> y = (controller output, reads).
#[derive(Debug)]
pub struct Ntm<T: Real> {
    inputs: usize,
    controller: Box<dyn Cell<T>>,
    memory: Box<dyn Memory<T>>,
    output: OutputSees,
    /// which outputs of the controller drive the heads, and how many of them the output layer sees
    driver: Range<usize>,
    visible: usize,
    turns: Turns,
    /// which reads the controller sees in the same step
    reads_before: Vec<Range<usize>>,
    raw_clip: Option<f64>,
    /// from what drives the heads to their raw numbers
    heads: Linear,
    weight: Initial,
    bias: Initial,
    /// where the parameters of the controller and of the memory start
    controller_at: usize,
    memory_at: usize,
}

impl<T: Real> Ntm<T> {
    /// A machine with `inputs` external inputs. The controller takes these and then the memory's outputs.
    ///
    /// # Errors
    /// Where the controller's inputs are another number, says both; and where the heads should see a cell state that the
    /// controller does not show.
    pub fn new(
        inputs: usize,
        controller: Box<dyn Cell<T>>,
        memory: Box<dyn Memory<T>>,
        heads_see: HeadsSee,
        output: OutputSees,
    ) -> Result<Self, String> {
        let wanted = inputs + memory.outputs();
        if controller.inputs() != wanted {
            return Err(format!(
                "the controller takes {} inputs, but there are {inputs} external ones and {} numbers read: it must take {wanted}",
                controller.inputs(),
                memory.outputs()
            ));
        }
        let all = controller.outputs();
        let visible = all - controller.cell_outputs();
        let driver = match heads_see {
            HeadsSee::Hidden => 0..visible,
            HeadsSee::Cell => visible..all,
        };
        if driver.is_empty() {
            return Err("the heads see nothing of the controller: it shows no cell state".into());
        }
        let heads = Linear { inputs: driver.len(), outputs: memory.inputs() };
        let numbers = |p: &[Parameter]| p.iter().map(|p| block(p.numbers(), 1)).sum::<usize>();
        let controller_at = heads.numbers();
        let memory_at = controller_at + numbers(&controller.parameters());
        let (weight, bias) = (Initial::Xavier(1.4), Initial::Normal(0.01));
        Ok(Ntm {
            inputs,
            output,
            driver,
            visible,
            turns: memory.turns(),
            reads_before: memory.reads_before(),
            raw_clip: None,
            heads,
            weight,
            bias,
            controller_at,
            memory_at,
            controller,
            memory,
        })
    }

    /// How the weights and biases from the controller to the heads are drawn.
    pub fn with_initial(self, weight: Initial, bias: Initial) -> Self {
        Ntm { weight, bias, ..self }
    }

    /// Cuts the heads' raw numbers to -x ..= x, x above 0; their derivative is 0 outside.
    pub fn with_raw_clip(self, raw_clip: Option<f64>) -> Self {
        Ntm { raw_clip, ..self }
    }

    fn reads(&self) -> usize {
        self.memory.outputs()
    }
    fn hidden(&self) -> usize {
        self.controller.outputs()
    }
    /// reads, and the controller's output where heads want that of the step before
    fn state_blocks(&self) -> [usize; 2] {
        [self.reads(), if self.turns.before { self.hidden() } else { 0 }]
    }
    /// input of the controller, its output, raw numbers and their gradient before the controller and after it
    fn trace_blocks(&self) -> [usize; 6] {
        let numbers = |turn| if turn { self.memory.inputs() } else { 0 };
        let (before, after) = (numbers(self.turns.before), numbers(self.turns.after));
        [self.inputs + self.reads(), self.hidden(), before, before, after, after]
    }
    /// gradient by the controller's output and by its input
    fn scratch_blocks(&self) -> [usize; 2] {
        [self.hidden(), self.inputs + self.reads()]
    }
    /// From what drives the heads to their raw numbers.
    fn raw(&self, params: &[T], driver: Mat<'_, T>, raw: &mut [T]) {
        let (numbers, items) = (self.memory.inputs(), driver.ncols());
        self.heads.forward(params, driver, mat_mut(raw, numbers, items));
        if let Some(most) = self.raw_clip.map(T::of) {
            raw[..numbers * items].iter_mut().for_each(|x| *x = clip(*x, most));
        }
    }
    fn prepared<'a>(&self, prepared: &'a [T]) -> (&'a [T], &'a [T]) {
        prepared.split_at(self.heads.prepared().min(prepared.len()))
    }
}

/// x cut to -most ..= most; what is not a number stays so and is found.
fn clip<T: Real>(x: T, most: T) -> T {
    if x > most {
        most
    } else if x < -most {
        -most
    } else {
        x
    }
}

impl<T: Real> Cell<T> for Ntm<T> {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.visible + if self.output == OutputSees::HiddenAndReads { self.reads() } else { 0 }
    }
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = self.head_parameters();
        all.extend(parameters_of("controller", &*self.controller));
        all.extend(self.memory.parameters());
        all
    }
    fn needs(&self, capacity: usize) -> Needs {
        let (c, m) = (self.controller.needs(capacity), self.memory.needs(capacity));
        Needs {
            prepared: self.heads.prepared() + c.prepared,
            state: blocks(capacity, &self.state_blocks()) + c.state + m.state,
            trace: blocks(capacity, &self.trace_blocks()) + c.trace + m.trace,
            scratch: blocks(capacity, &self.scratch_blocks()) + c.scratch.max(m.scratch),
        }
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        let (heads, controller) = prepared.split_at_mut(self.heads.prepared());
        self.heads.prepare(params, heads);
        self.controller.prepare(&params[self.controller_at..], controller);
    }
    fn operations(&self, asked: usize) -> Option<Operations> {
        let layers = usize::from(self.turns.before) + usize::from(self.turns.after);
        let controller = self.controller.operations(asked + self.reads())?;
        let memory = self.memory.operations(self.memory.inputs())?;
        Some(controller + self.heads.operations(self.heads.inputs).times(layers) + memory)
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        let ([reads, carried], rest) = carve_mut(state, capacity, self.state_blocks());
        let (controller, memory) = rest.split_at_mut(self.controller.needs(capacity).state);
        self.memory.start_reads(&params[self.memory_at..], capacity, reads);
        self.controller.start(&params[self.controller_at..], capacity, controller);
        self.memory.start(&params[self.memory_at..], capacity, memory);
        if self.turns.before && capacity > 0 {
            let (first, others) = carried.split_at_mut(self.hidden());
            self.controller.start_output(&params[self.controller_at..], first);
            fill_columns(first, others);
        }
    }
    fn start_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        let ([d_reads, d_carried], rest) = carve(d_state, capacity, self.state_blocks());
        let (controller, memory) = rest.split_at(self.controller.needs(capacity).state);
        let at = self.controller_at;
        self.controller.start_vjp(&params[at..], capacity, controller, &mut d_params[at..]);
        if self.turns.before {
            for item in 0..capacity {
                let d_output = of_item(d_carried, self.hidden(), item);
                self.controller.start_output_vjp(d_output, &mut d_params[at..]);
            }
        }
        let at = self.memory_at;
        self.memory.start_vjp(&params[at..], capacity, memory, &mut d_params[at..]);
        self.memory.start_reads_vjp(&params[at..], capacity, d_reads, &mut d_params[at..]);
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (items, capacity) = (s.items, s.capacity);
        let needs = self.controller.needs(capacity);
        let ([reads, carried], state) = carve(s.state, capacity, self.state_blocks());
        let ([reads_next, carried_next], next) = carve_mut(s.next, capacity, self.state_blocks());
        let ([u, hidden, before, _, after, _], trace) = carve_mut(s.trace, capacity, self.trace_blocks());
        let (c_state, m_state) = state.split_at(needs.state);
        let (c_next, m_next) = next.split_at_mut(needs.state);
        let (c_trace, m_trace) = trace.split_at_mut(needs.trace);
        let (each, n, numbers) = (self.reads(), self.hidden(), self.memory.inputs());
        let mut memory = Forward {
            items,
            capacity,
            params: &s.params[self.memory_at..],
            prepared: &[],
            state: m_state,
            next: m_next,
            trace: m_trace,
            scratch: &mut *s.scratch,
        };
        let mut seen = reads;
        if self.turns.before {
            reads_next.copy_from_slice(reads);
            self.raw(s.params, mat_apart(&carried[self.driver.start..], self.driver.len(), items, n), before);
            self.memory.before(mat(before, numbers, items), memory.again(), mat_mut(reads_next, each, items));
            seen = reads_next;
        }
        let rows = self.inputs + each;
        for item in 0..items {
            let (external, read) = of_item_mut(u, rows, item).split_at_mut(self.inputs);
            external.copy_from_slice(column(&x, item));
            read.copy_from_slice(of_item(seen, each, item));
        }
        let controller = Forward {
            items,
            capacity,
            params: &s.params[self.controller_at..],
            prepared: self.prepared(s.prepared).1,
            state: c_state,
            next: c_next,
            trace: c_trace,
            scratch: &mut *memory.scratch,
        };
        self.controller.forward(mat(u, rows, items), controller, mat_mut(hidden, n, items));
        let drives = mat_apart(&hidden[self.driver.start..], self.driver.len(), items, n);
        if self.turns.after {
            self.raw(s.params, drives, after);
            self.memory.forward(mat(after, numbers, items), memory, mat_mut(reads_next, each, items));
        }
        if self.turns.before {
            carried_next[..n * items].copy_from_slice(&hidden[..n * items]);
        }
        for item in 0..items {
            let (h, r) = column_mut(&mut y, item).split_at_mut(self.visible);
            h.copy_from_slice(&of_item(hidden, n, item)[..self.visible]);
            if self.output == OutputSees::HiddenAndReads {
                r.copy_from_slice(of_item(reads_next, each, item));
            }
        }
    }
    fn backward(&self, _x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        self.step_vjp(s, d_y, d_x);
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        self.collect_all(run, d_params);
    }
    fn show(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let needs = self.controller.needs(s.capacity);
        let (_, state) = carve(s.state, s.capacity, self.state_blocks());
        let ([reads, _], next) = carve(s.next, s.capacity, self.state_blocks());
        let ([u, hidden, before, _, after, _], trace) = carve(s.trace, s.capacity, self.trace_blocks());
        let raw = if self.turns.after { after } else { before };
        let (c_state, m_state) = state.split_at(needs.state);
        let (c_next, m_next) = next.split_at(needs.state);
        let (c_trace, m_trace) = trace.split_at(needs.trace);
        let hidden = &of_item(hidden, self.hidden(), s.item)[..self.visible];
        let controller = Shown {
            params: &s.params[self.controller_at..],
            x: of_item(u, self.inputs + self.reads(), s.item),
            y: hidden,
            state: c_state,
            next: c_next,
            trace: c_trace,
            ..s
        };
        show_controller(&*self.controller, controller, show);
        let memory = Shown {
            params: &s.params[self.memory_at..],
            x: of_item(raw, self.memory.inputs(), s.item),
            y: of_item(reads, self.reads(), s.item),
            state: m_state,
            next: m_next,
            trace: m_trace,
            ..s
        };
        self.memory.show(memory, show);
    }
}

/// A controller's own quantities and its output.
pub(crate) fn show_controller<T: Real>(
    controller: &dyn Cell<T>,
    s: Shown<'_, T>,
    show: &mut dyn FnMut(Quantity<'_, T>),
) {
    controller.show(s, &mut |q| show(q.under("controller.")));
    show(Quantity::list("controller.output", s.y));
}
