//! Shift by a kernel that is a setting.
use super::{Boundary, Direction};
use ntm_core::kernels::shift::shift;
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Operations, Real, Shape, Stage};

/// Convolution of equation 8 with taps that are given instead of made by the controller: `[1, 0, 0]` always moves the
/// focus to the next slot, `[0.1, 0.8, 0.1]` always blurs it.
///
/// Takes no raw numbers. The taps may be any finite numbers; only where none is negative and their sum is one does a
/// weighting stay one.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedShift<T> {
    /// the first tap forward
    taps: Vec<T>,
    /// the last tap forward: the way of the gradient
    turned: Vec<T>,
    circular: bool,
    keeps_sum: bool,
}

impl<T: Real> FixedShift<T> {
    /// A stage for memories of this shape. The middle tap of `kernel` keeps the focus where it is; `direction` says
    /// which way the first tap moves it.
    ///
    /// # Errors
    /// What is wrong with the kernel, if it is empty, has an even number of taps, a tap that is not finite, or more taps
    /// than there are slots.
    pub fn new(
        shape: Shape,
        kernel: &[f64],
        direction: Direction,
        boundary: Boundary,
    ) -> Result<Self, String> {
        let count = kernel.len();
        if count == 0 {
            return Err("no taps; needs an odd number of them, such as [0, 1, 0], which moves nothing".into());
        }
        if count.is_multiple_of(2) {
            return Err(format!(
                "{count} taps; needs an odd number, because the one in the middle moves nothing: add a 0 at one end"
            ));
        }
        if let Some(j) = kernel.iter().position(|tap| !(*tap as f32).is_finite()) {
            return Err(format!("tap {j} is {:?}; must be a finite number of single precision", kernel[j]));
        }
        if count > shape.slots {
            let most = shape.slots.saturating_sub(1) / 2 * 2 + 1;
            return Err(format!(
                "{count} taps, too wide for {} slots; at most {most} are possible here",
                shape.slots
            ));
        }
        let mut taps: Vec<T> = kernel.iter().map(|tap| T::of(*tap)).collect();
        let mut turned: Vec<T> = taps.iter().rev().copied().collect();
        if direction == Direction::LastForward {
            std::mem::swap(&mut taps, &mut turned);
        }
        let circular = boundary == Boundary::Circular;
        let distribution =
            kernel.iter().all(|tap| *tap >= 0.0) && (kernel.iter().sum::<f64>() - 1.0).abs() < 1e-12;
        Ok(FixedShift { taps, turned, circular, keeps_sum: distribution && (circular || count == 1) })
    }
}

impl<T: Real> Stage<T> for FixedShift<T> {
    fn shows(&self) -> Option<&'static str> {
        Some("shifted")
    }
    fn keeps_sum(&self) -> bool {
        self.keeps_sum
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        Some(Operations::new(2 * self.taps.len(), 2 * self.taps.len()).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        shift(&self.taps, self.circular, look.incoming, out);
    }
    fn backward(&self, _: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        shift(&self.turned, self.circular, d_out, d.incoming);
    }
}
