//! Shift by a softmax kernel.
use ntm_core::kernels::shift::{shift, shift_vjp};
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Activation, Field, Operations, Real, Shape, Stage};

/// Convolution with 2 range + 1 taps, equation 8: each tap moves the focus by a whole number of slots, and the taps are a
/// distribution. The paper's is circular.
///
/// Raw numbers: shift (2 range + 1).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Shift {
    /// Farthest move, in slots; 2 range + 1 may be at most the number of slots.
    pub range: usize,
    /// Which way the first tap moves.
    pub direction: Direction,
    /// How raw numbers become taps.
    pub kernel: ShiftKernel,
    /// What happens at the first and the last slot.
    pub boundary: Boundary,
}

/// What happens to weight that is moved beyond the first or the last slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Boundary {
    /// it comes back at the other end (the paper)
    #[default]
    Circular,
    /// it is lost, so that a weighting may sum to less than one; sharpening without epsilon makes it sum to one again
    Zero,
}

/// Which way the taps of a shift move the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Direction {
    /// tap j moves by range - j: tap 0 forward, to the next higher slot
    #[default]
    FirstForward,
    /// tap j moves by j - range: the last tap forward
    LastForward,
}

/// How raw numbers become the taps of a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum ShiftKernel {
    /// softmax
    #[default]
    Softmax,
    /// softmax of max(x, 0)
    SoftmaxOfRelu,
}

impl Default for Shift {
    /// One slot to either side.
    fn default() -> Self {
        Shift {
            range: 1,
            direction: Direction::FirstForward,
            kernel: ShiftKernel::Softmax,
            boundary: Boundary::Circular,
        }
    }
}

/// The longest list of taps that is turned round on the stack.
const MOST: usize = 129;

impl Shift {
    pub(crate) fn circular(&self) -> bool {
        self.boundary == Boundary::Circular
    }
    /// Number of taps.
    pub fn taps(&self) -> usize {
        2 * self.range + 1
    }
    /// Calls `then` with the taps as the kernel wants them, the first one forward.
    fn first_forward<T: Real>(&self, taps: &[T], then: impl FnOnce(&[T])) {
        if self.direction == Direction::FirstForward {
            return then(taps);
        }
        let mut turned = [T::of(0.0); MOST];
        for (to, from) in turned.iter_mut().zip(taps.iter().rev()) {
            *to = *from;
        }
        then(&turned[..taps.len()]);
    }
    /// What is wrong with its settings for a memory of this shape, if anything: the field, and why.
    ///
    /// # Errors
    /// The field, and the widest shift that the memory allows.
    pub fn check(&self, shape: Shape) -> Result<(), (&'static str, String)> {
        let most = (shape.slots.saturating_sub(1) / 2).min(MOST / 2);
        if self.range > most {
            let taps = self.range.saturating_mul(2).saturating_add(1);
            return Err((
                "range",
                format!(
                    "{} makes {taps} taps, too wide for {} slots; at most {most} is possible here",
                    self.range, shape.slots
                ),
            ));
        }
        Ok(())
    }
}

impl<T: Real> Stage<T> for Shift {
    fn fields(&self, _: Shape) -> Vec<Field> {
        let activation = match self.kernel {
            ShiftKernel::Softmax => Activation::Linear,
            ShiftKernel::SoftmaxOfRelu => Activation::Relu,
        };
        vec![Field::softmax("shift", self.taps(), activation)]
    }
    fn shows(&self) -> Option<&'static str> {
        Some("shifted")
    }
    fn keeps_sum(&self) -> bool {
        self.circular() || self.range == 0
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        Some(Operations::new(2 * self.taps(), 4 * self.taps()).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        self.first_forward(look.numbers, |taps| shift(taps, self.circular(), look.incoming, out));
    }
    fn backward(&self, look: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        self.first_forward(look.numbers, |taps| {
            shift_vjp(taps, self.circular(), look.incoming, d_out, d.incoming, d.numbers);
        });
        if self.direction == Direction::LastForward {
            d.numbers.reverse();
        }
    }
}
