//! Shift by a single number.
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Activation, Field, Operations, Real, Shape, Stage};

/// Rotation by x in (-1, 1) slots, shared between two neighbours: the paper's other kernel (section 3.3.2), in which a
/// scalar is the lower bound of a width-one uniform distribution over shifts: s(floor x) = 1 - frac x,
/// s(floor x + 1) = frac x.
///
/// Raw numbers: shift (1), through 2 sigmoid(raw) - 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct ScalarShift {
    /// Which way a positive number moves the focus.
    pub direction: ScalarDirection,
}

/// Which way a positive number moves the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum ScalarDirection {
    /// to higher slots (the paper)
    #[default]
    PositiveUp,
    /// to lower slots
    PositiveDown,
}

/// The slot from which weight comes to slot i, besides slot i itself.
fn neighbour(i: usize, slots: usize, up: bool) -> usize {
    match (up, i) {
        (true, 0) => slots - 1,
        (true, i) => i - 1,
        (false, i) if i + 1 == slots => 0,
        (false, i) => i + 1,
    }
}

impl<T: Real> Stage<T> for ScalarShift {
    fn fields(&self, _: Shape) -> Vec<Field> {
        let sign = if self.direction == ScalarDirection::PositiveUp { 1.0 } else { -1.0 };
        let of = Box::new(Activation::Sigmoid);
        vec![Field::new("shift", 1, Activation::Affine { scale: 2.0 * sign, offset: -sign, of })]
    }
    fn shows(&self) -> Option<&'static str> {
        Some("shifted")
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        Some(Operations::new(3, 6).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        let (x, w) = (look.numbers[0], look.incoming);
        let (share, up) = (x.abs(), x > T::of(0.0));
        for (i, out) in out.iter_mut().enumerate() {
            *out = w[i] + share * (w[neighbour(i, w.len(), up)] - w[i]);
        }
    }
    fn backward(&self, look: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        let (x, w) = (look.numbers[0], look.incoming);
        let (share, up) = (x.abs(), x > T::of(0.0));
        for (d_w, d_out) in d.incoming.iter_mut().zip(d_out) {
            *d_w = (T::of(1.0) - share) * *d_out;
        }
        let mut sum = T::of(0.0);
        for (i, d_out) in d_out.iter().enumerate() {
            let j = neighbour(i, w.len(), up);
            d.incoming[j] += share * *d_out;
            sum += *d_out * (w[j] - w[i]);
        }
        d.numbers[0] = if up { sum } else { -sum };
    }
}
