//! Differentiable addressing: from a key and a few numbers to a weighting over the slots of a memory, with gradients.
//!
//! Three ways to use it, each without the next:
//!
//! - [`kernels`]: free functions on slices, in pairs `x` / `x_vjp`, without state, traits or allocation;
//! - [stages] and [`Chain`]: the paper's figure 2 taken apart, composed in code;
//! - names in RON, through [`register`] (feature `config`).
//!
//! The paper's addressing (section 3.3) is a chain of four stages: [`Content`] (equation 5), [`Interpolate`] (7),
//! [`Shift`] (8), [`Sharpen`] (9). Leave stages out, reorder them or add your own: implement [`Stage`], or
//! [`Addressing`] for what no chain can say. Both come from `ntm-core`, and with them what they mention.
//!
//! Three examples use this crate in other memories: `dnc` (usage and temporal links), `least_recently_used` (an addressing
//! with a state) and `top_k` (a sparse read).

mod chain;
mod classic;
#[cfg(feature = "config")]
mod config;
pub mod stages;

pub use chain::Chain;
#[cfg(feature = "config")]
pub use config::{ChainSettings, FixedShiftSettings, register};
pub use stages::{
    Boundary, Content, Direction, FixedShift, Interpolate, ScalarDirection, ScalarShift, Sharpen,
    SharpenEpsilonAt, Shift, ShiftKernel,
};

pub use ntm_core::traits::{Look, LookGradient, Quantity, StageGradient, StageLook};
pub use ntm_core::{Activation, Addressing, EpsilonAt, Field, Real, Shape, Similarity, Stage};

// its examples are tests
#[cfg(doctest)]
#[doc = include_str!("../../docs/addressing.md")]
mod guide {}

/// Layer 0: the arithmetic, on slices, in pairs `x` / `x_vjp`.
pub mod kernels {
    pub use ntm_core::kernels::activation::{activate, activate_vjp, softmax, softmax_vjp};
    pub use ntm_core::kernels::classic::{
        AT_ONCE, Classic, ClassicHead, NUMBERS, classic, classic_vjp, content_and_shifted, scratch_len,
        trace_len,
    };
    pub use ntm_core::kernels::content::{content, content_vjp};
    pub use ntm_core::kernels::elementary::{exp, ln, pow, sigmoid, tanh};
    pub use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};
    pub use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
    pub use ntm_core::kernels::shift::{shift, shift_vjp};
    pub use ntm_core::kernels::similarity::{Key, norms, similarity, similarity_vjp};
    pub use ntm_core::kernels::slots::sums_len;
}
