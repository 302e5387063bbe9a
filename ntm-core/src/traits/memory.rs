//! A cell whose inputs are the heads' raw numbers and whose outputs are what was read.
use super::Cell;
use crate::{Field, Real, Shape};

/// A memory with its heads. It makes every pass over its slots, for all heads at once: keys against slots, reads,
/// writes, and their gradients. Its inputs are the raw numbers of all heads, head by head; its outputs are the
/// vectors read, read head by read head.
pub trait Memory<T: Real>: Cell<T> {
    /// Its size.
    fn shape(&self) -> Shape;
    /// The raw numbers that it takes, one list of fields per head.
    fn interface(&self) -> Vec<Vec<Field>>;
    /// Writes what the controller sees as read before the first step (outputs x capacity).
    fn start_reads(&self, params: &[T], capacity: usize, reads: &mut [T]);
    /// Adds the gradient of [`Memory::start_reads`] to `d_params`.
    fn start_reads_vjp(&self, capacity: usize, d_reads: &[T], d_params: &mut [T]);
}
