//! Costs of sequences without gradients: no trace is kept, so memory does not grow with their length.
use super::Layout;
use crate::buffers::{Slab, mat, mat_mut};
use crate::bytes::Bytes;
use crate::sequence::{Batch, Chunk};
use crate::traits::Forward;
use crate::{Cell, Model, Real};
use rayon::prelude::*;
use std::sync::Mutex;

/// What one sequence cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The cost: bits, sum over scored outputs of -log2 p; a squared error where the task's [`Loss`](crate::Loss) is
    /// that.
    pub bits: f64,
    /// Outputs on the wrong side of 0.5, on scored steps; what else the loss calls wrong, or 0.
    pub wrong_bits: f64,
}

impl Score {
    /// The mean of several; zeros of none.
    pub fn mean(scores: &[Score]) -> Score {
        let mean = |of: fn(&Score) -> f64| scores.iter().map(of).sum::<f64>() / scores.len().max(1) as f64;
        Score { bits: mean(|s| s.bits), wrong_bits: mean(|s| s.wrong_bits) }
    }
}

#[derive(Debug)]
struct Work<T> {
    states: [Slab<T>; 2],
    trace: Slab<T>,
    scratch: Slab<T>,
    y: Slab<T>,
    logits: Slab<T>,
}

/// Buffers to evaluate with.
#[derive(Debug)]
pub struct Evaluator<T> {
    layout: Layout,
    works: Vec<Mutex<Work<T>>>,
    scores: Vec<Vec<Score>>,
}

impl<T: Real> Evaluator<T> {
    /// Buffers for chunks of `capacity` items on `threads` threads, `chunks` at a time.
    pub fn new(model: &Model<T>, capacity: usize, chunks: usize, threads: usize) -> Self {
        let layout = Layout::of(model, capacity);
        let (features, outputs) = (model.output().inputs, model.output().outputs);
        let work = || Work {
            states: [Slab::new(layout.state), Slab::new(layout.state)],
            trace: Slab::new(layout.trace),
            scratch: Slab::new(layout.scratch),
            y: Slab::new(features * capacity),
            logits: Slab::new(outputs * capacity),
        };
        Evaluator {
            layout,
            works: (0..threads.max(1)).map(|_| Mutex::new(work())).collect(),
            scores: vec![vec![Score::default(); capacity]; chunks],
        }
    }

    /// What an evaluator like this takes.
    pub fn bytes(
        cell: &dyn Cell<T>,
        outputs: usize,
        capacity: usize,
        chunks: usize,
        threads: usize,
    ) -> Bytes {
        let layout = Layout::of_cell(cell, capacity);
        let slab = |numbers: usize| Slab::<T>::bytes(numbers as u128);
        let columns = |rows: usize| Slab::<T>::bytes((rows as u128).saturating_mul(capacity as u128));
        let work = Bytes {
            state: 2 * slab(layout.state),
            trace: slab(layout.trace),
            scratch: slab(layout.scratch) + columns(cell.outputs()) + columns(outputs),
            ..Bytes::default()
        };
        let scores = (chunks as u128).saturating_mul((capacity * size_of::<Score>()) as u128);
        work * threads.max(1) + Bytes { scratch: scores, ..Bytes::default() }
    }

    /// Scores of a batch, in the order in which its sequences were given. On several threads only inside a rayon pool.
    pub fn run(&mut self, model: &Model<T>, batch: &Batch<T>, scores: &mut Vec<Score>) {
        self.run_telling(model, batch, scores, &|_| {});
    }

    /// As [`Evaluator::run`]; whenever a chunk is done, `ended` is told how many sequences it held, from the thread
    /// that it ran on.
    pub fn run_telling(
        &mut self,
        model: &Model<T>,
        batch: &Batch<T>,
        scores: &mut Vec<Score>,
        ended: &(dyn Fn(usize) + Sync),
    ) {
        let (layout, works) = (self.layout, &self.works);
        let run = |(scores, chunk): (&mut Vec<Score>, &Chunk<T>)| {
            let index = rayon::current_thread_index().unwrap_or(0) % works.len();
            let mut work = works[index].lock().unwrap_or_else(|e| e.into_inner());
            evaluate(model, layout, chunk, &mut work, scores);
            drop(work);
            ended(chunk.order.len());
        };
        let chunks = batch.chunks();
        assert!(chunks.len() <= self.scores.len(), "the evaluator was laid out for fewer chunks");
        if works.len() > 1 {
            self.scores.par_iter_mut().zip(chunks.par_iter()).with_max_len(1).for_each(run);
        } else {
            self.scores.iter_mut().zip(chunks).for_each(run);
        }
        scores.clear();
        scores.resize(batch.items, Score::default());
        for (chunk, of_chunk) in chunks.iter().zip(&self.scores) {
            for (&item, score) in chunk.order.iter().zip(of_chunk) {
                scores[item] = *score;
            }
        }
    }
}

fn evaluate<T: Real>(
    model: &Model<T>,
    layout: Layout,
    chunk: &Chunk<T>,
    w: &mut Work<T>,
    scores: &mut [Score],
) {
    let (cell, output) = (model.cell(), model.output());
    let (features, outputs) = (output.inputs, output.outputs);
    let (params, output_params) = model.params.split_at(model.output_at());
    scores.fill(Score::default());
    let [state, next] = &mut w.states;
    let (mut state, mut next) = (&mut state[..], &mut next[..]);
    state.fill(T::of(0.0));
    cell.start(params, chunk.capacity, state);
    for t in 0..chunk.steps() {
        let items = chunk.live[t] as usize;
        let step = Forward {
            items,
            capacity: chunk.capacity,
            params,
            prepared: &[],
            state,
            next,
            trace: &mut w.trace[..layout.trace],
            scratch: &mut w.scratch,
        };
        cell.forward(chunk.x(t, cell.inputs()), step, mat_mut(&mut w.y, features, items));
        std::mem::swap(&mut state, &mut next);
        if t < chunk.scored.0 || t >= chunk.scored.1 {
            continue;
        }
        let logits = &mut w.logits[..outputs * items];
        output.forward(output_params, mat(&w.y, features, items), mat_mut(logits, outputs, items));
        for (item, score) in scores[..items].iter_mut().enumerate() {
            let of_item = item * outputs..(item + 1) * outputs;
            let column = (chunk.first[t] + item) * outputs;
            let (targets, weights) =
                (&chunk.targets[column..column + outputs], &chunk.weights[column..column + outputs]);
            let logits = &mut logits[of_item];
            score.wrong_bits += chunk.loss.wrong(logits, targets, weights) as f64;
            let mut loss = 0.0;
            chunk.loss.gradient(outputs, 1.0, logits, targets, weights, &mut loss);
            score.bits += chunk.loss.cost(loss);
        }
    }
}
