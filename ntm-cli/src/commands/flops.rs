//! Floating-point operations of a sequence, for models whose operations are known: dense layers around a memory.
//!
//! A multiplication and an addition count 2; exponentials, logarithms and divisions 1; the optimiser is left out.
use ntm_core::engine::Stepper;
use ntm_core::{Model, Sequence};
use std::collections::BTreeSet;

/// What a model does in a step, seen from outside.
#[derive(Default)]
struct Seen {
    /// slots x width
    memory: f64,
    slots: f64,
    keys: f64,
    readers: f64,
    writers: f64,
}

/// Operations of a sequence, forward and backward; `None` for a model that has other parts.
pub(crate) fn of(model: &Model<f32>, sequence: &Sequence, inference: bool) -> Option<f64> {
    let inputs = model.cell().inputs() as f64;
    let output = (model.output().inputs * model.output().outputs) as f64;
    let (mut dense, mut first, mut hidden) = (0.0, None, 0.0);
    for info in model.tensors() {
        let known = ["controller.", "heads.", "output.", "start.", "given."];
        if !known.iter().any(|prefix| info.path.starts_with(prefix)) {
            return None;
        }
        let layer = info.path.starts_with("controller.") || info.path.starts_with("heads.");
        if let ([rows, columns], true) = (&info.shape[..], layer) {
            let rows = *rows as f64;
            dense += rows * *columns as f64;
            first.get_or_insert(rows);
            if info.path.contains("weight_hh") {
                hidden += rows / 4.0;
            }
        }
    }
    let seen = look(model)?;
    let steps = sequence.steps as f64;
    let scored = sequence.mask.iter().filter(|&&weight| weight != 0.0).count() as f64;

    let forward = 2.0 * dense;
    let norms = if seen.keys > 0.0 { 2.0 } else { 0.0 };
    let forward_memory = 2.0 * seen.keys + norms + 2.0 * seen.readers + 4.0 * seen.writers;
    let backward = 2.0 * forward - 2.0 * first? * inputs;
    let backward_memory = 4.0 * seen.keys + norms + 4.0 * seen.readers + 10.0 * seen.writers;
    // both directions; a third of it forward
    let elementwise = 51.0 * seen.slots * (seen.readers + seen.writers) + 60.0 * hidden;
    Some(match inference {
        true => steps * (forward + seen.memory * forward_memory + elementwise / 3.0) + scored * 2.0 * output,
        false => {
            let memory = seen.memory * (forward_memory + backward_memory);
            steps * (forward + backward + memory + elementwise) + scored * 6.0 * output
        }
    })
}

/// Makes a step and looks at what it shows.
fn look(model: &Model<f32>) -> Option<Seen> {
    let mut stepper = Stepper::new(model);
    stepper.step(&mut stepper.start(), &vec![0.0; model.cell().inputs()]).ok()?;
    let (mut seen, mut names) = (Seen::default(), BTreeSet::new());
    stepper.show(&mut |quantity| {
        if let ("memory", [slots, width]) = (&quantity.name[..], &quantity.shape[..]) {
            seen.slots = *slots as f64;
            seen.memory = (slots * width) as f64;
        }
        names.insert(quantity.name);
    });
    let count = |end: &str| {
        names.iter().filter(|name| name.starts_with("heads.") && name.ends_with(end)).count() as f64
    };
    (seen.keys, seen.readers, seen.writers) = (count(".key"), count(".read"), count(".add"));
    // heads without a memory that is shown are not what this counts
    (seen.memory > 0.0 || seen.readers + seen.writers == 0.0).then_some(seen)
}
