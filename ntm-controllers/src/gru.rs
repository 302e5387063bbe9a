//! Gated recurrent units (Cho et al. 2014), stacked.
//!
//! For each layer, with gates in the order r, z, n (PyTorch's):
//!
//! ```text
//! r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
//! z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
//! n = tanh(W_in x + b_in + r (W_hn h + b_hn))
//! h' = (1 - z) n + z h
//! ```
//!
//! Two bias vectors, because r stands between b_in and b_hn. A layer above the first sees the layer below; the output is
//! the last layer.
use ntm_core::buffers::{
    Mat, MatMut, add_columns, block, blocks, carve, carve_mut, fill_columns, mat, mat_mut, of_item,
    of_item_mut,
};
use ntm_core::kernels::activation::activate;
use ntm_core::kernels::views::{column_mut, copy};
use ntm_core::start::ControllerStart;
use ntm_core::traits::{Backward, Forward, Initial, Needs, Parameter, Part, Quantity, Shown, Trajectory};
use ntm_core::{Activation, Cell, Linear, Operations, Real};
use std::ops::Range;

/// How the parameters of a GRU are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct GruInitial {
    /// both weights of a layer: by its input, and by its h
    pub weight: Initial,
    /// both biases of a layer
    pub bias: Initial,
    /// h before the first step, where it is learned
    pub start: Initial,
}

impl Default for GruInitial {
    /// Xavier weights, bias 0, normal starts of 0.05.
    fn default() -> Self {
        GruInitial {
            weight: Initial::Xavier(1.0),
            bias: Initial::Constant(0.0),
            start: Initial::Normal(0.05),
        }
    }
}

/// A layer: what it makes of its input, and what it makes of h. Both have 3 hidden outputs.
#[derive(Clone, Copy, Debug)]
struct Layer {
    input: Linear,
    hidden: Linear,
}

/// Where the blocks of a layer are in the trace.
struct Places {
    /// r, z, n; their gradients after backward (3 hidden)
    input: Range<usize>,
    /// what the input's gates are added to; in its last rows W_hn h + b_hn; gradients after backward (3 hidden)
    hidden: Range<usize>,
    /// what a layer above the first sees (hidden)
    seen: Range<usize>,
}

/// A stack of layers. Settings only; the numbers belong to the caller.
#[derive(Clone, Debug)]
pub struct Gru {
    inputs: usize,
    hidden: usize,
    start: ControllerStart,
    initial: GruInitial,
    layers: Vec<Layer>,
}

impl Gru {
    /// `layers` layers of `hidden` units each, fed with `inputs` numbers.
    pub fn new(inputs: usize, hidden: usize, layers: usize, start: ControllerStart) -> Self {
        let linear = |inputs| Linear { inputs, outputs: 3 * hidden };
        let layer = |k| Layer { input: linear(if k == 0 { inputs } else { hidden }), hidden: linear(hidden) };
        Gru {
            inputs,
            hidden,
            start,
            initial: GruInitial::default(),
            layers: (0..layers).map(layer).collect(),
        }
    }
    /// How its parameters are drawn.
    pub fn with_initial(self, initial: GruInitial) -> Self {
        Gru { initial, ..self }
    }

    fn count(&self) -> usize {
        self.layers.len()
    }
    /// Parameters of layer k: of its input, of h.
    fn at(&self, k: usize) -> [usize; 2] {
        let start: usize = self.layers[..k].iter().map(|l| l.input.numbers() + l.hidden.numbers()).sum();
        [start, start + self.layers.get(k).map_or(0, |l| l.input.numbers())]
    }
    /// Transposed copies of layer k.
    fn prepared_at(&self, k: usize) -> [usize; 2] {
        let start: usize = self.layers[..k].iter().map(|l| l.input.prepared() + l.hidden.prepared()).sum();
        [start, start + self.layers.get(k).map_or(0, |l| l.input.prepared())]
    }
    /// h of layer k.
    fn state(&self, k: usize, capacity: usize) -> Range<usize> {
        let start = k * block(self.hidden, capacity);
        start..start + self.hidden * capacity
    }
    fn trace(&self, k: usize, capacity: usize) -> Places {
        let (gates, n) = (3 * self.hidden, self.hidden);
        let mut at = k * blocks(capacity, &[gates, gates]) + k.saturating_sub(1) * block(n, capacity);
        let mut next = |features: usize| {
            let start = at;
            at += block(features, capacity);
            start..start + features * capacity
        };
        Places { input: next(gates), hidden: next(gates), seen: next(if k == 0 { 0 } else { n }) }
    }
}

