//! The paper's chain as one kernel: what a [`Chain`](crate::Chain) runs where its stages are the four of figure 2.
use crate::{Content, Direction, Interpolate, Sharpen, Shift};
use ntm_core::kernels::classic::{Classic, ClassicHead, classic, classic_vjp, content_and_shifted};
use ntm_core::kernels::interpolate::interpolate;
use ntm_core::traits::{Look, LookGradient};
use ntm_core::{Real, Shape, Stage};
use std::any::Any;

fn as_stage<S: 'static, T: Real>(stage: &dyn Stage<T>) -> Option<&S> {
    (stage as &dyn Any).downcast_ref()
}

/// What is left of the settings of these stages, if they are content, interpolation, a ring shift of one slot to either
/// side, the first tap forward, and sharpening; on at least three slots.
pub(crate) fn of<T: Real>(shape: Shape, stages: &[Box<dyn Stage<T>>]) -> Option<Classic> {
    let [content, interpolate, shift, sharpen] = stages else { return None };
    as_stage::<Content, T>(&**content)?;
    as_stage::<Interpolate, T>(&**interpolate)?;
    let shift = as_stage::<Shift, T>(&**shift)?;
    let (base, epsilon) = as_stage::<Sharpen, T>(&**sharpen)?.added();
    let ring = shift.range == 1 && shift.circular() && shift.direction == Direction::FirstForward;
    (ring && shape.slots >= 3).then_some(Classic { base, epsilon })
}

/// This head alone: its numbers come after its key, everything else is its own.
fn alone(classic: Classic, shape: Shape) -> [ClassicHead; 1] {
    [ClassicHead { classic, numbers: shape.width, ..ClassicHead::default() }]
}

pub(crate) fn forward<T: Real>(c: Classic, look: &Look<'_, T>, trace: &mut [T], weighting: &mut [T]) {
    let (heads, previous) = (alone(c, look.shape), look.previous_of(look.head));
    classic(look.shape.slots, &heads, look.numbers, look.similarity, previous, trace, weighting);
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn backward<T: Real>(
    c: Classic,
    look: &Look<'_, T>,
    trace: &[T],
    weighting: &[T],
    d_weighting: &[T],
    d: &mut LookGradient<'_, T>,
    scratch: &mut [T],
) {
    let n = look.shape.slots;
    d.numbers[..look.shape.width].fill(T::of(0.0)); // the key's gradient comes through the similarity
    classic_vjp(
        n,
        &alone(c, look.shape),
        look.numbers,
        look.similarity,
        look.previous_of(look.head),
        trace,
        weighting,
        d_weighting,
        &mut d.previous[look.head * n..(look.head + 1) * n],
        d.similarity,
        d.numbers,
        scratch,
    );
}

/// Calls `show` with what stages 0 to 2 made.
pub(crate) fn show<T: Real>(look: &Look<'_, T>, trace: &[T], mut show: impl FnMut(usize, &[T])) {
    let [content, shifted] = content_and_shifted(trace, look.shape.slots);
    let mut interpolated = vec![T::of(0.0); look.shape.slots];
    let gate = look.numbers[look.shape.width + 1];
    interpolate(gate, content, look.previous_of(look.head), &mut interpolated);
    for (i, made) in [content, &interpolated, shifted].into_iter().enumerate() {
        show(i, made);
    }
}
