//! The Neural Turing Machine: a cell made of cells.
//!
//! At each step the controller sees the external input and what the heads read at the step before; a linear layer turns
//! its output into the heads' raw numbers; the memory makes them act. What the output layer sees is the controller's
//! output, followed by this step's reads if [`OutputSees`] says so.
use crate::buffers::{
    Mat, MatMut, block, blocks, carve, carve_mut, mat, mat_mut, of_item, of_item_mut, places,
};
use crate::kernels::views::{column, column_mut};
use crate::traits::{
    Backward, Cell, Forward, Initial, Memory, Needs, Parameter, Part, Quantity, Shown, Trajectory,
};
use crate::{Field, Linear, Real};

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

/// x -> controller -> heads -> memory -> y = (controller output, reads).
#[derive(Debug)]
pub struct Ntm<T: Real> {
    inputs: usize,
    controller: Box<dyn Cell<T>>,
    memory: Box<dyn Memory<T>>,
    output: OutputSees,
    /// from the controller's output to the raw numbers of all heads
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
    /// Where the controller's inputs are another number; says both.
    pub fn new(
        inputs: usize,
        controller: Box<dyn Cell<T>>,
        memory: Box<dyn Memory<T>>,
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
        let heads = Linear { inputs: controller.outputs(), outputs: memory.inputs() };
        let numbers = |p: &[Parameter]| p.iter().map(|p| block(p.numbers(), 1)).sum::<usize>();
        let controller_at = heads.numbers();
        let memory_at = controller_at + numbers(&controller.parameters());
        let (weight, bias) = (Initial::Xavier(1.4), Initial::Normal(0.01));
        Ok(Ntm { inputs, controller, memory, output, heads, weight, bias, controller_at, memory_at })
    }

    /// How the weights and biases from the controller to the heads are drawn.
    pub fn with_initial(self, weight: Initial, bias: Initial) -> Self {
        Ntm { weight, bias, ..self }
    }

    fn reads(&self) -> usize {
        self.memory.outputs()
    }
    fn hidden(&self) -> usize {
        self.controller.outputs()
    }
    /// input of the controller, its output, raw numbers, their gradient
    fn trace_blocks(&self) -> [usize; 4] {
        let numbers = self.memory.inputs();
        [self.inputs + self.reads(), self.hidden(), numbers, numbers]
    }
    fn prepared<'a>(&self, prepared: &'a [T]) -> (&'a [T], &'a [T]) {
        prepared.split_at(self.heads.prepared().min(prepared.len()))
    }
    /// The matrix to the raw numbers, known outside as one layer per head.
    fn head_parameters(&self) -> Vec<Parameter> {
        let mut all = self.heads.parameters("heads", self.weight, self.bias);
        for (parameter, name) in all.iter_mut().zip(["weight", "bias"]) {
            let initial = parameter.parts[0].initial;
            let mut at = 0;
            parameter.parts = vec![];
            for (h, fields) in self.memory.interface().iter().enumerate() {
                let rows = at..at + Field::count(fields);
                at = rows.end;
                let shape = if name == "bias" { vec![rows.len()] } else { vec![rows.len(), self.hidden()] };
                parameter.parts.push(Part {
                    path: format!("heads.{h}.{name}"),
                    rows,
                    shape,
                    initial,
                    except: None,
                });
            }
        }
        all
    }
}

/// Paths of a part of a model: `start.h` of the controller is `start.controller.h`, `weight` is `controller.weight`.
pub(crate) fn parameters_of<T: Real>(name: &str, cell: &dyn Cell<T>) -> Vec<Parameter> {
    let mut all = cell.parameters();
    for part in all.iter_mut().flat_map(|p| &mut p.parts) {
        part.path = match part.path.split_once('.') {
            Some((first @ ("start" | "given"), rest)) => format!("{first}.{name}.{rest}"),
            _ => format!("{name}.{}", part.path),
        };
    }
    all
}

