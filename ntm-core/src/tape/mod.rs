//! A stage written forward only: a small tape finds its gradient.
//!
//! A [`ForwardStage`] is an expression in [`Variable`]s, lists with one number a slot or single numbers; [`Taped`] makes a
//! [`Stage`](crate::Stage) of it that is registered, composed and checked like any other.
//!
//! ```
//! use ntm_core::prelude::*;
//!
//! /// out = gate * incoming + (1 - gate) * previous, equation 7
//! #[derive(Clone, Debug)]
//! struct Mix;
//! impl ForwardStage for Mix {
//!     fn fields(&self, _: Shape) -> Vec<Field> {
//!         vec![Field::new("gate", 1, Activation::Sigmoid)]
//!     }
//!     fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T> {
//!         let gate = look.numbers.at(0);
//!         gate * look.incoming + (1.0 - gate) * look.previous
//!     }
//! }
//! let stage = Taped::<_, f32>::new(Mix);
//! # fn is_a_stage<T: Real>(_: &dyn Stage<T>) {}
//! # is_a_stage::<f32>(&stage);
//! ```
//!
//! *What it costs.* The forward pass writes every intermediate list to the tape, one loop an operation, those of the elementary functions
//! in vectors; `backward` runs the forward pass again, since nothing is kept in the trace, and then goes through the tape
//! from its end. Tapes are kept and used again, so a warm step allocates nothing. A stage that has proved itself
//! is worth a hand-written gradient; [`testkit::same_stage`](crate::testkit::same_stage) compares the two.
mod stage;
mod variable;

pub use stage::{ForwardStage, Taped, TapedLook};
pub use variable::Variable;

use crate::Real;
use crate::kernels::elementary;
use std::cell::RefCell;

/// What made a list, from which others.
#[derive(Clone, Copy, Debug)]
enum Op {
    Given,
    Add(u32, u32),
    Subtract(u32, u32),
    Multiply(u32, u32),
    Divide(u32, u32),
    Power(u32, u32),
    Exp(u32),
    Ln(u32),
    Sqrt(u32),
    Tanh(u32),
    Sigmoid(u32),
    Sum(u32),
    Softmax(u32),
    /// forwards by a number of places less than the length
    Roll(u32, u32),
    /// from, how many
    Part(u32, u32, u32),
}

/// A list on the tape: `len` numbers from `at` on.
#[derive(Clone, Copy, Debug)]
struct Node {
    op: Op,
    at: usize,
    len: usize,
}

/// Lists in the order in which they were made, each with what made it.
///
/// All numbers lie in one buffer that is kept when the tape is [cleared](Tape::clear).
#[derive(Debug)]
pub struct Tape<T> {
    inner: RefCell<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    nodes: Vec<Node>,
    values: Vec<T>,
    gradients: Vec<T>,
}

impl<T> Default for Tape<T> {
    fn default() -> Self {
        Tape { inner: RefCell::new(Inner { nodes: vec![], values: vec![], gradients: vec![] }) }
    }
}

impl<T: Real> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Tape::default()
    }
    /// Forgets all lists and keeps the room for them.
    pub fn clear(&mut self) {
        let inner = self.inner.get_mut();
        inner.nodes.clear();
        inner.values.clear();
    }
    /// A list that nothing on the tape made: an input, or a constant.
    pub fn given(&self, numbers: &[T]) -> Variable<'_, T> {
        let mut inner = self.inner.borrow_mut();
        let at = inner.values.len();
        inner.values.extend_from_slice(numbers);
        Variable { tape: self, node: inner.add(Node { op: Op::Given, at, len: numbers.len() }) }
    }
    /// Copies the numbers of a list.
    ///
    /// # Panics
    /// If `to` has another length.
    pub fn read(&self, variable: Variable<'_, T>, to: &mut [T]) {
        let inner = self.inner.borrow();
        let Node { at, len, .. } = inner.nodes[variable.node as usize];
        to.copy_from_slice(&inner.values[at..at + len]);
    }
    /// Finds the gradient by every list, from `d`, the gradient by the numbers of `variable`.
    ///
    /// # Panics
    /// If `d` is not as long as the list.
    pub fn backward(&self, variable: Variable<'_, T>, d: &[T]) {
        let mut inner = self.inner.borrow_mut();
        let Inner { nodes, values, gradients } = &mut *inner;
        gradients.clear();
        gradients.resize(values.len(), T::of(0.0));
        let last = variable.node as usize;
        let Node { at, len, .. } = nodes[last];
        gradients[at..at + len].copy_from_slice(d);
        for node in nodes[..=last].iter().rev() {
            vjp(*node, nodes, values, gradients);
        }
    }
    /// Copies the gradient by a list, as [`Tape::backward`] left it.
    ///
    /// # Panics
    /// If `to` has another length, or there was no backward pass.
    pub fn gradient(&self, variable: Variable<'_, T>, to: &mut [T]) {
        let inner = self.inner.borrow();
        let Node { at, len, .. } = inner.nodes[variable.node as usize];
        to.copy_from_slice(&inner.gradients[at..at + len]);
    }
    /// As [`Tape::gradient`], added to `to`.
    pub fn add_gradient(&self, variable: Variable<'_, T>, to: &mut [T]) {
        let inner = self.inner.borrow();
        let Node { at, len, .. } = inner.nodes[variable.node as usize];
        assert!(to.len() == len, "a gradient of {len} numbers onto {}", to.len());
        to.iter_mut().zip(&inner.gradients[at..at + len]).for_each(|(to, g)| *to += *g);
    }
    fn len(&self, node: u32) -> usize {
        self.inner.borrow().nodes[node as usize].len
    }
    fn push(&self, op: Op) -> u32 {
        self.inner.borrow_mut().push(op)
    }
}

