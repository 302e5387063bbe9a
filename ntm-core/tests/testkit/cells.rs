//! A cell with one fault.
use crate::breaks;
use ntm_core::buffers::{
    Mat, MatMut, add_columns, block, carve, carve_mut, fill_columns, of_item, of_item_mut,
};
use ntm_core::config::{Build, BuildError, ControllerKind, ControllerSite, Precision};
use ntm_core::kernels::product::row_sum;
use ntm_core::kernels::views::{column, column_mut};
use ntm_core::testkit::{self, Promise};
use ntm_core::traits::{Backward, Forward, Initial, Needs, Parameter, Trajectory};
use ntm_core::{Cell, Real};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    ForgetsBias,
    StateCountsCalls,
    KeepsOldOutput,
    StateTooShort,
    Neighbour,
    AssignsParameters,
    ForgetsStart,
    KeepsStateGradient,
    FirstInsteadOfLast,
    NeedsToBeAsked,
    ForgetsStartOutput,
    AssignsStartOutput,
    MoreCellThanOutputs,
    CellUnasked,
}

static CALLS: AtomicU32 = AtomicU32::new(0);

/// h' = 0.5 h + x + b, y = h'; before the first step y = h
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leak(pub(crate) Fault);

#[derive(Debug)]
struct LeakCell {
    size: usize,
    fault: Fault,
}

