//! Stages of addressing, one file each: settings, arithmetic, tests.
mod content;
mod fixed_shift;
mod interpolate;
mod scalar_shift;
mod sharpen;
mod shift;

pub use content::Content;
pub use fixed_shift::FixedShift;
pub use interpolate::Interpolate;
pub use scalar_shift::{ScalarDirection, ScalarShift};
pub use sharpen::{Sharpen, SharpenEpsilonAt};
pub use shift::{Boundary, Direction, Shift, ShiftKernel};
