//! Controllers: cells that drive the heads of a Neural Turing Machine, or stand alone as its baseline.
//!
//! - [`Lstm`]: long short-term memory, stacked, with and without skip connections;
//! - [`Gru`]: gated recurrent units, stacked;
//! - [`Mlp`]: feed-forward layers.
//!
//! Each is a [`Cell`](ntm_core::Cell); a controller needs no trait of its own.

#[cfg(feature = "config")]
mod config;
mod gru;
mod lstm;
mod mlp;

#[cfg(feature = "config")]
pub use config::{GruSettings, LstmSettings, MlpSettings, register};
pub use gru::{Gru, GruInitial};
pub use lstm::{Lstm, LstmInitial};
pub use mlp::Mlp;