impl<T: Real> Cell<T> for LeakCell {
    fn inputs(&self) -> usize {
        self.size
    }
    fn outputs(&self) -> usize {
        self.size
    }
    fn parameters(&self) -> Vec<Parameter> {
        let list = |path| Parameter::vector(path, &[self.size], Initial::Constant(0.0));
        vec![list("bias"), list("start.h")]
    }
    fn needs(&self, capacity: usize) -> Needs {
        let each = block(self.size, capacity);
        let short = usize::from(self.fault == Fault::StateTooShort);
        Needs { state: each - short * each, trace: each, ..Needs::default() }
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        let ([_, h], _) = carve(params, 1, [self.size; 2]);
        fill_columns(h, &mut state[..self.size * capacity]);
    }
    fn start_vjp(&self, _: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        let ([_, d_h], _) = carve_mut(d_params, 1, [self.size; 2]);
        if self.fault == Fault::AssignsParameters {
            d_h.fill(T::of(0.0));
        }
        if self.fault != Fault::ForgetsStart {
            add_columns(&d_state[..self.size * capacity], d_h);
        }
    }
    fn cell_outputs(&self) -> usize {
        match self.fault {
            Fault::MoreCellThanOutputs => self.size + 3,
            Fault::CellUnasked => 1,
            _ => 0,
        }
    }
    fn start_output(&self, params: &[T], y: &mut [T]) {
        let ([_, h], _) = carve(params, 1, [self.size; 2]);
        y.copy_from_slice(h);
    }
    fn start_output_vjp(&self, d_y: &[T], d_params: &mut [T]) {
        let ([_, d_h], _) = carve_mut(d_params, 1, [self.size; 2]);
        if self.fault == Fault::AssignsStartOutput {
            d_h.fill(T::of(0.0));
        }
        if self.fault != Fault::ForgetsStartOutput {
            add_columns(d_y, d_h);
        }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let bias = &s.params[..self.size];
        for item in 0..s.items {
            let old = of_item(s.state, self.size, item);
            let other = if self.fault == Fault::Neighbour { column(&x, 0)[0] } else { T::of(0.0) };
            let next = of_item_mut(s.next, self.size, item);
            for i in 0..self.size {
                next[i] = T::of(0.5) * old[i] + column(&x, item)[i] + bias[i];
                if item > 0 {
                    next[i] += other;
                }
            }
            match self.fault {
                Fault::KeepsOldOutput => {
                    column_mut(&mut y, item).iter_mut().zip(next).for_each(|(y, n)| *y += *n);
                }
                Fault::StateCountsCalls => {
                    next[0] += T::of(1e-3 * f64::from(CALLS.fetch_add(1, Relaxed)));
                    column_mut(&mut y, item).copy_from_slice(next);
                }
                _ => column_mut(&mut y, item).copy_from_slice(next),
            }
        }
    }
    fn backward(&self, _: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        if self.fault == Fault::NeedsToBeAsked && d_x.is_none() {
            return;
        }
        for item in 0..s.items {
            let d = of_item_mut(s.d_state, self.size, item);
            let dz = of_item_mut(s.trace, self.size, item);
            for i in 0..self.size {
                dz[i] = d[i] + column(&d_y, item)[i];
                let factor = if self.fault == Fault::KeepsStateGradient { 1.0 } else { 0.5 };
                d[i] = T::of(factor) * dz[i];
            }
        }
        let Some(mut d_x) = d_x else { return };
        let first = if self.fault == Fault::FirstInsteadOfLast { 0 } else { self.size - d_x.nrows() };
        for item in 0..s.items {
            let (dz, n) = (of_item(s.trace, self.size, item), d_x.nrows());
            column_mut(&mut d_x, item).copy_from_slice(&dz[first..first + n]);
        }
        if self.fault == Fault::Neighbour && first == 0 {
            let others = &s.trace[self.size..self.size * s.items];
            column_mut(&mut d_x, 0)[0] += others.iter().fold(T::of(0.0), |a, b| a + *b);
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        if self.fault != Fault::ForgetsBias {
            row_sum(run.trace.matrix(self.size), &mut d_params[..self.size]);
        }
    }
}

impl Build<ControllerKind> for Leak {
    fn build<T: Precision>(&self, site: &ControllerSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        Ok(Box::new(LeakCell { size: site.inputs, fault: self.0 }))
    }
}

#[test]
fn a_cell_without_fault_passes() {
    testkit::controller(&Leak(Fault::None));
}

#[test]
fn every_fault_of_a_cell_is_named() {
    let of = |fault, promise| breaks::<ControllerKind, _>(&Leak(fault), promise);
    of(Fault::StateTooShort, Promise::Sizes);
    let found = of(Fault::ForgetsStart, Promise::Gradient);
    assert!(found.what.contains("by start.h[0]"), "{found}");
    let found = of(Fault::ForgetsBias, Promise::Gradient);
    assert!(found.what.contains("by bias["), "{found}");
    let found = of(Fault::KeepsOldOutput, Promise::Written);
    assert!(found.what.starts_with("y[0] is"), "{found}");
    let found = of(Fault::ForgetsStartOutput, Promise::Gradient);
    assert!(found.what.contains("by start.h[0]"), "{found}");
    let found = of(Fault::AssignsStartOutput, Promise::Added);
    assert!(found.what.contains("by start.h[0]"), "{found}");
    let found = of(Fault::MoreCellThanOutputs, Promise::Sizes);
    assert_eq!(found.what, "`cell_outputs` says 4, more than the 1 outputs there are");
    let found = of(Fault::CellUnasked, Promise::Sizes);
    assert_eq!(found.what, "`cell_outputs` says 1, but no cell state is asked for");
    of(Fault::StateCountsCalls, Promise::SameBits);
    of(Fault::KeepsStateGradient, Promise::Gradient);
    let found = of(Fault::Neighbour, Promise::Alone);
    assert!(found.what.starts_with("item 0 of 3 beside the others, gradient by x[0] is"), "{found}");
    let found = of(Fault::AssignsParameters, Promise::Added);
    assert!(found.what.contains("by start.h[0]"), "{found}");
    let found = of(Fault::FirstInsteadOfLast, Promise::Gradient);
    assert!(found.site.contains("gradient by the last 3 inputs asked for"), "{found}");
    let found = of(Fault::NeedsToBeAsked, Promise::Gradient);
    assert!(found.site.contains("no gradient by x asked for"), "{found}");
}
