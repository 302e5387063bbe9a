//! Stages of addressing, one file each: settings, arithmetic, tests.
mod content;
mod interpolate;
mod scalar_shift;
mod sharpen;
mod shift;

pub use content::Content;
pub use interpolate::Interpolate;
pub use scalar_shift::{ScalarDirection, ScalarShift};
pub use sharpen::Sharpen;
pub use shift::{Direction, Shift, ShiftKernel};
