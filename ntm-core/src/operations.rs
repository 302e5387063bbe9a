//! Floating-point operations of a step: declared by components, summed up by what they are part of.
//!
//! An addition and a multiplication count 1 each, and so does an exponential, a logarithm, a root or a division, whatever
//! it costs. The optimiser is left out. Nothing depends on the counts: `ntm bench` tells with them how near to its peak a
//! processor runs.
use std::iter::Sum;
use std::ops::Add;

/// Operations of one step of one item.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Operations {
    /// Floating-point operations of the forward step.
    pub forward: f64,
    /// Floating-point operations of its gradient, the weights' share included.
    pub backward: f64,
}

impl Operations {
    /// So many forward, so many backward.
    pub fn new(forward: usize, backward: usize) -> Self {
        Operations { forward: forward as f64, backward: backward as f64 }
    }
    /// A matrix of `outputs` x `inputs`, with the gradient by the last `asked` inputs: 2 for each weight, and backward
    /// 2 for its gradient and 2 where the input's is asked for.
    pub fn matrix(outputs: usize, inputs: usize, asked: usize) -> Self {
        Operations::new(2 * outputs * inputs, 2 * outputs * (inputs + asked))
    }
    /// The same `n` times.
    pub fn times(self, n: usize) -> Self {
        Operations { forward: self.forward * n as f64, backward: self.backward * n as f64 }
    }
}
impl Add for Operations {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Operations { forward: self.forward + other.forward, backward: self.backward + other.backward }
    }
}
impl Sum for Operations {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Operations::default(), Add::add)
    }
}
