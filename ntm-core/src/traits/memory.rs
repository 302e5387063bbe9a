//! A cell whose inputs are the heads' raw numbers and whose outputs are what was read.
use super::{Backward, Cell, Forward};
use crate::buffers::{Mat, MatMut};
use crate::{Field, Real, Shape};
use std::ops::Range;

/// In which parts of a step a memory has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// Before the controller: [`Memory::before`], with numbers that come from the controller's output of the step
    /// before.
    pub before: bool,
    /// After the controller: [`Cell::forward`], with numbers that come from its output of this step.
    pub after: bool,
}

/// A memory with its heads. It makes every pass over its slots, for all heads at once: keys against slots, reads,
/// writes, and their gradients. Its inputs are the raw numbers of all heads, head by head; its outputs are the
/// vectors read, read head by read head.
///
/// A step has two parts, before and after the controller. In the paper all is done after it. Where some or all heads
/// act before it, [`Memory::before`] makes the first part and [`Cell::forward`] the rest of the same step, with the
/// same state, trace and outputs: neither writes what the other has written. [`Cell::collect`] sees the numbers of
/// the part after the controller, or where there is none, those before it.
pub trait Memory<T: Real>: Cell<T> {
    /// Its size.
    fn shape(&self) -> Shape;
    /// The raw numbers that it takes, one list of fields per head.
    fn interface(&self) -> Vec<Vec<Field>>;
    /// In which parts of a step it has something to do.
    fn turns(&self) -> Turns {
        Turns { before: false, after: true }
    }
    /// Which of its outputs are read before the controller: it sees them in the same step. The others it sees in the
    /// next one.
    fn reads_before(&self) -> Vec<Range<usize>> {
        vec![]
    }
    /// The part of a step before the controller.
    fn before(&self, _x: Mat<'_, T>, _s: Forward<'_, T>, _y: MatMut<'_, T>) {}
    /// Gradient of that; comes after [`Cell::backward`] of the same step and goes on with its `d_state`. Writes all
    /// of `d_x`.
    fn before_vjp(&self, _x: Mat<'_, T>, _s: Backward<'_, T>, _d_y: Mat<'_, T>, _d_x: MatMut<'_, T>) {}
    /// Writes what the controller sees as read before the first step (outputs x capacity).
    fn start_reads(&self, params: &[T], capacity: usize, reads: &mut [T]);
    /// Adds the gradient of [`Memory::start_reads`] to `d_params`.
    fn start_reads_vjp(&self, params: &[T], capacity: usize, d_reads: &[T], d_params: &mut [T]);
}
