//! The same stage written forward only: a tape finds its gradient.
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};

/// out = (1 - leak) incoming + leak / slots.
///
/// Raw numbers: leak (1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakForward {}
ntm_cli::core::buildable!(LeakForward: StageKind as Taped);

impl ForwardStage for LeakForward {
    fn fields(&self, _: Shape) -> Vec<Field> {
        vec![Field::new("leak", 1, Activation::Sigmoid)]
    }
    fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T> {
        let leak = look.numbers.at(0);
        (1.0 - leak) * look.incoming + leak / look.shape.slots as f64
    }
}

#[test]
fn it_is_the_twin_of_the_stage_with_a_gradient_by_hand() {
    ntm_cli::core::testkit::same_stage(&LeakForward {}, &crate::Leak {});
}
