//! The built-in `Shift` under another name: a stage from outside runs as fast as one from inside, which is measured with it.
use ntm_cli::core::kernels::shift::{shift, shift_vjp};
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};

/// Convolution around the ring with three taps, one slot to either side.
///
/// Raw numbers: shift (3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedShift {}
ntm_cli::core::buildable!(CopiedShift: StageKind);

impl<T: Real> Stage<T> for CopiedShift {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        // three taps need three slots
        let taps = if shape.slots < 3 { 1 } else { 3 };
        vec![Field::softmax("shift", taps, Activation::Linear)]
    }
    fn shows(&self) -> Option<&'static str> {
        Some("shifted")
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        Some(Operations::new(6, 12).times(shape.slots))
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        shift(look.numbers, true, look.incoming, out);
    }
    fn backward(&self, look: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        shift_vjp(look.numbers, true, look.incoming, d_out, d.incoming, d.numbers);
    }
}

#[test]
fn copied_shift_keeps_its_promises() {
    ntm_cli::core::testkit::stage(&CopiedShift {});
}
