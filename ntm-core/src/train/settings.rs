//! Settings of training.
use super::{Clip, Optimizer, Schedule};
use crate::engine::Extent;

/// How a model is trained.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct TrainSettings {
    /// Sequences per update; 1 to 2^20.
    pub batch: usize,
    /// Most sequences to train on; training may end sooner, see `stop_when_solved`.
    pub sequences: u64,
    /// How gradients become updates; the paper uses RMSProp.
    pub optimizer: Optimizer,
    /// How the optimiser's rate changes in the course of training.
    pub schedule: Schedule,
    /// How gradients are clipped before that; the paper cuts each number to +-10.
    pub clip: Clip,
    /// Parameters and training sequences are drawn from it.
    pub seed: u64,
    /// Items that run together, 1 to 1024. It fixes the order of sums, and so the bits.
    pub chunk: usize,
    /// The state is kept every this many steps of a training sequence, and the steps between are computed again for the
    /// gradient, which is the same to the last bit: less memory for long sequences, for about a third more time. 0 keeps
    /// every step.
    pub checkpoint_every: usize,
    /// Validation runs when this many more sequences have been seen; 0 for never.
    pub validate_every: u64,
    /// Sequences per validation; all that there are, where they come from a file with fewer.
    pub validation_sequences: usize,
    /// A task is solved when three validations in a row cost fewer bits per sequence than this (a smaller squared
    /// error, where the loss is that).
    pub solved_below: f64,
    /// Whether training ends when the task is solved.
    pub stop_when_solved: bool,
    /// Validation and evaluation sequences are drawn from it, the same ones for every run.
    pub eval_seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        TrainSettings {
            batch: 1,
            sequences: 200_000,
            optimizer: Optimizer::default(),
            schedule: Schedule::Constant,
            clip: Clip::Norm(10.0),
            seed: 1,
            chunk: 8,
            checkpoint_every: 0,
            validate_every: 500,
            validation_sequences: 640,
            solved_below: 0.01,
            stop_when_solved: true,
            eval_seed: 0,
        }
    }
}

impl TrainSettings {
    /// What an engine for sequences of up to `steps` steps is laid out for.
    pub fn extent(&self, steps: usize, threads: usize) -> Extent {
        let TrainSettings { batch: items, chunk, checkpoint_every, .. } = *self;
        Extent { items, chunk, steps, checkpoint_every, threads }
    }
    /// What is wrong with the settings, if anything: the field, and why.
    ///
    /// # Errors
    /// The first field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), (String, String)> {
        let bad = |field: &str, why: String| Err((field.to_string(), why));
        let limit = 1 << 20;
        if self.batch == 0 || self.batch > limit {
            return bad("batch", format!("{} sequences per update; must be 1 to {limit}", self.batch));
        }
        if self.chunk == 0 || self.chunk > 1024 {
            return bad("chunk", format!("{} items per chunk; must be 1 to 1024", self.chunk));
        }
        if self.validate_every > 0 && (self.validation_sequences == 0 || self.validation_sequences > limit) {
            let given = self.validation_sequences;
            return bad(
                "validation_sequences",
                format!("{given} sequences; must be 1 to {limit} (or set train.validate_every=0)"),
            );
        }
        if !(self.solved_below.is_finite() && self.solved_below >= 0.0) {
            return bad("solved_below", format!("{} bits; must be a number, at least 0", self.solved_below));
        }
        match self.clip {
            Clip::Value(x) | Clip::Norm(x) if !(x.is_finite() && x > 0.0) => {
                return bad("clip", format!("{x} must be a number above 0 (or use None)"));
            }
            _ => {}
        }
        self.schedule.check().map_err(|(field, why)| (format!("schedule.{field}"), why))?;
        self.optimizer.check().map_err(|(field, why)| (format!("optimizer.{field}"), why))
    }
}
