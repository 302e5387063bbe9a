//! Dense memory: every slot of every item at every step. All passes over slots are made here, for all heads at once.
//!
//! A step is a list of *phases*. In a phase its heads address one version of the memory, then its readers read that
//! version and its writers make the next one. That covers the published orders: all heads in one phase (the paper);
//! writers, then readers; one head per phase, in list order. Phases come before the controller or after it: a head that
//! uses the weighting of the step before acts in a phase before and addresses in one after.
mod backward;
mod forward;
mod layout;
mod show;
mod starts;

use crate::buffers::{Mat, MatMut, block, blocks, mat, mat_mut};
use crate::field::Activations;
use crate::kernels::classic::scratch_for;
use crate::kernels::slots::sums_len;
use crate::kernels::step::Plan;
use crate::start::MemoryStart;
use crate::traits::{
    Action, Backward, Cell, Forward, Head, Memory, Needs, Parameter, Quantity, Shown, Turns,
};
use crate::{Field, Operations, Real, Shape};
use layout::{Phase, Phases, Seat, effects_are_numbers};
use starts::Starts;
use std::ops::Range;

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

/// Whether the memory or the controller comes first in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Step {
    /// The controller sees what was read in the step before; then the heads act (the paper).
    #[default]
    ControllerThenMemory,
    /// The heads act first, on numbers from the controller's output of the step before; the controller sees what they
    /// have just read.
    MemoryThenController,
}

/// How the heads of a memory come together in a step. The default is the paper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// In which order heads read and write within a step.
    pub order: Order,
    /// How several write heads meet.
    pub writes: Writes,
    /// Whether memory or controller comes first.
    pub step: Step,
}

/// A part of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// before the controller
    Before,
    /// after it
    After,
}

/// A matrix of slots x width with its heads.
#[derive(Debug)]
pub struct Dense<T: Real> {
    shape: Shape,
    heads: Vec<Box<dyn Head<T>>>,
    fields: Vec<Vec<Field>>,
    seats: Vec<Seat>,
    phases: Phases,
    /// whether both parts of a step have something to do
    split: bool,
    activations: Activations,
    starts: Starts,
    writes: Writes,
    /// raw numbers, keys, own state, trace: of all heads of an item
    numbers: usize,
    keys: usize,
    own: usize,
    trace: usize,
    /// most that an addressing wants, or heads at once
    scratch: usize,
    readers: usize,
    writers: usize,
    /// (erase, add) x writers, where they are not among the numbers
    effects: usize,
    /// versions of the memory within a step, besides the first and the last
    between: usize,
    /// where a step is one call
    plan: Option<Plan>,
}

impl<T: Real> Dense<T> {
    /// A memory with its heads.
    pub fn new(
        shape: Shape,
        heads: Vec<Box<dyn Head<T>>>,
        arrangement: Arrangement,
        start: MemoryStart,
    ) -> Self {
        let phases = Phases::list(&heads, arrangement);
        let (seats, fields) = Seat::list(shape, &heads, &phases);
        let total = |f: fn(&Seat) -> usize| seats.iter().map(f).max().unwrap_or(0);
        let count = |action| heads.iter().filter(|h| h.action() == action).count();
        let phases = phases.seated(shape, &heads, &seats, &fields);
        let versions = phases.all().filter(|p| !p.writers.is_empty()).count();
        let alone = heads.iter().map(|h| h.addressing().scratch(shape));
        let at_once = phases.all().map(|p| scratch_for(shape.slots, p.classic.len()));
        let mut memory = Dense {
            plan: None,
            shape,
            activations: Activations::new(fields.iter().flatten()),
            starts: Starts::new(shape, &heads, start, arrangement.step),
            writes: arrangement.writes,
            split: !phases.before.is_empty() && !phases.after.is_empty(),
            numbers: fields.iter().map(|f| Field::count(f)).sum(),
            keys: total(|s| s.keys.end),
            own: total(|s| s.own.end),
            trace: total(|s| s.trace.end),
            scratch: alone.chain(at_once).max().unwrap_or(0),
            readers: count(Action::Read),
            effects: if effects_are_numbers(shape, &heads) {
                0
            } else {
                2 * shape.width * count(Action::Write)
            },
            writers: count(Action::Write),
            between: versions.saturating_sub(1),
            phases,
            fields,
            seats,
            heads,
        };
        memory.plan = memory.planned();
        memory
    }

