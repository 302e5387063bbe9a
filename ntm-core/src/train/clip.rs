//! Gradients that explode: their norm, and how they are kept from going further.
use crate::Real;
use crate::kernels::optimizer::{GradientChange, sum_of_squares};

/// How gradients are kept from growing too large before they reach the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Clip {
    /// not at all (but for numbers beyond 1e18, cut to it: optimisers square them)
    None,
    /// each number cut to +- this (the paper: 10)
    Value(f64),
    /// all numbers scaled so that their Euclidean norm is at most this
    Norm(f64),
}

/// Squares of larger numbers are none in `f32`, and an optimiser's running mean of squares would never come down again.
const LARGEST: f64 = 1e18;

impl Clip {
    /// What it does to a gradient of this norm.
    pub fn change(self, norm: f64) -> GradientChange {
        match self {
            Clip::None => GradientChange { scale: 1.0, limit: LARGEST },
            Clip::Value(limit) => GradientChange { scale: 1.0, limit: limit.min(LARGEST) },
            Clip::Norm(most) => GradientChange { scale: (most / norm).min(1.0), limit: LARGEST },
        }
    }
}

/// The Euclidean norm of a gradient. Squares in its own precision overflow where its numbers do not yet, above 1e19 in `f32`; so one
/// that explodes as far is summed again in `f64`, and can be clipped like any other.
pub(super) fn euclidean_norm<T: Real>(gradient: &[T]) -> f64 {
    let mut squares = 0.0;
    sum_of_squares(gradient, &mut squares);
    if !squares.is_finite() {
        squares = gradient.iter().map(|&x| x.to().powi(2)).sum();
    }
    squares.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Optimizer, OptimizerState};

    #[test]
    fn a_norm_is_a_number_as_long_as_those_of_the_gradient_are() {
        assert_eq!(euclidean_norm::<f32>(&[3.0, -4.0]), 5.0);
        let norm = euclidean_norm(&[3e30_f32, -4e30]);
        assert!((norm / 5e30 - 1.0).abs() < 1e-6, "{norm}");
        assert!(!euclidean_norm(&[1.0_f32, f32::INFINITY]).is_finite());
        assert!(!euclidean_norm(&[1.0_f32, f32::NAN]).is_finite());
    }

    #[test]
    fn whatever_the_clip_an_exploding_gradient_leaves_an_optimizer_that_still_learns() {
        for clip in
            [Clip::None, Clip::Value(f64::MAX), Clip::Value(10.0), Clip::Norm(1.0), Clip::Norm(f64::MAX)]
        {
            for optimizer in
                [Optimizer::default(), Optimizer::Adam { rate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }]
            {
                let mut state = OptimizerState::<f32>::new(&optimizer, 1);
                let mut params = [0.0_f32];
                let mut step = |gradient: f32| {
                    state.update(
                        &optimizer,
                        clip.change(euclidean_norm(&[gradient])),
                        &[gradient],
                        &mut params,
                    );
                    params[0]
                };
                step(3e38);
                // the running means forget what they saw
                let after = (0..20_000).map(|_| step(1.0)).last();
                let further = step(1.0);
                assert!(
                    further.is_finite() && further < after.unwrap_or(f32::NAN),
                    "{clip:?}, {optimizer:?}: {further}"
                );
            }
        }
    }
}
