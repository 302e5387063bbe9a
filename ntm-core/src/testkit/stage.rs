//! Stages.
use super::conform::{self, Pair};
use super::failure::{At, Failure, Promise};
use super::guarded::{Guarded, intact};
use super::part::{Draw, How, Input, Numbers, Part, Run, Values, beyond, run};
use super::{Checked, SHAPES, precision, sites};
use crate::config::{Build, HeadSite, StageKind};
use crate::random::Random;
use crate::traits::{StageGradient, StageLook};
use crate::{Real, Shape, Stage};

/// A stage at some shape. In go raw numbers, similarity, the previous and the incoming weighting.
struct StagePart<'a, T> {
    stage: &'a dyn Stage<T>,
    shape: Shape,
}

impl<T: Real> Part<T> for StagePart<'_, T> {
    fn inputs(&self) -> Vec<Input> {
        let fields = self.stage.fields(self.shape);
        let keys = fields.iter().filter(|f| f.key.is_some()).count();
        vec![
            Input::of_fields(&fields),
            Input::new("similarity", keys * self.shape.slots, false),
            Input::new("previous", self.shape.slots, true),
            Input::new("incoming", self.shape.slots, false),
        ]
    }
    fn outputs(&self) -> Vec<(&'static str, usize)> {
        vec![("out", self.shape.slots)]
    }
    fn draw(&self, draw: Draw, random: &mut Random) -> Vec<Vec<f64>> {
        let (inputs, slots) = (self.inputs(), self.shape.slots);
        vec![
            draw.raw(inputs[0].len, random),
            draw.between(inputs[1].len, random),
            draw.weighting(slots, random),
            draw.weighting(slots, random),
        ]
    }
    fn run(&self, inputs: &[Vec<T>], d_outputs: &[Vec<T>], how: How) -> Result<Run<T>, String> {
        let (stage, shape, fill) = (self.stage, self.shape, how.fill);
        let numbers = Numbers::new(&stage.fields(shape), shape, &inputs[0])?;
        let given = [
            Guarded::of("numbers", &numbers.values, fill),
            Guarded::of("similarity", &inputs[1], fill),
            Guarded::of("previous", &inputs[2], fill),
            Guarded::of("incoming", &inputs[3], fill),
        ];
        let look = StageLook {
            shape,
            numbers: &given[0],
            similarity: &given[1],
            previous: &given[2],
            incoming: &given[3],
        };
        let mut trace = Guarded::filled("trace", stage.trace(shape), fill);
        let mut out = Guarded::filled("out", shape.slots, fill);
        stage.forward(&look, &mut trace, &mut out);
        intact(&[&trace, &out])?;
        let mut made = Run { outputs: vec![out.to_vec()], gradients: vec![] };
        if !how.backward {
            return Ok(made);
        }
        let written = |name, i: usize| Guarded::filled(name, given[i].len(), fill);
        let mut d = [
            written("gradient of numbers", 0),
            written("gradient of similarity", 1),
            Guarded::filled("gradient of previous", shape.slots, how.base),
            written("gradient of incoming", 3),
        ];
        let d_out = Guarded::of("gradient of out", &d_outputs[0], fill);
        let [numbers_d, similarity, previous, incoming] = &mut d;
        let mut gradient = StageGradient { numbers: numbers_d, similarity, previous, incoming };
        stage.backward(&look, &trace, &out, &d_out, &mut gradient);
        intact(&[&d[0], &d[1], &d[2], &d[3]])?;
        if !stage.uses_incoming() {
            d[3].fill(T::of(0.0)); // nobody looks at it; it must then have no influence
        }
        made.gradients = vec![numbers.vjp(&d[0]), d[1].to_vec(), d[2].to_vec(), d[3].to_vec()];
        Ok(made)
    }
}

/// Distributions stay distributions.
fn keeps_sum<T: Real>(at: &At, part: &StagePart<'_, T>, tolerance: f64) -> Result<(), Failure> {
    if !part.stage.keeps_sum() {
        return Ok(());
    }
    for draw in [Draw::Usual, Draw::High, Draw::Low, Draw::Mixed] {
        let made = run(at, Promise::Sum, part, &Values::draw(part, draw), How::FORWARD)?;
        let out = &made.outputs[0];
        let at = at.with(format_args!("{draw:?} numbers"));
        if let Some(i) = out.iter().position(|x| beyond(-x.to(), tolerance)) {
            return Err(at.breaks(Promise::Sum, format!("out[{i}] is {}", out[i])));
        }
        let sum: f64 = out.iter().map(|x| x.to()).sum();
        if beyond((sum - 1.0).abs(), tolerance) {
            return Err(at.breaks(Promise::Sum, format!("the sum of out is {sum}")));
        }
    }
    Ok(())
}

