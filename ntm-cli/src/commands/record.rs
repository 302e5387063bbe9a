//! One sequence through a model, kept to be drawn.
use crate::pictures::{Grid, HeadRecording, Recording};
use ntm_core::engine::Stepper;
use ntm_core::traits::Quantity;
use ntm_core::{Loss, Model, Sequence};
use std::collections::BTreeMap;

/// What one head showed, step by step.
#[derive(Default)]
struct Shown {
    weighting: Vec<Vec<f32>>,
    read: Vec<Vec<f32>>,
    add: Vec<Vec<f32>>,
}

/// Runs a sequence and keeps what can be drawn.
pub(crate) fn record(model: &Model<f32>, loss: Loss, sequence: &Sequence) -> Recording {
    let (inputs, outputs) = (model.cell().inputs(), model.output().outputs);
    let mut heads: BTreeMap<usize, Shown> = BTreeMap::new();
    let mut answers = vec![];
    let mut stepper = Stepper::new(model);
    let mut state = stepper.start();
    for x in sequence.inputs.chunks(inputs.max(1)) {
        // a sequence of the model's own task has as many inputs as the model takes
        let Ok(logits) = stepper.step(&mut state, x) else { break };
        answers.push(loss.answer(logits));
        stepper.show(&mut |quantity: Quantity<'_, f32>| {
            let name = quantity.name.strip_prefix("heads.").and_then(|name| name.split_once('.'));
            let Some((Ok(head), name)) = name.map(|(head, name)| (head.parse::<usize>(), name)) else {
                return;
            };
            if !matches!(name, "weighting" | "read" | "add") {
                return;
            }
            let head = heads.entry(head).or_default();
            let steps = match name {
                "weighting" => &mut head.weighting,
                "read" => &mut head.read,
                _ => &mut head.add,
            };
            steps.push(quantity.row_major());
        });
    }
    let rows = |data: &[f32], each: usize| data.chunks(each.max(1)).map(<[f32]>::to_vec).collect::<Vec<_>>();
    let unit = (0.0, 1.0);
    let range = if loss == Loss::MeanSquare { span(&sequence.targets) } else { unit };
    Recording {
        inputs: grid("inputs", &rows(&sequence.inputs, inputs), hull(unit, span(&sequence.inputs))),
        targets: grid("targets", &rows(&sequence.targets, outputs), range),
        outputs: grid("outputs", &answers, range),
        bits: loss == Loss::Bits,
        mask: sequence.mask.iter().map(|&weight| weight != 0.0).collect(),
        heads: heads.into_iter().map(|(head, shown)| recorded(head, &shown)).collect(),
    }
}

fn recorded(head: usize, shown: &Shown) -> HeadRecording {
    let reads = !shown.read.is_empty();
    let vectors = if reads { &shown.read } else { &shown.add };
    let largest =
        vectors.iter().flatten().filter(|x| x.is_finite()).fold(0.0_f32, |most, x| most.max(x.abs()));
    let bound = if largest > 0.0 { largest } else { 1.0 };
    HeadRecording {
        name: format!("heads.{head} {}", if reads { "read" } else { "write" }),
        reads,
        weighting: grid("", &shown.weighting, (0.0, 1.0)),
        vectors: grid("", vectors, (-bound, bound)),
    }
}

/// The smallest and the largest number.
fn span(numbers: &[f32]) -> (f32, f32) {
    numbers.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)))
}

/// The range that holds two.
fn hull(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// A matrix whose columns are steps.
fn grid(title: &str, steps: &[Vec<f32>], range: (f32, f32)) -> Grid {
    let (rows, columns) = (steps.first().map_or(0, Vec::len), steps.len());
    let at = |n: usize| steps[n % columns].get(n / columns).copied().unwrap_or(f32::NAN);
    Grid { title: title.into(), rows, columns, values: (0..rows * columns).map(at).collect(), range }
}
