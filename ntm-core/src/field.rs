//! Raw numbers and what is applied to them: declared by components, applied for all heads and items at once.
use crate::kernels::activation::{activate, activate_vjp, softmax, softmax_vjp};
use crate::{Activation, Real, Similarity};

/// A named group of the raw numbers that the controller gives a head: *key*, *strength*, *gate* and so on.
///
/// Components see *activated* numbers only; the memory applies all activations of all heads and items in one
/// grouped pass, and their derivatives on the way back.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The paper's word for it.
    pub name: &'static str,
    /// How many numbers.
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

/// Numbers of several fields that share an activation: few long vector calls instead of many short ones.
#[derive(Debug)]
struct Group {
    activation: Activation,
    /// (first row, count)
    places: Vec<(usize, usize)>,
    count: usize,
}

/// The activations of all fields of an interface, grouped.
#[derive(Debug)]
pub(crate) struct Activations {
    rows: usize,
    groups: Vec<Group>,
    softmax: Vec<(usize, usize, Activation)>,
}

impl Activations {
    pub(crate) fn new<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Self {
        let mut plan = Activations { rows: 0, groups: vec![], softmax: vec![] };
        for field in fields {
            let place = (plan.rows, field.count);
            plan.rows += field.count;
            if field.softmax {
                plan.softmax.push((place.0, place.1, field.activation.clone()));
            } else if field.activation != Activation::Linear {
                let same = plan.groups.iter_mut().find(|g| g.activation == field.activation);
                match same {
                    Some(group) => {
                        group.places.push(place);
                        group.count += field.count;
                    }
                    None => plan.groups.push(Group {
                        activation: field.activation.clone(),
                        places: vec![place],
                        count: field.count,
                    }),
                }
            }
        }
        plan
    }

    /// Scratch numbers that `apply` and `vjp` want.
    pub(crate) fn scratch(&self, items: usize) -> usize {
        let group = self.groups.iter().map(|g| g.count * items).max().unwrap_or(0);
        let softmax = self.softmax.iter().map(|s| s.1).max().unwrap_or(0);
        2 * group.max(softmax)
    }

    /// Applies them in place; `numbers` is rows x items.
    pub(crate) fn apply<T: Real>(&self, numbers: &mut [T], scratch: &mut [T]) {
        let items = numbers.len() / self.rows.max(1);
        for group in &self.groups {
            let flat = &mut scratch[..group.count * items];
            gather(numbers, self.rows, &group.places, flat);
            activate(&group.activation, flat);
            scatter(flat, &group.places, self.rows, numbers);
        }
        for (at, count, activation) in &self.softmax {
            for column in numbers.chunks_exact_mut(self.rows) {
                activate(activation, &mut column[*at..at + count]);
                softmax(&mut column[*at..at + count]);
            }
        }
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
        let items = numbers.len() / self.rows.max(1);
        for group in &self.groups {
            let (y, rest) = scratch.split_at_mut(group.count * items);
            let g = &mut rest[..group.count * items];
            gather(numbers, self.rows, &group.places, y);
            gather(d, self.rows, &group.places, g);
            activate_vjp(&group.activation, y, g);
            scatter(g, &group.places, self.rows, d);
        }
        for (at, count, activation) in &self.softmax {
            let columns = numbers.chunks_exact(self.rows).zip(d.chunks_exact_mut(self.rows));
            for (item, (y, d)) in columns.enumerate() {
                let d = &mut d[*at..at + count];
                softmax_vjp(&y[*at..at + count], d);
                if *activation != Activation::Linear {
                    let value = &mut scratch[..*count];
                    value.copy_from_slice(&raw(item)[*at..at + count]);
                    activate(activation, value);
                    activate_vjp(activation, value, d);
                }
            }
        }
    }
}

fn gather<T: Copy>(from: &[T], rows: usize, places: &[(usize, usize)], flat: &mut [T]) {
    let mut o = 0;
    for column in from.chunks_exact(rows) {
        for &(at, n) in places {
            if n == 1 {
                flat[o] = column[at]
            } else {
                flat[o..o + n].copy_from_slice(&column[at..at + n])
            }
            o += n;
        }
    }
}

fn scatter<T: Copy>(flat: &[T], places: &[(usize, usize)], rows: usize, to: &mut [T]) {
    let mut o = 0;
    for column in to.chunks_exact_mut(rows) {
        for &(at, n) in places {
            if n == 1 {
                column[at] = flat[o]
            } else {
                column[at..at + n].copy_from_slice(&flat[o..o + n])
            }
            o += n;
        }
    }
}