impl<T: Real> Inner<T> {
    fn add(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }
    /// Computes a list at the end of the tape.
    fn push(&mut self, op: Op) -> u32 {
        let Inner { nodes, values, .. } = self;
        let node = |n: u32| nodes[n as usize];
        let at = values.len();
        match op {
            Op::Given => {}
            Op::Exp(a) => elementary::exp(copy(values, node(a))),
            Op::Ln(a) => elementary::ln(copy(values, node(a))),
            Op::Sqrt(a) => copy(values, node(a)).iter_mut().for_each(|x| *x = x.sqrt()),
            Op::Tanh(a) => elementary::tanh(copy(values, node(a))),
            Op::Sigmoid(a) => elementary::sigmoid(copy(values, node(a))),
            Op::Add(a, b) => binary(values, node(a), node(b), |x, y| x + y),
            Op::Subtract(a, b) => binary(values, node(a), node(b), |x, y| x - y),
            Op::Multiply(a, b) => binary(values, node(a), node(b), |x, y| x * y),
            Op::Divide(a, b) => binary(values, node(a), node(b), |x, y| x / y),
            Op::Power(a, b) if node(b).len == 1 => {
                let power = values[node(b).at];
                elementary::pow(copy(values, node(a)), power);
            }
            Op::Power(a, b) => binary(values, node(a), node(b), |x, y| x.powf(y)),
            Op::Sum(a) => {
                let Node { at, len, .. } = node(a);
                let sum = values[at..at + len].iter().fold(T::of(0.0), |a, b| a + *b);
                values.push(sum);
            }
            Op::Softmax(a) => {
                let Node { at: from, len, .. } = node(a);
                values.extend_from_within(from..from + len);
                if len > 0 {
                    crate::kernels::activation::softmax(&mut values[at..]);
                }
            }
            Op::Roll(a, by) => {
                let Node { at: from, len, .. } = node(a);
                values.extend_from_within(from..from + len);
                values[at..].rotate_right(by as usize);
            }
            Op::Part(a, from, count) => {
                let from = node(a).at + from as usize;
                values.extend_from_within(from..from + count as usize);
            }
        }
        let len = self.values.len() - at;
        self.add(Node { op, at, len })
    }
}

/// Appends a copy of a list, to be changed.
fn copy<T: Real>(values: &mut Vec<T>, of: Node) -> &mut [T] {
    let at = values.len();
    values.extend_from_within(of.at..of.at + of.len);
    &mut values[at..]
}

/// Appends f(a, b), number by number; a single number goes with a list of any length.
fn binary<T: Real>(values: &mut Vec<T>, a: Node, b: Node, f: impl Fn(T, T) -> T) {
    let len = together(a, b);
    for i in 0..len {
        let made = f(values[of(a, i)], values[of(b, i)]);
        values.push(made);
    }
}

/// How many numbers two lists give.
fn together(a: Node, b: Node) -> usize {
    match (a.len, b.len) {
        (a, b) if a == b || b == 1 => a,
        (1, b) => b,
        (a, b) => panic!(
            "lists of {a} and of {b} numbers meet on the tape; they must be as long, or one a single number"
        ),
    }
}

fn of(node: Node, i: usize) -> usize {
    node.at + if node.len == 1 { 0 } else { i }
}