/// From what the input and h make of the gates of one item to r, z, n, and to the next h.
fn gates<T: Real>(input: &mut [T], hidden: &[T], h: &[T], h_next: &mut [T]) {
    let n = h.len();
    let (sums, new) = input.split_at_mut(2 * n);
    sums.iter_mut().zip(hidden).for_each(|(sum, more)| *sum += *more);
    activate(&Activation::Sigmoid, sums);
    let (reset, update) = sums.split_at(n);
    for ((new, reset), hidden) in new.iter_mut().zip(reset).zip(&hidden[2 * n..]) {
        *new += *reset * *hidden;
    }
    activate(&Activation::Tanh, new);
    for (((next, new), update), h) in h_next.iter_mut().zip(new).zip(update).zip(h) {
        *next = *new + *update * (*h - *new);
    }
}

/// Gradient of [`gates`]: `input` and `hidden` become those by what the input and h make of the gates, and `d_h`, which
/// with `d_y` is that by the next h, becomes the part of that by h which does not go through the gates.
fn gates_vjp<T: Real>(input: &mut [T], hidden: &mut [T], h: &[T], d_y: &[T], d_h: &mut [T]) {
    let (n, one) = (h.len(), T::of(1.0));
    let (sums, new) = input.split_at_mut(2 * n);
    let (reset, update) = sums.split_at_mut(n);
    let (d_sums, hidden) = hidden.split_at_mut(2 * n);
    let (d_reset, d_update) = d_sums.split_at_mut(n);
    let of_input = reset.iter_mut().zip(update).zip(new);
    let of_hidden = d_reset.iter_mut().zip(d_update).zip(hidden);
    let outside = d_h.iter_mut().zip(d_y).zip(h);
    for ((((r, z), new), ((d_r, d_z), hidden)), ((d_h, d_y), h)) in of_input.zip(of_hidden).zip(outside) {
        let d = *d_h + *d_y;
        *d_h = d * *z;
        *d_z = d * (*h - *new) * *z * (one - *z);
        let d_new = d * (one - *z) * (one - *new * *new);
        *d_r = d_new * *hidden * *r * (one - *r);
        *hidden = d_new * *r;
        (*r, *z, *new) = (*d_r, *d_z, d_new);
    }
}

