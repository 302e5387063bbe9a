//! What a run leaves behind while it goes on: records, checkpoints, status.
//!
//! A run can be killed between any two lines here. Records reach the disk before the checkpoint that has seen them,
//! `best` before the `last` that counts on it; and a run that goes on from `last` makes the same `best` again.
use super::records::Order;
use crate::commands::{Failure, out};
use crate::run_directory::{Checkpoint as Which, RunDirectory, RunWriter};
use crate::run_files::{Cut, JsonLines};
use ntm_core::checkpoint::Checkpoint;
use ntm_core::train::{Numbers, Record, Trainer};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two checkpoints unless told: what a kill can cost, and long beside the milliseconds that writing takes.
pub(super) const SAVE_EVERY: Duration = Duration::from_secs(10);

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// or it was killed
    Running,
    Interrupted,
    /// weights from elsewhere, never trained here
    Imported,
    Failed,
    Finished,
}

/// `status.json`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: State,
    pub(crate) solved: bool,
    pub(crate) sequences_to_solved: Option<u64>,
    pub(crate) sequences: u64,
    pub(crate) seconds: f64,
    /// lowest validation cost
    pub(crate) bits_per_sequence: Option<f64>,
    /// why it failed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl Status {
    /// That of a run which was never trained here.
    pub(crate) fn imported() -> Status {
        Status {
            state: State::Imported,
            solved: false,
            sequences_to_solved: None,
            sequences: 0,
            seconds: 0.0,
            bits_per_sequence: None,
            message: None,
        }
    }
}

/// A line of `timing.jsonl`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Timing {
    sequences: u64,
    seconds: f64,
}

/// The files of a run that is being trained.
pub(super) struct Journal {
    writer: RunWriter,
    config: String,
    metrics: JsonLines,
    timing: JsonLines,
    aside: Option<PathBuf>,
    /// where training stood at the best validation, if that is not on disk yet
    unsaved_best: Option<Numbers>,
    saved: Instant,
    save_every: Duration,
    began: Instant,
    /// seconds of earlier sittings
    before: f64,
}

impl Journal {
    /// Holds the records of a run to a checkpoint: in order, none missing, and none of them lost. Nothing is changed.
    pub(super) fn check<T: ntm_core::Real>(run: &RunDirectory, trainer: &Trainer<T>) -> Result<Cut, Failure> {
        let numbers = trainer.numbers();
        // every line can be read, those that go as well
        let cut = run.metrics_cut(numbers.sequences)?;
        let mut order = Order::of(trainer.settings());
        if run.file("metrics.jsonl").exists() {
            for record in run.metrics::<Record>()? {
                let record = record?;
                if record.sequences > numbers.sequences {
                    break;
                }
                if let Some(why) = order.wrong(record.sequences) {
                    return Err(Failure::stopped(damaged(run, &why)));
                }
            }
        }
        if order.last() != numbers.validated_at {
            let found = match order.last() {
                0 => "there is no record".to_owned(),
                at => format!("its last record is from after {} sequences", out::count(at)),
            };
            let validated = out::count(numbers.validated_at);
            let why = format!("{found}, and the checkpoint stands after a validation at {validated}");
            return Err(Failure::stopped(damaged(run, &why)));
        }
        Ok(cut)
    }

    /// Opens the files of a run where a checkpoint stands.
    pub(super) fn begin(
        writer: RunWriter,
        metrics: Cut,
        config: String,
        numbers: &Numbers,
        save_every: Duration,
    ) -> Result<Journal, Failure> {
        let sequences = numbers.sequences;
        let metrics = writer.metrics_from(metrics)?;
        let (timing, aside) = writer.timing_from(sequences)?;
        let seen = writer.timing::<Timing>()?.map_while(Result::ok).filter(|t| t.sequences <= sequences);
        let before = seen.last().map_or(0.0, |t| t.seconds);
        let now = Instant::now();
        let (unsaved_best, saved, began) = (None, now, now);
        Ok(Journal { writer, config, metrics, timing, aside, unsaved_best, saved, save_every, began, before })
    }

    /// Where times that could not be read are kept, if there were some.
    pub(super) fn aside(&self) -> Option<&Path> {
        self.aside.as_deref()
    }

    /// The run, for reading.
    pub(super) fn run(&self) -> &RunDirectory {
        &self.writer
    }
    /// Seconds of training, in all sittings.
    pub(super) fn seconds(&self) -> f64 {
        self.before + self.began.elapsed().as_secs_f64()
    }

