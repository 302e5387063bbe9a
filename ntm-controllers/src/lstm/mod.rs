//! Long short-term memory, stacked.
//!
//! For each layer, with gates in the order i, f, g, o (PyTorch's):
//!
//! ```text
//! z = W_ih x + W_hh h + b
//! c' = sigmoid(z_f) c + sigmoid(z_i) tanh(z_g)
//! h' = sigmoid(z_o) tanh(c')
//! ```
//!
//! One bias vector, not two. A layer above the first sees the layer below; with skips (Graves 2013, the paper's
//! baselines) it sees the external input and then the layer below, and the output is all layers, lowest first.
mod layer;

use layer::{Blocks, Layer, place};
use ntm_core::buffers::{
    Mat, MatMut, add_columns, block, blocks, carve, carve_mut, fill_columns, mat, mat_mut, of_item,
    of_item_mut,
};
use ntm_core::kernels::views::{column, column_mut};
use ntm_core::start::ControllerStart;
use ntm_core::traits::{Backward, Forward, Initial, Needs, Parameter, Part, Quantity, Shown, Trajectory};
use ntm_core::{Cell, Operations, Real};
use std::ops::Range;

/// How the parameters of an LSTM are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct LstmInitial {
    /// both weights of a layer: by its input, and by its h
    pub weight: Initial,
    /// the bias of the gates i, g and o
    pub bias: Initial,
    /// the bias of the forget gate f
    pub forget_bias: Initial,
    /// h and c before the first step, where they are learned
    pub start: Initial,
}

impl Default for LstmInitial {
    /// Xavier weights, bias 0, forget bias 1, normal starts of 0.05.
    fn default() -> Self {
        LstmInitial {
            weight: Initial::Xavier(1.0),
            bias: Initial::Constant(0.0),
            forget_bias: Initial::Constant(1.0),
            start: Initial::Normal(0.05),
        }
    }
}

/// A stack of layers. Settings only; the numbers belong to the caller.
#[derive(Clone, Debug)]
pub struct Lstm {
    inputs: usize,
    hidden: usize,
    skip: bool,
    /// whether the output ends with c
    cell: bool,
    start: ControllerStart,
    initial: LstmInitial,
    layers: Vec<Layer>,
    /// where the parameters of each layer start, and then those of the starts
    at: Vec<usize>,
    prepared_at: Vec<usize>,
}

impl Lstm {
    /// `layers` layers of `hidden` cells each, fed with `inputs` numbers.
    pub fn new(inputs: usize, hidden: usize, layers: usize, skip: bool, start: ControllerStart) -> Self {
        let layers: Vec<Layer> = (0..layers)
            .map(|k| {
                let external = if k == 0 || skip { inputs } else { 0 };
                Layer { inputs: external + if k == 0 { 0 } else { hidden }, hidden }
            })
            .collect();
        let sums = |f: fn(Layer) -> usize| {
            let mut at = vec![0];
            at.extend(layers.iter().scan(0, |end, &l| {
                *end += f(l);
                Some(*end)
            }));
            at
        };
        let (at, prepared_at) = (sums(Layer::numbers), sums(Layer::prepared));
        Lstm {
            inputs,
            hidden,
            skip,
            cell: false,
            start,
            initial: LstmInitial::default(),
            at,
            prepared_at,
            layers,
        }
    }
    /// How its parameters are drawn.
    pub fn with_initial(self, initial: LstmInitial) -> Self {
        Lstm { initial, ..self }
    }
    /// Whether the output ends with the c of the layers whose h it starts with: [`Cell::cell_outputs`].
    pub fn with_cell(self, cell: bool) -> Self {
        Lstm { cell, ..self }
    }
    /// The layers whose h is the output.
    fn shown(&self) -> Range<usize> {
        (if self.skip { 0 } else { self.count().saturating_sub(1) })..self.count()
    }

    fn count(&self) -> usize {
        self.layers.len()
    }
    /// h and c of layer k.
    fn state(&self, k: usize, capacity: usize) -> (Range<usize>, Range<usize>) {
        let each = block(self.hidden, capacity);
        let (h, c) = (2 * k * each, (2 * k + 1) * each);
        (h..h + self.hidden * capacity, c..c + self.hidden * capacity)
    }
    /// gates (dz after backward), tanh c, and for the layers above the first what they see
    fn trace(&self, k: usize, capacity: usize) -> (Range<usize>, Range<usize>, Range<usize>) {
        let sizes = |k: usize| [4 * self.hidden, self.hidden, if k == 0 { 0 } else { self.layers[k].inputs }];
        let mut at: usize = (0..k).map(|k| blocks(capacity, &sizes(k))).sum();
        let mut next = |n: usize| {
            let start = at;
            at += block(n, capacity);
            start..start + n * capacity
        };
        let [gates, tanh_c, seen] = sizes(k);
        (next(gates), next(tanh_c), next(seen))
    }
    fn trace_len(&self, capacity: usize) -> usize {
        let first = blocks(capacity, &[4 * self.hidden, self.hidden]);
        self.layers
            .iter()
            .enumerate()
            .map(|(k, l)| first + if k == 0 { 0 } else { block(l.inputs, capacity) })
            .sum()
    }
    fn most_inputs(&self) -> usize {
        self.layers.iter().map(|l| l.inputs).max().unwrap_or(0)
    }
}

