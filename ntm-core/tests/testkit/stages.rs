//! A stage with one fault.
use crate::breaks;
use ntm_core::config::{AddressingKind, Build, BuildError, HeadSite, Precision, StageKind};
use ntm_core::testkit::{self, Promise};
use ntm_core::traits::{Addressing, Look, LookGradient, StageGradient, StageLook};
use ntm_core::{Activation, Field, Real, Shape, Stage};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    Gradient,
    GateGradient,
    PreviousGradient,
    SimilarityGradient,
    LooksAtIncoming,
    SumNotOne,
    TraceTooShort,
    ScratchOfOld,
    Assigns,
    AddsToItsOwn,
    Counts,
    ZeroOverZero,
    OverflowsAt50,
    FarInF32,
    Refuses,
    RefusesF32,
}

/// out = gate incoming + (1 - gate) previous, with a second field for some faults
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix(pub(crate) Fault);

static CALLS: AtomicU32 = AtomicU32::new(0);

impl<T: Real> Stage<T> for Mix {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        let mut fields = vec![Field::new("gate", 1, Activation::Sigmoid)];
        match self.0 {
            Fault::OverflowsAt50 => fields.push(Field::new("large", 1, Activation::Exp)),
            Fault::SimilarityGradient => {
                fields.push(Field::key("key", shape.width, Activation::Linear, Default::default()));
            }
            _ => {}
        }
        fields
    }
    fn trace(&self, _: Shape) -> usize {
        usize::from(self.0 != Fault::TraceTooShort)
    }
    fn uses_incoming(&self) -> bool {
        self.0 != Fault::LooksAtIncoming
    }
    fn keeps_sum(&self) -> bool {
        self.0 != Fault::SimilarityGradient
    }
    fn forward(&self, look: &StageLook<'_, T>, trace: &mut [T], out: &mut [T]) {
        let mut gate = look.numbers[0];
        match self.0 {
            Fault::SumNotOne => gate *= T::of(1.1),
            Fault::FarInF32 if T::of(1.0 + 1e-10) == T::of(1.0) => gate *= T::of(1.001),
            Fault::ZeroOverZero => {
                let sum = look.previous.iter().fold(T::of(0.0), |a, b| a + *b);
                gate = gate * sum / sum;
            }
            Fault::OverflowsAt50 => {
                let square = look.numbers[1] * look.numbers[1];
                gate = gate * square / square;
            }
            Fault::Counts => gate += T::of(1e-3 * f64::from(CALLS.fetch_add(1, Relaxed))),
            Fault::ScratchOfOld => gate += trace[0],
            _ => {}
        }
        trace[0] = gate;
        let rest = T::of(1.0) - look.numbers[0];
        for ((o, i), p) in out.iter_mut().zip(look.incoming).zip(look.previous) {
            *o = gate * *i + rest * *p;
        }
        for (o, s) in out.iter_mut().zip(look.similarity) {
            *o += *s;
        }
    }
    fn backward(
        &self,
        look: &StageLook<'_, T>,
        trace: &[T],
        _: &[T],
        d_out: &[T],
        d: &mut StageGradient<'_, T>,
    ) {
        let (gate, rest) = (trace[0], T::of(1.0) - look.numbers[0]);
        let scale = if self.0 == Fault::SumNotOne { T::of(1.1) } else { T::of(1.0) };
        let mut d_gate = T::of(0.0);
        d.numbers[1..].fill(T::of(0.0));
        d.similarity.fill(T::of(0.0)); // it should be d_out
        for (i, d_out) in d_out.iter().enumerate() {
            d_gate += *d_out * (scale * look.incoming[i] - look.previous[i]);
            d.incoming[i] = if self.0 == Fault::Gradient { *d_out } else { gate * *d_out };
            if self.0 == Fault::Assigns {
                d.previous[i] = rest * *d_out;
            } else {
                let factor = if self.0 == Fault::PreviousGradient { 0.5 } else { 1.0 };
                d.previous[i] += T::of(factor) * rest * *d_out;
            }
        }
        if self.0 == Fault::GateGradient {
            d_gate *= T::of(1.0 + 1e-5);
        }
        if self.0 == Fault::AddsToItsOwn {
            d.numbers[0] += d_gate;
        } else {
            d.numbers[0] = d_gate;
        }
    }
}

impl Build<StageKind> for Mix {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        match self.0 {
            Fault::Refuses => Err(BuildError::new("0", "it never builds")),
            Fault::RefusesF32 if T::of(1.0 + 1e-10) == T::of(1.0) => Err(BuildError::new("0", "not in f32")),
            _ => Ok(Box::new(*self)),
        }
    }
}

#[test]
fn a_stage_without_fault_passes() {
    testkit::stage(&Mix(Fault::None));
}

