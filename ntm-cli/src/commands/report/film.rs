//! One sequence run through a model, with all that its heads and its memory did, for the player.
use super::pack::Packed;
use ntm_core::engine::Stepper;
use ntm_core::traits::Quantity;
use ntm_core::{Loss, Model, Sequence};
use serde::Serialize;
use std::collections::BTreeMap;

/// A sequence, step by step. The page's script reads it as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Film {
    /// What is chosen by in the player, such as `length 20`.
    pub(super) title: String,
    steps: usize,
    /// Whether an answer is right or wrong, bit by bit.
    bits: bool,
    /// 1 for each step that is scored, else 0.
    scored: String,
    inputs: Packed,
    targets: Packed,
    outputs: Packed,
    /// Slots and width.
    shape: [usize; 2],
    /// After each step, row-major; left out where it would make the page too large.
    memory: Option<Packed>,
    heads: Vec<Head>,
}

/// What one head did.
#[derive(Debug, Serialize)]
struct Head {
    name: String,
    reads: bool,
    /// Those that its stages made, in their order; the last is the head's.
    weightings: Vec<Named<Packed>>,
    /// The one it acted with, where that is of the step before.
    used: Option<Packed>,
    /// Key, read, erase, add: as wide as the memory.
    vectors: Vec<Named<Packed>>,
    /// Everything else that it has: numbers of each step.
    numbers: Vec<Named<Vec<Vec<f64>>>>,
}

#[derive(Debug, Serialize)]
struct Named<T> {
    name: String,
    of: T,
}

type Steps = Vec<Vec<f32>>;

/// Quantities of one head by their names, in the order in which they are shown.
#[derive(Default)]
struct Shown(Vec<(String, Steps)>);

impl Shown {
    fn push(&mut self, name: &str, values: Vec<f32>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, steps)) => steps.push(values),
            None => self.0.push((name.to_owned(), vec![values])),
        }
    }
    fn size(&self, name: &str) -> usize {
        let steps = self.0.iter().find(|(known, _)| known == name);
        steps.and_then(|(_, steps)| steps.first()).map_or(0, Vec::len)
    }
}

impl Film {
    /// Runs a sequence and keeps what can be shown.
    pub(super) fn record(model: &Model<f32>, loss: Loss, sequence: &Sequence, title: String) -> Film {
        let inputs = model.cell().inputs();
        let outputs = model.output().outputs;
        let (mut answers, mut memory, mut shape) = (vec![], vec![], [0, 0]);
        let mut heads: BTreeMap<usize, Shown> = BTreeMap::new();
        let mut stepper = Stepper::new(model);
        let mut state = stepper.start();
        for x in sequence.inputs.chunks(inputs.max(1)) {
            // a sequence of the model's own task has as many inputs as the model takes
            let Ok(logits) = stepper.step(&mut state, x) else { break };
            answers.push(loss.answer(logits));
            stepper.show(&mut |quantity: Quantity<'_, f32>| {
                if let ("memory", &[slots, width]) = (&*quantity.name, &quantity.shape[..]) {
                    shape = [slots, width];
                    memory.push(quantity.row_major());
                }
                let name = quantity.name.strip_prefix("heads.").and_then(|name| name.split_once('.'));
                if let Some((Ok(head), name)) = name.map(|(head, name)| (head.parse::<usize>(), name)) {
                    heads.entry(head).or_default().push(name, quantity.row_major());
                }
            });
        }
        let rows =
            |data: &[f32], each: usize| data.chunks(each.max(1)).map(<[f32]>::to_vec).collect::<Vec<_>>();
        let (given, wanted) = (rows(&sequence.inputs, inputs), rows(&sequence.targets, outputs));
        let unit = (0.0, 1.0);
        let range = if loss == Loss::MeanSquare { signed(span(&[&wanted, &answers])) } else { unit };
        Film {
            title,
            steps: answers.len(),
            bits: loss == Loss::Bits,
            scored: sequence.mask.iter().map(|&weight| if weight == 0.0 { '0' } else { '1' }).collect(),
            inputs: Packed::of(&given, signed(hull(unit, span(&[&given])))),
            targets: Packed::of(&wanted, range),
            outputs: Packed::of(&answers, range),
            shape,
            memory: (!memory.is_empty()).then(|| Packed::of(&memory, balanced(&memory))),
            heads: heads.into_iter().map(|(head, shown)| Head::of(head, shown)).collect(),
        }
    }

    /// As many bytes of the page, about.
    pub(super) fn bytes(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.len())
    }
    pub(super) fn has_heads(&self) -> bool {
        !self.heads.is_empty()
    }
    pub(super) fn has_memory(&self) -> bool {
        self.memory.is_some()
    }
    /// Takes the memory out.
    pub(super) fn forget_memory(&mut self) {
        self.memory = None;
    }
}

impl Head {
    fn of(head: usize, shown: Shown) -> Head {
        let slots = shown.size("weighting");
        let (mut weightings, mut used, mut vectors, mut numbers) = (vec![], None, vec![], vec![]);
        let reads = shown.size("read") > 0;
        for (name, steps) in shown.0 {
            let size = steps.first().map_or(0, Vec::len);
            match &*name {
                "raw" => {}
                "key" | "read" | "erase" | "add" => {
                    let range =
                        if name == "erase" { hull((0.0, 1.0), span(&[&steps])) } else { balanced(&steps) };
                    vectors.push(Named { name, of: Packed::of(&steps, range) });
                }
                "weighting_used" => used = Some(Packed::of(&steps, (0.0, 1.0))),
                // a kernel as long as the memory is no weighting
                "shift" => numbers.push(Named { name, of: rounded(&steps) }),
                _ if size == slots => weightings.push(Named { name, of: Packed::of(&steps, (0.0, 1.0)) }),
                _ => numbers.push(Named { name, of: rounded(&steps) }),
            }
        }
        Head { name: format!("heads.{head}"), reads, weightings, used, vectors, numbers }
    }
}

/// Four digits of each number.
fn rounded(steps: &Steps) -> Vec<Vec<f64>> {
    let four = |x: &f32| format!("{x:.3e}").parse().unwrap_or(f64::NAN);
    steps.iter().map(|step| step.iter().map(four).collect()).collect()
}

/// The smallest and the largest finite number; 0 and 1 where there is none.
fn span(all: &[&Steps]) -> (f32, f32) {
    let numbers = all.iter().flat_map(|steps| steps.iter().flatten()).filter(|x| x.is_finite());
    let ends = numbers.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
    match ends {
        (low, high) if low < high => ends,
        (low, high) if low == high => (low - 0.5, high + 0.5),
        _ => (0.0, 1.0),
    }
}

/// A range around zero, which is then a level of its own.
fn balanced(steps: &Steps) -> (f32, f32) {
    let (low, high) = span(&[steps]);
    let bound = low.abs().max(high.abs());
    (-bound, bound)
}

/// The same for numbers of which some are below zero.
fn signed((low, high): (f32, f32)) -> (f32, f32) {
    let bound = low.abs().max(high.abs());
    if low < 0.0 { (-bound, bound) } else { (low, high) }
}

/// The range that holds two.
fn hull(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}
