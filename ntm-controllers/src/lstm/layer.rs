//! One layer of long short-term memory, on the blocks of its stack.
use ntm_core::buffers::{Mat, MatMut, Track, block, carve, carve_mut, mat, mat_mut, of_item, of_item_mut};
use ntm_core::kernels::lstm::{lstm, lstm_vjp};
use ntm_core::kernels::product::{self, Onto};
use ntm_core::kernels::views::{column, column_mut};
use ntm_core::{Operations, Real, transposed};

/// Sizes of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
}

/// What a layer's step leaves and finds: the blocks of one layer.
pub(super) struct Blocks<'a, T> {
    pub(super) h: &'a [T],
    pub(super) c: &'a [T],
}

impl Layer {
    /// weight_ih (4 hidden x inputs), weight_hh (4 hidden x hidden), bias (4 hidden)
    pub(super) fn places(self) -> [usize; 3] {
        let gates = 4 * self.hidden;
        [gates * self.inputs, gates * self.hidden, gates]
    }
    /// Numbers of its parameters.
    pub(super) fn numbers(self) -> usize {
        self.places().iter().map(|&n| block(n, 1)).sum()
    }
    /// Numbers of its transposed copies.
    pub(super) fn prepared(self) -> usize {
        let gates = 4 * self.hidden;
        block(gates * (self.inputs + self.hidden), 1)
    }
    /// Of one item's step, with the gradient by the last `asked` inputs: both matrices, three sigmoids, two hyperbolic
    /// tangents, products and sums.
    pub(super) fn operations(self, asked: usize) -> Operations {
        let (gates, all) = (4 * self.hidden, self.inputs + self.hidden);
        Operations::matrix(gates, all, asked + self.hidden) + Operations::new(28, 23).times(self.hidden)
    }
    /// Row by row (inputs, hidden) of each gate number, so that one product makes both gradients.
    pub(super) fn prepare<T: Real>(self, params: &[T], prepared: &mut [T]) {
        let ([ih, hh, _], _) = carve(params, 1, self.places());
        let (gates, all) = (4 * self.hidden, self.inputs + self.hidden);
        product::transpose(ih, gates, self.inputs, all, prepared);
        product::transpose(hh, gates, self.hidden, all, &mut prepared[self.inputs..]);
    }
    /// gates = bias + W_ih x + W_hh h; then c and h of the next state, and y = h.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn forward<T: Real>(
        self,
        params: &[T],
        x: Mat<'_, T>,
        old: Blocks<'_, T>,
        h_next: &mut [T],
        c_next: &mut [T],
        gates: &mut [T],
        tanh_c: &mut [T],
        y: MatMut<'_, T>,
    ) {
        let (n, items) = (self.hidden, x.ncols());
        let ([ih, hh, bias], _) = carve(params, 1, self.places());
        let h = mat(old.h, n, items);
        product::linear2(ih, x, hh, h, Onto::Bias(bias), mat_mut(gates, 4 * n, items));
        lstm(n, items, gates, old.c, c_next, tanh_c, h_next, y);
    }
    /// Turns `d_h` and `d_c` from after the step to before it, leaves dz in `gates`, and writes the gradient by the last
    /// `asked` inputs to the first rows of `both` (asked + hidden rows, scratch).
    #[allow(clippy::too_many_arguments)]
    pub(super) fn backward<T: Real>(
        self,
        params: &[T],
        prepared: &[T],
        gates: &mut [T],
        tanh_c: &[T],
        c: &[T],
        d_y: Mat<'_, T>,
        d_h: &mut [T],
        d_c: &mut [T],
        asked: usize,
        both: &mut [T],
    ) {
        let (n, items) = (self.hidden, d_y.ncols());
        lstm_vjp(n, items, gates, c, tanh_c, d_h, d_y, d_c);
        let (dz, rows) = (mat(gates, 4 * n, items), asked + n);
        if prepared.is_empty() {
            let ([ih, hh, _], _) = carve(params, 1, self.places());
            transposed(hh, &[], 4 * n, n, dz, false, mat_mut(d_h, n, items));
            let mut both = mat_mut(both, rows, items);
            transposed(ih, &[], 4 * n, self.inputs, dz, false, both.rows_mut(0, asked));
        } else {
            let all = self.inputs + n;
            let both = &mut both[..rows * items];
            product::linear(
                &prepared[self.inputs - asked..],
                all,
                dz,
                Onto::Nothing,
                mat_mut(both, rows, items),
            );
            for item in 0..items {
                of_item_mut(d_h, n, item).copy_from_slice(&of_item(both, rows, item)[asked..]);
            }
        }
    }
    /// Adds the gradients of the weights over all steps.
    pub(super) fn collect<T: Real>(
        self,
        x: ntm_core::buffers::Steps<'_, T>,
        h: Track<'_, T>,
        gates: Track<'_, T>,
        d_params: &mut [T],
    ) {
        let ([d_ih, d_hh, d_bias], _) = carve_mut(d_params, 1, self.places());
        let dz = gates.matrix(4 * self.hidden);
        product::outer_sum(x, dz, d_ih);
        product::outer_sum(h.matrix(self.hidden), dz, d_hh);
        product::row_sum(dz, d_bias);
    }
}

/// Copies rows of a batch: `to[at..at + rows]` of each item = `from`.
pub(super) fn place<T: Real>(from: &Mat<'_, T>, to: &mut MatMut<'_, T>, at: usize) {
    for item in 0..from.ncols() {
        let from = column(from, item);
        column_mut(to, item)[at..at + from.len()].copy_from_slice(from);
    }
}
