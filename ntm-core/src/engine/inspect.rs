//! A batch with everything kept: every quantity of every step, the loss, every gradient, those by the inputs included.
//! For traces and golden tests; it allocates freely.
use super::Layout;
use super::names::Names;
use super::walk::{Kept, Walk};
use crate::buffers::{Slab, Steps, mat, mat_mut};
use crate::sequence::{Batch, Chunk, Sequence};
use crate::traits::{Quantity, Shown};
use crate::{Loss, Model, Real};
use std::collections::BTreeMap;

/// A named tensor: shape and numbers, row-major.
pub type NamedTensors<T> = BTreeMap<String, (Vec<usize>, Vec<T>)>;

/// What [`inspect`] saw.
#[derive(Debug)]
pub struct Inspection<T> {
    /// items x steps x …; zeros from an item's length on
    pub trace: NamedTensors<T>,
    /// sum of the items' losses (nats, or squared errors), divided by the number of items
    pub loss: f64,
    /// Gradient of the loss, laid out like the parameters; what is not trained included.
    pub gradient: Slab<T>,
    /// Gradient of the loss by the inputs: items x steps x inputs.
    pub d_inputs: Vec<T>,
}

/// Numbers in full precision beside those of sequences, which are then not used; row-major, all padded to the same
/// number of steps.
#[derive(Clone, Copy, Debug)]
pub struct Exact<'a, T> {
    /// steps of an item here and in what is shown, if there are more than the longest sequence has
    pub steps: usize,
    /// items x steps x inputs
    pub inputs: Option<&'a [T]>,
    /// items x steps x outputs
    pub targets: Option<&'a [T]>,
    /// items x steps: weights of steps in the loss, at least 0
    pub mask: Option<&'a [T]>,
}

impl<T> Default for Exact<'_, T> {
    fn default() -> Self {
        Exact { steps: 0, inputs: None, targets: None, mask: None }
    }
}

/// Runs sequences of any lengths as one batch, scored bit by bit, and keeps everything. `inputs` (items x steps x inputs)
/// may be given in full precision beside the sequences, whose own are then not used.
pub fn inspect<T: Real>(model: &Model<T>, sequences: &[Sequence], inputs: Option<&[T]>) -> Inspection<T> {
    inspect_scored(model, Loss::Bits, sequences, Exact { inputs, ..Exact::default() })
}

