//! One sequence through a model: what its heads did, and what its memory held.
use super::{Args, Failure, Kind, Made, PLOTS, paper};
use crate::commands::experiment::Trained;
use crate::commands::record::record_with_memory;
use crate::commands::{memory, trace, train};
use crate::pictures::{figure6, memories};
use ntm_core::config::Registry;
use ntm_core::random::Purpose;
use ntm_core::{Model, Sequence};
use std::path::{Path, PathBuf};

/// Steps after which the memory is drawn.
const MEMORIES: usize = 6;

pub(super) fn made(
    registry: &Registry,
    args: &Args,
    run: Option<&Path>,
    overrides: &[String],
) -> Result<(Made, PathBuf), Failure> {
    let trained = Trained::open(registry, run, args.last, overrides)?;
    let folder = trained.run.as_ref().map_or_else(|| PLOTS.into(), |run| run.path().to_path_buf());
    if args.kind == Kind::Paper {
        return Ok((paper::made(&trained, args)?, folder));
    }
    let sequence = sequence(&trained, args)?;
    let model = model(&trained, sequence.steps)?;
    let steps = match args.kind {
        Kind::Memory => spaced(sequence.steps),
        _ => vec![],
    };
    let (recording, found) = record_with_memory(&model, trained.task.loss(), &sequence, &steps);
    let drawing = match args.kind {
        Kind::Memory if found.is_empty() => {
            return Err(Failure::wrong(format!(
                "{}: the model shows no `memory` of slots x width that could be drawn; try --kind weights",
                trained.name
            )));
        }
        Kind::Memory => memories(&recording, &found),
        _ => figure6(&recording),
    };
    Ok((Made { drawing, table: None }, folder))
}

/// The model, once it is known that a sequence of so many steps can be kept.
pub(super) fn model(trained: &Trained, steps: usize) -> Result<Model<f32>, Failure> {
    let (inputs, outputs) = (trained.task.inputs(), trained.task.outputs());
    trained.model::<f32>(&format!("a picture of {steps} steps"), |cell| {
        2 * steps as u128 * memory::of_step(cell) + memory::of_sequences(1, steps, inputs, outputs)
    })
}

/// A few steps from the first to the last.
fn spaced(steps: usize) -> Vec<usize> {
    let last = steps.saturating_sub(1);
    let mut places: Vec<usize> = (0..MEMORIES).map(|n| n * last / (MEMORIES - 1)).collect();
    places.dedup();
    places
}

/// The sequence that is drawn.
pub(super) fn sequence(trained: &Trained, args: &Args) -> Result<Sequence, Failure> {
    let task = &*trained.task;
    if let Some(path) = &args.inputs {
        return trace::first_of_file(path, task);
    }
    let seed = args.seed.unwrap_or(trained.loaded.value.train.eval_seed);
    let size = args.length.first().copied();
    let measured = Purpose::Evaluation(size.unwrap_or(0));
    if task.count(measured) == Some(0) && task.count(Purpose::Training) == Some(0) {
        return Err(Failure::wrong(format!(
            "{}: its task has no file to take a sequence from; give one with --inputs FILE, which holds `inputs` of steps x {}, \
             or with task.validation=\"FILE\"",
            trained.name,
            task.inputs()
        )));
    }
    let Some(size) = size else { return train::drawn(task, seed, 0) };
    // what does not fit is refused before it is made
    let steps = task.steps_for(measured, Some(size))?;
    let bytes = memory::of_sequences(1, steps, task.inputs(), task.outputs());
    memory::require(&format!("a sequence of {} {size}", task.size_name()), bytes, task.size_name())?;
    let mut sequence = Sequence::default();
    task.sequence((measured, seed), 0, Some(size), &mut sequence)?;
    Ok(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_spread_from_the_first_to_the_last() {
        assert_eq!(spaced(41), [0, 8, 16, 24, 32, 40]);
        assert_eq!(spaced(3), [0, 1, 2]);
        assert_eq!(spaced(1), [0]);
    }
}
