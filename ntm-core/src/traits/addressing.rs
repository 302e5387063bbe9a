//! From a head's numbers to its weighting over slots.
use super::Quantity;
use crate::kernels::classic::Classic;
use crate::{Field, Operations, Real, Shape};
use std::fmt::Debug;

/// What an addressing may look at: one head of one item.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a, T> {
    /// Size of the memory: slots x width.
    pub shape: Shape,
    /// Which head it works for: a column of `previous`.
    pub head: usize,
    /// Activated numbers of its fields.
    pub numbers: &'a [T],
    /// Slots x keys: similarity of each of its key fields with each slot, made by the memory in one pass for all heads.
    pub similarity: &'a [T],
    /// Slots x heads: weightings of the step before.
    pub previous: &'a [T],
    /// Its own state before the step.
    pub own: &'a [T],
    /// The memory that it addresses, slots x width, column-major.
    pub memory: &'a [T],
}

impl<'a, T> Look<'a, T> {
    /// The weighting of a head at the step before.
    ///
    /// # Panics
    /// If there is no such head.
    pub fn previous_of(&self, head: usize) -> &'a [T] {
        &self.previous[head * self.shape.slots..(head + 1) * self.shape.slots]
    }
}

/// Where its gradients go. `previous` and `memory` are shared, so added to; the others are its own, so written.
#[derive(Debug)]
pub struct LookGradient<'a, T> {
    /// By the activated numbers; one for each number of the fields.
    pub numbers: &'a mut [T],
    /// By the similarity: slots x keys.
    pub similarity: &'a mut [T],
    /// By the weightings of the step before: slots x heads.
    pub previous: &'a mut [T],
    /// By the memory: slots x width, column-major.
    pub memory: &'a mut [T],
}

/// From a head's numbers to a weighting over slots, one item at a time, so that an item's memory stays in cache.
///
/// Most variants are a [`Stage`](super::Stage) in a chain; this trait is for what a chain cannot say, such as an
/// addressing with a state of its own or one that looks at other heads.
pub trait Addressing<T: Real>: Debug + Send + Sync {
    /// Raw numbers that it takes.
    fn fields(&self, shape: Shape) -> Vec<Field>;
    /// Numbers of state of its own besides the weighting, such as usage. They start at zero.
    fn own(&self, _shape: Shape) -> usize {
        0
    }
    /// Numbers that `forward` keeps for `backward`.
    fn trace(&self, _shape: Shape) -> usize {
        0
    }
    /// Numbers that `backward` needs and nobody keeps.
    fn scratch(&self, _shape: Shape) -> usize {
        0
    }
    /// Floating-point operations of one item's step, without the similarities; `None` where nobody has counted them.
    fn operations(&self, _shape: Shape) -> Option<Operations> {
        None
    }
    /// If this is the paper's chain, its settings; constant, asked once. The memory may then make the weightings of several
    /// heads in one call of [`classic`](crate::kernels::classic::classic) and never call `forward` and `backward`, which
    /// must give the same numbers and the same trace: they are still called where another head of the phase is of another
    /// kind, and `show` gets the kernel's trace either way. So an addressing that passes on to a chain and changes anything
    /// must not pass this on.
    ///
    /// It only counts where the fields are one key of the memory's width and then the
    /// [`NUMBERS`](crate::kernels::classic::NUMBERS) of that kernel, there is no state of its own, the trace is as long as
    /// [`trace_len`](crate::kernels::classic::trace_len), and the memory has at least three slots.
    fn classic(&self) -> Option<Classic> {
        None
    }
    /// Writes `weighting` (slots), the own state after the step and the trace.
    fn forward(&self, look: &Look<'_, T>, own_next: &mut [T], trace: &mut [T], weighting: &mut [T]);
    /// Gradient of that. `d_own` turns from the own state after the step to that before it.
    #[allow(clippy::too_many_arguments)]
    fn backward(
        &self,
        look: &Look<'_, T>,
        trace: &mut [T],
        weighting: &[T],
        d_weighting: &[T],
        d_own: &mut [T],
        d: &mut LookGradient<'_, T>,
        scratch: &mut [T],
    );
    /// Shows what lies between the numbers and the weighting, from the trace of `forward` and what it looked at.
    fn show(
        &self,
        _look: &Look<'_, T>,
        _trace: &[T],
        _weighting: &[T],
        _show: &mut dyn FnMut(Quantity<'_, T>),
    ) {
    }
}
