//! The chunk runtime: back-propagation through time over whole sequences.
//!
//! A batch is cut into chunks of a few items. Each runs forward over all its steps, then output layer and loss on the
//! scored steps at once, then backward over all steps, then one product per weight matrix. So a chunk's trajectory stays
//! in cache, and the chunk is the unit of threads and of summation order: every chunk has a gradient of its own, and
//! these are added in a fixed order. The same batch gives the same bits on any number of threads.
//!
//! Where a trajectory is too long to be kept, [`Extent::checkpoint_every`] keeps the state of some of its steps, and makes
//! the others again on the way back, with the same bits.
mod evaluate;
mod inspect;
mod names;
mod stepper;
mod train;
mod walk;

pub use evaluate::{Evaluator, Score};
pub use inspect::{Exact, Inspection, NamedTensors, inspect, inspect_scored};
pub use stepper::{StepError, Stepper};

use crate::buffers::{Slab, stride};
use crate::bytes::Bytes;
use crate::kernels::optimizer::accumulate;
use crate::sequence::Batch;
use crate::{Cell, Linear, Model, Real};
use rayon::prelude::*;
use std::sync::Mutex;

/// Chunks that have a gradient of their own at a time; more of them are added in waves. Fixed, because it fixes the
/// order of sums.
const WAVE: usize = 16;
/// Numbers of the gradient that one thread adds at a time.
const PIECE: usize = 1 << 14;

/// Buffers of one thread.
#[derive(Debug)]
struct Work<T> {
    /// states and traces of a stretch of steps
    state: Slab<T>,
    trace: Slab<T>,
    /// the state before each stretch but the last
    starts: Slab<T>,
    d_state: Slab<T>,
    scratch: Slab<T>,
    y: Slab<T>,
    d_y: Slab<T>,
    logits: Slab<T>,
}

/// What an engine is laid out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Most sequences of a batch.
    pub items: usize,
    /// Sequences that run together.
    pub chunk: usize,
    /// Steps of the longest sequence.
    pub steps: usize,
    /// The state is kept every this many steps, and what lies between is made again on the way back; 0 to keep all.
    pub checkpoint_every: usize,
    /// Threads that work at the same time.
    pub threads: usize,
}

impl Extent {
    /// Items that a chunk is laid out for.
    pub(crate) fn capacity(self) -> usize {
        self.chunk.max(1).min(self.items.max(1))
    }
    fn chunks(self) -> usize {
        self.items.div_ceil(self.capacity()).max(1)
    }
    fn works(self) -> usize {
        self.threads.max(1).min(self.chunks())
    }
    /// Gradients: one for each chunk of a wave, and their sum where there are several waves.
    fn gradients(self) -> (usize, usize) {
        (self.chunks().min(WAVE), usize::from(self.chunks() > WAVE))
    }
    /// Steps of which everything is kept at a time.
    pub(crate) fn stretch(self) -> usize {
        match self.checkpoint_every {
            0 => self.steps.max(1),
            every => every.min(self.steps).max(1),
        }
    }
    /// Stretches whose first state is kept while another one is worked on.
    fn starts(self) -> usize {
        self.steps.div_ceil(self.stretch()).saturating_sub(1)
    }
}

/// Numbers that a chunk's trajectory wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) state: usize,
    pub(crate) trace: usize,
    pub(crate) state_stride: usize,
    pub(crate) trace_stride: usize,
    pub(crate) scratch: usize,
    pub(crate) prepared: usize,
}
impl Layout {
    pub(crate) fn of<T: Real>(model: &Model<T>, capacity: usize) -> Layout {
        Layout::of_cell(model.cell(), capacity)
    }
    pub(crate) fn of_cell<T: Real>(cell: &dyn Cell<T>, capacity: usize) -> Layout {
        let needs = cell.needs(capacity);
        Layout {
            state: needs.state,
            trace: needs.trace,
            state_stride: stride(needs.state),
            trace_stride: stride(needs.trace),
            scratch: needs.scratch,
            prepared: needs.prepared,
        }
    }
}

/// Gradient and loss of one chunk.
#[derive(Debug)]
struct Slot<T> {
    gradient: Slab<T>,
    loss: f64,
}

/// Everything that gradients need besides the model: laid out once, for the longest sequence.
#[derive(Debug)]
pub struct Engine<T> {
    layout: Layout,
    extent: Extent,
    prepared: Slab<T>,
    /// one per thread
    works: Vec<Mutex<Work<T>>>,
    /// one per chunk of a wave
    slots: Vec<Slot<T>>,
    /// sum over the waves, where there are several
    gradient: Slab<T>,
}