/// f32 agrees with f64 for raw numbers of +-50 too: a softmax must not lose its largest entry.
fn extremes(at: &At, double: &StagePart<'_, f64>, single: &StagePart<'_, f32>) -> Result<(), Failure> {
    for draw in [Draw::High, Draw::Low, Draw::Mixed] {
        let at = at.with(format_args!("{draw:?} numbers"));
        let values = Values::draw(double, draw);
        let exact = run(&at, Promise::Precision, double, &values, How::FORWARD)?;
        let ours = run(&at, Promise::Precision, single, &values, How::FORWARD)?;
        precision::compare(&at, double, &exact, &ours, TOLERANCE)?;
    }
    Ok(())
}

/// How near f32 and f64 should be.
const TOLERANCE: f64 = 1e-4;

/// Compares two stages at every shape of the kit: values and all gradients, in f64 to 1e-9 and in f32 to 1e-4 of the
/// largest number of each list.
///
/// # Errors
/// The first number on which they differ, as the promise [`Promise::Twin`] of `ours`; also if `ours` does not build, or takes
/// other numbers.
pub fn check_same_stage<A: Build<StageKind>, B: Build<StageKind>>(ours: &A, twin: &B) -> Result<(), Failure> {
    let mut built = false;
    for shape in SHAPES {
        let site = HeadSite { shape, head: 0, heads: 1 };
        let at = At::new(ours, format_args!("{} slots x {}, beside {twin:?}", shape.slots, shape.width));
        let answers = (ours.build::<f64>(&site), twin.build::<f64>(&site));
        if let (Ok(a), Ok(b)) = &answers {
            built = true;
            same(&at.with("f64"), (&**a, &**b), shape, 1e-9)?;
            let of_f32 = |e| at.breaks(Promise::Builds, format!("in one precision only: {e}"));
            let (a, b) =
                (ours.build::<f32>(&site).map_err(of_f32)?, twin.build::<f32>(&site).map_err(of_f32)?);
            same(&at.with("f32"), (&*a, &*b), shape, TOLERANCE)?;
        } else if answers.0.is_ok() != answers.1.is_ok() {
            return Err(at.breaks(Promise::Twin, "one of the two refuses this shape"));
        }
    }
    match built {
        true => Ok(()),
        false => Err(At::new(ours, "every shape").breaks(Promise::Builds, "refused everywhere")),
    }
}

fn same<T: Real>(
    at: &At,
    (ours, twin): (&dyn Stage<T>, &dyn Stage<T>),
    shape: Shape,
    tolerance: f64,
) -> Result<(), Failure> {
    if ours.fields(shape) != twin.fields(shape) {
        let what = format!("it takes {:?}, the other {:?}", ours.fields(shape), twin.fields(shape));
        return Err(at.breaks(Promise::Twin, what));
    }
    let (ours, twin) = (StagePart { stage: ours, shape }, StagePart { stage: twin, shape });
    let values = Values::draw(&ours, Draw::Usual);
    let a = run(at, Promise::Twin, &ours, &values, How::PLAIN)?;
    let b = run(at, Promise::Twin, &twin, &values, How::PLAIN)?;
    let names = conform::Names::of(&ours);
    let outputs = a.outputs.iter().zip(&b.outputs).map(|pair| (false, pair));
    let gradients = a.gradients.iter().zip(&b.gradients).map(|pair| (true, pair));
    for (k, (gradient, (a, b))) in outputs.enumerate().chain(gradients.enumerate()) {
        let largest = b.iter().fold(1e-3, |most: f64, x| most.max(x.to().abs()));
        for (i, (x, y)) in a.iter().zip(b).enumerate() {
            if beyond((x.to() - y.to()).abs() / largest, tolerance) {
                let label = if gradient { names.gradient(k, i) } else { names.output(k, i) };
                return Err(at.breaks(Promise::Twin, format!("{label} is {x}, of the other {y}")));
            }
        }
    }
    Ok(())
}

impl Checked for StageKind {
    fn check<C: Build<StageKind>>(settings: &C) -> Result<(), Failure> {
        let at = At::new(settings, "every shape");
        let all = SHAPES.map(|shape| HeadSite { shape, head: 0, heads: 1 });
        sites::<StageKind, C>(&at, settings, &all, |site, double, single| {
            let shape = site.shape;
            let at = At::new(settings, format_args!("{} slots x {}", shape.slots, shape.width));
            let (double, single) = (StagePart { stage: double, shape }, StagePart { stage: single, shape });
            conform::check(&at, &Pair { double: &double, single: &single, tolerance: TOLERANCE })?;
            keeps_sum(&at.with("f64"), &double, 1e-9)?;
            precision::on_every_set(|set| {
                let at = at.with(format_args!("f32 ({})", set.name()));
                keeps_sum(&at, &single, 1e-5)?;
                extremes(&at, &double, &single)
            })
        })
    }
}