/// Adds the gradient by a list to those by the lists that it was made from.
fn vjp<T: Real>(node: Node, nodes: &[Node], values: &[T], gradients: &mut [T]) {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    // what a list was made from lies before it
    let (before, here) = gradients.split_at_mut(node.at);
    let (d, y) = (&here[..node.len], &values[node.at..node.at + node.len]);
    let get = |n: u32| nodes[n as usize];
    // the derivatives by a and b, from both and the result
    let mut both = |a: u32, b: u32, f: &dyn Fn(T, T, T) -> (T, T)| {
        let (a, b) = (get(a), get(b));
        for i in 0..node.len {
            let (x, z) = f(values[of(a, i)], values[of(b, i)], y[i]);
            before[of(a, i)] += x * d[i];
            before[of(b, i)] += z * d[i];
        }
    };
    match node.op {
        Op::Given => return,
        Op::Add(a, b) => return both(a, b, &|_, _, _| (one, one)),
        Op::Subtract(a, b) => return both(a, b, &|_, _, _| (one, -one)),
        Op::Multiply(a, b) => return both(a, b, &|a, b, _| (b, a)),
        Op::Divide(a, b) => return both(a, b, &|_, b, y| (one / b, -y / b)),
        Op::Power(a, b) => {
            let by_exponent = |a: T, y: T| if a > zero { y * a.ln() } else { zero };
            return both(a, b, &|a, b, y| (b * a.powf(b - one), by_exponent(a, y)));
        }
        _ => {}
    }
    let mut map = |n: u32, f: &dyn Fn(T, T) -> T| {
        let at = get(n).at;
        for i in 0..node.len {
            before[at + i] += d[i] * f(values[at + i], y[i]);
        }
    };
    match node.op {
        Op::Exp(a) => map(a, &|_, y| y),
        Op::Ln(a) => map(a, &|x, _| one / x),
        Op::Sqrt(a) => map(a, &|_, y| one / (y + y)),
        Op::Tanh(a) => map(a, &|_, y| one - y * y),
        Op::Sigmoid(a) => map(a, &|_, y| y * (one - y)),
        Op::Softmax(a) => {
            let dot = d.iter().zip(y).fold(zero, |sum, (d, y)| sum + *d * *y);
            let at = get(a).at;
            for i in 0..node.len {
                before[at + i] += y[i] * (d[i] - dot);
            }
        }
        Op::Sum(a) => {
            let Node { at, len, .. } = get(a);
            before[at..at + len].iter_mut().for_each(|g| *g += d[0]);
        }
        Op::Roll(a, by) => {
            let at = get(a).at;
            for i in 0..node.len {
                before[at + i] += d[(i + by as usize) % node.len];
            }
        }
        Op::Part(a, from, _) => {
            let at = get(a).at + from as usize;
            before[at..at + node.len].iter_mut().zip(d).for_each(|(g, d)| *g += *d);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gradient of sum(weights * f(x)) by x, from the tape and from central differences.
    fn both(f: impl for<'t> Fn(Variable<'t, f64>) -> Variable<'t, f64>, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let value = |x: &[f64]| {
            let tape = Tape::new();
            let y = f(tape.given(x));
            let mut out = vec![0.0; y.len()];
            tape.read(y, &mut out);
            out.iter().enumerate().map(|(i, y)| y * (1.0 + 0.3 * i as f64)).sum::<f64>()
        };
        let tape = Tape::new();
        let given = tape.given(x);
        let y = f(given);
        let d: Vec<f64> = (0..y.len()).map(|i| 1.0 + 0.3 * i as f64).collect();
        tape.backward(y, &d);
        let mut ours = vec![0.0; x.len()];
        tape.gradient(given, &mut ours);
        let differences = (0..x.len()).map(|i| {
            let moved = |by: f64| {
                let mut x = x.to_vec();
                x[i] += by;
                value(&x)
            };
            (moved(1e-5) - moved(-1e-5)) / 2e-5
        });
        (ours, differences.collect())
    }

    fn right(name: &str, f: impl for<'t> Fn(Variable<'t, f64>) -> Variable<'t, f64>) {
        let (ours, wanted) = both(f, &[0.3, 1.7, 0.9, 0.2, 1.1]);
        for (a, b) in ours.iter().zip(&wanted) {
            assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{name}: {ours:?}, differences say {wanted:?}");
        }
    }

    #[test]
    fn every_operation_has_its_derivative() {
        right("add", |x| x + x.at(1) + 2.0);
        right("subtract", |x| (x - x.at(2)) - (1.0 - x));
        right("multiply", |x| x * x.roll(1) * x.at(0) * 3.0);
        right("divide", |x| x / x.sum() + 1.0 / x + x.at(3) / x.roll(2));
        right("power", |x| x.power(x.at(4)) + x.at(2).power(x) + x.powf(1.5));
        right("negative", |x| -x);
        right("exp", |x| x.exp());
        right("ln", |x| x.ln());
        right("sqrt", |x| x.sqrt());
        right("tanh", |x| x.tanh());
        right("sigmoid", |x| x.sigmoid());
        right("sum", |x| x * x.sum());
        right("dot", |x| x.dot(x.exp()));
        right("softmax", |x| (x * 2.0).softmax());
        right("roll", |x| x.roll(2) * x + x.roll(-3) * x.at(1));
        right("part", |x| x.part(1..4) * x.part(2..5));
    }

    #[test]
    fn a_roll_moves_forwards_and_round_the_end() {
        let tape = Tape::new();
        let (mut out, x) = ([0.0; 4], tape.given(&[1.0, 2.0, 3.0, 4.0]));
        tape.read(x.roll(1), &mut out);
        assert_eq!(out, [4.0, 1.0, 2.0, 3.0]);
        tape.read(x.roll(-5), &mut out);
        assert_eq!(out, [2.0, 3.0, 4.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "lists of 3 and of 2 numbers meet on the tape")]
    fn lists_of_other_lengths_do_not_meet() {
        let tape = Tape::new();
        let _ = tape.given(&[1.0, 2.0, 3.0]) + tape.given(&[1.0, 2.0]);
    }
}
