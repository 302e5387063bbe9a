//! Raw numbers and what is applied to them: declared by components, applied for all heads and items at once.
use crate::kernels::activation::{
    Together, activate, activate_groups, activate_groups_vjp, activate_vjp, softmax_rows, softmax_rows_vjp,
};
use crate::{Activation, Real, Similarity};

/// A named group of the raw numbers that the controller gives a head: *key*, *strength*, *gate* and so on.
///
/// Components see *activated* numbers only; the memory applies all activations of all heads and items in one
/// grouped pass, and their derivatives on the way back.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The paper's word for it.
    pub name: &'static str,
    /// How many numbers; 1 for a scalar such as the gate.
    pub count: usize,
    /// What is applied to each number.
    pub activation: Activation,
    /// Whether a softmax over the numbers of the field follows.
    pub softmax: bool,
    /// How it is compared with every slot, if it is a key; `count` is then the width of the memory.
    pub key: Option<Similarity>,
}

impl Field {
    /// Numbers with an activation.
    pub fn new(name: &'static str, count: usize, activation: Activation) -> Self {
        Field { name, count, activation, softmax: false, key: None }
    }
    /// Numbers that become a distribution: softmax(activation(x)).
    pub fn softmax(name: &'static str, count: usize, activation: Activation) -> Self {
        Field { softmax: true, ..Field::new(name, count, activation) }
    }
    /// A vector to be compared with every slot; the result arrives as `similarity`.
    pub fn key(name: &'static str, width: usize, activation: Activation, similarity: Similarity) -> Self {
        Field { key: Some(similarity), ..Field::new(name, width, activation) }
    }
    /// Numbers of several fields.
    pub fn count(fields: &[Field]) -> usize {
        fields.iter().map(|f| f.count).sum()
    }
}

/// Fields of fewer numbers than this are taken number by number: vectors would be nearly empty.
const SHORT: usize = 5;

/// The activations of all fields of an interface, grouped: few long vectors instead of many short ones.
#[derive(Debug)]
pub(crate) struct Activations {
    rows: usize,
    groups: Vec<Together>,
    /// (first row, count, activation) of the fields whose gradient needs room of its own
    others: Vec<(usize, usize, Activation)>,
    /// (first row, count) of the softmaxes
    softmax: Vec<(usize, usize)>,
    /// and what comes before them, where that is not nothing
    before_softmax: Vec<(usize, usize, Activation)>,
}

impl Activations {
    pub(crate) fn new<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Self {
        let mut plan =
            Activations { rows: 0, groups: vec![], others: vec![], softmax: vec![], before_softmax: vec![] };
        for field in fields {
            let (at, count, activation) = (plan.rows, field.count, &field.activation);
            plan.rows += count;
            let linear = *activation == Activation::Linear;
            if field.softmax {
                plan.softmax.push((at, count));
                if !linear {
                    plan.before_softmax.push((at, count, activation.clone()));
                }
            } else if !linear && !Together::takes(activation) {
                plan.others.push((at, count, activation.clone()));
            } else if !linear {
                let group = plan.group(activation);
                if count >= SHORT {
                    group.runs.push((at, count));
                } else {
                    group.singles.extend(at..at + count);
                }
            }
        }
        plan
    }
    fn group(&mut self, activation: &Activation) -> &mut Together {
        let found = self.groups.iter().position(|g| g.activation == *activation);
        let at = found.unwrap_or(self.groups.len());
        if found.is_none() {
            let activation = activation.clone();
            self.groups.push(Together { activation, runs: vec![], singles: vec![] });
        }
        &mut self.groups[at]
    }

    /// Scratch numbers that `vjp` wants.
    pub(crate) fn scratch(&self) -> usize {
        self.others.iter().chain(&self.before_softmax).map(|f| f.1).max().unwrap_or(0)
    }

    /// Applies them in place; `numbers` is rows x items.
    pub(crate) fn apply<T: Real>(&self, numbers: &mut [T]) {
        if self.rows == 0 {
            return;
        }
        activate_groups(self.rows, &self.groups, numbers);
        for (at, count, activation) in self.others.iter().chain(&self.before_softmax) {
            for column in numbers.chunks_exact_mut(self.rows) {
                activate(activation, &mut column[*at..at + count]);
            }
        }
        softmax_rows(self.rows, &self.softmax, numbers);
    }

    /// `d` from the gradient by the values to that by the raw numbers, in place. `raw(item)` are an item's raw
    /// numbers.
    pub(crate) fn vjp<'r, T: Real>(
        &self,
        raw: impl Fn(usize) -> &'r [T],
        numbers: &[T],
        d: &mut [T],
        scratch: &mut [T],
    ) {
        if self.rows == 0 {
            return;
        }
        activate_groups_vjp(self.rows, &self.groups, numbers, d);
        softmax_rows_vjp(self.rows, &self.softmax, numbers, d);
        for (item, d) in d.chunks_exact_mut(self.rows).enumerate() {
            for (at, count, activation) in &self.others {
                let value = &mut scratch[..*count];
                value.copy_from_slice(&numbers[item * self.rows..][*at..at + count]);
                activate_vjp(activation, value, &mut d[*at..at + count]);
            }
            for (at, count, activation) in &self.before_softmax {
                let value = &mut scratch[..*count];
                value.copy_from_slice(&raw(item)[*at..at + count]);
                activate(activation, value);
                activate_vjp(activation, value, &mut d[*at..at + count]);
            }
        }
    }
}
