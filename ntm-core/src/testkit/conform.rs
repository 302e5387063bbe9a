//! The promises that every part keeps, whatever it is.
use super::failure::{At, Failure, Promise};
use super::part::{Draw, How, Part, Run, Values, beyond, run};
use super::{gradient, precision};
use crate::Real;

/// What stands in buffers that a component should not read.
const GARBAGE: f64 = 7.0;

/// A part in both precisions, and how near they should be, relative to the largest number of a list.
pub(super) struct Pair<'a> {
    pub(super) double: &'a dyn Part<f64>,
    pub(super) single: &'a dyn Part<f32>,
    pub(super) tolerance: f64,
}

/// Checks a part in f64, then in f32 on every instruction set of this machine.
pub(super) fn check(at: &At, pair: &Pair<'_>) -> Result<(), Failure> {
    let usual = Values::draw(pair.double, Draw::Usual);
    let exact = buffers(&at.with("f64"), pair.double, &usual)?;
    gradient::check(&at.with("f64"), pair.double, &usual)?;
    finite(&at.with("f64"), pair.double)?;
    precision::on_every_set(|set| {
        let at = at.with(format_args!("f32 ({})", set.name()));
        let single = buffers(&at, pair.single, &usual)?;
        precision::compare(&at, pair.double, &exact, &single, pair.tolerance)?;
        finite(&at, pair.single)
    })
}

/// Sizes, same bits, what is written and what is added to. Gives the gradients.
fn buffers<T: Real>(at: &At, part: &dyn Part<T>, values: &Values) -> Result<Run<T>, Failure> {
    let plain = run(at, Promise::Sizes, part, values, How::PLAIN)?;
    let names = Names::of(part);
    let again = run(at, Promise::SameBits, part, values, How::PLAIN)?;
    names.same(&plain, &again).map_err(|what| at.breaks(Promise::SameBits, what))?;

    let garbage = run(at, Promise::Written, part, values, How { fill: GARBAGE, ..How::PLAIN })?;
    names.same(&plain, &garbage).map_err(|what| {
        let what = format!("{what}, where buffers held {GARBAGE} before instead of 0");
        at.breaks(Promise::Written, what)
    })?;

    let based = run(at, Promise::Added, part, values, How { base: 1.0, ..How::PLAIN })?;
    let rounding = if T::of(1.0 + 1e-10) == T::of(1.0) { 1e-5 } else { 1e-11 };
    for (k, input) in part.inputs().iter().enumerate().filter(|(_, i)| i.added) {
        for (i, (a, b)) in plain.gradients[k].iter().zip(&based.gradients[k]).enumerate() {
            let (a, b) = (a.to(), b.to());
            if beyond((a + 1.0 - b).abs(), rounding * (1.0 + a.abs())) {
                let label = input.label(i).unwrap_or_else(|| format!("{}[{i}] (padding)", input.name));
                let what = format!("the gradient by {label} is {a} onto 0, but {b} onto 1");
                return Err(at.breaks(Promise::Added, what));
            }
        }
    }
    Ok(plain)
}

/// Finite values and gradients for zeros and for large raw numbers.
fn finite<T: Real>(at: &At, part: &dyn Part<T>) -> Result<(), Failure> {
    for draw in Draw::EXTREME {
        let at = at.with(match draw {
            Draw::Zero => "everything zero",
            Draw::High => "raw numbers of 50",
            Draw::Low => "raw numbers of -50",
            _ => "raw numbers of +-50 in turn",
        });
        let made = run(&at, Promise::Finite, part, &Values::draw(part, draw), How::PLAIN)?;
        for (label, x) in Names::of(part).all(&made) {
            if !x.to().is_finite() {
                return Err(at.breaks(Promise::Finite, format!("{label} is {x}")));
            }
        }
    }
    Ok(())
}

/// What the numbers of a run are called.
pub(super) struct Names {
    outputs: Vec<&'static str>,
    inputs: Vec<super::part::Input>,
}
impl Names {
    pub(super) fn of<T: Real>(part: &dyn Part<T>) -> Names {
        Names { outputs: part.outputs().iter().map(|o| o.0).collect(), inputs: part.inputs() }
    }
    pub(super) fn output(&self, k: usize, i: usize) -> String {
        format!("{}[{i}]", self.outputs[k])
    }
    pub(super) fn gradient(&self, k: usize, i: usize) -> String {
        let padding = || format!("{}[{i}] (padding)", self.inputs[k].name);
        format!("the gradient by {}", self.inputs[k].label(i).unwrap_or_else(padding))
    }
    /// Every number with its name.
    fn all<'a, T: Real>(&'a self, run: &'a Run<T>) -> impl Iterator<Item = (String, T)> + 'a {
        let numbered = |lists: &'a [Vec<T>]| {
            lists.iter().enumerate().flat_map(|(k, l)| l.iter().enumerate().map(move |(i, x)| (k, i, *x)))
        };
        let outputs = numbered(&run.outputs).map(|(k, i, x)| (self.output(k, i), x));
        outputs.chain(numbered(&run.gradients).map(|(k, i, x)| (self.gradient(k, i), x)))
    }
    /// The first number whose bits differ.
    pub(super) fn same<T: Real>(&self, a: &Run<T>, b: &Run<T>) -> Result<(), String> {
        let bits = |x: T| x.to().to_bits();
        match self.all(a).zip(self.all(b)).find(|((_, a), (_, b))| bits(*a) != bits(*b)) {
            Some(((label, a), (_, b))) => Err(format!("{label} is {a} once and {b} once")),
            None => Ok(()),
        }
    }
}
