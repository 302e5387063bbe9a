//! What came of a run, read from its directory.
use crate::commands::Failure;
use crate::commands::train::{State, Status};
use crate::run_directory::RunDirectory;
use crate::run_files::RunError;
use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Solved,
    NotSolved,
    /// A number was not finite; that is a result too.
    Failed,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunResult {
    pub(crate) outcome: Outcome,
    /// Sequences trained on.
    pub(crate) sequences: u64,
    pub(crate) solved_at: Option<u64>,
    /// Cost of the last validation.
    pub(crate) last_bits: Option<f64>,
    /// Cost of the best one.
    pub(crate) best_bits: Option<f64>,
    /// The measure, where that is taken from the trained model.
    pub(crate) measured: Option<f64>,
    pub(crate) seconds: f64,
    /// Why it failed.
    pub(crate) message: Option<String>,
}

impl RunResult {
    /// `None` if the run has not ended.
    pub(crate) fn read(run: &RunDirectory) -> Result<Option<RunResult>, Failure> {
        let Some(status) = run.status::<Status>()? else { return Ok(None) };
        let failed = match status.state {
            State::Running | State::Interrupted | State::Imported => return Ok(None),
            State::Failed => true,
            State::Finished => false,
        };
        #[derive(Deserialize)]
        struct Validation {
            validation_bits: f64,
        }
        let mut last_bits = None;
        if run.file("metrics.jsonl").exists() {
            for record in run.metrics::<Validation>()? {
                last_bits = Some(record?.validation_bits);
            }
        }
        let outcome = match (failed, status.solved) {
            (true, _) => Outcome::Failed,
            (false, true) => Outcome::Solved,
            (false, false) => Outcome::NotSolved,
        };
        Ok(Some(RunResult {
            outcome,
            sequences: status.sequences,
            solved_at: status.sequences_to_solved,
            last_bits,
            best_bits: status.bits_per_sequence,
            measured: None,
            seconds: status.seconds,
            message: status.message,
        }))
    }

    /// As [`RunResult::read`]; `None` too if the status is damaged.
    pub(crate) fn read_whole(run: &RunDirectory) -> Result<Option<RunResult>, Failure> {
        match run.status::<Status>() {
            Err(RunError::Json { .. }) => Ok(None),
            _ => RunResult::read(run),
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }
    /// Sequences to solved; infinity for who did not get there.
    pub(crate) fn sequences_to_solved(&self) -> f64 {
        match (self.outcome, self.solved_at) {
            (Outcome::Solved, Some(at)) => at as f64,
            _ => f64::INFINITY,
        }
    }
    /// Final cost; infinity for a run that failed, nothing for one that never validated.
    pub(crate) fn final_bits(&self) -> Option<f64> {
        if self.failed() { Some(f64::INFINITY) } else { self.last_bits }
    }
    /// What was measured on the trained model; infinity for a run that failed.
    pub(crate) fn measured(&self) -> Option<f64> {
        if self.failed() { Some(f64::INFINITY) } else { self.measured }
    }
}
