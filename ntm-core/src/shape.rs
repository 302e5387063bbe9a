//! The size of a memory.

/// Memory of one item: `slots` rows of `width` numbers, stored column-major, so that the slots of one column are
/// contiguous. The paper calls these N and M.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of memory locations, N.
    pub slots: usize,
    /// Length of the vector at each location, M.
    pub width: usize,
}

impl Shape {
    /// Numbers in the memory of one item: slots x width, or the largest number there is where that would be larger.
    pub fn numbers(self) -> usize {
        self.slots.saturating_mul(self.width)
    }
}
