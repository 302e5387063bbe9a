//! Expressions on a tape: operators and functions.
use super::{Op, Tape};
use crate::Real;
use std::ops::{Add, Div, Mul, Neg, Range, Sub};

/// A list of numbers on a [`Tape`]: one a slot, or a single one, which goes with a list of any length.
///
/// `+ - * /` work number by number, with another variable or with a constant.
#[derive(Debug)]
pub struct Variable<'t, T> {
    pub(super) tape: &'t Tape<T>,
    pub(super) node: u32,
}
impl<T> Clone for Variable<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Variable<'_, T> {}

impl<'t, T: Real> Variable<'t, T> {
    /// How many numbers it has.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> usize {
        self.tape.len(self.node)
    }
    fn of(self, op: Op) -> Self {
        Variable { node: self.tape.push(op), ..self }
    }
    fn constant(self, x: f64) -> Self {
        self.tape.given(&[T::of(x)])
    }
    /// e^x
    pub fn exp(self) -> Self {
        self.of(Op::Exp(self.node))
    }
    /// The natural logarithm. Of 0 it is infinite, as is its derivative: add something small where that may be.
    pub fn ln(self) -> Self {
        self.of(Op::Ln(self.node))
    }
    /// The square root; its derivative at 0 is infinite.
    pub fn sqrt(self) -> Self {
        self.of(Op::Sqrt(self.node))
    }
    /// tanh x
    pub fn tanh(self) -> Self {
        self.of(Op::Tanh(self.node))
    }
    /// 1 / (1 + e^-x)
    pub fn sigmoid(self) -> Self {
        self.of(Op::Sigmoid(self.node))
    }
    /// x^exponent, for x of at least 0. The derivative by the exponent is 0 where x is 0.
    pub fn power(self, exponent: Self) -> Self {
        self.of(Op::Power(self.node, exponent.node))
    }
    /// x^exponent, for x of at least 0.
    pub fn powf(self, exponent: f64) -> Self {
        self.power(self.constant(exponent))
    }
    /// The sum of its numbers.
    pub fn sum(self) -> Self {
        self.of(Op::Sum(self.node))
    }
    /// The sum of products with another list.
    pub fn dot(self, other: Self) -> Self {
        (self * other).sum()
    }
    /// e^x over the sum of them, computed relative to the largest so that nothing overflows.
    pub fn softmax(self) -> Self {
        self.of(Op::Softmax(self.node))
    }
    /// Every number `by` places further on, round the end: the number at i goes to i + `by`.
    pub fn roll(self, by: isize) -> Self {
        let n = self.len().max(1) as isize;
        self.of(Op::Roll(self.node, by.rem_euclid(n) as u32))
    }
    /// Some of its numbers.
    ///
    /// # Panics
    /// If it does not have them.
    pub fn part(self, range: Range<usize>) -> Self {
        let n = self.len();
        assert!(
            range.start <= range.end && range.end <= n,
            "numbers {range:?} were asked for, but there are {n}"
        );
        self.of(Op::Part(self.node, range.start as u32, (range.end - range.start) as u32))
    }
    /// A single one of its numbers.
    ///
    /// # Panics
    /// If it does not have it.
    pub fn at(self, i: usize) -> Self {
        self.part(i..i + 1)
    }
}

macro_rules! operators { ($($name:ident $method:ident $op:ident)*) => { $(
    impl<'t, T: Real> $name for Variable<'t, T> {
        type Output = Self;
        fn $method(self, other: Self) -> Self {
            self.of(Op::$op(self.node, other.node))
        }
    }
    impl<'t, T: Real> $name<f64> for Variable<'t, T> {
        type Output = Self;
        fn $method(self, other: f64) -> Self {
            $name::$method(self, self.constant(other))
        }
    }
    impl<'t, T: Real> $name<Variable<'t, T>> for f64 {
        type Output = Variable<'t, T>;
        fn $method(self, other: Variable<'t, T>) -> Variable<'t, T> {
            $name::$method(other.constant(self), other)
        }
    }
)* } }
operators! { Add add Add Sub sub Subtract Mul mul Multiply Div div Divide }

impl<T: Real> Neg for Variable<'_, T> {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}
