//! A stage: some of the weighting leaks evenly onto all slots.
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};

/// out = (1 - leak) incoming + leak / slots.
///
/// Raw numbers: leak (1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leak {}
ntm_cli::core::buildable!(Leak: StageKind);

impl<T: Real> Stage<T> for Leak {
    fn fields(&self, _: Shape) -> Vec<Field> {
        vec![Field::new("leak", 1, Activation::Sigmoid)]
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        let (leak, even) = (look.numbers[0], T::of(1.0 / look.shape.slots as f64));
        out.iter_mut().zip(look.incoming).for_each(|(o, w)| *o = *w + leak * (even - *w));
    }
    fn backward(&self, look: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        let (leak, even) = (look.numbers[0], T::of(1.0 / look.shape.slots as f64));
        d.numbers[0] = T::of(0.0);
        for (i, d_out) in d_out.iter().enumerate() {
            d.numbers[0] += *d_out * (even - look.incoming[i]);
            d.incoming[i] = *d_out * (T::of(1.0) - leak);
        }
    }
}

#[test]
fn leak_keeps_its_promises() {
    ntm_cli::core::testkit::stage(&Leak {});
}