/// As [`inspect`], with any loss and with everything in full precision that is given so.
pub fn inspect_scored<T: Real>(
    model: &Model<T>,
    loss: Loss,
    sequences: &[Sequence],
    exact: Exact<'_, T>,
) -> Inspection<T> {
    let (cell, output) = (model.cell(), model.output());
    let (inputs, features, outputs) = (cell.inputs(), output.inputs, output.outputs);
    let capacity = sequences.len();
    let steps = sequences.iter().map(|s| s.steps).max().unwrap_or(0);
    let padded = exact.steps.max(steps);
    let mut batch = Batch::<T>::with_room(capacity, capacity, steps, inputs, outputs).scored_by(loss);
    batch.fill(sequences);
    let mut found = Inspection {
        trace: NamedTensors::new(),
        loss: 0.0,
        gradient: Slab::new(model.params.len()),
        d_inputs: vec![T::of(0.0); capacity * padded * inputs],
    };
    let Some(chunk) = batch.chunks.first_mut() else { return found };
    make_exact(chunk, loss, exact, (inputs, outputs));
    let chunk = &*chunk;
    let layout = Layout::of(model, capacity);
    let mut prepared = Slab::new(layout.prepared);
    cell.prepare(&model.params, &mut prepared);
    let walk = Walk::new(model, layout, &prepared, chunk);
    let mut states = Slab::new((steps + 1) * layout.state_stride);
    let mut traces = Slab::new(steps * layout.trace_stride);
    let mut kept = Kept { states: &mut states, traces: &mut traces };
    let mut scratch = Slab::new(layout.scratch);
    let columns = chunk.columns();
    let (mut y, mut d_y) = (Slab::new(columns * features), Slab::new(columns * features));
    let mut logits = Slab::new(columns * outputs);

    walk.start(kept.states);
    for t in 0..steps {
        walk.forward(t, t, &mut kept, &mut scratch, &mut y);
        let items = chunk.live[t] as usize;
        let z = &mut logits[walk.columns(t, outputs)];
        let of_step = mat(&y[walk.columns(t, features)], features, items);
        output.forward(walk.output_params, of_step, mat_mut(z, outputs, items));
        let (state, next) = kept.states[t * layout.state_stride..].split_at(layout.state_stride);
        for column in 0..items {
            let mut names = Names::default();
            let mut keep = |q: Quantity<'_, T>| {
                let q = names.own(q);
                let size = q.values.len();
                let (_, all) = found.trace.entry(q.name.clone()).or_insert_with(|| {
                    let shape = [&[capacity, padded], &q.shape[..]].concat();
                    (shape, vec![T::of(0.0); capacity * padded * size])
                });
                let place = (chunk.order[column] * padded + t) * size;
                all[place..place + size].copy_from_slice(&q.row_major());
            };
            let shown = Shown {
                item: column,
                capacity,
                params: walk.params,
                x: &chunk.inputs[(t * capacity + column) * inputs..][..inputs],
                y: &y[(chunk.first[t] + column) * features..][..features],
                state: &state[..layout.state],
                next: &next[..layout.state],
                trace: &kept.traces[t * layout.trace_stride..][..layout.trace],
            };
            cell.show(shown, &mut keep);
            let z = &z[column * outputs..(column + 1) * outputs];
            keep(Quantity::list("logits", z));
            keep(Quantity::list("outputs", &loss.answer(z)));
        }
    }

    let scale = 1.0 / capacity as f64;
    let scored = ..columns * outputs;
    let (targets, weights) = (&chunk.targets[scored], &chunk.weights[scored]);
    loss.gradient(outputs, scale, &mut logits, targets, weights, &mut found.loss);
    found.loss *= scale;
    output.backward(
        walk.output_params,
        &[],
        mat(&logits, outputs, columns),
        false,
        mat_mut(&mut d_y, features, columns),
    );
    let mut d_state = Slab::new(layout.state);
    let mut d_x = vec![T::of(0.0); capacity * inputs];
    for t in (0..steps).rev() {
        let items = chunk.live[t] as usize;
        let wanted = Some(mat_mut(&mut d_x, inputs, items));
        walk.backward(t, t, &mut kept, (&mut d_state, &mut scratch), &d_y, wanted);
        for (column, &item) in chunk.order.iter().enumerate().take(items) {
            found.d_inputs[(item * padded + t) * inputs..][..inputs]
                .copy_from_slice(&d_x[column * inputs..(column + 1) * inputs]);
        }
    }
    let (d_cell, d_output) = found.gradient.split_at_mut(model.output_at());
    walk.collect(0..steps, &kept, d_cell);
    walk.start_vjp(&d_state, d_cell);
    let columns = [columns as u32];
    output.collect(
        Steps::packed(&y, features, &columns),
        Steps::packed(&logits, outputs, &columns),
        d_output,
    );
    found
}

/// Puts numbers in full precision in the place of those of the sequences.
fn make_exact<T: Real>(
    chunk: &mut Chunk<T>,
    loss: Loss,
    exact: Exact<'_, T>,
    (inputs, outputs): (usize, usize),
) {
    let (steps, capacity) = (chunk.steps(), chunk.capacity);
    let padded = exact.steps.max(steps);
    let share = |mask: &[T], item: usize| {
        loss.share(outputs, mask[item * padded..(item + 1) * padded].iter().map(|m| m.to()).sum())
    };
    let shares: Vec<f64> =
        exact.mask.map_or(vec![], |mask| chunk.order.iter().map(|&item| share(mask, item)).collect());
    for t in 0..steps {
        for (column, &item) in chunk.order.iter().enumerate().take(chunk.live[t] as usize) {
            let packed = (chunk.first[t] + column) * outputs;
            if let Some(from) = exact.inputs {
                chunk.inputs[(t * capacity + column) * inputs..][..inputs]
                    .copy_from_slice(&from[(item * padded + t) * inputs..][..inputs]);
            }
            if let Some(from) = exact.targets {
                chunk.targets[packed..][..outputs]
                    .copy_from_slice(&from[(item * padded + t) * outputs..][..outputs]);
            }
            if let Some(mask) = exact.mask {
                let weight = mask[item * padded + t].to() * shares[column];
                chunk.weights[packed..][..outputs].fill(T::of(weight));
            }
        }
    }
}
