//! Feed-forward layers: y_k = activation(W_k y_(k-1) + b_k). No state.
use ntm_core::buffers::{Mat, MatMut, add_columns, block, mat, mat_mut};
use ntm_core::kernels::activation::{activate, activate_vjp};
use ntm_core::kernels::views::{copy, copy_to};
use ntm_core::start::ControllerStart;
use ntm_core::traits::{Backward, Forward, Initial, Needs, Parameter, Trajectory};
use ntm_core::{Activation, Cell, Linear, Operations, Real};
use std::ops::Range;

/// A multi-layer perceptron, the paper's feed-forward controller.
#[derive(Clone, Debug)]
pub struct Mlp {
    inputs: usize,
    activation: Activation,
    layers: Vec<Linear>,
    start: ControllerStart,
    weight: Initial,
    bias: Initial,
}

impl Mlp {
    /// Layers of `hidden` units each (at least one), fed with `inputs` numbers.
    pub fn new(inputs: usize, hidden: &[usize], activation: Activation) -> Self {
        let below = std::iter::once(&inputs).chain(hidden);
        let layers = below.zip(hidden).map(|(&inputs, &outputs)| Linear { inputs, outputs }).collect();
        let (weight, bias) = (Initial::Xavier(1.0), Initial::Constant(0.0));
        Mlp { inputs, activation, layers, start: ControllerStart::Zeros, weight, bias }
    }
    /// How its parameters are drawn.
    pub fn with_initial(self, weight: Initial, bias: Initial) -> Self {
        Mlp { weight, bias, ..self }
    }
    /// What counts as its output before the first step, where heads act before the controller (a feed-forward network
    /// has no state that would tell): zeros, or `start.h`, drawn normally with 0.05, or `given.h`.
    pub fn with_start(self, start: ControllerStart) -> Self {
        Mlp { start, ..self }
    }
    fn at(&self, k: usize) -> usize {
        self.layers[..k].iter().map(|l| l.numbers()).sum()
    }
    fn prepared_at(&self, k: usize) -> usize {
        self.layers[..k].iter().map(|l| l.prepared()).sum()
    }
    /// values of layer k, and their gradient by what went into the activation
    fn trace(&self, k: usize, capacity: usize) -> (Range<usize>, Range<usize>) {
        let start: usize = self.layers[..k].iter().map(|l| 2 * block(l.outputs, capacity)).sum();
        let (each, n) = (block(self.layers[k].outputs, capacity), self.layers[k].outputs * capacity);
        (start..start + n, start + each..start + each + n)
    }
    fn widest(&self) -> usize {
        self.layers.iter().map(|l| l.outputs).max().unwrap_or(0)
    }
}

impl<T: Real> Cell<T> for Mlp {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.layers.last().map_or(self.inputs, |l| l.outputs)
    }
    fn parameters(&self) -> Vec<Parameter> {
        let layers = self.layers.iter().enumerate();
        let mut all: Vec<Parameter> =
            layers.flat_map(|(k, l)| l.parameters(&format!("layers.{k}"), self.weight, self.bias)).collect();
        let (path, initial) = match self.start {
            ControllerStart::Zeros => return all,
            ControllerStart::Learned => ("start.h", Some(Initial::Normal(0.05))),
            ControllerStart::Given => ("given.h", None),
        };
        let mut start = Parameter::vector(path, &[Cell::<T>::outputs(self)], Initial::Constant(0.0));
        start.parts[0].initial = initial;
        start.trained = initial.is_some();
        all.push(start);
        all
    }
    fn needs(&self, capacity: usize) -> Needs {
        Needs {
            prepared: self.prepared_at(self.layers.len()),
            state: 0,
            trace: self.layers.iter().map(|l| 2 * block(l.outputs, capacity)).sum(),
            scratch: block(self.widest(), capacity),
        }
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        for (k, layer) in self.layers.iter().enumerate() {
            layer.prepare(&params[self.at(k)..], &mut prepared[self.prepared_at(k)..]);
        }
    }
    fn operations(&self, asked: usize) -> Option<Operations> {
        // an activation counts as a hyperbolic tangent
        let of_layer = |(k, l): (usize, &Linear)| {
            let asked = if k == 0 { asked } else { l.inputs };
            l.operations(asked) + Operations::new(6, 3).times(l.outputs)
        };
        Some(self.layers.iter().enumerate().map(of_layer).sum())
    }
    fn start_output(&self, params: &[T], y: &mut [T]) {
        if self.start != ControllerStart::Zeros {
            y.copy_from_slice(&params[self.at(self.layers.len())..][..y.len()]);
        }
    }
    fn start_output_vjp(&self, d_y: &[T], d_params: &mut [T]) {
        if self.start != ControllerStart::Zeros {
            add_columns(d_y, &mut d_params[self.at(self.layers.len())..][..d_y.len()]);
        }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let items = s.items;
        for (k, layer) in self.layers.iter().enumerate() {
            let (values, _) = self.trace(k, s.capacity);
            let (below, here) = s.trace.split_at_mut(values.start);
            let x =
                if k == 0 { x } else { mat(&below[self.trace(k - 1, s.capacity).0], layer.inputs, items) };
            let values = &mut here[..layer.outputs * items];
            layer.forward(&s.params[self.at(k)..], x, mat_mut(values, layer.outputs, items));
            activate(&self.activation, values);
        }
        if let Some(k) = self.layers.len().checked_sub(1) {
            copy_to(&s.trace[self.trace(k, s.capacity).0], &mut y);
        }
    }
    fn backward(&self, _x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let items = s.items;
        for (k, layer) in self.layers.iter().enumerate().rev() {
            let (values, dz) = self.trace(k, s.capacity);
            let n = layer.outputs * items;
            let (below, here) = s.trace.split_at_mut(values.start);
            let (values, dz) = here.split_at_mut(dz.start - values.start);
            let (values, dz) = (&values[..n], &mut dz[..n]);
            if k + 1 == self.layers.len() {
                copy(&d_y, dz);
            } // otherwise the layer above has written the gradient by this one's values here
            // the values are needed again by `collect`, and an activation's gradient may use them up
            let used = &mut s.scratch[..n];
            used.copy_from_slice(values);
            activate_vjp(&self.activation, used, dz);
            let params = &s.params[self.at(k)..];
            let prepared: &[T] = if s.prepared.is_empty() { &[] } else { &s.prepared[self.prepared_at(k)..] };
            let dz = mat(dz, layer.outputs, items);
            if k > 0 {
                let d_below = &mut below[self.trace(k - 1, s.capacity).1];
                layer.backward(params, prepared, dz, false, mat_mut(d_below, layer.inputs, items));
            }
        }
        if let (Some(d_x), Some(layer)) = (d_x, self.layers.first()) {
            let dz = mat(&s.trace[self.trace(0, s.capacity).1], layer.outputs, items);
            layer.backward(s.params, s.prepared, dz, false, d_x);
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        for (k, layer) in self.layers.iter().enumerate() {
            let x = match k {
                0 => run.x,
                _ => run.trace.part(self.trace(k - 1, run.capacity).0).matrix(layer.inputs),
            };
            let dz = run.trace.part(self.trace(k, run.capacity).1).matrix(layer.outputs);
            layer.collect(x, dz, &mut d_params[self.at(k)..]);
        }
    }
}
