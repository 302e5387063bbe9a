//! A component as the kit sees it: a function from named lists of numbers to others, with a gradient.
use super::failure::{At, Failure, Promise};
use crate::field::Activations;
use crate::random::{Purpose, Random, stream};
use crate::{Field, Real, Shape};
use rand::RngExt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A list that goes in.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) len: usize,
    /// whether its gradient is added to (written otherwise)
    pub(super) added: bool,
    /// what its numbers are called; those without a name are padding
    pub(super) places: Vec<(Range<usize>, String)>,
}
impl Input {
    pub(super) fn new(name: &'static str, len: usize, added: bool) -> Input {
        let all = 0..len;
        Input { name, len, added, places: vec![(all, name.into())] }
    }
    /// Numbers known by the names of fields.
    pub(super) fn of_fields(fields: &[Field]) -> Input {
        let mut at = 0;
        let place = |f: &Field| {
            at += f.count;
            (at - f.count..at, f.name.to_string())
        };
        let places = fields.iter().map(place).collect();
        Input { name: "numbers", len: Field::count(fields), added: false, places }
    }
    /// The name of a number, if it is no padding.
    pub(super) fn label(&self, i: usize) -> Option<String> {
        let (place, name) = self.places.iter().find(|(place, _)| place.contains(&i))?;
        Some(format!("{name}[{}]", i - place.start))
    }
}

/// Which numbers go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draw {
    /// of order one, all weightings above zero
    Usual,
    /// all zero: memory, keys, weightings
    Zero,
    /// raw numbers of +50; all weight on the first slot
    High,
    /// raw numbers of -50; all weight on the last slot
    Low,
    /// raw numbers of +-50 in turn; weight on the first and the last slot
    Mixed,
}
impl Draw {
    pub(super) const EXTREME: [Draw; 4] = [Draw::Zero, Draw::High, Draw::Low, Draw::Mixed];

    /// Raw numbers.
    pub(super) fn raw(self, n: usize, random: &mut Random) -> Vec<f64> {
        let number = |i: usize| match self {
            Draw::Usual => f64::from((3.0 * random.random::<f64>() - 1.5) as f32),
            Draw::Zero => 0.0,
            Draw::High => 50.0,
            Draw::Low => -50.0,
            Draw::Mixed => 50.0 * (1.0 - 2.0 * (i % 2) as f64),
        };
        (0..n).map(number).collect()
    }
    /// Numbers that are not raw ones: similarity, memory, parameters.
    pub(super) fn between(self, n: usize, random: &mut Random) -> Vec<f64> {
        let scale = if self == Draw::Zero { 0.0 } else { 1.6 };
        (0..n).map(|_| f64::from((scale * (random.random::<f64>() - 0.5)) as f32)).collect()
    }
    /// A weighting.
    pub(super) fn weighting(self, slots: usize, random: &mut Random) -> Vec<f64> {
        let mut w = vec![0.0; slots];
        match self {
            Draw::Usual => {
                w.fill_with(|| 0.1 + random.random::<f64>());
                let sum: f64 = w.iter().sum();
                // short numbers, so that they sum to one in f32 as well
                w.iter_mut().for_each(|x| *x = (*x / sum * 1048576.0).floor() / 1048576.0);
                w[0] += 1.0 - w.iter().sum::<f64>();
            }
            Draw::Zero => {}
            Draw::High => w[0] = 1.0,
            Draw::Low => w[slots - 1] = 1.0,
            Draw::Mixed => {
                w[0] += 0.5;
                w[slots - 1] += 0.5;
            }
        }
        w
    }
}

/// Numbers of the kit: the same in every run.
pub(super) fn random(n: u64) -> Random {
    stream(Purpose::Evaluation(u64::MAX), 0, n)
}

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// what stands in everything that is to be written, and in what is not kept
    pub(super) fill: f64,
    /// what stands in everything that is to be added to
    pub(super) base: f64,
    /// whether gradients are wanted
    pub(super) backward: bool,
}
impl How {
    pub(super) const PLAIN: How = How { fill: 0.0, base: 0.0, backward: true };
    pub(super) const FORWARD: How = How { backward: false, ..How::PLAIN };
}

