//! Sharpening.
use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Activation, Field, Operations, Real, Shape, Stage};

/// out = incoming^sharpening / (sum of them + epsilon), equation 9, or with the epsilon at another place.
///
/// Raw numbers: sharpening (1).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Sharpen {
    /// Applied to the sharpening, which the paper wants at least 1.
    pub power: Activation,
    /// How much is added. With 0, the default, the result always sums to one; with the 1e-16 of other implementations
    /// in the denominator the weighting silently vanishes where every power underflows.
    pub epsilon: f64,
    /// Whether it is added to the denominator or to each weight.
    pub epsilon_at: SharpenEpsilonAt,
}

/// Where the epsilon of a [`Sharpen`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum SharpenEpsilonAt {
    /// w^g / (sum of w^g + epsilon)
    #[default]
    Denominator,
    /// (w + epsilon)^g / sum of (w + epsilon)^g: sums to one, and a slot without weight keeps a gradient
    Base,
}

impl Sharpen {
    /// What is added to each weight, and what to the sum of their powers.
    pub(crate) fn added(&self) -> (f64, f64) {
        match self.epsilon_at {
            SharpenEpsilonAt::Denominator => (0.0, self.epsilon),
            SharpenEpsilonAt::Base => (self.epsilon, 0.0),
        }
    }
}

impl Default for Sharpen {
    /// 1 + softplus, no epsilon.
    fn default() -> Self {
        Sharpen {
            power: Activation::OnePlusSoftplus,
            epsilon: 0.0,
            epsilon_at: SharpenEpsilonAt::Denominator,
        }
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
        self.added().1 == 0.0
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        // logarithm, largest, power, sum, quotient; dot product, difference, products, quotient, sum
        Some(Operations::new(7, 8).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, trace: &mut [T], out: &mut [T]) {
        let (base, epsilon) = self.added();
        sharpen(look.numbers[0], base, epsilon, look.incoming, out, &mut trace[..look.shape.slots]);
    }
    fn backward(
        &self,
        look: &StageLook<'_, T>,
        trace: &[T],
        out: &[T],
        d_out: &[T],
        d: &mut StageGradient<'_, T>,
    ) {
        let (logs, (base, _)) = (&trace[..look.shape.slots], self.added());
        sharpen_vjp(look.numbers[0], base, look.incoming, logs, out, d_out, d.incoming, &mut d.numbers[0]);
    }
}
