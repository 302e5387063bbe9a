//! Tasks: what a Neural Turing Machine learns, each a source of sequences with targets and the steps that are scored.
//!
//! - [`Copy`](struct@Copy): the paper's section 4.1.
#![cfg_attr(feature = "config", doc = "- [`FromFile`]: sequences of one's own.")]

#[cfg(feature = "config")]
mod config;
mod copy;
#[cfg(feature = "config")]
mod from_file;

#[cfg(feature = "config")]
pub use config::register;
pub use copy::Copy;
#[cfg(feature = "config")]
pub use from_file::FromFile;
