//! One chunk: forward, loss, backward, collect.
//!
//! The steps are cut into *stretches*, usually one. Of a stretch every state and trace is kept, and of those before the
//! last one only the state that it begins with: on the way back a stretch is run forwards once more. A stretch is
//! collected as soon as it has been run backwards; since `collect` goes from the last step to the first, the sums are
//! those of one stretch, bit by bit.
use super::walk::{Kept, Walk};
use super::{Extent, Layout, Slot, Work};
use crate::buffers::{Steps, mat, mat_mut};
use crate::sequence::Chunk;
use crate::{Model, Real};

pub(super) fn run<T: Real>(
    model: &Model<T>,
    (layout, extent): (Layout, Extent),
    prepared: &[T],
    chunk: &Chunk<T>,
    w: &mut Work<T>,
    scale: f64,
    slot: &mut Slot<T>,
) {
    let steps = chunk.steps();
    assert!(
        steps <= extent.steps && chunk.capacity == extent.capacity(),
        "the engine was laid out for other sequences"
    );
    let (prepared, prepared_output): (&[T], &[T]) =
        if prepared.is_empty() { (&[], &[]) } else { prepared.split_at(layout.prepared) };
    let walk = Walk::new(model, layout, prepared, chunk);
    let (features, outputs) = (walk.output.inputs, walk.output.outputs);
    slot.gradient.fill(T::of(0.0));
    slot.loss = 0.0;
    let (d_cell, d_output) = slot.gradient.split_at_mut(model.output_at());

    let (each, stride) = (extent.stretch(), layout.state_stride);
    let stretches = steps.div_ceil(each);
    let stretch = |s: usize| s * each..((s + 1) * each).min(steps);
    let mut kept = Kept { states: &mut w.state, traces: &mut w.trace };
    walk.start(kept.states);
    for s in 0..stretches {
        if s > 0 {
            kept.states.copy_within(each * stride..(each + 1) * stride, 0);
        }
        if s + 1 < stretches {
            w.starts[s * stride..(s + 1) * stride].copy_from_slice(&kept.states[..stride]);
        }
        for (at, t) in stretch(s).enumerate() {
            walk.forward(t, at, &mut kept, &mut w.scratch, &mut w.y);
        }
    }

    // output layer and loss of the scored steps, all at once
    let (from, to) = (chunk.first[chunk.scored.0], chunk.first[chunk.scored.1]);
    let (columns, scored) = (to - from, from * outputs..to * outputs);
    let logits = &mut w.logits[..columns * outputs];
    let y = &w.y[from * features..to * features];
    walk.output.forward(walk.output_params, mat(y, features, columns), mat_mut(logits, outputs, columns));
    let (targets, weights) = (&chunk.targets[scored.clone()], &chunk.weights[scored]);
    chunk.loss.gradient(outputs, scale, logits, targets, weights, &mut slot.loss);
    w.d_y[..from * features].fill(T::of(0.0));
    w.d_y[to * features..chunk.columns() * features].fill(T::of(0.0));
    let d_logits = mat(logits, outputs, columns);
    let d_y = mat_mut(&mut w.d_y[from * features..to * features], features, columns);
    walk.output.backward(walk.output_params, prepared_output, d_logits, false, d_y);
    let columns = [columns as u32];
    walk.output.collect(
        Steps::packed(y, features, &columns),
        Steps::packed(logits, outputs, &columns),
        d_output,
    );

    w.d_state.fill(T::of(0.0));
    for s in (0..stretches).rev() {
        if s + 1 < stretches {
            kept.states[..stride].copy_from_slice(&w.starts[s * stride..(s + 1) * stride]);
            for (at, t) in stretch(s).enumerate() {
                walk.forward(t, at, &mut kept, &mut w.scratch, &mut w.y);
            }
        }
        for (at, t) in stretch(s).enumerate().rev() {
            walk.backward(t, at, &mut kept, (&mut w.d_state, &mut w.scratch), &w.d_y, None);
        }
        walk.collect(stretch(s), &kept, d_cell);
    }
    walk.start_vjp(&w.d_state, d_cell);
    model.keep_trained(&mut slot.gradient);
}
