//! One step of an addressing chain.
use crate::{Field, Operations, Real, Shape};
use std::any::Any;
use std::fmt::Debug;

/// What a stage may look at.
#[derive(Clone, Copy, Debug)]
pub struct StageLook<'a, T> {
    /// Size of the memory: slots x width.
    pub shape: Shape,
    /// Activated numbers of its fields.
    pub numbers: &'a [T],
    /// Slots x keys: similarity of each of its key fields with each slot.
    pub similarity: &'a [T],
    /// This head's weighting of the step before: one number a slot, w(t - 1) of equation 7.
    pub previous: &'a [T],
    /// What the stage before made, one number a slot; for the first stage, `previous`.
    pub incoming: &'a [T],
}

/// Where its gradients go: `previous` is shared, so added to; all others are its own, so written.
#[derive(Debug)]
pub struct StageGradient<'a, T> {
    /// By the activated numbers; one for each number of the fields.
    pub numbers: &'a mut [T],
    /// By the similarity: slots x keys.
    pub similarity: &'a mut [T],
    /// By the weighting of the step before: one number a slot.
    pub previous: &'a mut [T],
    /// By what came in: one number a slot.
    pub incoming: &'a mut [T],
}

/// One step of an addressing chain: weighting in, weighting out. The usual place for a variant.
///
/// [`Any`], which every type without borrowed parts is, lets a chain recognise stages that it has a faster way for.
pub trait Stage<T: Real>: Any + Debug + Send + Sync {
    /// Raw numbers that it takes.
    fn fields(&self, _shape: Shape) -> Vec<Field> {
        vec![]
    }
    /// Numbers that `forward` keeps for `backward`.
    fn trace(&self, _shape: Shape) -> usize {
        0
    }
    /// Whether it looks at `incoming`; content does not, and then nothing flows further up the chain.
    fn uses_incoming(&self) -> bool {
        true
    }
    /// Whether what it makes from a distribution over slots is a distribution: non-negative, with sum one.
    fn keeps_sum(&self) -> bool {
        true
    }
    /// Name of what it makes in trace files, if it has one, such as `shifted`.
    fn shows(&self) -> Option<&'static str> {
        None
    }
    /// Floating-point operations of one item's step; `None` where nobody has counted them.
    fn operations(&self, _shape: Shape) -> Option<Operations> {
        None
    }
    /// Writes `out` (slots) and the trace.
    fn forward(&self, look: &StageLook<'_, T>, trace: &mut [T], out: &mut [T]);
    /// Gradient of that: adds to `d.previous`, writes everything else in `d`.
    fn backward(
        &self,
        look: &StageLook<'_, T>,
        trace: &[T],
        out: &[T],
        d_out: &[T],
        d: &mut StageGradient<'_, T>,
    );
}