impl<T: Real> Cell<T> for Ntm<T> {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.hidden() + if self.output == OutputSees::HiddenAndReads { self.reads() } else { 0 }
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
            state: block(self.reads(), capacity) + c.state + m.state,
            trace: blocks(capacity, &self.trace_blocks()) + c.trace + m.trace,
            scratch: block(self.hidden(), capacity) + c.scratch.max(m.scratch),
        }
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        let (heads, controller) = prepared.split_at_mut(self.heads.prepared());
        self.heads.prepare(params, heads);
        self.controller.prepare(&params[self.controller_at..], controller);
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        let ([reads], rest) = carve_mut(state, capacity, [self.reads()]);
        let (controller, memory) = rest.split_at_mut(self.controller.needs(capacity).state);
        self.memory.start_reads(&params[self.memory_at..], capacity, reads);
        self.controller.start(&params[self.controller_at..], capacity, controller);
        self.memory.start(&params[self.memory_at..], capacity, memory);
    }
    fn start_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        let ([d_reads], rest) = carve(d_state, capacity, [self.reads()]);
        let (controller, memory) = rest.split_at(self.controller.needs(capacity).state);
        let at = self.controller_at;
        self.controller.start_vjp(&params[at..], capacity, controller, &mut d_params[at..]);
        let at = self.memory_at;
        self.memory.start_vjp(&params[at..], capacity, memory, &mut d_params[at..]);
        self.memory.start_reads_vjp(capacity, d_reads, &mut d_params[at..]);
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (items, capacity) = (s.items, s.capacity);
        let needs = self.controller.needs(capacity);
        let ([reads], state) = carve(s.state, capacity, [self.reads()]);
        let ([reads_next], next) = carve_mut(s.next, capacity, [self.reads()]);
        let ([u, hidden, raw, _], trace) = carve_mut(s.trace, capacity, self.trace_blocks());
        let (c_state, m_state) = state.split_at(needs.state);
        let (c_next, m_next) = next.split_at_mut(needs.state);
        let (c_trace, m_trace) = trace.split_at_mut(needs.trace);
        let (each, n, numbers) = (self.reads(), self.hidden(), self.memory.inputs());
        let rows = self.inputs + each;
        for item in 0..items {
            let (external, read) = of_item_mut(u, rows, item).split_at_mut(self.inputs);
            external.copy_from_slice(column(&x, item));
            read.copy_from_slice(of_item(reads, each, item));
        }
        let controller = Forward {
            items,
            capacity,
            params: &s.params[self.controller_at..],
            prepared: self.prepared(s.prepared).1,
            state: c_state,
            next: c_next,
            trace: c_trace,
            scratch: &mut *s.scratch,
        };
        self.controller.forward(mat(u, rows, items), controller, mat_mut(hidden, n, items));
        self.heads.forward(s.params, mat(hidden, n, items), mat_mut(raw, numbers, items));
        let memory = Forward {
            items,
            capacity,
            params: &s.params[self.memory_at..],
            prepared: &[],
            state: m_state,
            next: m_next,
            trace: m_trace,
            scratch: &mut *s.scratch,
        };
        self.memory.forward(mat(raw, numbers, items), memory, mat_mut(reads_next, each, items));
        for item in 0..items {
            let (h, r) = column_mut(&mut y, item).split_at_mut(n);
            h.copy_from_slice(of_item(hidden, n, item));
            if self.output == OutputSees::HiddenAndReads {
                r.copy_from_slice(of_item(reads_next, each, item));
            }
        }
    }
    fn backward(&self, _x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let (items, capacity) = (s.items, s.capacity);
        let needs = self.controller.needs(capacity);
        let (_, state) = carve(s.state, capacity, [self.reads()]);
        let (_, next) = carve(s.next, capacity, [self.reads()]);
        let ([d_reads], d_state) = carve_mut(s.d_state, capacity, [self.reads()]);
        let ([u, _, raw, d_raw], trace) = carve_mut(s.trace, capacity, self.trace_blocks());
        let ([d_hidden], scratch) = carve_mut(s.scratch, capacity, [self.hidden()]);
        let (c_state, m_state) = state.split_at(needs.state);
        let (c_next, m_next) = next.split_at(needs.state);
        let (c_d_state, m_d_state) = d_state.split_at_mut(needs.state);
        let (c_trace, m_trace) = trace.split_at_mut(needs.trace);
        let (prepared_heads, prepared) = self.prepared(s.prepared);
        let (each, n, numbers) = (self.reads(), self.hidden(), self.memory.inputs());
        // what the output layer saw
        for item in 0..items {
            let (h, r) = column(&d_y, item).split_at(n);
            of_item_mut(d_hidden, n, item).copy_from_slice(h);
            for (d, g) in of_item_mut(d_reads, each, item).iter_mut().zip(r) {
                *d += *g;
            }
        }
        let memory = Backward {
            items,
            capacity,
            params: &s.params[self.memory_at..],
            prepared: &[],
            state: m_state,
            next: m_next,
            trace: m_trace,
            d_state: m_d_state,
            scratch: &mut *scratch,
        };
        let d_numbers = Some(mat_mut(d_raw, numbers, items));
        self.memory.backward(mat(raw, numbers, items), memory, mat(d_reads, each, items), d_numbers);
        let d_numbers = mat(d_raw, numbers, items);
        self.heads.backward(s.params, prepared_heads, d_numbers, true, mat_mut(d_hidden, n, items));
        let controller = Backward {
            items,
            capacity,
            params: &s.params[self.controller_at..],
            prepared,
            state: c_state,
            next: c_next,
            trace: c_trace,
            d_state: c_d_state,
            scratch: &mut *scratch,
        };
        let (u, d_hidden) = (mat(u, self.inputs + each, items), mat(d_hidden, n, items));
        match d_x {
            None => {
                self.controller.backward(u, controller, d_hidden, Some(mat_mut(d_reads, each, items)));
            }
            Some(mut d_x) => {
                // rare (golden tests, cells around this one), so it may allocate
                let asked = d_x.nrows();
                let mut both = vec![T::of(0.0); (asked + each) * items];
                self.controller.backward(
                    u,
                    controller,
                    d_hidden,
                    Some(mat_mut(&mut both, asked + each, items)),
                );
                for item in 0..items {
                    let (d_external, d_read) = of_item(&both, asked + each, item).split_at(asked);
                    column_mut(&mut d_x, item).copy_from_slice(d_external);
                    of_item_mut(d_reads, each, item).copy_from_slice(d_read);
                }
            }
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        let capacity = run.capacity;
        let needs = self.controller.needs(capacity);
        let ([u, hidden, _, d_raw], trace_end) = places(capacity, self.trace_blocks());
        let (_, state_end) = places(capacity, [self.reads()]);
        let driver = run.trace.part(hidden).matrix(self.hidden());
        self.heads.collect(driver, run.trace.part(d_raw).matrix(self.memory.inputs()), d_params);
        let controller = Trajectory {
            capacity,
            x: run.trace.part(u).matrix(self.inputs + self.reads()),
            state: run.state.part(state_end..state_end + needs.state),
            trace: run.trace.part(trace_end..trace_end + needs.trace),
        };
        self.controller.collect(controller, &mut d_params[self.controller_at..]);
    }
    fn show(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let needs = self.controller.needs(s.capacity);
        let (_, state) = carve(s.state, s.capacity, [self.reads()]);
        let ([reads], next) = carve(s.next, s.capacity, [self.reads()]);
        let ([u, hidden, raw, _], trace) = carve(s.trace, s.capacity, self.trace_blocks());
        let (c_state, m_state) = state.split_at(needs.state);
        let (c_next, m_next) = next.split_at(needs.state);
        let (c_trace, m_trace) = trace.split_at(needs.trace);
        let hidden = of_item(hidden, self.hidden(), s.item);
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
