//! What a model holds before the first step. Closed sets of settings.
use crate::Activation;

/// The memory before the first step.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum MemoryStart {
    /// every number the same; the best proven is 1e-6 (Collier and Beel 2018)
    Constant(f64),
    /// a parameter, `start.memory`
    Learned,
    /// this function of a parameter, `start.memory`
    LearnedThrough(Activation),
    /// drawn once, normal with this standard deviation; kept under `given.memory`, not trained
    Drawn(f64),
    /// from a file, under `given.memory`, not trained
    Given,
}

/// A head's weighting before the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum WeightingStart {
    /// softmax of a parameter, `start.heads.H.weighting`
    Learned,
    /// all of it on slot 0
    #[default]
    OneHot,
    /// no slot has weight
    Zeros,
    /// every slot the same
    Uniform,
    /// from a file, under `given.heads.H.weighting`, not trained
    Given,
}

/// What the controller sees as read before the first step; of no use where the head reads before the controller.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum ReadStart {
    /// a parameter, `start.heads.H.read`
    #[default]
    Learned,
    /// this function of a parameter, `start.heads.H.read`
    LearnedThrough(Activation),
    /// zeros
    Zeros,
    /// drawn once, normal with this standard deviation; kept under `given.heads.H.read`, not trained
    Drawn(f64),
    /// from a file, under `given.heads.H.read`, not trained
    Given,
}

/// The state of a controller before the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum ControllerStart {
    /// parameters, `start.controller.h` and so on
    #[default]
    Learned,
    /// zeros
    Zeros,
    /// from a file, under `given.controller.h` and so on, not trained
    Given,
}

impl MemoryStart {
    /// What is wrong with its numbers, if anything.
    ///
    /// # Errors
    /// Says which number is not allowed, and what would be.
    pub fn check(&self) -> Result<(), String> {
        match *self {
            MemoryStart::LearnedThrough(ref function) => function.check(),
            MemoryStart::Constant(x) if !x.is_finite() => {
                Err(format!("Constant({x}) must be a finite number"))
            }
            MemoryStart::Drawn(std) if !(std.is_finite() && std >= 0.0) => {
                Err(format!("Drawn({std}) must be a standard deviation: finite, at least 0"))
            }
            _ => Ok(()),
        }
    }
}
impl ReadStart {
    /// What is wrong with its numbers, if anything.
    ///
    /// # Errors
    /// Says which number is not allowed, and what would be.
    pub fn check(&self) -> Result<(), String> {
        match *self {
            ReadStart::LearnedThrough(ref function) => function.check(),
            ReadStart::Drawn(std) => MemoryStart::Drawn(std).check(),
            _ => Ok(()),
        }
    }
}
