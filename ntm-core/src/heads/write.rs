//! A head that writes.
use crate::start::WeightingStart;
use crate::traits::{Action, Addressing, Head};
use crate::{Activation, Field, Real, Shape};

/// Erases, then adds: M(i) = M(i) (1 - w(i) e) + w(i) a, equations 3 and 4.
#[derive(Debug)]
pub struct Write<T: Real> {
    /// Where its weighting comes from.
    pub addressing: Box<dyn Addressing<T>>,
    /// Its weighting before the first step.
    pub weighting: WeightingStart,
    /// Applied to the erase vector e; the paper has e in (0, 1).
    pub erase: Activation,
    /// Applied to the add vector a.
    pub add: Activation,
}
impl<T: Real> Head<T> for Write<T> {
    fn action(&self) -> Action {
        Action::Write
    }
    fn addressing(&self) -> &dyn Addressing<T> {
        &*self.addressing
    }
    fn weighting_start(&self) -> WeightingStart {
        self.weighting
    }
    fn fields(&self, shape: Shape) -> Vec<Field> {
        vec![
            Field::new("erase", shape.width, self.erase.clone()),
            Field::new("add", shape.width, self.add.clone()),
        ]
    }
    fn effect(&self, numbers: &[T], erase: &mut [T], add: &mut [T]) {
        let (e, a) = numbers.split_at(erase.len());
        erase.copy_from_slice(e);
        add.copy_from_slice(a);
    }
    fn effect_vjp(&self, _numbers: &[T], d_erase: &[T], d_add: &[T], d_numbers: &mut [T]) {
        let (e, a) = d_numbers.split_at_mut(d_erase.len());
        e.copy_from_slice(d_erase);
        a.copy_from_slice(d_add);
    }
}
