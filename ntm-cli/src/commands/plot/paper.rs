//! What the 2014 paper shows of its tasks: the figure of each, of one sequence.
use super::looks::{model, sequence};
use super::{Args, Failure, Made, sorting};
use crate::commands::experiment::Trained;
use crate::commands::record::record;
use crate::pictures::{Grid, Recording, figure6, figure9, figure12, figure15};
use ntm_core::Sequence;
use ntm_core::train::Mark;

pub(super) fn made(trained: &Trained, args: &Args) -> Result<Made, Failure> {
    let task = &*trained.task;
    let name = trained.loaded.value.task.name();
    if args.sequences.is_some() && name != "PrioritySort" {
        return Err(Failure::wrong(format!(
            "--sequences: the paper's figure of {name} is of one sequence; choose another with --seed"
        )));
    }
    if name == "PrioritySort" {
        return sorting::made(trained, args);
    }
    let drawn = sequence(trained, args)?;
    let recording = record(&model(trained, drawn.steps)?, task.loss(), &drawn);
    let marks = task.marks(&drawn);
    let named = || marks.iter().map(|mark| (mark.step, mark.name.clone())).collect();
    let drawing = match name {
        "Copy" => figure6(&recording),
        "RepeatCopy" => figure9(&recording, named(), vec![]),
        "AssociativeRecall" => figure12(&recording, named(), answers(&recording, &marks)),
        "DynamicNGrams" => figure15(&recording, &best(trained, &drawn), named(), vec![]),
        _ => {
            return Err(Failure::wrong(format!(
                "{}: its task is {name}, and --kind paper draws Copy, RepeatCopy, AssociativeRecall, DynamicNGrams and PrioritySort; try \
                 --kind weights",
                trained.name
            )));
        }
    };
    Ok(Made { drawing, table: None })
}

/// The optimum's probabilities, as a row.
fn best(trained: &Trained, sequence: &Sequence) -> Grid {
    let best = trained.task.best_predictions(sequence).unwrap_or_default();
    let values: Vec<f32> = best.into_iter().map(|p| p as f32).collect();
    Grid { title: String::new(), rows: 1, columns: values.len(), values, range: (0.0, 1.0) }
}

/// Where each read head looks at the first answer, and when that slot was written most.
fn answers(recording: &Recording, marks: &[Mark]) -> Vec<String> {
    let Some(answer) = recording.mask.iter().position(|&scored| scored) else { return vec![] };
    let query = marks.iter().find(|mark| mark.name == "query delimiter").map_or(answer, |mark| mark.step);
    let mut notes = vec![];
    for reader in recording.heads.iter().filter(|head| head.reads) {
        let Some(slot) = focus(&reader.weighting, answer) else { continue };
        let writers = recording.heads.iter().filter(|head| !head.reads);
        let written =
            writers.flat_map(|head| (0..query).map(move |step| (head.weighting.at(slot, step), step)));
        let most =
            written.filter(|(w, _)| w.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let (share, step) = most.unwrap_or((0.0, 0));
        notes.push(format!(
            "{}: at the first answer, step {answer}, it looks at slot {slot} (weight {:.2}), which before the query was written most at step \
             {step} (weight {share:.2}).",
            reader.name,
            reader.weighting.at(slot, answer),
        ));
    }
    notes
}

/// The slot that a head looks at most.
pub(super) fn focus(weighting: &Grid, step: usize) -> Option<usize> {
    let slots = (0..weighting.rows).map(|slot| (weighting.at(slot, step), slot));
    let most = slots.filter(|(w, _)| w.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    most.map(|(_, slot)| slot)
}
