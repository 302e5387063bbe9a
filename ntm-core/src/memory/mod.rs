//! Memories.
mod dense;

pub use dense::{Arrangement, Dense, Order, Step, Writes};
