//! Neural Turing Machines that come apart: traits, buffers and the cells every model needs.
//!
//! A Neural Turing Machine (Graves, Wayne, Danihelka 2014) is a neural controller coupled to a memory matrix, which it
//! reads and writes through differentiable attention. Here each part is an object-safe [trait](traits) over
//! caller-owned [buffers], generic over `f32` and `f64`; a machine is a [`Cell`] made of cells.
//!
//! Without default features this crate is small (traits, buffers, kernels, cells); `train` adds models, random streams
//! and the trainer, `config` RON and the registry of named components, `checkpoint` files, `testkit` the checks that
//! every component passes.

mod activation;
pub mod buffers;
#[cfg(feature = "train")]
pub mod bytes;
#[cfg(feature = "checkpoint")]
pub mod checkpoint;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "checkpoint")]
pub mod disk;
#[cfg(feature = "train")]
pub mod engine;
mod field;
pub mod heads;
pub mod kernels;
mod linear;
#[cfg(feature = "train")]
mod loss;
pub mod memory;
#[cfg(feature = "train")]
mod model;
mod ntm;
mod operations;
pub mod prelude;
#[cfg(feature = "train")]
pub mod random;
mod recurrent;
#[cfg(feature = "train")]
mod sequence;
mod shape;
mod similarity;
pub mod start;
pub mod tape;
#[cfg(feature = "testkit")]
pub mod testkit;
#[cfg(feature = "train")]
pub mod train;
pub mod traits;

pub use activation::Activation;
pub use field::Field;
pub use kernels::Real;
pub use linear::{Linear, transposed};
#[cfg(feature = "train")]
pub use loss::Loss;
#[cfg(feature = "train")]
pub use model::{Model, TensorError, TensorInfo};
pub use ntm::{HeadsSee, Ntm, OutputSees};
pub use operations::Operations;
pub use recurrent::Recurrent;
#[cfg(feature = "train")]
pub use sequence::{Batch, Chunk, Sequence};
pub use shape::Shape;
pub use similarity::{EpsilonAt, Similarity};
pub use traits::{Addressing, Cell, Head, Memory, Stage};
