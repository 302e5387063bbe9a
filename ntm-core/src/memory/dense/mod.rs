//! Dense memory: every slot of every item at every step. All passes over slots are made here, for all heads at once.
//!
//! A step is a list of *phases*. In a phase its heads address one version of the memory, then its readers read that
//! version and its writers make the next one. That covers the published orders: all heads in one phase (the paper);
//! writers, then readers; one head per phase, in list order.
mod backward;
mod forward;
mod layout;
mod show;
mod starts;

use crate::buffers::{Mat, MatMut, block, blocks, mat, mat_mut};
use crate::field::Activations;
use crate::kernels::slots::sums_len;
use crate::start::MemoryStart;
use crate::traits::{Action, Backward, Cell, Forward, Head, Memory, Needs, Parameter, Quantity, Shown};
use crate::{Field, Real, Shape};
use layout::{Phase, Seat};
use starts::Starts;

/// Order of the heads within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Order {
    /// Every head addresses the memory of the step before, reads come from it, then the writes (the paper).
    #[default]
    ReadThenWrite,
    /// Write heads address the memory of the step before and write; read heads address and read the result.
    WriteThenRead,
    /// Heads act one by one in list order, each on the memory as left by those before it.
    Listed,
}

/// How several write heads of one phase meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Writes {
    /// All erases, then all adds (the paper).
    #[default]
    Together,
    /// Weightings first, then erase and add head by head.
    Sequential,
}

/// A matrix of slots x width with its heads.
#[derive(Debug)]
pub struct Dense<T: Real> {
    shape: Shape,
    heads: Vec<Box<dyn Head<T>>>,
    fields: Vec<Vec<Field>>,
    seats: Vec<Seat>,
    phases: Vec<Phase>,
    activations: Activations,
    starts: Starts,
    writes: Writes,
    /// raw numbers, keys, own state, trace: of all heads of an item
    numbers: usize,
    keys: usize,
    own: usize,
    trace: usize,
    /// most that one addressing wants
    scratch: usize,
    readers: usize,
    writers: usize,
    /// versions of the memory within a step, besides the first and the last
    between: usize,
}

impl<T: Real> Dense<T> {
    /// A memory with its heads.
    pub fn new(
        shape: Shape,
        heads: Vec<Box<dyn Head<T>>>,
        order: Order,
        writes: Writes,
        start: MemoryStart,
    ) -> Self {
        let phases = Phase::list(&heads, order);
        let (seats, fields) = Seat::list(shape, &heads, &phases);
        let total = |f: fn(&Seat) -> usize| seats.iter().map(f).max().unwrap_or(0);
        let count = |action| heads.iter().filter(|h| h.action() == action).count();
        let versions = phases.iter().filter(|p| !p.writers.is_empty()).count();
        Dense {
            shape,
            activations: Activations::new(fields.iter().flatten()),
            starts: Starts::new(shape, &heads, start),
            writes,
            numbers: fields.iter().map(|f| Field::count(f)).sum(),
            keys: total(|s| s.keys.end),
            own: total(|s| s.own.end),
            trace: total(|s| s.trace.end),
            scratch: heads.iter().map(|h| h.addressing().scratch(shape)).max().unwrap_or(0),
            readers: count(Action::Read),
            writers: count(Action::Write),
            between: versions.saturating_sub(1),
            phases: phases.into_iter().map(|p| p.seated(shape, &seats, &fields)).collect(),
            fields,
            seats,
            heads,
        }
    }

    /// memory, norms of its slots, weightings (slots x heads), own state of the heads
    fn state_blocks(&self) -> [usize; 4] {
        [self.shape.numbers(), self.shape.slots, self.shape.slots * self.heads.len(), self.own]
    }
    /// activated numbers, similarity (slots x keys), traces of the heads, (erase, add) x writers, memories and norms
    /// between the first and the last version
    fn trace_blocks(&self) -> [usize; 6] {
        let (slots, between) = (self.shape.slots, self.between);
        let effects = 2 * self.shape.width * self.writers;
        [
            self.numbers,
            slots * self.keys,
            self.trace,
            effects,
            between * self.shape.numbers(),
            between * slots,
        ]
    }
    /// gradients by the new weightings, by similarity, by effects; an addressing's scratch; sums over slots
    fn scratch_blocks(&self) -> [usize; 5] {
        let (slots, width) = (self.shape.slots, self.shape.width);
        let sums = sums_len(2 * width * self.heads.len().max(1));
        [slots * self.heads.len(), slots * self.keys, 2 * width * self.writers, self.scratch, sums]
    }
}

impl<T: Real> Cell<T> for Dense<T> {
    fn inputs(&self) -> usize {
        self.numbers
    }
    fn outputs(&self) -> usize {
        self.readers * self.shape.width
    }
    fn parameters(&self) -> Vec<Parameter> {
        self.starts.parameters.clone()
    }
    fn needs(&self, capacity: usize) -> Needs {
        Needs {
            prepared: 0,
            state: blocks(capacity, &self.state_blocks()),
            trace: blocks(capacity, &self.trace_blocks()),
            scratch: blocks(1, &self.scratch_blocks()) + block(self.activations.scratch(capacity), 1),
        }
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        self.start_state(params, capacity, state);
    }
    fn start_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        self.start_state_vjp(params, capacity, d_state, d_params);
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, y: MatMut<'_, T>) {
        self.step(x, s, y);
    }
    fn backward(&self, x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        match d_x {
            Some(d_x) if d_x.nrows() == self.numbers => self.step_back(x, s, d_y, d_x),
            // raw numbers come from a layer, which asks for all of them: this is rare, so it may allocate
            other => {
                let mut all = vec![T::of(0.0); self.numbers * s.items];
                let items = s.items;
                self.step_back(x, s, d_y, mat_mut(&mut all, self.numbers, items));
                if let Some(mut d_x) = other {
                    let first = self.numbers - d_x.nrows();
                    d_x.copy_from(&mat(&all, self.numbers, items).rows(first, self.numbers - first));
                }
            }
        }
    }
    fn show(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        self.show_step(s, show);
    }
}

impl<T: Real> Memory<T> for Dense<T> {
    fn shape(&self) -> Shape {
        self.shape
    }
    fn interface(&self) -> Vec<Vec<Field>> {
        self.fields.clone()
    }
    fn start_reads(&self, params: &[T], capacity: usize, reads: &mut [T]) {
        self.write_start_reads(params, capacity, reads);
    }
    fn start_reads_vjp(&self, capacity: usize, d_reads: &[T], d_params: &mut [T]) {
        self.write_start_reads_vjp(capacity, d_reads, d_params);
    }
}
