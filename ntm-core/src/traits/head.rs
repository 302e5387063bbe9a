//! What is done to memory with a weighting.
use super::Addressing;
use crate::start::{ReadStart, WeightingStart};
use crate::{Field, Real, Shape};
use std::fmt::Debug;

/// What a head does to memory with its weighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// r = sum of w(i) M(i), equation 2
    Read,
    /// M(i) = M(i) (1 - w(i) e) + w(i) a, equations 3 and 4
    Write,
}

/// Which weighting a head acts with, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Using {
    /// this step's, once it is made
    #[default]
    Current,
    /// that of the step before: it acts before the controller, with all that the step before has left (its weighting,
    /// and for a write its erase and add vectors). Its new weighting is made after the controller.
    Previous,
}

/// One head. The memory makes the pass over its slots, for all heads at once; a head says what the pass does.
pub trait Head<T: Real>: Debug + Send + Sync {
    /// Whether it reads or writes.
    fn action(&self) -> Action;
    /// Where it gets its weighting from.
    fn addressing(&self) -> &dyn Addressing<T>;
    /// Which weighting it acts with.
    fn using(&self) -> Using {
        Using::Current
    }
    /// Its weighting before the first step.
    fn weighting_start(&self) -> WeightingStart;
    /// What the controller sees as read by it before the first step; read heads only.
    fn read_start(&self) -> ReadStart {
        ReadStart::Zeros
    }
    /// Raw numbers of its own, after those of its addressing.
    fn fields(&self, _shape: Shape) -> Vec<Field> {
        vec![]
    }
    /// Whether its erase and add vectors are its own numbers as they stand, erase first; constant, asked once. Where all
    /// writers say so, and have exactly twice as many numbers of their own as the memory is wide, the memory takes them from
    /// there and never calls `effect` and `effect_vjp`, which must agree; otherwise it calls these for all.
    fn effect_is_numbers(&self) -> bool {
        false
    }
    /// Write heads: erase and add vectors (width each), written, from its own activated numbers.
    fn effect(&self, _numbers: &[T], _erase: &mut [T], _add: &mut [T]) {}
    /// Gradient of [`Head::effect`]; writes `d_numbers`.
    fn effect_vjp(&self, _numbers: &[T], _d_erase: &[T], _d_add: &[T], _d_numbers: &mut [T]) {}
}