#[test]
#[should_panic(expected = "Mix(Gradient) breaks the promise that its gradient is the derivative")]
fn the_one_line_form_panics() {
    testkit::stage(&Mix(Fault::Gradient));
}

#[test]
fn every_fault_of_a_stage_is_named() {
    let found = breaks::<StageKind, _>(&Mix(Fault::Gradient), Promise::Gradient);
    assert!(found.what.starts_with("by incoming[") && found.site == "1 slots x 1, f64", "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::GateGradient), Promise::Gradient);
    assert!(found.what.starts_with("by gate[0]"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::PreviousGradient), Promise::Gradient);
    assert!(found.what.starts_with("by previous["), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::SimilarityGradient), Promise::Gradient);
    assert!(found.what.starts_with("by similarity["), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::LooksAtIncoming), Promise::Gradient);
    assert!(found.what.contains("by incoming[") && found.what.contains("it is 0"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::SumNotOne), Promise::Sum);
    assert!(found.what.starts_with("the sum of out is 1."), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::TraceTooShort), Promise::Sizes);
    assert!(found.what.contains("index out of bounds"), "{found}");
    breaks::<StageKind, _>(&Mix(Fault::ScratchOfOld), Promise::Written);
    let found = breaks::<StageKind, _>(&Mix(Fault::Assigns), Promise::Added);
    assert!(found.what.starts_with("the gradient by previous[0] is"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::AddsToItsOwn), Promise::Written);
    assert!(found.what.starts_with("the gradient by gate[0] is"), "{found}");
    breaks::<StageKind, _>(&Mix(Fault::Counts), Promise::SameBits);
    let found = breaks::<StageKind, _>(&Mix(Fault::ZeroOverZero), Promise::Finite);
    assert!(found.what == "out[0] is NaN" && found.site.contains("everything zero"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::OverflowsAt50), Promise::Finite);
    assert!(found.what == "out[0] is NaN" && found.site.contains("f32"), "{found}");
    assert!(found.site.ends_with("raw numbers of 50"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::FarInF32), Promise::Precision);
    assert!(found.site.contains("f32 (baseline)"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::Refuses), Promise::Builds);
    assert!(found.what.contains("it never builds"), "{found}");
    let found = breaks::<StageKind, _>(&Mix(Fault::RefusesF32), Promise::Builds);
    assert!(found.what.contains("in one precision only"), "{found}");
}

/// weighting = softmax(numbers) + 0.1 memory(0), with the memory's gradient forgotten or assigned, or with an own state
/// whose gradient is not passed on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look0 {
    Good,
    ForgetsMemory,
    AssignsMemory,
    DropsOwn,
    WritesToAll,
}
impl<T: Real> Addressing<T> for Look0 {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        vec![Field::softmax("focus", shape.slots, Activation::Linear)]
    }
    fn own(&self, _: Shape) -> usize {
        1
    }
    fn forward(&self, look: &Look<'_, T>, own_next: &mut [T], _: &mut [T], weighting: &mut [T]) {
        own_next[0] = T::of(0.5) * look.own[0];
        for (w, n) in weighting.iter_mut().zip(look.numbers) {
            *w = *n + T::of(0.1) * look.memory[0];
        }
    }
    fn backward(
        &self,
        _: &Look<'_, T>,
        _: &mut [T],
        _: &[T],
        d_weighting: &[T],
        d_own: &mut [T],
        d: &mut LookGradient<'_, T>,
        _: &mut [T],
    ) {
        d.numbers.copy_from_slice(d_weighting);
        if *self != Look0::DropsOwn {
            d_own[0] *= T::of(0.5);
        }
        let sum = T::of(0.1) * d_weighting.iter().fold(T::of(0.0), |a, b| a + *b);
        if *self == Look0::WritesToAll {
            d.previous.fill(T::of(0.0)); // shared: other heads' gradients are lost
        }
        match self {
            Look0::ForgetsMemory => {}
            Look0::AssignsMemory => d.memory[0] = sum,
            _ => d.memory[0] += sum,
        }
    }
}
impl Build<AddressingKind> for Look0 {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Addressing<T>>, BuildError> {
        Ok(Box::new(*self))
    }
}

#[test]
fn every_fault_of_an_addressing_is_named() {
    testkit::addressing(&Look0::Good);
    let found = breaks::<AddressingKind, _>(&Look0::ForgetsMemory, Promise::Gradient);
    assert!(found.what.contains("by memory[0]"), "{found}");
    breaks::<AddressingKind, _>(&Look0::AssignsMemory, Promise::Added);
    let found = breaks::<AddressingKind, _>(&Look0::WritesToAll, Promise::Added);
    assert!(found.what.starts_with("the gradient by previous[0] is 0 onto 0"), "{found}");
    let found = breaks::<AddressingKind, _>(&Look0::DropsOwn, Promise::Gradient);
    assert!(found.what.contains("by own[0]"), "{found}");
}
