//! The paper's chain as one kernel: what a [`Chain`](crate::Chain) runs where its stages are the four of figure 2.
use crate::chain::padded;
use crate::{Content, Direction, Interpolate, Sharpen, Shift};
use ntm_core::kernels::classic::{Classic, classic, classic_vjp};
use ntm_core::kernels::interpolate::interpolate;
use ntm_core::traits::{Look, LookGradient};
use ntm_core::{Real, Shape, Stage};
use std::any::Any;

/// What is left of the stages' settings: activations are applied to their numbers before, similarities are ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fused {
    /// added to each weight before sharpening, and to the sum of the powers
    base: f64,
    epsilon: f64,
}

fn as_stage<S: 'static, T: Real>(stage: &dyn Stage<T>) -> Option<&S> {
    (stage as &dyn Any).downcast_ref()
}

impl Fused {
    /// Content, interpolation, a ring shift of one slot to either side, the first tap forward, sharpening; on at least
    /// three slots.
    pub(crate) fn of<T: Real>(shape: Shape, stages: &[Box<dyn Stage<T>>]) -> Option<Fused> {
        let [content, interpolate, shift, sharpen] = stages else { return None };
        as_stage::<Content, T>(&**content)?;
        as_stage::<Interpolate, T>(&**interpolate)?;
        let shift = as_stage::<Shift, T>(&**shift)?;
        let (base, epsilon) = as_stage::<Sharpen, T>(&**sharpen)?.added();
        let ring = shift.range == 1 && shift.circular() && shift.direction == Direction::FirstForward;
        (ring && shape.slots >= 3).then_some(Fused { base, epsilon })
    }
    /// content, shifted, logarithms of the shifted
    pub(crate) fn trace(shape: Shape) -> usize {
        3 * padded(shape)
    }
    fn by<T: Real>(self, look: &Look<'_, T>) -> Classic<T> {
        let at = look.shape.width;
        let numbers = &look.numbers[at..at + 6];
        Classic {
            strength: numbers[0],
            gate: numbers[1],
            taps: [numbers[2], numbers[3], numbers[4]],
            sharpening: numbers[5],
            base: self.base,
            epsilon: self.epsilon,
        }
    }
    pub(crate) fn forward<T: Real>(self, look: &Look<'_, T>, trace: &mut [T], weighting: &mut [T]) {
        let (n, step) = (look.shape.slots, padded(look.shape));
        let (content, rest) = trace.split_at_mut(step);
        let (shifted, logs) = rest.split_at_mut(step);
        let previous = look.previous_of(look.head);
        let (content, shifted, logs) = (&mut content[..n], &mut shifted[..n], &mut logs[..n]);
        classic(self.by(look), look.similarity, previous, content, shifted, logs, weighting);
    }
    /// Calls `show` with what stages 0 to 2 made.
    pub(crate) fn show<T: Real>(self, look: &Look<'_, T>, trace: &[T], mut show: impl FnMut(usize, &[T])) {
        let (n, step) = (look.shape.slots, padded(look.shape));
        let (content, shifted) = (&trace[..n], &trace[step..step + n]);
        let mut interpolated = vec![T::of(0.0); n];
        interpolate(self.by(look).gate, content, look.previous_of(look.head), &mut interpolated);
        for (i, made) in [content, &interpolated, shifted].into_iter().enumerate() {
            show(i, made);
        }
    }
    pub(crate) fn backward<T: Real>(
        self,
        look: &Look<'_, T>,
        trace: &[T],
        weighting: &[T],
        d_weighting: &[T],
        d: &mut LookGradient<'_, T>,
        scratch: &mut [T],
    ) {
        let (n, width, step) = (look.shape.slots, look.shape.width, padded(look.shape));
        let (content, rest) = trace.split_at(step);
        let (shifted, logs) = rest.split_at(step);
        let (d_shifted, interpolated) = scratch.split_at_mut(step);
        let mut numbers = [T::of(0.0); 6];
        classic_vjp(
            self.by(look),
            look.similarity,
            look.previous_of(look.head),
            &content[..n],
            &shifted[..n],
            &logs[..n],
            weighting,
            d_weighting,
            &mut d_shifted[..n],
            &mut interpolated[..n],
            &mut d.previous[look.head * n..(look.head + 1) * n],
            d.similarity,
            &mut numbers,
        );
        d.numbers[..width].fill(T::of(0.0)); // the key's gradient comes through the similarity
        d.numbers[width..width + 6].copy_from_slice(&numbers);
    }
}
