//! A controller: plain recurrence.
use ntm_cli::core::buffers::{block, mat, mat_mut};
use ntm_cli::core::kernels::activation::activate;
use ntm_cli::core::kernels::product::{Onto, linear, outer_sum};
use ntm_cli::core::prelude::*;
use ntm_cli::core::transposed;
use serde::{Deserialize, Serialize};

/// h' = tanh(W x + b + U h), y = h'; h is 0 before the first step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// Numbers of h.
    pub hidden: usize,
}

impl Build<ControllerKind> for Plain {
    fn build<T: Precision>(&self, site: &ControllerSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        match self.hidden {
            1..=65536 => Ok(Box::new(PlainCell(Linear { inputs: site.inputs, outputs: self.hidden }))),
            n => Err(BuildError::new("hidden", format!("{n} units; must be 1 to 65536"))),
        }
    }
}

/// Holds the layer from x; U follows its parameters.
#[derive(Debug)]
struct PlainCell(Linear);

impl<T: Real> Cell<T> for PlainCell {
    fn inputs(&self) -> usize {
        self.0.inputs
    }
    fn outputs(&self) -> usize {
        self.0.outputs
    }
    fn parameters(&self) -> Vec<Parameter> {
        let (n, xavier) = (self.0.outputs, Initial::Xavier(1.0));
        let mut all = self.0.parameters("input", xavier, Initial::Constant(0.0));
        all.push(Parameter::matrix("recurrent.weight", n, n, xavier));
        all
    }
    fn needs(&self, capacity: usize) -> Needs {
        let h = block(self.0.outputs, capacity);
        Needs { state: h, trace: h, ..Needs::default() }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (n, items, u) = (self.0.outputs, s.items, &s.params[self.0.numbers()..]);
        self.0.forward(s.params, x, mat_mut(s.next, n, items));
        linear(u, n, mat(s.state, n, items), Onto::Sum, mat_mut(s.next, n, items));
        activate(&Activation::Tanh, &mut s.next[..n * items]);
        y.copy_from(&mat(s.next, n, items));
    }
    fn backward(&self, _: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let (n, items, u) = (self.0.outputs, s.items, &s.params[self.0.numbers()..]);
        for (i, d_y) in d_y.iter().enumerate() {
            s.trace[i] = (*d_y + s.d_state[i]) * (T::of(1.0) - s.next[i] * s.next[i]);
        }
        let dz = mat(s.trace, n, items);
        transposed(u, &[], n, n, dz, false, mat_mut(s.d_state, n, items));
        if let Some(d_x) = d_x {
            self.0.backward(s.params, &[], dz, false, d_x);
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        let (n, dz) = (self.0.outputs, run.trace.matrix(self.0.outputs));
        self.0.collect(run.x, dz, d_params);
        outer_sum(run.state.matrix(n), dz, &mut d_params[self.0.numbers()..][..n * n]);
    }
}

#[test]
fn plain_keeps_its_promises() {
    ntm_cli::core::testkit::controller(&Plain { hidden: 6 });
}
