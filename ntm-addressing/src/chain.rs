//! Stages one after another.
use crate::classic;
use crate::{Content, Interpolate, Sharpen, Shift};
use ntm_core::buffers::ALIGN;
use ntm_core::kernels::classic::{Classic, trace_len};
use ntm_core::traits::{Addressing, Look, LookGradient, Quantity, Stage, StageGradient, StageLook};
use ntm_core::{Field, Operations, Real, Shape};
use std::ops::Range;

/// Stages one after another. The first is given the head's previous weighting, each later one what the one before made;
/// what the last makes is the head's weighting.
///
/// Its trace holds what each stage but the last made, and then the traces of the stages.
///
/// The paper's four stages, in its order and with a shift of at most one slot around the ring, run as one kernel: the
/// same arithmetic in fewer passes.
#[derive(Debug)]
pub struct Chain<T: Real> {
    stages: Vec<Box<dyn Stage<T>>>,
    places: Vec<Place>,
    classic: Option<Classic>,
}

/// Where a stage's numbers, keys and trace are; the trace counts from the end of what the stages made.
#[derive(Clone, Debug, Default)]
struct Place {
    numbers: Range<usize>,
    keys: Range<usize>,
    trace: Range<usize>,
}

pub(crate) fn padded(shape: Shape) -> usize {
    shape.slots.next_multiple_of(ALIGN)
}

impl<T: Real> Chain<T> {
    /// A chain for memories of this shape. Without stages it keeps the previous weighting for ever.
    pub fn new(shape: Shape, stages: Vec<Box<dyn Stage<T>>>) -> Self {
        let mut end = Place::default();
        let places = stages
            .iter()
            .map(|stage| {
                let fields = stage.fields(shape);
                let next = |at: &Range<usize>, n: usize| at.end..at.end + n;
                end = Place {
                    numbers: next(&end.numbers, Field::count(&fields)),
                    keys: next(&end.keys, fields.iter().filter(|f| f.key.is_some()).count()),
                    trace: next(&end.trace, stage.trace(shape).next_multiple_of(ALIGN)),
                };
                end.clone()
            })
            .collect();
        Chain { classic: classic::of(shape, &stages), stages, places }
    }
    /// The same chain, stage by stage even where there is a kernel for all of it: for comparisons.
    pub fn stage_by_stage(self) -> Self {
        Chain { classic: None, ..self }
    }
    /// The paper's chain (equations 5 to 9, figure 2): content, interpolation, a shift of up to one slot, sharpening.
    pub fn classic(shape: Shape) -> Self {
        let (content, interpolate) = (Box::new(Content::default()), Box::new(Interpolate::default()));
        let (shift, sharpen) = (Box::new(Shift::default()), Box::new(Sharpen::default()));
        Chain::new(shape, vec![content, interpolate, shift, sharpen])
    }
    fn between(&self) -> usize {
        self.stages.len().saturating_sub(1)
    }
}

impl Place {
    fn look<'a, T>(&self, look: &Look<'a, T>, previous: &'a [T], incoming: &'a [T]) -> StageLook<'a, T> {
        let slots = look.shape.slots;
        StageLook {
            shape: look.shape,
            numbers: &look.numbers[self.numbers.clone()],
            similarity: &look.similarity[self.keys.start * slots..self.keys.end * slots],
            previous,
            incoming,
        }
    }
}

