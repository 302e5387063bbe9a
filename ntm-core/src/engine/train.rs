//! One chunk: forward, loss, backward, collect.
use super::{Layout, Slot, Work};
use crate::buffers::{Steps, Track, mat, mat_mut};
use crate::sequence::Chunk;
use crate::traits::{Backward, Forward, Trajectory};
use crate::{Model, Real};

#[allow(clippy::too_many_arguments)]
pub(super) fn run<T: Real>(
    model: &Model<T>,
    layout: Layout,
    (most_steps, capacity): (usize, usize),
    prepared: &[T],
    chunk: &Chunk<T>,
    w: &mut Work<T>,
    scale: f64,
    slot: &mut Slot<T>,
) {
    let steps = chunk.steps();
    assert!(steps <= most_steps && chunk.capacity == capacity, "the engine was laid out for other sequences");
    let (cell, output) = (model.cell(), model.output());
    let (inputs, features, outputs) = (cell.inputs(), output.inputs, output.outputs);
    let (params, output_params) = model.params.split_at(model.output_at());
    let (prepared, prepared_output): (&[T], &[T]) =
        if prepared.is_empty() { (&[], &[]) } else { prepared.split_at(layout.prepared) };
    let (ss, ts) = (layout.state_stride, layout.trace_stride);
    let at = |t: usize| chunk.first[t] * features..chunk.first[t + 1] * features;
    slot.gradient.fill(T::of(0.0));
    slot.loss = 0.0;

    let state = &mut w.state[..layout.state];
    state.fill(T::of(0.0));
    cell.start(params, capacity, state);
    for t in 0..steps {
        let items = chunk.live[t] as usize;
        let (state, next) = w.state[t * ss..].split_at_mut(ss);
        let step = Forward {
            items,
            capacity,
            params,
            prepared,
            state: &state[..layout.state],
            next: &mut next[..layout.state],
            trace: &mut w.trace[t * ts..][..layout.trace],
            scratch: &mut w.scratch,
        };
        cell.forward(chunk.x(t, inputs), step, mat_mut(&mut w.y[at(t)], features, items));
    }

    // output layer and loss of the scored steps, all at once
    let (from, to) = (chunk.first[chunk.scored.0], chunk.first[chunk.scored.1]);
    let (columns, scored) = (to - from, from * outputs..to * outputs);
    let logits = &mut w.logits[..columns * outputs];
    let y = &w.y[from * features..to * features];
    output.forward(output_params, mat(y, features, columns), mat_mut(logits, outputs, columns));
    let (targets, weights) = (&chunk.targets[scored.clone()], &chunk.weights[scored]);
    chunk.loss.gradient(outputs, scale, logits, targets, weights, &mut slot.loss);
    w.d_y[..from * features].fill(T::of(0.0));
    w.d_y[to * features..chunk.columns() * features].fill(T::of(0.0));
    let d_logits = mat(logits, outputs, columns);
    let d_y = mat_mut(&mut w.d_y[from * features..to * features], features, columns);
    output.backward(output_params, prepared_output, d_logits, false, d_y);

    let d_state = &mut w.d_state[..layout.state];
    d_state.fill(T::of(0.0));
    for t in (0..steps).rev() {
        let items = chunk.live[t] as usize;
        let (state, next) = w.state[t * ss..].split_at(ss);
        let step = Backward {
            items,
            capacity,
            params,
            prepared,
            state: &state[..layout.state],
            next: &next[..layout.state],
            trace: &mut w.trace[t * ts..][..layout.trace],
            d_state,
            scratch: &mut w.scratch,
        };
        cell.backward(chunk.x(t, inputs), step, mat(&w.d_y[at(t)], features, items), None);
    }

    let (d_cell, d_output) = slot.gradient.split_at_mut(model.output_at());
    cell.start_vjp(params, capacity, d_state, d_cell);
    let live = &chunk.live;
    let run = Trajectory {
        capacity,
        x: Track::new(&chunk.inputs, capacity * inputs, capacity * inputs, live, capacity).matrix(inputs),
        state: Track::new(&w.state, layout.state, ss, live, capacity),
        trace: Track::new(&w.trace, layout.trace, ts, live, capacity),
    };
    cell.collect(run, d_cell);
    let columns = [columns as u32];
    output.collect(Steps::packed(y, features, &columns), Steps::packed(logits, outputs, &columns), d_output);
    model.keep_trained(&mut slot.gradient);
}
