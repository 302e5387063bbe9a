//! Heads of the kit's own, with an addressing that needs no other crate: what a memory is checked with.
use crate::Activation;
use crate::config::{
    AddressingKind, Build, BuildError, EraseSettings, HeadKind, HeadSite, Named, Precision, ReadSettings,
    WriteSettings,
};
use crate::heads::{Erase, Read, Write};
use crate::start::{ReadStart, WeightingStart};
use crate::traits::{Action, Addressing, Head, Look, LookGradient, Using};
use crate::{Field, Real, Shape, Similarity};
use serde::{Deserialize, Serialize};

/// gate * softmax(3 similarity) + (1 - gate) * previous.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Plain {}

impl<T: Real> Addressing<T> for Plain {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        let key = Field::key("key", shape.width, Activation::Linear, Similarity::default());
        vec![key, Field::new("gate", 1, Activation::Sigmoid)]
    }
    fn trace(&self, shape: Shape) -> usize {
        shape.slots
    }
    fn forward(&self, look: &Look<'_, T>, _: &mut [T], trace: &mut [T], weighting: &mut [T]) {
        let slots = look.shape.slots;
        trace.iter_mut().zip(look.similarity).for_each(|(c, s)| *c = (T::of(3.0) * *s).exp());
        let sum = trace[..slots].iter().fold(T::of(0.0), |a, b| a + *b);
        let (gate, previous) = (look.numbers[look.shape.width], &look.previous[look.head * slots..]);
        for ((w, c), p) in weighting.iter_mut().zip(trace).zip(previous) {
            *c /= sum;
            *w = gate * *c + (T::of(1.0) - gate) * *p;
        }
    }
    fn backward(
        &self,
        look: &Look<'_, T>,
        trace: &mut [T],
        _: &[T],
        d_weighting: &[T],
        _: &mut [T],
        d: &mut LookGradient<'_, T>,
        _: &mut [T],
    ) {
        let (slots, gate) = (look.shape.slots, look.numbers[look.shape.width]);
        let (previous, at) = (&look.previous[look.head * slots..], look.head * slots);
        let (mut dot, mut d_gate) = (T::of(0.0), T::of(0.0));
        for i in 0..slots {
            dot += trace[i] * d_weighting[i];
            d_gate += d_weighting[i] * (trace[i] - previous[i]);
            d.previous[at + i] += (T::of(1.0) - gate) * d_weighting[i];
        }
        for i in 0..slots {
            d.similarity[i] = T::of(3.0) * gate * trace[i] * (d_weighting[i] - dot);
        }
        d.numbers.fill(T::of(0.0));
        d.numbers[look.shape.width] = d_gate;
    }
}

impl Build<AddressingKind> for Plain {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Addressing<T>>, BuildError> {
        Ok(Box::new(Plain {}))
    }
}

/// A head that writes beside one that reads, and the other way round.
pub(super) fn opposite<T: Real>(action: Action) -> Box<dyn Head<T>> {
    let (addressing, weighting) = (Box::new(Plain {}), WeightingStart::Uniform);
    match action {
        Action::Write => {
            Box::new(Read { addressing, using: Using::Current, weighting, read: ReadStart::Learned })
        }
        Action::Read => {
            let erase = Erase::Own(Activation::Sigmoid);
            Box::new(Write { addressing, using: Using::Current, weighting, erase, add: Activation::Linear })
        }
    }
}

/// Settings of heads that read and heads that write, in turn: a pair for each `using`.
pub(super) fn heads(using: &[Using]) -> Vec<Named<HeadKind>> {
    let addressing = || Named::<AddressingKind>::new("Plain", Plain {});
    let read = |using| ReadSettings {
        addressing: addressing(),
        using,
        weighting: WeightingStart::OneHot,
        read: ReadStart::Learned,
    };
    let write = |using| WriteSettings {
        addressing: addressing(),
        using,
        weighting: WeightingStart::Learned,
        erase: EraseSettings::Sigmoid,
        add: Activation::Tanh,
    };
    let pair = |&using| [Named::new("Read", read(using)), Named::new("Write", write(using))];
    using.iter().flat_map(pair).collect()
}
