//! Content addressing.
use ntm_core::kernels::content::{content, content_vjp};
use ntm_core::traits::{StageGradient, StageLook};
use ntm_core::{Activation, Field, Operations, Real, Shape, Similarity, Stage};

/// out = softmax over slots of strength * similarity(key, slot), equations 5 and 6. Ignores what came before.
///
/// Raw numbers: key (width), strength (1).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Content {
    /// Applied to the key; the paper gives no range.
    pub key: Activation,
    /// Applied to the strength, which the paper wants positive.
    pub strength: Activation,
    /// How the key is compared with a slot.
    pub similarity: Similarity,
}

impl Default for Content {
    /// Linear key, softplus strength, cosine.
    fn default() -> Self {
        Content { key: Activation::Linear, strength: Activation::Softplus, similarity: Similarity::default() }
    }
}

impl<T: Real> Stage<T> for Content {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        vec![
            Field::key("key", shape.width, self.key.clone(), self.similarity),
            Field::new("strength", 1, self.strength.clone()),
        ]
    }
    fn uses_incoming(&self) -> bool {
        false
    }
    fn shows(&self) -> Option<&'static str> {
        Some("content")
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        // largest product, difference, exponential, sum, quotient; dot product, difference, products, two sums
        Some(Operations::new(6, 7).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        content(look.numbers[look.shape.width], look.similarity, out);
    }
    fn backward(
        &self,
        look: &StageLook<'_, T>,
        _: &[T],
        out: &[T],
        d_out: &[T],
        d: &mut StageGradient<'_, T>,
    ) {
        let width = look.shape.width;
        d.numbers[..width].fill(T::of(0.0)); // the key's gradient comes through the similarity
        content_vjp(look.numbers[width], look.similarity, out, d_out, d.similarity, &mut d.numbers[width]);
    }
}
