//! A head with one fault.
use crate::breaks;
use ntm_core::config::{Build, BuildError, HeadKind, HeadSite, Precision};
use ntm_core::heads::{Erase, Write};
use ntm_core::start::WeightingStart;
use ntm_core::testkit::{self, Promise};
use ntm_core::traits::{Action, Addressing, Look, LookGradient, Using};
use ntm_core::{Activation, Field, Head, Real, Shape};

/// weighting = softmax(numbers)
#[derive(Debug)]
struct Focus;
impl<T: Real> Addressing<T> for Focus {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        vec![Field::softmax("focus", shape.slots, Activation::Linear)]
    }
    fn forward(&self, look: &Look<'_, T>, _: &mut [T], _: &mut [T], weighting: &mut [T]) {
        weighting.copy_from_slice(look.numbers);
    }
    fn backward(
        &self,
        _: &Look<'_, T>,
        _: &mut [T],
        _: &[T],
        d_weighting: &[T],
        _: &mut [T],
        d: &mut LookGradient<'_, T>,
        _: &mut [T],
    ) {
        d.numbers.copy_from_slice(d_weighting);
    }
}

/// Erases everything it writes to; with a fault its gradient goes to the wrong numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Overwrite {
    Good,
    Backwards,
    AddsToOld,
    Infinite,
}
#[derive(Debug)]
struct OverwriteHead<T: Real> {
    inner: Write<T>,
    settings: Overwrite,
}
impl<T: Real> Head<T> for OverwriteHead<T> {
    fn action(&self) -> Action {
        Action::Write
    }
    fn addressing(&self) -> &dyn Addressing<T> {
        self.inner.addressing()
    }
    fn weighting_start(&self) -> WeightingStart {
        WeightingStart::Uniform
    }
    fn fields(&self, shape: Shape) -> Vec<Field> {
        vec![Field::new("add", shape.width, Activation::Tanh)]
    }
    fn effect(&self, numbers: &[T], erase: &mut [T], add: &mut [T]) {
        erase.fill(T::of(1.0));
        match self.settings {
            Overwrite::AddsToOld => add.iter_mut().zip(numbers).for_each(|(a, n)| *a += *n),
            Overwrite::Infinite => {
                add.iter_mut().zip(numbers).for_each(|(a, n)| *a = *n / (T::of(1.0) - *n * *n))
            }
            _ => add.copy_from_slice(numbers),
        }
    }
    fn effect_vjp(&self, numbers: &[T], _: &[T], d_add: &[T], d_numbers: &mut [T]) {
        d_numbers.copy_from_slice(d_add);
        if self.settings == Overwrite::Infinite {
            for (d, n) in d_numbers.iter_mut().zip(numbers) {
                let rest = T::of(1.0) - *n * *n;
                *d *= (T::of(1.0) + *n * *n) / (rest * rest);
            }
        }
        if self.settings == Overwrite::Backwards {
            d_numbers.reverse();
        }
    }
}
impl Build<HeadKind> for Overwrite {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Head<T>>, BuildError> {
        let inner = Write {
            addressing: Box::new(Focus),
            weighting: WeightingStart::Uniform,
            using: Using::Current,
            erase: Erase::Own(Activation::Sigmoid),
            add: Activation::Tanh,
        };
        Ok(Box::new(OverwriteHead { inner, settings: *self }))
    }
}

#[test]
fn the_fault_of_a_head_is_named() {
    testkit::head(&Overwrite::Good);
    let found = breaks::<HeadKind, _>(&Overwrite::Backwards, Promise::Gradient);
    assert!(found.what.contains("by add["), "{found}");
    let found = breaks::<HeadKind, _>(&Overwrite::AddsToOld, Promise::Written);
    assert!(found.what.starts_with("add[0] is"), "{found}");
    let found = breaks::<HeadKind, _>(&Overwrite::Infinite, Promise::Finite);
    assert!(found.what.starts_with("add[0] is") && found.site.contains("raw numbers of 50"), "{found}");
}