impl<T: Real> Addressing<T> for Chain<T> {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        self.stages.iter().flat_map(|s| s.fields(shape)).collect()
    }
    fn trace(&self, shape: Shape) -> usize {
        if self.classic.is_some() {
            return trace_len(shape.slots);
        }
        self.between() * padded(shape) + self.places.last().map_or(0, |p| p.trace.end)
    }
    fn scratch(&self, shape: Shape) -> usize {
        2 * padded(shape)
    }
    fn operations(&self, shape: Shape) -> Option<Operations> {
        self.stages.iter().map(|s| s.operations(shape)).sum()
    }
    fn classic(&self) -> Option<Classic> {
        self.classic
    }
    fn forward(&self, look: &Look<'_, T>, _own: &mut [T], trace: &mut [T], weighting: &mut [T]) {
        if let Some(c) = self.classic {
            return classic::forward(c, look, trace, weighting);
        }
        let (slots, step) = (look.shape.slots, padded(look.shape));
        let (outs, traces) = trace.split_at_mut(self.between() * step);
        let previous = &look.previous[look.head * slots..(look.head + 1) * slots];
        if self.stages.is_empty() {
            weighting.copy_from_slice(previous);
        }
        for (i, (stage, place)) in self.stages.iter().zip(&self.places).enumerate() {
            let (before, after) = outs.split_at_mut(i * step);
            let incoming = if i == 0 { previous } else { &before[(i - 1) * step..][..slots] };
            let out = if i == self.between() { &mut *weighting } else { &mut after[..slots] };
            stage.forward(&place.look(look, previous, incoming), &mut traces[place.trace.clone()], out);
        }
    }
    fn backward(
        &self,
        look: &Look<'_, T>,
        trace: &mut [T],
        weighting: &[T],
        d_weighting: &[T],
        _d_own: &mut [T],
        d: &mut LookGradient<'_, T>,
        scratch: &mut [T],
    ) {
        if let Some(c) = self.classic {
            return classic::backward(c, look, trace, weighting, d_weighting, d, scratch);
        }
        let (slots, step) = (look.shape.slots, padded(look.shape));
        let (outs, traces) = trace.split_at(self.between() * step);
        let of_head = look.head * slots..(look.head + 1) * slots;
        let previous = &look.previous[of_head.clone()];
        let d_previous = &mut d.previous[of_head];
        let add = |to: &mut [T], from: &[T]| to.iter_mut().zip(from).for_each(|(t, f)| *t += *f);
        if self.stages.is_empty() {
            add(d_previous, d_weighting);
        }
        let (d_out, d_in) = scratch.split_at_mut(step);
        let (mut d_out, mut d_in) = (&mut d_out[..slots], &mut d_in[..slots]);
        for (i, (stage, place)) in self.stages.iter().zip(&self.places).enumerate().rev() {
            let last = i == self.between();
            let incoming = if i == 0 { previous } else { &outs[(i - 1) * step..][..slots] };
            let out = if last { weighting } else { &outs[i * step..][..slots] };
            let mut gradient = StageGradient {
                numbers: &mut d.numbers[place.numbers.clone()],
                similarity: &mut d.similarity[place.keys.start * slots..place.keys.end * slots],
                previous: d_previous,
                incoming: d_in,
            };
            let look = place.look(look, previous, incoming);
            let d_made = if last { d_weighting } else { &*d_out };
            stage.backward(&look, &traces[place.trace.clone()], out, d_made, &mut gradient);
            if !stage.uses_incoming() {
                // nothing flows further up: stages above it are without effect
                for place in &self.places[..i] {
                    d.numbers[place.numbers.clone()].fill(T::of(0.0));
                    d.similarity[place.keys.start * slots..place.keys.end * slots].fill(T::of(0.0));
                }
                return;
            }
            if i == 0 {
                add(d_previous, d_in);
            }
            std::mem::swap(&mut d_out, &mut d_in);
        }
    }
    fn show(&self, look: &Look<'_, T>, trace: &[T], weighting: &[T], show: &mut dyn FnMut(Quantity<'_, T>)) {
        let mut made = |i: usize, made: &[T]| {
            if let Some(name) = self.stages[i].shows() {
                show(Quantity::list(name, made));
            }
        };
        match self.classic {
            Some(_) => classic::show(look, trace, &mut made),
            None => (0..self.between()).for_each(|i| {
                made(i, &trace[i * padded(look.shape)..][..look.shape.slots]);
            }),
        }
        if !self.stages.is_empty() {
            made(self.between(), weighting);
        }
    }
}