    /// Leaves a pause out of the seconds.
    pub(super) fn waited(&mut self, pause: Duration) {
        self.began += pause;
    }

    /// Keeps a validation.
    pub(super) fn record(&mut self, trainer: &Trainer<f32>, record: &Record) -> Result<(), Failure> {
        let timing = Timing { sequences: record.sequences, seconds: self.seconds() };
        let pushed = self.metrics.push(record).and_then(|()| self.timing.push(&timing));
        pushed.map_err(|e| self.unwritten(e))?;
        if trainer.numbers().best_at == record.sequences {
            self.unsaved_best = Some(*trainer.numbers());
        }
        Ok(())
    }
    /// Whether it is time for a checkpoint.
    pub(super) fn due(&self, now: Instant) -> bool {
        now - self.saved >= self.save_every
    }
    /// Writes checkpoints.
    pub(super) fn save(&mut self, trainer: &Trainer<f32>) -> Result<(), Failure> {
        let written = self.write_checkpoints(trainer);
        written.map_err(|e| self.unwritten(e))?;
        self.status(trainer, State::Running, None)?;
        self.saved = Instant::now();
        Ok(())
    }
    fn write_checkpoints(&mut self, trainer: &Trainer<f32>) -> Result<(), Failure> {
        self.metrics.sync()?;
        self.write_best(trainer)?;
        let last = Checkpoint::of_run(&self.config, trainer.model(), &trainer.save());
        Ok(last.write(self.writer.new_checkpoint(Which::Last)?)?)
    }
    fn write_best(&mut self, trainer: &Trainer<f32>) -> Result<(), Failure> {
        if let Some(numbers) = self.unsaved_best {
            let best = Checkpoint::of_weights(&self.config, trainer.model(), trainer.best(), numbers);
            best.write(self.writer.new_checkpoint(Which::Best)?)?;
            self.unsaved_best = None;
        }
        Ok(())
    }
    /// What there is to say where something could not be written.
    pub(super) fn unwritten(&self, e: impl Into<Failure>) -> Failure {
        unwritten(self.run(), e)
    }
    /// A number was not finite: what is on disk stands, and the best so far joins it.
    pub(super) fn failed(&mut self, trainer: &Trainer<f32>, message: &str) -> Result<(), Failure> {
        let written = self.write_best(trainer);
        written.map_err(|e| self.unwritten(e))?;
        self.status(trainer, State::Failed, Some(message.to_owned()))
    }
    /// Writes where the run is.
    pub(super) fn status(
        &self,
        trainer: &Trainer<f32>,
        state: State,
        message: Option<String>,
    ) -> Result<(), Failure> {
        let numbers = trainer.numbers();
        let status = Status {
            state,
            solved: numbers.solved_at.is_some(),
            sequences_to_solved: numbers.solved_at,
            sequences: numbers.sequences,
            seconds: self.seconds(),
            bits_per_sequence: numbers.best_bits.filter(|bits| bits.is_finite()),
            message,
        };
        self.writer.write_status(&status).map_err(|e| self.unwritten(e))
    }
}

/// What there is to say of records that are not those that the run left: only somebody else can have changed them.
fn damaged(run: &RunDirectory, why: &str) -> String {
    let (metrics, run) = (run.file("metrics.jsonl"), run.path().display());
    format!(
        "{}: {why}; nothing was changed. Put the file back from a copy, or start a new run from these weights:\n  {} train \
         --from {run}",
        metrics.display(),
        out::program()
    )
}

/// What there is to say where something of a run could not be written: which checkpoint stands, and how to go on from it.
pub(super) fn unwritten(run: &RunDirectory, e: impl Into<Failure>) -> Failure {
    let (failure, last) = (e.into(), run.checkpoint(Which::Last));
    let stands = match Checkpoint::read(&last) {
        Ok(kept) => {
            let seen = out::count(kept.numbers.sequences);
            format!(
                "{} stands, from after {seen} sequences. When there is room, go on from it",
                last.display()
            )
        }
        Err(_) if !last.exists() => {
            "It was too early for a checkpoint. When there is room, begin again".into()
        }
        Err(e) => format!("The last checkpoint cannot be read either ({e}). When that is mended, go on"),
    };
    let message = format!(
        "{}. Training has stopped. {stands}:\n  {} train --resume {}",
        failure.message,
        out::program(),
        run.path().display()
    );
    Failure { message, ..failure }
}
