//! Heads: what is done to memory with a weighting.
mod read;
mod write;

pub use read::Read;
pub use write::{Erase, Write};