impl<T: Real> Cell<T> for Lstm {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.hidden * self.shown().len() * if self.cell { 2 } else { 1 }
    }
    fn cell_outputs(&self) -> usize {
        if self.cell { self.hidden * self.shown().len() } else { 0 }
    }
    fn parameters(&self) -> Vec<Parameter> {
        let (n, mut all) = (self.hidden, vec![]);
        for (k, layer) in self.layers.iter().enumerate() {
            let suffix = if self.count() > 1 { format!("_l{k}") } else { String::new() };
            let weight = self.initial.weight;
            all.push(Parameter::matrix(format!("weight_ih{suffix}"), 4 * n, layer.inputs, weight));
            all.push(Parameter::matrix(format!("weight_hh{suffix}"), 4 * n, n, weight));
            let mut bias = Parameter::vector(format!("bias{suffix}"), &[4 * n], self.initial.bias);
            bias.parts[0].except = Some((n..2 * n, self.initial.forget_bias));
            all.push(bias);
        }
        let (kind, initial, trained) = match self.start {
            ControllerStart::Zeros => return all,
            ControllerStart::Learned => ("start", Some(self.initial.start), true),
            ControllerStart::Given => ("given", None, false),
        };
        for name in ["h", "c"] {
            let mut start =
                Parameter::vector(format!("{kind}.{name}"), &[self.count(), n], Initial::Constant(0.0));
            start.parts[0] = Part { initial, ..start.parts[0].clone() };
            start.trained = trained;
            all.push(start);
        }
        all
    }
    fn needs(&self, capacity: usize) -> Needs {
        Needs {
            prepared: self.prepared_at[self.count()],
            state: 2 * self.count() * block(self.hidden, capacity),
            trace: self.trace_len(capacity),
            scratch: blocks(capacity, &[self.most_inputs() + self.hidden, self.hidden]),
        }
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        for (k, layer) in self.layers.iter().enumerate() {
            layer.prepare(&params[self.at[k]..], &mut prepared[self.prepared_at[k]..]);
        }
    }
    fn operations(&self, asked: usize) -> Option<Operations> {
        let of_layer = |(k, layer): (usize, &Layer)| {
            let external = if k == 0 || self.skip { asked } else { 0 };
            let below = if k == 0 { 0 } else { self.hidden };
            layer.operations(external + below)
        };
        Some(self.layers.iter().enumerate().map(of_layer).sum())
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        if self.start == ControllerStart::Zeros {
            return;
        }
        let all = self.count() * self.hidden;
        let ([h0, c0], _) = carve(&params[self.at[self.count()]..], 1, [all, all]);
        for k in 0..self.count() {
            let (h, c) = self.state(k, capacity);
            fill_columns(of_item(h0, self.hidden, k), &mut state[h]);
            fill_columns(of_item(c0, self.hidden, k), &mut state[c]);
        }
    }
    fn start_vjp(&self, _params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        if self.start == ControllerStart::Zeros {
            return;
        }
        let all = self.count() * self.hidden;
        let ([d_h0, d_c0], _) = carve_mut(&mut d_params[self.at[self.count()]..], 1, [all, all]);
        for k in 0..self.count() {
            let (h, c) = self.state(k, capacity);
            add_columns(&d_state[h], of_item_mut(d_h0, self.hidden, k));
            add_columns(&d_state[c], of_item_mut(d_c0, self.hidden, k));
        }
    }
    fn start_output(&self, params: &[T], y: &mut [T]) {
        if self.start == ControllerStart::Zeros {
            return;
        }
        let all = self.count() * self.hidden;
        let ([h0, c0], _) = carve(&params[self.at[self.count()]..], 1, [all, all]);
        let shown = self.shown().start * self.hidden..all;
        let (h, c) = y.split_at_mut(shown.len());
        h.copy_from_slice(&h0[shown.clone()]);
        if self.cell {
            c.copy_from_slice(&c0[shown]);
        }
    }
    fn start_output_vjp(&self, d_y: &[T], d_params: &mut [T]) {
        if self.start == ControllerStart::Zeros {
            return;
        }
        let all = self.count() * self.hidden;
        let ([d_h0, d_c0], _) = carve_mut(&mut d_params[self.at[self.count()]..], 1, [all, all]);
        let shown = self.shown().start * self.hidden..all;
        let (d_h, d_c) = d_y.split_at(shown.len());
        add_columns(d_h, &mut d_h0[shown.clone()]);
        if self.cell {
            add_columns(d_c, &mut d_c0[shown]);
        }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (n, items) = (self.hidden, s.items);
        for (k, layer) in self.layers.iter().enumerate() {
            let (h, c) = self.state(k, s.capacity);
            let (gates, tanh_c, seen) = self.trace(k, s.capacity);
            let (old, params) =
                (Blocks { h: &s.state[h.clone()], c: &s.state[c.clone()] }, &s.params[self.at[k]..]);
            if k > 0 {
                let below = self.state(k - 1, s.capacity).0;
                let mut seen = mat_mut(&mut s.trace[seen.clone()], layer.inputs, items);
                if self.skip {
                    place(&x, &mut seen, 0);
                }
                place(&mat(&s.next[below], n, items), &mut seen, layer.inputs - n);
            }
            let (h_next, c_next) = s.next[h.start..c.end].split_at_mut(c.start - h.start);
            let (step, above) = s.trace[gates.start..seen.end].split_at_mut(seen.start - gates.start);
            let (gates, tanh_c) = step.split_at_mut(tanh_c.start - gates.start);
            let x = if k == 0 { x } else { mat(above, layer.inputs, items) };
            // without skips the last layer to write y stands
            let first = if self.skip { k * n } else { 0 };
            layer.forward(params, x, old, h_next, c_next, gates, tanh_c, y.rows_mut(first, n));
            if self.cell {
                place(&mat(c_next, n, items), &mut y, self.shown().len() * n + first);
            }
        }
    }
    fn backward(&self, _x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, mut d_x: Option<MatMut<'_, T>>) {
        let (n, items) = (self.hidden, s.items);
        let asked = d_x.as_ref().map_or(0, |d| d.nrows());
        let ([both, d_out], _) = carve_mut(s.scratch, s.capacity, [self.most_inputs() + n, n]);
        for (k, layer) in self.layers.iter().enumerate().rev() {
            let top = k + 1 == self.count();
            let (h, c) = self.state(k, s.capacity);
            let (gates, tanh_c, _) = self.trace(k, s.capacity);
            let prepared = if s.prepared.is_empty() { &[] } else { &s.prepared[self.prepared_at[k]..] };
            let (d_h, d_c) = s.d_state[h.start..c.end].split_at_mut(c.start - h.start);
            if self.cell && self.shown().contains(&k) {
                let first = (self.shown().len() + k - self.shown().start) * n;
                for item in 0..items {
                    add_columns(&column(&d_y, item)[first..first + n], of_item_mut(d_c, n, item));
                }
            }
            let (gates, tanh_c) = s.trace[gates.start..tanh_c.end].split_at_mut(tanh_c.start - gates.start);
            // the gradient by this layer's h: from the layer above (already in d_out) and from outside
            if self.skip {
                for item in 0..items {
                    let (to, from) = (of_item_mut(d_out, n, item), &column(&d_y, item)[k * n..(k + 1) * n]);
                    for (to, from) in to.iter_mut().zip(from) {
                        *to = if top { *from } else { *to + *from };
                    }
                }
            }
            let d_y = if top && !self.skip { d_y.rows(0, n) } else { mat(d_out, n, items) };
            let external = if k == 0 || self.skip { asked } else { 0 };
            let rows = external + if k == 0 { 0 } else { n };
            layer.backward(
                &s.params[self.at[k]..],
                prepared,
                gates,
                tanh_c,
                &s.state[c],
                d_y,
                d_h,
                d_c,
                rows,
                both,
            );
            for item in 0..items {
                let column = of_item(both, rows + n, item);
                if k > 0 {
                    of_item_mut(d_out, n, item).copy_from_slice(&column[external..rows]);
                }
                if let (Some(d_x), true) = (&mut d_x, external > 0) {
                    let d_x = column_mut(d_x, item);
                    if self.skip && !top {
                        d_x.iter_mut().zip(column).for_each(|(d, g)| *d += *g);
                    } else {
                        d_x.copy_from_slice(&column[..external]);
                    }
                }
            }
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        for (k, layer) in self.layers.iter().enumerate() {
            let (gates, _, seen) = self.trace(k, run.capacity);
            let x = if k == 0 { run.x } else { run.trace.part(seen).matrix(layer.inputs) };
            let h = run.state.part(self.state(k, run.capacity).0);
            layer.collect(x, h, run.trace.part(gates), &mut d_params[self.at[k]..]);
        }
    }
    fn show(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let all = |cell: bool| -> Vec<T> {
            let of_layer = |k| {
                let (h, c) = self.state(k, s.capacity);
                of_item(&s.next[if cell { c } else { h }], self.hidden, s.item).to_vec()
            };
            (0..self.count()).flat_map(of_layer).collect()
        };
        for (name, values) in [("h", all(false)), ("c", all(true))] {
            let shape = vec![self.count(), self.hidden];
            show(Quantity { name: name.into(), shape, values: &values, column_major: false });
        }
    }
}
