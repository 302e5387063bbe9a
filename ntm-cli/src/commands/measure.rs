//! Costs of a trained model by size: the table of generalisation.
use super::experiment::Trained;
use super::{Failure, memory, out};
use crate::pictures::table;
use ntm_core::random::Purpose;
use ntm_core::train::{Task, TrainSettings, evaluate};
use ntm_core::{Cell, Loss, Model};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Sequences per size unless told.
pub(crate) const SEQUENCES: usize = 100;
/// As many chunks are evaluated at a time.
const CHUNKS: usize = 32;

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// the size asked for, or the steps of the longest sequence
    pub(crate) length: u64,
    pub(crate) sequences: usize,
    /// what the two means count
    pub(crate) loss: Loss,
    pub(crate) cost: f64,
    pub(crate) wrong: f64,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |what: &str| format!("{what} per sequence").replace(' ', "_");
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("length", &self.length)?;
        map.serialize_entry("sequences", &self.sequences)?;
        map.serialize_entry(&name(self.loss.unit()), &self.cost)?;
        if let Some(wrong) = self.loss.wrong_name() {
            map.serialize_entry(&name(wrong), &self.wrong)?;
        }
        map.end()
    }
}

/// Sizes to measure: those given, or the task's usual ones. A task without sizes is measured on the sequences it has.
pub(crate) fn sizes(task: &dyn Task, given: &[u64]) -> Vec<Option<u64>> {
    let all = if given.is_empty() { task.usual_sizes() } else { given.to_vec() };
    match all.is_empty() {
        true => vec![None],
        false => all.into_iter().map(Some).collect(),
    }
}

/// What sequences of a size are for.
fn purpose(size: Option<u64>) -> Purpose {
    Purpose::Evaluation(size.unwrap_or(0))
}

/// Sequences to measure, of those that there are: [`SEQUENCES`] unless told, and all of a file.
fn count(task: &dyn Task, size: Option<u64>, wanted: Option<usize>) -> usize {
    match task.count(purpose(size)).map(|all| usize::try_from(all).unwrap_or(usize::MAX)) {
        Some(all) => wanted.unwrap_or(all).min(all),
        None => wanted.unwrap_or(SEQUENCES),
    }
}

/// Bytes that evaluating one size takes, besides the parameters.
pub(crate) fn bytes(
    cell: &dyn Cell<f32>,
    task: &dyn Task,
    settings: &TrainSettings,
    (size, sequences): (Option<u64>, Option<usize>),
    threads: usize,
) -> Result<u128, Failure> {
    let steps = task.steps_for(purpose(size), size)?;
    let items = count(task, size, sequences).min(settings.chunk * CHUNKS);
    let chunk = settings.chunk.min(items.max(1));
    let needs = cell.needs(chunk);
    let work = 2 * needs.state as u128 + needs.trace as u128 + needs.scratch as u128;
    let work = work * threads as u128 * size_of::<f32>() as u128;
    Ok(work + memory::of_sequences(items, steps, task.inputs(), task.outputs()))
}

/// Means over sequences that neither trained the model nor chose the checkpoint. To be called in a pool of `threads`.
pub(crate) fn rows(
    model: &Model<f32>,
    task: &dyn Task,
    settings: &TrainSettings,
    (sizes, sequences): (&[Option<u64>], Option<usize>),
    threads: usize,
) -> Result<Vec<Row>, Failure> {
    let row = |&size: &Option<u64>| {
        let steps = task.steps_for(purpose(size), size)?;
        let wanted = count(task, size, sequences);
        let purpose = (purpose(size), settings.eval_seed);
        let scores = evaluate(model, task, size, purpose, wanted, settings.chunk, threads)?;
        let count = scores.len().max(1) as f64;
        Ok(Row {
            length: size.unwrap_or(steps as u64),
            sequences: scores.len(),
            loss: task.loss(),
            cost: scores.iter().map(|s| s.bits).sum::<f64>() / count,
            wrong: scores.iter().map(|s| s.wrong_bits).sum::<f64>() / count,
        })
    };
    sizes.iter().map(row).collect()
}

/// The model of a checkpoint, once it is known that all sizes fit.
pub(crate) fn model_for(
    trained: &Trained,
    (sizes, sequences): (&[Option<u64>], Option<usize>),
    threads: usize,
) -> Result<Model<f32>, Failure> {
    let task = &*trained.task;
    for &size in sizes {
        task.steps_for(purpose(size), size)?;
    }
    let settings = &trained.loaded.value.train;
    let most = sizes.iter().copied().flatten().max();
    let what = match most {
        Some(most) => format!("evaluating {} {most}", task.size_name()),
        None => "evaluating these sequences".to_owned(),
    };
    trained.model::<f32>(&what, |cell| {
        let all = sizes.iter().map(|&size| bytes(cell, task, settings, (size, sequences), threads));
        all.filter_map(Result::ok).max().unwrap_or(0)
    })
}

/// The rows as a table.
pub(crate) fn table_of(rows: &[Row], size_name: &str) -> String {
    let loss = rows.first().map_or(Loss::Bits, |row| row.loss);
    let (cost, wrong) = (format!("{} per sequence", loss.unit()), loss.wrong_name());
    let wrong = wrong.map(|wrong| format!("{wrong} per sequence"));
    let mut header = vec![size_name, "sequences", &cost];
    header.extend(wrong.as_deref());
    let cells = |row: &Row| {
        let mut cells = vec![row.length.to_string(), row.sequences.to_string(), out::bits(row.cost)];
        cells.extend(wrong.as_ref().map(|_| format!("{:.2}", row.wrong)));
        cells
    };
    table(&header, &rows.iter().map(cells).collect::<Vec<_>>(), false)
}
