//! Interpolation with the previous weighting.
use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Activation, Field, Operations, Real, Shape, Stage};

/// out = gate * incoming + (1 - gate) * previous, equation 7.
///
/// Raw numbers: gate (1).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Interpolate {
    /// Applied to the gate, which the paper wants in (0, 1).
    pub gate: Activation,
}

impl Default for Interpolate {
    fn default() -> Self {
        Interpolate { gate: Activation::Sigmoid }
    }
}

impl<T: Real> Stage<T> for Interpolate {
    fn fields(&self, _: Shape) -> Vec<Field> {
        vec![Field::new("gate", 1, self.gate.clone())]
    }
    fn shows(&self) -> Option<&'static str> {
        Some("interpolated")
    }
    fn keeps_sum(&self) -> bool {
        let (low, high) = self.gate.range();
        low >= 0.0 && high <= 1.0
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        Some(Operations::new(3, 6).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        interpolate(look.numbers[0], look.incoming, look.previous, out);
    }
    fn backward(&self, look: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        let (gate, d_gate) = (look.numbers[0], &mut d.numbers[0]);
        interpolate_vjp(gate, look.incoming, look.previous, d_out, d.incoming, d.previous, d_gate);
    }
}
