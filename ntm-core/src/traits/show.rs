//! Looking inside: what traces, pictures and golden tests see of a step.
use crate::Real;

/// One item of a step just made.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a, T> {
    /// Which item: a column of every block.
    pub item: usize,
    /// Items that blocks are laid out for.
    pub capacity: usize,
    /// The cell's parameters, each a block.
    pub params: &'a [T],
    /// Input of this item: as many numbers as [`Cell::inputs`](super::Cell::inputs).
    pub x: &'a [T],
    /// Output of this item: as many numbers as [`Cell::outputs`](super::Cell::outputs).
    pub y: &'a [T],
    /// State before the step, all items.
    pub state: &'a [T],
    /// State after the step, all items.
    pub next: &'a [T],
    /// Trace as `forward` left it, all items.
    pub trace: &'a [T],
}

/// A named quantity of one item at one step.
#[derive(Clone, Debug)]
pub struct Quantity<'a, T> {
    /// Its name in trace files, such as `heads.0.key`.
    pub name: String,
    /// Its shape; empty for a single number.
    pub shape: Vec<usize>,
    /// Its numbers: row-major, or column-major (then rank 2).
    pub values: &'a [T],
    /// Whether `values` lie column by column; then `shape` has two entries.
    pub column_major: bool,
}
impl<'a, T: Real> Quantity<'a, T> {
    /// A list of numbers.
    pub fn list(name: impl Into<String>, values: &'a [T]) -> Self {
        Quantity { name: name.into(), shape: vec![values.len()], values, column_major: false }
    }
    /// The same under a longer name.
    pub fn under(mut self, prefix: &str) -> Self {
        self.name.insert_str(0, prefix);
        self
    }
    /// Its numbers, row-major.
    pub fn row_major(&self) -> Vec<T> {
        if !self.column_major {
            return self.values.to_vec();
        }
        let (rows, columns) = (self.shape[0], self.shape[1]);
        (0..rows * columns).map(|i| self.values[i % columns * rows + i / columns]).collect()
    }
}
