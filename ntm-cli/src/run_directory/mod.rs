//! Where a run lies on disk, who may write to it, and how it is found again.
//!
//! ```text
//! runs/copy/
//!   lock                         held by the process that writes; it goes when the process ends
//!   config.ron                   the resolved config; a directory that has it is a run
//!   metrics.jsonl                what the seed determines, one record per line
//!   timing.jsonl                 sequences against seconds
//!   checkpoints/{last,best}.safetensors
//!   checkpoints/first.safetensors   where the run began with the weights of another
//!   status.json, environment.json
//! ```
//!
//! Reading needs no lock: each file is replaced whole, or grows by whole lines. Writing goes through a
//! [`RunWriter`], and there is one per directory, in all processes together.

mod create;
mod find;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::de::DeserializeOwned;

use crate::run_files::{
    Cut, Environment, JsonLinesReader, RunError, cut_jsonl, read_json, read_jsonl, read_text,
};

pub(crate) use self::create::{open_lock, refuse_links};
pub use self::find::RunReference;
pub use self::writer::RunWriter;

/// Where runs go and are looked for unless told otherwise, relative to the working directory.
pub const RUNS: &str = "runs";

const CONFIG: &str = "config.ron";
const STATUS: &str = "status.json";
const ENVIRONMENT: &str = "environment.json";
const CHECKPOINTS: &str = "checkpoints";

/// Which of a run's checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checkpoint {
    /// Where the run begins, if that is with the weights of another.
    First,
    /// The newest, from which training goes on.
    Last,
    /// The one with the lowest validation cost.
    Best,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Checkpoint::First => "first",
            Checkpoint::Last => "last",
            Checkpoint::Best => "best",
        })
    }
}

impl Checkpoint {
    /// The name of its file.
    fn file_name(self) -> String {
        format!("{self}.safetensors")
    }
}

/// A run, for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in the directory, a picture for example.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The path of a checkpoint, whether it is there or not.
    pub fn checkpoint(&self, which: Checkpoint) -> PathBuf {
        self.path.join(CHECKPOINTS).join(which.file_name())
    }

    /// The resolved config.
    ///
    /// # Errors
    ///
    /// As [`read_text`].
    pub fn config(&self) -> Result<String, RunError> {
        read_text(&self.file(CONFIG))
    }

    /// The status, `None` if none was written yet.
    ///
    /// # Errors
    ///
    /// As [`read_json`].
    pub fn status<T: DeserializeOwned>(&self) -> Result<Option<T>, RunError> {
        match read_json(&self.file(STATUS)) {
            Err(RunError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// What the run was made with, `None` if that was not written.
    ///
    /// # Errors
    ///
    /// As [`read_json`].
    pub fn environment(&self) -> Result<Option<Environment>, RunError> {
        match read_json(&self.file(ENVIRONMENT)) {
            Err(RunError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// The records of `metrics.jsonl`.
    ///
    /// # Errors
    ///
    /// As [`read_jsonl`].
    pub fn metrics<T: DeserializeOwned>(&self) -> Result<JsonLinesReader<T>, RunError> {
        read_jsonl(self.metrics_path())
    }

    /// `metrics.jsonl`, to be cut back to a checkpoint: records beyond its sequences will go, see [`cut_jsonl`]. A new run, or
    /// one without a checkpoint, stands at 0.
    ///
    /// # Errors
    ///
    /// As [`cut_jsonl`].
    pub fn metrics_cut(&self, sequences: u64) -> Result<Cut, RunError> {
        cut_jsonl(&self.metrics_path(), sequences)
    }

    /// The records of `timing.jsonl`.
    ///
    /// # Errors
    ///
    /// As [`read_jsonl`].
    pub fn timing<T: DeserializeOwned>(&self) -> Result<JsonLinesReader<T>, RunError> {
        read_jsonl(self.timing_path())
    }

    fn metrics_path(&self) -> PathBuf {
        self.file("metrics.jsonl")
    }

    fn timing_path(&self) -> PathBuf {
        self.file("timing.jsonl")
    }

    fn is_run(&self) -> bool {
        self.file(CONFIG).is_file()
    }

    /// When the config or the status was written, whichever is later.
    fn written(&self) -> Option<SystemTime> {
        let written =
            |name: &str| fs::metadata(self.file(name)).and_then(|metadata| metadata.modified()).ok();
        written(CONFIG).max(written(STATUS))
    }
}
