//! Costs of a trained model by size: the table of generalisation.
use super::experiment::Trained;
use super::{Failure, memory, out};
use crate::pictures::table;
use ntm_core::random::Purpose;
use ntm_core::train::{Task, TrainSettings, evaluate};
use ntm_core::{Cell, Model};
use serde::Serialize;

/// Sequences per size unless told.
pub(crate) const SEQUENCES: usize = 100;
/// As many chunks are evaluated at a time.
const CHUNKS: usize = 32;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) length: u64,
    pub(crate) sequences: usize,
    pub(crate) bits_per_sequence: f64,
    pub(crate) wrong_bits_per_sequence: f64,
}

/// Bytes that evaluating one size takes, besides the parameters.
pub(crate) fn bytes(
    cell: &dyn Cell<f32>,
    task: &dyn Task,
    settings: &TrainSettings,
    (size, sequences): (u64, usize),
    threads: usize,
) -> Result<u128, Failure> {
    let steps = task.steps(Some(size))?;
    let items = sequences.min(settings.chunk * CHUNKS);
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
    (sizes, sequences): (&[u64], usize),
    threads: usize,
) -> Result<Vec<Row>, Failure> {
    let row = |&size: &u64| {
        let purpose = (Purpose::Evaluation(size), settings.eval_seed);
        let scores = evaluate(model, task, Some(size), purpose, sequences, settings.chunk, threads)?;
        let count = scores.len().max(1) as f64;
        Ok(Row {
            length: size,
            sequences: scores.len(),
            bits_per_sequence: scores.iter().map(|s| s.bits).sum::<f64>() / count,
            wrong_bits_per_sequence: scores.iter().map(|s| s.wrong_bits).sum::<f64>() / count,
        })
    };
    sizes.iter().map(row).collect()
}

/// The model of a checkpoint, once it is known that all sizes fit.
pub(crate) fn model_for(
    trained: &Trained,
    (sizes, sequences): (&[u64], usize),
    threads: usize,
) -> Result<Model<f32>, Failure> {
    let task = &*trained.task;
    for &size in sizes {
        task.steps(Some(size))?;
    }
    let settings = &trained.loaded.value.train;
    let most = sizes.iter().copied().max().unwrap_or(1);
    let what = format!("evaluating {} {most}", task.size_name());
    trained.model::<f32>(&what, |cell| {
        let all = sizes.iter().map(|&size| bytes(cell, task, settings, (size, sequences), threads));
        all.filter_map(Result::ok).max().unwrap_or(0)
    })
}

/// The rows as a table.
pub(crate) fn table_of(rows: &[Row], size_name: &str) -> String {
    let header = [size_name, "sequences", "bits per sequence", "wrong bits per sequence"];
    let cells = |row: &Row| {
        vec![
            row.length.to_string(),
            row.sequences.to_string(),
            out::bits(row.bits_per_sequence),
            format!("{:.2}", row.wrong_bits_per_sequence),
        ]
    };
    table(&header, &rows.iter().map(cells).collect::<Vec<_>>(), false)
}
