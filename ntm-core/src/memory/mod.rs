//! Memories.
mod dense;

pub use dense::{Dense, Order, Writes};
