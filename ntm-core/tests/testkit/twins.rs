//! Stages written forward only beside the same with a gradient by hand.
use ntm_core::config::{Build, BuildError, HeadSite, Precision, StageKind};
use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};
use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
use ntm_core::kernels::shift::{shift, shift_vjp};
use ntm_core::prelude::*;
use ntm_core::testkit::{self, Promise, check_same_stage};

/// Equations 7, 8 and 9.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Paper {
    Interpolate,
    Shift,
    Sharpen,
}
use Paper::*;

fn fields(stage: Paper) -> Vec<Field> {
    vec![match stage {
        Interpolate => Field::new("gate", 1, Activation::Sigmoid),
        Shift => Field::softmax("shift", 3, Activation::Linear),
        Sharpen => Field::new("sharpening", 1, Activation::OnePlusSoftplus),
    }]
}

/// On the tape.
#[derive(Clone, Debug)]
struct Forwards(Paper);
impl ForwardStage for Forwards {
    fn fields(&self, _: Shape) -> Vec<Field> {
        fields(self.0)
    }
    fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T> {
        let (n, w) = (look.numbers, look.incoming);
        match self.0 {
            Interpolate => n.at(0) * w + (1.0 - n.at(0)) * look.previous,
            Shift => n.at(0) * w.roll(1) + n.at(1) * w + n.at(2) * w.roll(-1),
            Sharpen => ((w + 1e-30).ln() * n.at(0)).softmax(),
        }
    }
}
impl Build<StageKind> for Forwards {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        fits(self.0, site)?;
        Ok(Box::new(Taped::new(self.clone())))
    }
}

fn fits(stage: Paper, site: &HeadSite) -> Result<(), BuildError> {
    match stage == Shift && site.shape.slots < 3 {
        true => Err(BuildError::new("0", "three taps need three slots")),
        false => Ok(()),
    }
}

/// With the kernels of the workspace; with a fault, a gradient that differences in the usual places would find as well.
#[derive(Clone, Debug)]
struct ByHand(Paper, f64);
impl<T: Real> Stage<T> for ByHand {
    fn fields(&self, _: Shape) -> Vec<Field> {
        fields(self.0)
    }
    fn trace(&self, shape: Shape) -> usize {
        if self.0 == Sharpen { shape.slots } else { 0 }
    }
    fn forward(&self, look: &StageLook<'_, T>, trace: &mut [T], out: &mut [T]) {
        match self.0 {
            Interpolate => interpolate(look.numbers[0], look.incoming, look.previous, out),
            Shift => shift(look.numbers, true, look.incoming, out),
            Sharpen => sharpen(look.numbers[0], 0.0, 0.0, look.incoming, out, trace),
        }
    }
    fn backward(
        &self,
        look: &StageLook<'_, T>,
        trace: &[T],
        out: &[T],
        d_out: &[T],
        d: &mut StageGradient<'_, T>,
    ) {
        let w = look.incoming;
        match self.0 {
            Interpolate => interpolate_vjp(
                look.numbers[0],
                w,
                look.previous,
                d_out,
                d.incoming,
                d.previous,
                &mut d.numbers[0],
            ),
            Shift => shift_vjp(look.numbers, true, w, d_out, d.incoming, d.numbers),
            Sharpen => sharpen_vjp(look.numbers[0], 0.0, w, trace, out, d_out, d.incoming, &mut d.numbers[0]),
        }
        d.numbers[0] *= T::of(self.1);
    }
}
impl Build<StageKind> for ByHand {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        fits(self.0, site)?;
        Ok(Box::new(self.clone()))
    }
}

#[test]
fn a_taped_stage_is_its_hand_written_twin() {
    for stage in [Interpolate, Sharpen, Shift] {
        testkit::same_stage(&Forwards(stage), &ByHand(stage, 1.0));
    }
}

#[test]
fn a_taped_stage_keeps_every_promise() {
    for stage in [Interpolate, Sharpen, Shift] {
        testkit::stage(&Forwards(stage));
    }
}

/// A stage that takes no numbers.
#[derive(Clone, Debug)]
struct Previous;
impl ForwardStage for Previous {
    fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T> {
        look.previous
    }
}
ntm_core::buildable!(Previous: StageKind as Taped);

/// What breaks the promise of twins: a gradient that is off by a millionth.
pub(crate) fn planted() -> testkit::Failure {
    check_same_stage(&ByHand(Interpolate, 1.0 + 1e-6), &Forwards(Interpolate)).expect_err("they differ")
}

#[test]
fn twins_that_differ_are_told_apart() {
    let found = planted();
    assert_eq!(found.promise, Promise::Twin);
    assert!(found.what.starts_with("the gradient by gate[0] is"), "{found}");
    assert!(found.site.ends_with("beside Forwards(Interpolate), f64"), "{found}");
    let found = check_same_stage(&Previous, &Forwards(Interpolate)).unwrap_err();
    assert!(found.promise == Promise::Twin && found.what.contains("gate"), "{found}");
    testkit::stage(&Previous);
}
