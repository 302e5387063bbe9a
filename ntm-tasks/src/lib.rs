//! Tasks: what a Neural Turing Machine learns, each a source of sequences with targets and the steps that are scored.
//!
//! - [`Copy`](struct@Copy): the paper's section 4.1.

#[cfg(feature = "config")]
mod config;
mod copy;

#[cfg(feature = "config")]
pub use config::register;
pub use copy::Copy;
