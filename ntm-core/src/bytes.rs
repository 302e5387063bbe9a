//! What training takes, known before anything is allocated.
//!
//! Whatever has buffers says beside its constructor how many bytes they are, in 128 bits: no product of sizes that
//! fit in `usize` overflows there.
use std::iter::Sum;
use std::ops::{Add, Mul};

/// Bytes by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Parameters, their gradients, an optimiser's averages, and copies in another order.
    pub parameters: u128,
    /// States that are kept of steps.
    pub state: u128,
    /// Traces that are kept of steps.
    pub trace: u128,
    /// Scratch, and outputs with their gradients.
    pub scratch: u128,
    /// Sequences, as they were drawn and in batches.
    pub sequences: u128,
}

impl Bytes {
    /// All together.
    pub fn total(self) -> u128 {
        let Bytes { parameters, state, trace, scratch, sequences } = self;
        [parameters, state, trace, scratch, sequences].into_iter().fold(0, u128::saturating_add)
    }
}

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes {
            parameters: self.parameters.saturating_add(other.parameters),
            state: self.state.saturating_add(other.state),
            trace: self.trace.saturating_add(other.trace),
            scratch: self.scratch.saturating_add(other.scratch),
            sequences: self.sequences.saturating_add(other.sequences),
        }
    }
}
/// The same several times.
impl Mul<usize> for Bytes {
    type Output = Bytes;
    fn mul(self, times: usize) -> Bytes {
        let many = |bytes: u128| bytes.saturating_mul(times as u128);
        Bytes {
            parameters: many(self.parameters),
            state: many(self.state),
            trace: many(self.trace),
            scratch: many(self.scratch),
            sequences: many(self.sequences),
        }
    }
}
impl Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(all: I) -> Bytes {
        all.fold(Bytes::default(), Bytes::add)
    }
}
