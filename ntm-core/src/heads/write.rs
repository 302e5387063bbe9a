//! A head that writes.
use crate::start::WeightingStart;
use crate::traits::{Action, Addressing, Head, Using};
use crate::{Activation, Field, Real, Shape};

/// Erases, then adds: M(i) = M(i) (1 - w(i) e) + w(i) a, equations 3 and 4.
#[derive(Debug)]
pub struct Write<T: Real> {
    /// Where its weighting comes from.
    pub addressing: Box<dyn Addressing<T>>,
    /// Which weighting it writes with.
    pub using: Using,
    /// Its weighting before the first step.
    pub weighting: WeightingStart,
    /// Where the erase vector e comes from.
    pub erase: Erase,
    /// Applied to the add vector a.
    pub add: Activation,
}

/// Where the erase vector of a write head comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Erase {
    /// from raw numbers of its own; the paper has them in (0, 1)
    Own(Activation),
    /// there is none: what is not added is kept, M(i) = (1 - w(i)) M(i) + w(i) a, which is e = 1
    Coupled,
}

impl<T: Real> Write<T> {
    /// A head as in the paper: this step's weighting, all of it on the first slot before the first step; e through a
    /// sigmoid, a as it is.
    pub fn new(addressing: impl Addressing<T> + 'static) -> Self {
        let (using, weighting) = (Using::Current, WeightingStart::OneHot);
        let (erase, add) = (Erase::Own(Activation::Sigmoid), Activation::Linear);
        Write { addressing: Box::new(addressing), using, weighting, erase, add }
    }
}

impl<T: Real> Head<T> for Write<T> {
    fn action(&self) -> Action {
        Action::Write
    }
    fn addressing(&self) -> &dyn Addressing<T> {
        &*self.addressing
    }
    fn using(&self) -> Using {
        self.using
    }
    fn weighting_start(&self) -> WeightingStart {
        self.weighting
    }
    fn fields(&self, shape: Shape) -> Vec<Field> {
        let add = Field::new("add", shape.width, self.add.clone());
        match &self.erase {
            Erase::Own(activation) => vec![Field::new("erase", shape.width, activation.clone()), add],
            Erase::Coupled => vec![add],
        }
    }
    fn effect_is_numbers(&self) -> bool {
        self.erase != Erase::Coupled
    }
    fn effect(&self, numbers: &[T], erase: &mut [T], add: &mut [T]) {
        match self.erase {
            Erase::Own(_) => {
                let (e, a) = numbers.split_at(erase.len());
                erase.copy_from_slice(e);
                add.copy_from_slice(a);
            }
            Erase::Coupled => {
                erase.fill(T::of(1.0));
                add.copy_from_slice(numbers);
            }
        }
    }
    fn effect_vjp(&self, _numbers: &[T], d_erase: &[T], d_add: &[T], d_numbers: &mut [T]) {
        match self.erase {
            Erase::Own(_) => {
                let (e, a) = d_numbers.split_at_mut(d_erase.len());
                e.copy_from_slice(d_erase);
                a.copy_from_slice(d_add);
            }
            Erase::Coupled => d_numbers.copy_from_slice(d_add),
        }
    }
}