impl<T: Real> Engine<T> {
    /// Buffers for batches of this extent.
    pub fn new(model: &Model<T>, extent: Extent) -> Self {
        let layout = Layout::of(model, extent.capacity());
        let (features, outputs) = (model.output().inputs, model.output().outputs);
        let columns = extent.steps * extent.capacity();
        let stretch = extent.stretch();
        let work = || Work {
            state: Slab::new((stretch + 1) * layout.state_stride),
            trace: Slab::new(stretch * layout.trace_stride),
            starts: Slab::new(extent.starts() * layout.state_stride),
            d_state: Slab::new(layout.state_stride),
            scratch: Slab::new(layout.scratch),
            y: Slab::new(columns * features),
            d_y: Slab::new(columns * features),
            logits: Slab::new(columns * outputs),
        };
        let numbers = model.params.len();
        let (slots, sums) = extent.gradients();
        Engine {
            layout,
            extent,
            prepared: Slab::new(prepared(layout, model.output(), extent)),
            works: (0..extent.works()).map(|_| Mutex::new(work())).collect(),
            slots: (0..slots).map(|_| Slot { gradient: Slab::new(numbers), loss: 0.0 }).collect(),
            gradient: Slab::new(sums * numbers),
        }
    }

    /// What an engine of this extent takes.
    pub fn bytes(cell: &dyn Cell<T>, outputs: usize, extent: Extent) -> Bytes {
        let layout = Layout::of_cell(cell, extent.capacity());
        let output = Linear { inputs: cell.outputs(), outputs };
        let numbers = Model::numbers(cell, outputs);
        let many = |a: usize, b: usize| (a as u128).saturating_mul(b as u128);
        let columns = many(extent.steps, extent.capacity());
        let slab = Slab::<T>::bytes;
        let work = Bytes {
            state: slab(many(extent.stretch() + 1, layout.state_stride))
                + slab(many(extent.starts(), layout.state_stride)),
            trace: slab(many(extent.stretch(), layout.trace_stride)),
            scratch: slab(layout.state_stride as u128)
                + slab(layout.scratch as u128)
                + 2 * slab(columns.saturating_mul(output.inputs as u128))
                + slab(columns.saturating_mul(outputs as u128)),
            ..Bytes::default()
        };
        let (slots, sums) = extent.gradients();
        let parameters = slab(prepared(layout, output, extent) as u128)
            + slots as u128 * slab(numbers)
            + slab(sums as u128 * numbers);
        work * extent.works() + Bytes { parameters, ..Bytes::default() }
    }

    /// Loss of a batch (nats, or squared errors), summed over its items; its gradient, divided by the number of items, is then in
    /// [`Engine::last_gradient`]. On several threads only inside a rayon pool of as many.
    pub fn gradient(&mut self, model: &Model<T>, batch: &Batch<T>) -> f64 {
        let prepare = batch.items > 1 && !self.prepared.is_empty(); // a transposed copy does not pay for one item
        if prepare {
            let (cell, output) = self.prepared.split_at_mut(self.layout.prepared);
            model.cell().prepare(&model.params, cell);
            model.output().prepare(&model.params[model.output_at()..], output);
        }
        let prepared: &[T] = if prepare { &self.prepared } else { &[] };
        let chunks = batch.chunks();
        let scale = 1.0 / batch.items.max(1) as f64;
        let (laid_out, works) = ((self.layout, self.extent), &self.works);
        let several = works.len() > 1 && chunks.len() > 1;
        let mut loss = 0.0;
        for (wave, chunks) in chunks.chunks(self.slots.len()).enumerate() {
            let slots = &mut self.slots[..chunks.len()];
            let run = |(slot, chunk): (&mut Slot<T>, &crate::sequence::Chunk<T>)| {
                let index =
                    if several { rayon::current_thread_index().unwrap_or(0) % works.len() } else { 0 };
                let mut work = works[index].lock().unwrap_or_else(|e| e.into_inner());
                train::run(model, laid_out, prepared, chunk, &mut work, scale, slot);
            };
            if several {
                slots.par_iter_mut().zip(chunks.par_iter()).with_max_len(1).for_each(run);
            } else {
                slots.iter_mut().zip(chunks).for_each(run);
            }
            loss += slots.iter().map(|s| s.loss).sum::<f64>();
            let Some((first, others)) = self.slots[..chunks.len()].split_first_mut() else { continue };
            let total = &mut self.gradient;
            let add = |i: usize, piece: &mut [T]| {
                for slot in others.iter() {
                    accumulate(&slot.gradient[i * PIECE..i * PIECE + piece.len()], piece);
                }
            };
            if several {
                first.gradient.par_chunks_mut(PIECE).enumerate().for_each(|(i, piece)| add(i, piece));
            } else {
                first.gradient.chunks_mut(PIECE).enumerate().for_each(|(i, piece)| add(i, piece));
            }
            if total.is_empty() {
                continue; // one wave: its first slot now holds the gradient
            }
            if wave == 0 {
                total.copy_from_slice(&first.gradient)
            } else {
                accumulate(&first.gradient, total)
            }
        }
        loss
    }

    /// The gradient of the last batch, laid out like the parameters.
    pub fn last_gradient(&self) -> &[T] {
        if self.gradient.is_empty() { &self.slots[0].gradient } else { &self.gradient }
    }
    /// As [`Engine::last_gradient`], to be changed.
    pub fn last_gradient_mut(&mut self) -> &mut [T] {
        if self.gradient.is_empty() { &mut self.slots[0].gradient } else { &mut self.gradient }
    }
}

/// Numbers of copies of parameters in another order; they do not pay for one item.
fn prepared(layout: Layout, output: Linear, extent: Extent) -> usize {
    if extent.items > 1 { layout.prepared.saturating_add(output.prepared()) } else { 0 }
}