impl<T: Real> Cell<T> for Gru {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.hidden
    }
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = vec![];
        for (k, layer) in self.layers.iter().enumerate() {
            let suffix = if self.count() > 1 { format!("_l{k}") } else { String::new() };
            for (linear, of) in [(layer.input, "ih"), (layer.hidden, "hh")] {
                let (rows, GruInitial { weight, bias, .. }) = (linear.outputs, self.initial);
                all.push(Parameter::matrix(format!("weight_{of}{suffix}"), rows, linear.inputs, weight));
                all.push(Parameter::vector(format!("bias_{of}{suffix}"), &[rows], bias));
            }
        }
        let (kind, initial, trained) = match self.start {
            ControllerStart::Zeros => return all,
            ControllerStart::Learned => ("start", Some(self.initial.start), true),
            ControllerStart::Given => ("given", None, false),
        };
        let shape = [self.count(), self.hidden];
        let mut start = Parameter::vector(format!("{kind}.h"), &shape, Initial::Constant(0.0));
        start.parts[0] = Part { initial, ..start.parts[0].clone() };
        start.trained = trained;
        all.push(start);
        all
    }
    fn needs(&self, capacity: usize) -> Needs {
        let gates = 3 * self.hidden;
        let first = self.count() * blocks(capacity, &[gates, gates]);
        Needs {
            prepared: self.prepared_at(self.count())[0],
            state: self.count() * block(self.hidden, capacity),
            trace: first + self.count().saturating_sub(1) * block(self.hidden, capacity),
            scratch: block(self.hidden, capacity),
        }
    }
    fn operations(&self, asked: usize) -> Option<Operations> {
        let of_layer = |(k, layer): (usize, &Layer)| {
            let asked = if k == 0 { asked } else { self.hidden };
            let products = layer.input.operations(asked) + layer.hidden.operations(self.hidden);
            // two sigmoids, a hyperbolic tangent, products and sums
            products + Operations::new(20, 25).times(self.hidden)
        };
        Some(self.layers.iter().enumerate().map(of_layer).sum())
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        for (k, layer) in self.layers.iter().enumerate() {
            let ([input, hidden], [to_input, to_hidden]) = (self.at(k), self.prepared_at(k));
            layer.input.prepare(&params[input..], &mut prepared[to_input..]);
            layer.hidden.prepare(&params[hidden..], &mut prepared[to_hidden..]);
        }
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        if self.start == ControllerStart::Zeros {
            return;
        }
        let ([h], _) = carve(&params[self.at(self.count())[0]..], 1, [self.count() * self.hidden]);
        for k in 0..self.count() {
            fill_columns(of_item(h, self.hidden, k), &mut state[self.state(k, capacity)]);
        }
    }
    fn start_vjp(&self, _params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        if self.start == ControllerStart::Zeros {
            return;
        }
        let at = self.at(self.count())[0];
        let ([d_h], _) = carve_mut(&mut d_params[at..], 1, [self.count() * self.hidden]);
        for k in 0..self.count() {
            add_columns(&d_state[self.state(k, capacity)], of_item_mut(d_h, self.hidden, k));
        }
    }
    fn start_output(&self, params: &[T], y: &mut [T]) {
        if self.start != ControllerStart::Zeros {
            let all = self.count() * self.hidden;
            y.copy_from_slice(&params[self.at(self.count())[0]..][all - self.hidden..all]);
        }
    }
    fn start_output_vjp(&self, d_y: &[T], d_params: &mut [T]) {
        if self.start != ControllerStart::Zeros {
            let all = self.count() * self.hidden;
            add_columns(d_y, &mut d_params[self.at(self.count())[0]..][all - self.hidden..all]);
        }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (n, items) = (self.hidden, s.items);
        for (k, layer) in self.layers.iter().enumerate() {
            let (at, [of_input, of_hidden], place) =
                (self.state(k, s.capacity), self.at(k), self.trace(k, s.capacity));
            if k > 0 {
                let below = self.state(k - 1, s.capacity).start;
                s.trace[place.seen.clone()][..n * items].copy_from_slice(&s.next[below..below + n * items]);
            }
            let (made, seen) =
                s.trace[place.input.start..place.seen.end].split_at_mut(place.seen.start - place.input.start);
            let (input, hidden) = made.split_at_mut(place.hidden.start - place.input.start);
            let (h, h_next) = (&s.state[at.clone()], &mut s.next[at]);
            let x = if k == 0 { x } else { mat(seen, n, items) };
            layer.input.forward(&s.params[of_input..], x, mat_mut(input, 3 * n, items));
            layer.hidden.forward(&s.params[of_hidden..], mat(h, n, items), mat_mut(hidden, 3 * n, items));
            for item in 0..items {
                gates(
                    of_item_mut(input, 3 * n, item),
                    of_item(hidden, 3 * n, item),
                    of_item(h, n, item),
                    of_item_mut(h_next, n, item),
                );
            }
        }
        if let Some(last) = self.count().checked_sub(1) {
            let h = &s.next[self.state(last, s.capacity)];
            for item in 0..items {
                column_mut(&mut y, item).copy_from_slice(of_item(h, n, item));
            }
        }
    }
    fn backward(&self, _x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, mut d_x: Option<MatMut<'_, T>>) {
        let (n, items) = (self.hidden, s.items);
        // the gradient by a layer's output, from above
        let d_out = &mut s.scratch[..n * items];
        copy(&d_y, d_out);
        for (k, layer) in self.layers.iter().enumerate().rev() {
            let (at, place) = (self.state(k, s.capacity), self.trace(k, s.capacity));
            let (h, d_h) = (&s.state[at.clone()], &mut s.d_state[at]);
            let made = &mut s.trace[place.input.start..place.hidden.end];
            let (input, hidden) = made.split_at_mut(place.hidden.start - place.input.start);
            for item in 0..items {
                gates_vjp(
                    of_item_mut(input, 3 * n, item),
                    of_item_mut(hidden, 3 * n, item),
                    of_item(h, n, item),
                    of_item(d_out, n, item),
                    of_item_mut(d_h, n, item),
                );
            }
            let ([of_input, of_hidden], [to_input, to_hidden]) = (self.at(k), self.prepared_at(k));
            let prepared = |at: usize| if s.prepared.is_empty() { &[] } else { &s.prepared[at..] };
            let d_hidden = mat(hidden, 3 * n, items);
            let d_input = mat(input, 3 * n, items);
            let d_h = mat_mut(d_h, n, items);
            layer.hidden.backward(&s.params[of_hidden..], prepared(to_hidden), d_hidden, true, d_h);
            let d_x = if k > 0 { Some(mat_mut(d_out, n, items)) } else { d_x.take() };
            if let Some(d_x) = d_x {
                layer.input.backward(&s.params[of_input..], prepared(to_input), d_input, false, d_x);
            }
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        for (k, layer) in self.layers.iter().enumerate() {
            let (place, [of_input, of_hidden]) = (self.trace(k, run.capacity), self.at(k));
            let of_trace = |r: Range<usize>, rows: usize| run.trace.part(r).matrix(rows);
            let gates = 3 * self.hidden;
            let x = if k == 0 { run.x } else { of_trace(place.seen, self.hidden) };
            let h = run.state.part(self.state(k, run.capacity)).matrix(self.hidden);
            layer.input.collect(x, of_trace(place.input, gates), &mut d_params[of_input..]);
            layer.hidden.collect(h, of_trace(place.hidden, gates), &mut d_params[of_hidden..]);
        }
    }
    fn show(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let of_layer = |k| of_item(&s.next[self.state(k, s.capacity)], self.hidden, s.item).to_vec();
        let values: Vec<T> = (0..self.count()).flat_map(of_layer).collect();
        let shape = vec![self.count(), self.hidden];
        show(Quantity { name: "h".into(), shape, values: &values, column_major: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in -1 ..= 1, the same for the same seed.
    fn draw(seed: usize, n: usize) -> Vec<f64> {
        (0..n).map(|i| ((seed * 1009 + i * 7919 + 13) % 2003) as f64 / 1001.5 - 1.0).collect()
    }
    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// Tensors of a layer, row-major, as a checkpoint has them.
    struct Tensors {
        weight_ih: Vec<f64>,
        weight_hh: Vec<f64>,
        bias_ih: Vec<f64>,
        bias_hh: Vec<f64>,
    }
    impl Tensors {
        /// The equations, number by number.
        fn step(&self, x: &[f64], h: &[f64]) -> Vec<f64> {
            let n = h.len();
            let row = |w: &[f64], v: &[f64], i: usize| -> f64 {
                (0..v.len()).map(|j| w[i * v.len() + j] * v[j]).sum()
            };
            let input = |i: usize| row(&self.weight_ih, x, i) + self.bias_ih[i];
            let hidden = |i: usize| row(&self.weight_hh, h, i) + self.bias_hh[i];
            (0..n)
                .map(|i| {
                    let r = sigmoid(input(i) + hidden(i));
                    let z = sigmoid(input(n + i) + hidden(n + i));
                    let new = (input(2 * n + i) + r * hidden(2 * n + i)).tanh();
                    (1.0 - z) * new + z * h[i]
                })
                .collect()
        }
    }

    /// Column-major with rows x columns, from row-major.
    fn columns(w: &[f64], rows: usize) -> impl Iterator<Item = f64> + '_ {
        let columns = w.len() / rows;
        (0..w.len()).map(move |i| w[i % rows * columns + i / rows])
    }

    #[test]
    fn two_layers_over_several_steps_are_those_of_the_equations() {
        let (inputs, hidden, steps, capacity) = (3, 5, 4, 2);
        let gru = Gru::new(inputs, hidden, 2, ControllerStart::Learned);
        let cell: &dyn Cell<f64> = &gru;
        let of_layer = |k: usize| {
            let seen = if k == 0 { inputs } else { hidden };
            Tensors {
                weight_ih: draw(10 * k + 1, 3 * hidden * seen),
                weight_hh: draw(10 * k + 2, 3 * hidden * hidden),
                bias_ih: draw(10 * k + 3, 3 * hidden),
                bias_hh: draw(10 * k + 4, 3 * hidden),
            }
        };
        let (layers, starts) = ([of_layer(0), of_layer(1)], draw(5, 2 * hidden));
        let mut params = vec![];
        for parameter in cell.parameters() {
            let path = parameter.parts[0].path.as_str();
            let layer = &layers[path.ends_with("_l1") as usize];
            let tensor = match path.split("_l").next() {
                Some("weight_ih") => &layer.weight_ih,
                Some("weight_hh") => &layer.weight_hh,
                Some("bias_ih") => &layer.bias_ih,
                Some("bias_hh") => &layer.bias_hh,
                _ => &starts,
            };
            assert_eq!(tensor.len(), parameter.numbers(), "{path}");
            let end = params.len() + block(tensor.len(), 1);
            params.extend(columns(tensor, parameter.rows));
            params.resize(end, 0.0);
        }
        let needs = cell.needs(capacity);
        let mut state = vec![0.0; needs.state];
        cell.start(&params, capacity, &mut state);
        let mut wanted = vec![[starts[..hidden].to_vec(), starts[hidden..].to_vec()]; capacity];
        for t in 0..steps {
            let x = draw(20 + t, inputs * capacity);
            let (mut next, mut y) = (vec![0.0; needs.state], vec![0.0; hidden * capacity]);
            let step = Forward {
                items: capacity,
                capacity,
                params: &params,
                prepared: &[],
                state: &state,
                next: &mut next,
                trace: &mut vec![0.0; needs.trace],
                scratch: &mut vec![0.0; needs.scratch],
            };
            cell.forward(mat(&x, inputs, capacity), step, mat_mut(&mut y, hidden, capacity));
            for (item, h) in wanted.iter_mut().enumerate() {
                h[0] = layers[0].step(of_item(&x, inputs, item), &h[0]);
                h[1] = layers[1].step(&h[0], &h[1]);
                for (got, want) in of_item(&y, hidden, item).iter().zip(&h[1]) {
                    assert!((got - want).abs() < 1e-13, "step {t}, item {item}: {got} is not {want}");
                }
            }
            state = next;
        }
    }

    #[test]
    fn its_tensors_have_the_names_and_shapes_of_pytorch() {
        let names = |layers: usize, start| -> Vec<(String, Vec<usize>)> {
            let gru = Gru::new(4, 3, layers, start);
            Cell::<f32>::parameters(&gru)
                .into_iter()
                .map(|p| (p.parts[0].path.clone(), p.parts[0].shape.clone()))
                .collect()
        };
        let of = |list: &[(&str, &[usize])]| {
            list.iter().map(|(n, s)| (n.to_string(), s.to_vec())).collect::<Vec<_>>()
        };
        let single: [(&str, &[usize]); 4] =
            [("weight_ih", &[9, 4]), ("bias_ih", &[9]), ("weight_hh", &[9, 3]), ("bias_hh", &[9])];
        assert_eq!(names(1, ControllerStart::Zeros), of(&single));
        let stack: [(&str, &[usize]); 9] = [
            ("weight_ih_l0", &[9, 4]),
            ("bias_ih_l0", &[9]),
            ("weight_hh_l0", &[9, 3]),
            ("bias_hh_l0", &[9]),
            ("weight_ih_l1", &[9, 3]),
            ("bias_ih_l1", &[9]),
            ("weight_hh_l1", &[9, 3]),
            ("bias_hh_l1", &[9]),
            ("start.h", &[2, 3]),
        ];
        assert_eq!(names(2, ControllerStart::Learned), of(&stack));
        assert_eq!(names(2, ControllerStart::Given)[8], ("given.h".to_string(), vec![2, 3]));
    }
}
