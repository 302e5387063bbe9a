//! One sequence through a model, kept to be drawn.
use crate::pictures::{Grid, HeadRecording, MemoryRecording, Recording};
use ntm_core::engine::Stepper;
use ntm_core::traits::Quantity;
use ntm_core::{Loss, Model, Sequence};
use std::collections::BTreeMap;

/// What one head showed, step by step.
#[derive(Default)]
struct Shown {
    weighting: Vec<Vec<f32>>,
    /// that of the step before, where it is what the head acts with
    used: Vec<Vec<f32>>,
    read: Vec<Vec<f32>>,
    add: Vec<Vec<f32>>,
}

/// Runs a sequence and keeps what can be drawn.
pub(crate) fn record(model: &Model<f32>, loss: Loss, sequence: &Sequence) -> Recording {
    record_with_memory(model, loss, sequence, &[]).0
}

/// As [`record`], with the memory after some steps, if the model has one.
pub(crate) fn record_with_memory(
    model: &Model<f32>,
    loss: Loss,
    sequence: &Sequence,
    steps: &[usize],
) -> (Recording, Vec<MemoryRecording>) {
    let (inputs, outputs) = (model.cell().inputs(), model.output().outputs);
    let mut heads: BTreeMap<usize, Shown> = BTreeMap::new();
    let mut answers = vec![];
    let mut memories = vec![];
    let mut stepper = Stepper::new(model);
    let mut state = stepper.start();
    for x in sequence.inputs.chunks(inputs.max(1)) {
        // a sequence of the model's own task has as many inputs as the model takes
        let Ok(logits) = stepper.step(&mut state, x) else { break };
        answers.push(loss.answer(logits));
        let step = answers.len() - 1;
        stepper.show(&mut |quantity: Quantity<'_, f32>| {
            if let ("memory", [slots, width], true) =
                (&*quantity.name, &quantity.shape[..], steps.contains(&step))
            {
                memories.push((step, *slots, *width, quantity.row_major()));
            }
            let name = quantity.name.strip_prefix("heads.").and_then(|name| name.split_once('.'));
            let Some((Ok(head), name)) = name.map(|(head, name)| (head.parse::<usize>(), name)) else {
                return;
            };
            if !matches!(name, "weighting" | "weighting_used" | "read" | "add") {
                return;
            }
            let head = heads.entry(head).or_default();
            let steps = match name {
                "weighting" => &mut head.weighting,
                "weighting_used" => &mut head.used,
                "read" => &mut head.read,
                _ => &mut head.add,
            };
            steps.push(quantity.row_major());
        });
    }
    let rows = |data: &[f32], each: usize| data.chunks(each.max(1)).map(<[f32]>::to_vec).collect::<Vec<_>>();
    let unit = (0.0, 1.0);
    let range = if loss == Loss::MeanSquare { span(&sequence.targets) } else { unit };
    let recording = Recording {
        inputs: grid("inputs", &rows(&sequence.inputs, inputs), hull(unit, span(&sequence.inputs))),
        targets: grid("targets", &rows(&sequence.targets, outputs), range),
        outputs: grid("outputs", &answers, range),
        bits: loss == Loss::Bits,
        mask: sequence.mask.iter().map(|&weight| weight != 0.0).collect(),
        heads: heads.into_iter().map(|(head, shown)| recorded(head, &shown)).collect(),
    };
    // one range, so that memories can be compared
    let bound = bound(memories.iter().flat_map(|(.., values)| values));
    let memory = |(step, rows, columns, values)| MemoryRecording {
        step,
        memory: Grid { title: String::new(), rows, columns, values, range: (-bound, bound) },
    };
    (recording, memories.into_iter().map(memory).collect())
}

/// The largest absolute value; 1 where there is none.
fn bound<'a>(numbers: impl Iterator<Item = &'a f32>) -> f32 {
    let largest = numbers.filter(|x| x.is_finite()).fold(0.0_f32, |most, x| most.max(x.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

fn recorded(head: usize, shown: &Shown) -> HeadRecording {
    let reads = !shown.read.is_empty();
    let vectors = if reads { &shown.read } else { &shown.add };
    let bound = bound(vectors.iter().flatten());
    // what was read or added belongs to the weighting that the head acted with
    let weighting = if shown.used.is_empty() { &shown.weighting } else { &shown.used };
    HeadRecording {
        name: format!("heads.{head} {}", if reads { "read" } else { "write" }),
        reads,
        weighting: grid("", weighting, (0.0, 1.0)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_stand_beside_the_weighting_that_the_head_acted_with() {
        let made = vec![vec![0.0, 1.0], vec![1.0, 0.0]];
        let used = vec![vec![0.5, 0.5], vec![0.0, 1.0]];
        let current = Shown { weighting: made.clone(), read: vec![vec![3.0]; 2], ..Shown::default() };
        assert_eq!(recorded(0, &current).weighting, grid("", &made, (0.0, 1.0)));
        let previous = Shown { used: used.clone(), ..current };
        assert_eq!(recorded(0, &previous).weighting, grid("", &used, (0.0, 1.0)));
    }
}