    /// memory, norms of its slots, weightings (slots x heads), own state of the heads
    fn state_blocks(&self) -> [usize; 4] {
        [self.shape.numbers(), self.shape.slots, self.shape.slots * self.heads.len(), self.own]
    }
    fn phases_of(&self, turn: Turn) -> &[Phase] {
        match turn {
            Turn::Before => &self.phases.before,
            Turn::After => &self.phases.after,
        }
    }
    fn has(&self, turn: Turn) -> bool {
        !self.phases_of(turn).is_empty()
    }
    /// Whether this part of a step makes the new weightings.
    fn addresses(&self, turn: Turn) -> bool {
        turn == Turn::After || !self.split
    }
    /// Whether nothing comes after this part of a step.
    fn is_last(&self, turn: Turn) -> bool {
        turn == Turn::After || !self.has(Turn::After)
    }
    /// activated numbers before the controller and after it, similarity (slots x keys), traces of the heads, (erase,
    /// add) x writers where they are not numbers, memories and norms between the first and the last version
    fn trace_blocks(&self) -> [usize; 7] {
        let (slots, between) = (self.shape.slots, self.between);
        let effects = self.effects;
        let numbers = |turn| if self.has(turn) { self.numbers } else { 0 };
        [
            numbers(Turn::Before),
            numbers(Turn::After),
            slots * self.keys,
            self.trace,
            effects,
            between * self.shape.numbers(),
            between * slots,
        ]
    }
    /// gradients by the new weightings, by similarity, by effects that are not numbers; scratch of the addressings; sums
    /// over slots
    fn scratch_blocks(&self) -> [usize; 5] {
        let (slots, width) = (self.shape.slots, self.shape.width);
        let sums = sums_len(2 * width * self.heads.len().max(1));
        [slots * self.heads.len(), slots * self.keys, self.effects, self.scratch, sums]
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
            scratch: blocks(1, &self.scratch_blocks()) + block(self.activations.scratch(), 1),
        }
    }
    fn operations(&self, _asked: usize) -> Option<Operations> {
        // a slot of a key: its product with the key, and the norm of the slot, which is made once for all keys
        let norms = usize::from(self.keys > 0);
        let (keys, readers, writers) = (self.keys, self.readers, self.writers);
        let forward = 2 * keys + 2 * norms + 2 * readers + 4 * writers;
        let backward = 4 * keys + 2 * norms + 4 * readers + 10 * writers;
        let passes = Operations::new(forward, backward).times(self.shape.numbers());
        let heads: Option<Operations> =
            self.heads.iter().map(|h| h.addressing().operations(self.shape)).sum();
        Some(passes + heads?)
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        self.start_state(params, capacity, state);
    }
    fn start_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        self.start_state_vjp(params, capacity, d_state, d_params);
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, y: MatMut<'_, T>) {
        self.pass(Turn::After, x, s, y);
    }
    fn backward(&self, x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        match d_x {
            Some(d_x) if d_x.nrows() == self.numbers => self.pass_vjp(Turn::After, x, s, d_y, d_x),
            // raw numbers come from a layer, which asks for all of them: this is rare, so it may allocate
            other => {
                let mut all = vec![T::of(0.0); self.numbers * s.items];
                let items = s.items;
                self.pass_vjp(Turn::After, x, s, d_y, mat_mut(&mut all, self.numbers, items));
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
    fn turns(&self) -> Turns {
        Turns { before: self.has(Turn::Before), after: self.has(Turn::After) }
    }
    fn reads_before(&self) -> Vec<Range<usize>> {
        let width = self.shape.width;
        let readers = self.phases.before.iter().flat_map(|p| &p.readers);
        readers.map(|&h| self.seats[h].lane * width).map(|at| at..at + width).collect()
    }
    fn before(&self, x: Mat<'_, T>, s: Forward<'_, T>, y: MatMut<'_, T>) {
        self.pass(Turn::Before, x, s, y);
    }
    fn before_vjp(&self, x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: MatMut<'_, T>) {
        self.pass_vjp(Turn::Before, x, s, d_y, d_x);
    }
    fn start_reads(&self, params: &[T], capacity: usize, reads: &mut [T]) {
        self.write_start_reads(params, capacity, reads);
    }
    fn start_reads_vjp(&self, params: &[T], capacity: usize, d_reads: &[T], d_params: &mut [T]) {
        self.write_start_reads_vjp(params, capacity, d_reads, d_params);
    }
}
