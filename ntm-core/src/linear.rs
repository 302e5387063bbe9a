//! y = W x + b with its weight gradient deferred: a part of cells and of models, not a trait.
use crate::buffers::{Mat, MatMut, Steps, block, carve, carve_mut};
use crate::kernels::product::{self, Onto};
use crate::kernels::views::{column, column_mut};
use crate::traits::{Initial, Parameter};
use crate::{Operations, Real};

/// A linear layer. Parameters: weight (outputs x inputs, column-major), bias (outputs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Length of x; the columns of the weight.
    pub inputs: usize,
    /// Length of y; the rows of the weight.
    pub outputs: usize,
}
impl Linear {
    /// `NAME.weight` and `NAME.bias`.
    pub fn parameters(self, name: &str, weight: Initial, bias: Initial) -> Vec<Parameter> {
        vec![
            Parameter::matrix(format!("{name}.weight"), self.outputs, self.inputs, weight),
            Parameter::vector(format!("{name}.bias"), &[self.outputs], bias),
        ]
    }
    fn places(self) -> [usize; 2] {
        [self.outputs * self.inputs, self.outputs]
    }
    /// Numbers of its parameters.
    pub fn numbers(self) -> usize {
        block(self.outputs * self.inputs, 1) + block(self.outputs, 1)
    }
    /// Numbers of its transposed copy.
    pub fn prepared(self) -> usize {
        block(self.outputs * self.inputs, 1)
    }
    /// Floating-point operations of one item's step, with the gradient by the last `asked` inputs.
    pub fn operations(self, asked: usize) -> Operations {
        Operations::matrix(self.outputs, self.inputs, asked)
    }
    /// Makes the transposed copy.
    pub fn prepare<T: Real>(self, params: &[T], prepared: &mut [T]) {
        product::transpose(params, self.outputs, self.inputs, self.inputs, prepared);
    }
    /// y = W x + b
    pub fn forward<T: Real>(self, params: &[T], x: Mat<'_, T>, y: MatMut<'_, T>) {
        let ([w, b], _) = carve(params, 1, self.places());
        product::linear(w, self.outputs, x, Onto::Bias(b), y);
    }
    /// Writes the gradient by the last `d_x.nrows()` inputs, or adds it.
    pub fn backward<T: Real>(
        self,
        params: &[T],
        prepared: &[T],
        d_y: Mat<'_, T>,
        add: bool,
        d_x: MatMut<'_, T>,
    ) {
        transposed(params, prepared, self.outputs, self.inputs, d_y, add, d_x);
    }
    /// Adds the gradients of weight and bias over all steps.
    pub fn collect<T: Real>(self, x: Steps<'_, T>, d_y: Steps<'_, T>, d_params: &mut [T]) {
        let ([d_w, d_b], _) = carve_mut(d_params, 1, self.places());
        product::outer_sum(x, d_y, d_w);
        product::row_sum(d_y, d_b);
    }
}

/// d_x (+)= W^T d_y for the last `d_x.nrows()` inputs of W (outputs x inputs), with the transposed copy where there is
/// one.
pub fn transposed<T: Real>(
    w: &[T],
    prepared: &[T],
    outputs: usize,
    inputs: usize,
    d_y: Mat<'_, T>,
    add: bool,
    mut d_x: MatMut<'_, T>,
) {
    let first = inputs - d_x.nrows();
    if prepared.is_empty() {
        let w = &w[first * outputs..inputs * outputs];
        for item in 0..d_y.ncols() {
            product::dots(w, outputs, column(&d_y, item), add, column_mut(&mut d_x, item));
        }
    } else {
        product::linear(&prepared[first..], inputs, d_y, if add { Onto::Sum } else { Onto::Nothing }, d_x);
    }
}
