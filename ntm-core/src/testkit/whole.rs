//! Both parts of a memory's step as one cell.
use crate::Real;
use crate::buffers::{Mat, MatMut, mat, mat_mut};
use crate::kernels::views::column_mut;
use crate::traits::{Backward, Cell, Forward, Memory, Needs, Parameter, Trajectory};

/// A memory whose inputs are the raw numbers before the controller, where it wants any, and then those after it.
#[derive(Debug)]
pub(super) struct Whole<'a, T: Real>(pub(super) &'a dyn Memory<T>);

impl<T: Real> Whole<'_, T> {
    /// Raw numbers of each part of a step.
    fn parts(&self) -> (usize, usize) {
        let (turns, numbers) = (self.0.turns(), self.0.inputs());
        (if turns.before { numbers } else { 0 }, if turns.after { numbers } else { 0 })
    }
}

impl<T: Real> Cell<T> for Whole<'_, T> {
    fn inputs(&self) -> usize {
        self.parts().0 + self.parts().1
    }
    fn outputs(&self) -> usize {
        self.0.outputs()
    }
    fn parameters(&self) -> Vec<Parameter> {
        self.0.parameters()
    }
    fn needs(&self, capacity: usize) -> Needs {
        self.0.needs(capacity)
    }
    fn prepare(&self, params: &[T], prepared: &mut [T]) {
        self.0.prepare(params, prepared);
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        self.0.start(params, capacity, state);
    }
    fn start_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        self.0.start_vjp(params, capacity, d_state, d_params);
    }
    fn forward(&self, x: Mat<'_, T>, mut s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (before, after) = self.parts();
        if before > 0 {
            self.0.before(x.rows(0, before), s.again(), y.rows_mut(0, self.outputs()));
        }
        if after > 0 {
            self.0.forward(x.rows(before, after), s, y);
        }
    }
    fn backward(&self, x: Mat<'_, T>, mut s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let ((before, after), items) = (self.parts(), s.items);
        if before == 0 {
            return self.0.backward(x, s, d_y, d_x);
        }
        let (mut first, mut rest) = (vec![T::of(0.0); before * items], vec![T::of(0.0); after * items]);
        if after > 0 {
            let d_rest = Some(mat_mut(&mut rest, after, items));
            self.0.backward(x.rows(before, after), s.again(), d_y, d_rest);
        }
        self.0.before_vjp(x.rows(0, before), s, d_y, mat_mut(&mut first, before, items));
        if let Some(mut d_x) = d_x {
            let (first, rest) = (mat(&first, before, items), mat(&rest, after, items));
            let skipped = before + after - d_x.nrows();
            for item in 0..items {
                let all =
                    first.column(item).iter().chain(rest.column(item).iter()).copied().collect::<Vec<_>>();
                column_mut(&mut d_x, item).copy_from_slice(&all[skipped..]);
            }
        }
    }
    fn collect(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        let (before, after) = self.parts();
        let rows = if after > 0 { before..before + after } else { 0..before };
        self.0.collect(Trajectory { x: run.x.rows(rows), ..run }, d_params);
    }
}
