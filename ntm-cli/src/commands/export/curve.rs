//! A run's learning curve: what it recorded at each validation, and when.
use super::Failure;
use crate::run_directory::RunDirectory;
use crate::run_files::RunError;
use ntm_core::train::Record;
use serde::Deserialize;
use std::io::ErrorKind;

/// A line of `timing.jsonl`.
#[derive(Deserialize)]
struct Timing {
    sequences: u64,
    seconds: f64,
}

/// One validation.
pub(super) struct Point {
    pub(super) record: Record,
    /// Seconds of training until then, where that is known.
    pub(super) seconds: Option<f64>,
}

/// All of them.
pub(super) struct Curve {
    pub(super) points: Vec<Point>,
}

/// The columns of a record, under the names that `metrics.jsonl` has for them.
type Column = (&'static str, fn(&Record) -> f64);
pub(super) const COLUMNS: [Column; 4] = [
    ("training_bits", |record| record.training_bits),
    ("validation_bits", |record| record.validation_bits),
    ("validation_wrong_bits", |record| record.validation_wrong_bits),
    ("gradient_norm", |record| record.gradient_norm),
];

impl Curve {
    pub(super) fn read(run: &RunDirectory) -> Result<Curve, Failure> {
        let none = || {
            Failure::stopped(format!(
                "{}: has no metrics: they begin with a run's first validation (train.validate_every), and imported weights have none",
                run.path().display()
            ))
        };
        let records = match run.metrics::<Record>() {
            Err(RunError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => return Err(none()),
            other => other?.collect::<Result<Vec<_>, _>>()?,
        };
        if records.is_empty() {
            return Err(none());
        }
        // a run that was resumed has times of steps that it made twice: the last ones count
        let times: Vec<Timing> = match run.timing::<Timing>() {
            Ok(times) => times.map_while(Result::ok).collect(),
            Err(_) => vec![],
        };
        let at =
            |sequences| times.iter().rev().find(|time| time.sequences == sequences).map(|time| time.seconds);
        let point = |record: Record| Point { seconds: at(record.sequences), record };
        Ok(Curve { points: records.into_iter().map(point).collect() })
    }

    /// As CSV, with a line of names.
    pub(super) fn csv(&self) -> String {
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let mut text = format!("sequences,{},seconds\n", names.join(","));
        for Point { record, seconds } in &self.points {
            let numbers: Vec<String> = COLUMNS.iter().map(|(_, of)| of(record).to_string()).collect();
            let seconds = seconds.map_or_else(String::new, |seconds| seconds.to_string());
            text += &format!("{},{},{seconds}\n", record.sequences, numbers.join(","));
        }
        text
    }
}
