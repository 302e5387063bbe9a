//! An addressing: look up by content, or go where another head was a step before.
use ntm_cli::core::kernels::content::{content, content_vjp};
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};

/// weighting = gate * (that head's weighting of the step before) + (1 - gate) * softmax(strength * similarity).
///
/// Raw numbers: key (width), strength (1), gate (1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// The head that may be followed.
    pub head: usize,
}

impl Build<AddressingKind> for Follow {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Addressing<T>>, BuildError> {
        if self.head >= site.heads {
            let why = format!("there is no head {}; heads are 0 to {}", self.head, site.heads - 1);
            return Err(BuildError::new("head", why));
        }
        Ok(Box::new(self.clone()))
    }
}

impl<T: Real> Addressing<T> for Follow {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        let key = Field::key("key", shape.width, Activation::Linear, Similarity::default());
        let one = |name, activation| Field::new(name, 1, activation);
        vec![key, one("strength", Activation::Softplus), one("gate", Activation::Sigmoid)]
    }
    fn trace(&self, shape: Shape) -> usize {
        shape.slots
    }
    fn scratch(&self, shape: Shape) -> usize {
        shape.slots
    }
    fn forward(&self, look: &Look<'_, T>, _: &mut [T], found: &mut [T], weighting: &mut [T]) {
        let (Shape { slots, width }, followed) = (look.shape, look.previous_of(self.head));
        let (found, gate) = (&mut found[..slots], look.numbers[width + 1]);
        content(look.numbers[width], look.similarity, found);
        for (i, w) in weighting.iter_mut().enumerate() {
            *w = found[i] + gate * (followed[i] - found[i]);
        }
    }
    fn backward(
        &self,
        look: &Look<'_, T>,
        found: &mut [T],
        _: &[T],
        d_weighting: &[T],
        _: &mut [T],
        d: &mut LookGradient<'_, T>,
        d_found: &mut [T],
    ) {
        let (Shape { slots, width }, followed) = (look.shape, look.previous_of(self.head));
        let (found, d_found, gate) = (&found[..slots], &mut d_found[..slots], look.numbers[width + 1]);
        d.numbers.fill(T::of(0.0)); // the key's gradient comes through the similarity
        let d_followed = &mut d.previous[self.head * slots..];
        for (i, d_w) in d_weighting.iter().enumerate() {
            d.numbers[width + 1] += *d_w * (followed[i] - found[i]);
            d_followed[i] += gate * *d_w; // shared with other heads: added
            d_found[i] = *d_w - gate * *d_w;
        }
        content_vjp(
            look.numbers[width],
            look.similarity,
            found,
            d_found,
            d.similarity,
            &mut d.numbers[width],
        );
    }
}

#[test]
fn follow_keeps_its_promises() {
    ntm_cli::core::testkit::addressing(&Follow { head: 2 });
}
