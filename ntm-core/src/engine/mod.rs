//! The chunk runtime: back-propagation through time over whole sequences.
//!
//! A batch is cut into chunks of a few items. Each runs forward over all its steps, then output layer and loss on the
//! scored steps at once, then backward over all steps, then one product per weight matrix. So a chunk's trajectory stays
//! in cache, and the chunk is the unit of threads and of summation order: every chunk has a gradient of its own, and
//! these are added in a fixed order. The same batch gives the same bits on any number of threads.
mod evaluate;
mod inspect;
mod stepper;
mod train;

pub use evaluate::{Evaluator, Score};
pub use inspect::{Exact, Inspection, NamedTensors, inspect, inspect_scored};
pub use stepper::{StepError, Stepper};

use crate::buffers::{Slab, block, stride};
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
    state: Slab<T>,
    trace: Slab<T>,
    d_state: Slab<T>,
    scratch: Slab<T>,
    y: Slab<T>,
    d_y: Slab<T>,
    logits: Slab<T>,
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
    fn of_cell<T: Real>(cell: &dyn Cell<T>, capacity: usize) -> Layout {
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
    steps: usize,
    capacity: usize,
    prepared: Slab<T>,
    /// one per thread
    works: Vec<Mutex<Work<T>>>,
    /// one per chunk of a wave
    slots: Vec<Slot<T>>,
    /// sum over the waves, where there are several
    gradient: Slab<T>,
}

impl<T: Real> Engine<T> {
    /// Buffers for batches of `items` sequences in chunks of `chunk`, up to `steps` steps long, on `threads` threads.
    pub fn new(model: &Model<T>, items: usize, chunk: usize, steps: usize, threads: usize) -> Self {
        let capacity = chunk.max(1).min(items.max(1));
        let layout = Layout::of(model, capacity);
        let chunks = items.div_ceil(capacity).max(1);
        let (features, outputs) = (model.output().inputs, model.output().outputs);
        let columns = steps * capacity;
        let work = || Work {
            state: Slab::new((steps + 1) * layout.state_stride),
            trace: Slab::new(steps * layout.trace_stride),
            d_state: Slab::new(layout.state_stride),
            scratch: Slab::new(layout.scratch),
            y: Slab::new(columns * features),
            d_y: Slab::new(columns * features),
            logits: Slab::new(columns * outputs),
        };
        let numbers = model.params.len();
        let prepared = if items > 1 { layout.prepared + model.output().prepared() } else { 0 };
        Engine {
            layout,
            steps,
            capacity,
            prepared: Slab::new(prepared),
            works: (0..threads.max(1).min(chunks)).map(|_| Mutex::new(work())).collect(),
            slots: (0..chunks.min(WAVE)).map(|_| Slot { gradient: Slab::new(numbers), loss: 0.0 }).collect(),
            gradient: Slab::new(if chunks > WAVE { numbers } else { 0 }),
        }
    }

    /// Numbers in all buffers of an engine like this, without making them.
    pub fn numbers(
        cell: &dyn Cell<T>,
        outputs: usize,
        items: usize,
        chunk: usize,
        steps: usize,
        threads: usize,
    ) -> u128 {
        let capacity = chunk.max(1).min(items.max(1));
        let layout = Layout::of_cell(cell, capacity);
        let output = Linear { inputs: cell.outputs(), outputs };
        let params = cell.parameters().iter().map(|p| block(p.numbers(), 1) as u128).sum::<u128>()
            + output.numbers() as u128;
        let (steps, capacity) = (steps as u128, capacity as u128);
        let chunks = (items as u128).div_ceil(capacity).max(1);
        let work = (steps + 1) * layout.state_stride as u128
            + steps * layout.trace_stride as u128
            + (layout.state_stride + layout.scratch) as u128
            + steps * capacity * (output.inputs as u128 * 2 + output.outputs as u128);
        let works = (threads.max(1) as u128).min(chunks);
        let slots = chunks.min(WAVE as u128) + u128::from(chunks > WAVE as u128);
        let prepared = if items > 1 { layout.prepared + output.prepared() } else { 0 };
        works * work + slots * params + prepared as u128
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
        let (layout, works, most) = (self.layout, &self.works, (self.steps, self.capacity));
        let several = works.len() > 1 && chunks.len() > 1;
        let mut loss = 0.0;
        for (wave, chunks) in chunks.chunks(self.slots.len()).enumerate() {
            let slots = &mut self.slots[..chunks.len()];
            let run = |(slot, chunk): (&mut Slot<T>, &crate::sequence::Chunk<T>)| {
                let index =
                    if several { rayon::current_thread_index().unwrap_or(0) % works.len() } else { 0 };
                let mut work = works[index].lock().unwrap_or_else(|e| e.into_inner());
                train::run(model, layout, most, prepared, chunk, &mut work, scale, slot);
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
