//! Single steps of a chunk, forwards and backwards: what training and looking inside have in common.
use super::Layout;
use crate::buffers::{MatMut, Track, mat, mat_mut};
use crate::sequence::Chunk;
use crate::traits::{Backward, Cell, Forward, Trajectory};
use crate::{Linear, Model, Real};
use std::ops::Range;

/// One chunk on its way through a model.
pub(super) struct Walk<'a, T: Real> {
    pub(super) cell: &'a dyn Cell<T>,
    pub(super) output: Linear,
    pub(super) params: &'a [T],
    pub(super) output_params: &'a [T],
    /// of the cell
    pub(super) prepared: &'a [T],
    pub(super) layout: Layout,
    pub(super) chunk: &'a Chunk<T>,
}

/// States before each step of a run of steps and after the last one, and their traces, each a stride apart.
pub(super) struct Kept<'a, T> {
    pub(super) states: &'a mut [T],
    pub(super) traces: &'a mut [T],
}

impl<'a, T: Real> Walk<'a, T> {
    pub(super) fn new(model: &'a Model<T>, layout: Layout, prepared: &'a [T], chunk: &'a Chunk<T>) -> Self {
        let (params, output_params) = model.params.split_at(model.output_at());
        let (cell, output) = (model.cell(), model.output());
        Walk { cell, output, params, output_params, prepared, layout, chunk }
    }
    /// Where the columns of a step lie among those of all steps, `rows` numbers each.
    pub(super) fn columns(&self, t: usize, rows: usize) -> Range<usize> {
        self.chunk.first[t] * rows..self.chunk.first[t + 1] * rows
    }
    /// The state before the first step.
    pub(super) fn start(&self, state: &mut [T]) {
        let state = &mut state[..self.layout.state];
        state.fill(T::of(0.0));
        self.cell.start(self.params, self.chunk.capacity, state);
    }
    /// Step `t`, which is the `at`th that is kept; its outputs go to their columns of `y`.
    pub(super) fn forward(
        &self,
        t: usize,
        at: usize,
        kept: &mut Kept<'_, T>,
        scratch: &mut [T],
        y: &mut [T],
    ) {
        let layout = self.layout;
        let (state, next) = kept.states[at * layout.state_stride..].split_at_mut(layout.state_stride);
        let (items, rows) = (self.chunk.live[t] as usize, self.output.inputs);
        let step = Forward {
            items,
            capacity: self.chunk.capacity,
            params: self.params,
            prepared: self.prepared,
            state: &state[..layout.state],
            next: &mut next[..layout.state],
            trace: &mut kept.traces[at * layout.trace_stride..][..layout.trace],
            scratch,
        };
        let y = mat_mut(&mut y[self.columns(t, rows)], rows, items);
        self.cell.forward(self.chunk.x(t, self.cell.inputs()), step, y);
    }
    /// The gradient of that step.
    pub(super) fn backward(
        &self,
        t: usize,
        at: usize,
        kept: &mut Kept<'_, T>,
        (d_state, scratch): (&mut [T], &mut [T]),
        d_y: &[T],
        d_x: Option<MatMut<'_, T>>,
    ) {
        let layout = self.layout;
        let (state, next) = kept.states[at * layout.state_stride..].split_at(layout.state_stride);
        let (items, rows) = (self.chunk.live[t] as usize, self.output.inputs);
        let step = Backward {
            items,
            capacity: self.chunk.capacity,
            params: self.params,
            prepared: self.prepared,
            state: &state[..layout.state],
            next: &next[..layout.state],
            trace: &mut kept.traces[at * layout.trace_stride..][..layout.trace],
            d_state: &mut d_state[..layout.state],
            scratch,
        };
        let d_y = mat(&d_y[self.columns(t, rows)], rows, items);
        self.cell.backward(self.chunk.x(t, self.cell.inputs()), step, d_y, d_x);
    }
    /// Parameter gradients of these steps, which are all that is kept, are added to `d_params`.
    pub(super) fn collect(&self, steps: Range<usize>, kept: &Kept<'_, T>, d_params: &mut [T]) {
        let (layout, capacity, inputs) = (self.layout, self.chunk.capacity, self.cell.inputs());
        let (each, live) = (capacity * inputs, &self.chunk.live[steps.clone()]);
        let run = Trajectory {
            capacity,
            x: Track::new(&self.chunk.inputs[steps.start * each..], each, each, live, capacity)
                .matrix(inputs),
            state: Track::new(kept.states, layout.state, layout.state_stride, live, capacity),
            trace: Track::new(kept.traces, layout.trace, layout.trace_stride, live, capacity),
        };
        self.cell.collect(run, d_params);
    }
    /// The gradient by what the cell starts from is added to `d_params`.
    pub(super) fn start_vjp(&self, d_state: &[T], d_params: &mut [T]) {
        self.cell.start_vjp(self.params, self.chunk.capacity, &d_state[..self.layout.state], d_params);
    }
}
