//! Sharpening.
use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Activation, Field, Real, Shape, Stage};

/// out = incoming^sharpening / (sum of them + epsilon), equation 9.
///
/// Raw numbers: sharpening (1).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Sharpen {
    /// Applied to the sharpening, which the paper wants at least 1.
    pub power: Activation,
    /// Added to the sum. With 0, the default, the result always sums to one; with the 1e-16 of other implementations
    /// the weighting silently vanishes where every power underflows.
    pub epsilon: f64,
}

impl Default for Sharpen {
    /// 1 + softplus, no epsilon.
    fn default() -> Self {
        Sharpen { power: Activation::OnePlusSoftplus, epsilon: 0.0 }
    }
}

impl<T: Real> Stage<T> for Sharpen {
    fn fields(&self, _: Shape) -> Vec<Field> {
        vec![Field::new("sharpening", 1, self.power.clone())]
    }
    fn trace(&self, shape: Shape) -> usize {
        shape.slots
    }
    fn keeps_sum(&self) -> bool {
        self.epsilon == 0.0
    }
    fn forward(&self, look: &StageLook<'_, T>, trace: &mut [T], out: &mut [T]) {
        sharpen(look.numbers[0], self.epsilon, look.incoming, out, &mut trace[..look.shape.slots]);
    }
    fn backward(
        &self,
        look: &StageLook<'_, T>,
        trace: &[T],
        out: &[T],
        d_out: &[T],
        d: &mut StageGradient<'_, T>,
    ) {
        let logs = &trace[..look.shape.slots];
        sharpen_vjp(look.numbers[0], look.incoming, logs, out, d_out, d.incoming, &mut d.numbers[0]);
    }
}
