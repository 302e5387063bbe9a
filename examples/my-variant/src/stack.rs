//! A memory: a stack that is pushed and popped by degrees (Joulin and Mikolov 2015). It has no heads: what drives it are
//! raw numbers of its own.
use ntm_cli::core::buffers::{block, of_item, of_item_mut};
use ntm_cli::core::kernels::activation::{activate, activate_vjp, softmax, softmax_vjp};
use ntm_cli::core::kernels::views::{column, column_mut};
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};

/// slot'(i) = push slot(i - 1) + pop slot(i + 1) + stay slot(i), where slot(-1) is the value and slot(depth) is 0; it
/// reads slot'(0). Empty before the first step.
///
/// Raw numbers: push, pop and stay (3, a distribution), value (width).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// Number of slots.
    pub depth: usize,
    /// Numbers in a slot.
    pub width: usize,
}

impl Build<MemoryKind> for Stack {
    fn build<T: Precision>(&self, site: &MemorySite<'_>) -> Result<Box<dyn Memory<T>>, BuildError> {
        let sizes = [("depth", self.depth), ("width", self.width)];
        if let Some((field, n)) = sizes.into_iter().find(|(_, n)| !(1..=65536).contains(n)) {
            return Err(BuildError::new(field, format!("{n}; must be 1 to 65536")));
        }
        match site.heads.is_empty() {
            true => Ok(Box::new(self.clone())),
            false => Err(BuildError::new("", "a stack has no heads; write heads: []")),
        }
    }
}

impl Stack {
    /// What an item's slot i gets when it is pushed and when it is popped.
    fn neighbours<T: Real>(&self, slots: &[T], value: &[T], i: usize) -> [T; 2] {
        let pushed = if i < self.width { value[i] } else { slots[i - self.width] };
        [pushed, slots.get(i + self.width).copied().unwrap_or(T::of(0.0))]
    }
}

impl<T: Real> Cell<T> for Stack {
    fn inputs(&self) -> usize {
        3 + self.width
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn needs(&self, capacity: usize) -> Needs {
        let slots = block(self.depth * self.width, capacity);
        Needs { state: slots, trace: block(3 + self.width, capacity), scratch: slots, ..Needs::default() }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let n = self.depth * self.width;
        for item in 0..s.items {
            let numbers = of_item_mut(s.trace, 3 + self.width, item);
            numbers.copy_from_slice(column(&x, item));
            let (actions, value) = numbers.split_at_mut(3);
            softmax(actions);
            activate(&Activation::Tanh, value);
            let (slots, next) = (of_item(s.state, n, item), of_item_mut(s.next, n, item));
            for i in 0..n {
                let [pushed, popped] = self.neighbours(slots, value, i);
                next[i] = actions[0] * pushed + actions[1] * popped + actions[2] * slots[i];
            }
            column_mut(&mut y, item).copy_from_slice(&next[..self.width]);
        }
    }
    fn backward(&self, _: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, mut d_x: Option<MatMut<'_, T>>) {
        let (n, w) = (self.depth * self.width, self.width);
        for item in 0..s.items {
            let (actions, value) = of_item_mut(s.trace, 3 + w, item).split_at_mut(3);
            let (slots, d_next) = (of_item(s.state, n, item), of_item_mut(s.d_state, n, item));
            let (mut d_actions, d_slots) = ([T::of(0.0); 3], of_item_mut(s.scratch, n, item));
            d_next.iter_mut().zip(column(&d_y, item)).for_each(|(d, d_y)| *d += *d_y);
            for i in 0..n {
                let [pushed, popped] = self.neighbours(slots, value, i);
                let by = [pushed, popped, slots[i]];
                d_actions.iter_mut().zip(by).for_each(|(sum, x)| *sum += d_next[i] * x);
                let from_below = d_next.get(i + w).map_or(T::of(0.0), |d| actions[0] * *d);
                let from_above = if i < w { T::of(0.0) } else { actions[1] * d_next[i - w] };
                d_slots[i] = from_below + from_above + actions[2] * d_next[i];
            }
            let d_value = &mut d_next[..w];
            d_value.iter_mut().for_each(|d| *d *= actions[0]);
            softmax_vjp(actions, &mut d_actions);
            activate_vjp(&Activation::Tanh, value, d_value);
            if let Some(d_x) = &mut d_x {
                let first = 3 + w - d_x.nrows();
                let all = d_actions.iter().chain(&*d_value).skip(first);
                column_mut(d_x, item).iter_mut().zip(all).for_each(|(to, d)| *to = *d);
            }
            d_next.copy_from_slice(d_slots);
        }
    }
}

impl<T: Real> Memory<T> for Stack {
    fn shape(&self) -> Shape {
        Shape { slots: self.depth, width: self.width }
    }
    fn interface(&self) -> Vec<Vec<Field>> {
        let actions = Field::softmax("actions", 3, Activation::Linear);
        vec![vec![actions, Field::new("value", self.width, Activation::Tanh)]]
    }
    fn start_reads(&self, _: &[T], _: usize, reads: &mut [T]) {
        reads.fill(T::of(0.0));
    }
    fn start_reads_vjp(&self, _: &[T], _: usize, _: &[T], _: &mut [T]) {}
}

#[test]
fn stack_keeps_its_promises() {
    ntm_cli::core::testkit::memory(&Stack { depth: 4, width: 3 });
}
