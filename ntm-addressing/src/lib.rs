//! Differentiable addressing: from a key and a few numbers to a weighting over the slots of a memory, with gradients.
//!
//! Three ways to use it, each without the next:
//!
//! - [`kernels`]: free functions on slices, in pairs `x` / `x_vjp`, without state, traits or allocation;
//! - [stages] and [`Chain`]: the paper's figure 2 taken apart, composed in code;
//! - names in RON, through [`register`] (feature `config`).
//!
//! The paper's addressing (section 3.3) is a chain of four stages: [`Content`] (equation 5), [`Interpolate`] (7),
//! [`Shift`] (8), [`Sharpen`] (9). Leave stages out, reorder them or add your own.

mod chain;
#[cfg(feature = "config")]
mod config;
pub mod stages;

pub use chain::Chain;
#[cfg(feature = "config")]
pub use config::{ChainSettings, register};
pub use stages::{
    Content, Direction, Interpolate, ScalarDirection, ScalarShift, Sharpen, Shift, ShiftKernel,
};

/// Layer 0: the arithmetic, on slices, in pairs `x` / `x_vjp`.
pub mod kernels {
    pub use ntm_core::kernels::content::{content, content_vjp};
    pub use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};
    pub use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
    pub use ntm_core::kernels::shift::{shift, shift_vjp};
    pub use ntm_core::kernels::similarity::{Key, norms, similarity, similarity_vjp};
    pub use ntm_core::kernels::slots::sums_len;
}