/// What a run made: the lists that came out, and the gradient by each list that went in.
#[derive(Clone, Debug)]
pub(super) struct Run<T> {
    pub(super) outputs: Vec<Vec<T>>,
    pub(super) gradients: Vec<Vec<T>>,
}

/// A component at some size.
pub(super) trait Part<T: Real> {
    fn inputs(&self) -> Vec<Input>;
    /// Name and length of each list that comes out.
    fn outputs(&self) -> Vec<(&'static str, usize)>;
    fn draw(&self, draw: Draw, random: &mut Random) -> Vec<Vec<f64>>;
    /// Runs it on buffers of its own, with canaries; the error says which were overwritten.
    fn run(&self, inputs: &[Vec<T>], d_outputs: &[Vec<T>], how: How) -> Result<Run<T>, String>;
}

/// Runs a part. A panic breaks `promise`, a canary that of sizes.
pub(super) fn run<T: Real>(
    at: &At,
    promise: Promise,
    part: &dyn Part<T>,
    values: &Values,
    how: How,
) -> Result<Run<T>, Failure> {
    let (inputs, d) = (lists(&values.inputs), lists(&values.d_outputs));
    match catch_unwind(AssertUnwindSafe(|| part.run(&inputs, &d, how))) {
        Ok(Ok(run)) => Ok(run),
        Ok(Err(beside)) => Err(at.breaks(Promise::Sizes, beside)),
        Err(panic) => Err(at.breaks(promise, format!("it panicked: {}", said(&*panic)))),
    }
}

/// Whether an error is too large, or not a number.
pub(super) fn beyond(error: f64, tolerance: f64) -> bool {
    error.is_nan() || error > tolerance
}

/// The text of a panic.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

/// What goes in, and the gradient by what comes out.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) inputs: Vec<Vec<f64>>,
    pub(super) d_outputs: Vec<Vec<f64>>,
}
impl Values {
    pub(super) fn draw<T: Real>(part: &dyn Part<T>, draw: Draw) -> Values {
        let mut random = random(1);
        let inputs = part.draw(draw, &mut random);
        let d_outputs = part.outputs().iter().map(|(_, n)| Draw::Usual.between(*n, &mut random)).collect();
        Values { inputs, d_outputs }
    }
}

fn lists<T: Real>(from: &[Vec<f64>]) -> Vec<Vec<T>> {
    from.iter().map(|list| list.iter().map(|x| T::of(*x)).collect()).collect()
}

/// Raw numbers of fields, activated, and the way back.
#[derive(Debug)]
pub(super) struct Numbers<'a, T> {
    plan: Activations,
    raw: &'a [T],
    pub(super) values: Vec<T>,
}
impl<'a, T: Real> Numbers<'a, T> {
    /// # Errors
    /// If a key is not as wide as the memory.
    pub(super) fn new(fields: &[Field], shape: Shape, raw: &'a [T]) -> Result<Self, String> {
        if let Some(f) = fields.iter().find(|f| f.key.is_some() && f.count != shape.width) {
            return Err(format!("the key `{}` has {} numbers, a slot has {}", f.name, f.count, shape.width));
        }
        let plan = Activations::new(fields);
        let mut values = raw.to_vec();
        plan.apply(&mut values);
        Ok(Numbers { plan, raw, values })
    }
    /// From the gradient by the values to that by the raw numbers.
    pub(super) fn vjp(&self, d: &[T]) -> Vec<T> {
        let (mut d, mut scratch) = (d.to_vec(), vec![T::of(0.0); self.plan.scratch()]);
        self.plan.vjp(|_| self.raw, &self.values, &mut d, &mut scratch);
        d
    }
}
