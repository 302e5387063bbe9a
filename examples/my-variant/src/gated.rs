//! A head: it writes as far as a gate is open, as the heads of the differentiable neural computer do.
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};

/// Erases gate e and adds gate a.
///
/// Raw numbers of its own: gate (1), erase (width), add (width).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gated {
    /// Where its weighting comes from.
    pub addressing: Named<AddressingKind>,
}

#[derive(Debug)]
struct GatedHead<T: Real>(Box<dyn Addressing<T>>);

impl Build<HeadKind> for Gated {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Head<T>>, BuildError> {
        Ok(Box::new(GatedHead(self.addressing.build::<T>(site).map_err(|e| e.under("addressing"))?)))
    }
}

impl<T: Real> Head<T> for GatedHead<T> {
    fn action(&self) -> Action {
        Action::Write
    }
    fn addressing(&self) -> &dyn Addressing<T> {
        &*self.0
    }
    fn weighting_start(&self) -> WeightingStart {
        WeightingStart::OneHot
    }
    fn fields(&self, shape: Shape) -> Vec<Field> {
        let gate = Field::new("gate", 1, Activation::Sigmoid);
        let of = |name, activation| Field::new(name, shape.width, activation);
        vec![gate, of("erase", Activation::Sigmoid), of("add", Activation::Linear)]
    }
    fn effect(&self, numbers: &[T], erase: &mut [T], add: &mut [T]) {
        let effects = erase.iter_mut().chain(add);
        effects.zip(&numbers[1..]).for_each(|(to, x)| *to = numbers[0] * *x);
    }
    fn effect_vjp(&self, numbers: &[T], d_erase: &[T], d_add: &[T], d_numbers: &mut [T]) {
        d_numbers[0] = T::of(0.0);
        for (i, d) in d_erase.iter().chain(d_add).enumerate() {
            d_numbers[0] += *d * numbers[i + 1];
            d_numbers[i + 1] = *d * numbers[0];
        }
    }
}

#[test]
fn gated_keeps_its_promises() {
    ntm_cli::core::testkit::head(&Gated { addressing: Named::new("Follow", crate::Follow { head: 0 }) });
}
