//! A controller alone, with an output layer and no memory: the LSTM baseline of the paper.
use crate::buffers::{Mat, MatMut};
use crate::ntm::{parameters_of, show_controller};
use crate::traits::{Backward, Cell, Forward, Needs, Parameter, Quantity, Shown, Trajectory};
use crate::{Operations, Real};

/// A controller as a model of its own.
#[derive(Debug)]
pub struct Recurrent<T: Real> {
    /// The controller.
    pub controller: Box<dyn Cell<T>>,
}

impl<T: Real> Cell<T> for Recurrent<T> {
    fn inputs(&self) -> usize {
        self.controller.inputs()
    }
    fn outputs(&self) -> usize {
        self.controller.outputs()
    }
    fn parameters(&self) -> Vec<Parameter> {
        parameters_of("controller", &*self.controller)
    }
    fn needs(&self, capacity: usize) -> Needs {
        self.controller.needs(capacity)
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        self.controller.prepare(params, prepared);
    }
    fn operations(&self, asked: usize) -> Option<Operations> {
        self.controller.operations(asked)
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        self.controller.start(params, capacity, state);
    }
    fn start_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        self.controller.start_vjp(params, capacity, d_state, d_params);
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, y: MatMut<'_, T>) {
        self.controller.forward(x, s, y);
    }
    fn backward(&self, x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        self.controller.backward(x, s, d_y, d_x);
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        self.controller.collect(run, d_params);
    }
    fn show(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        show_controller(&*self.controller, s, show);
    }
}
