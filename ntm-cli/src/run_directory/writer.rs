//! Writing to a run.
use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use ntm_core::checkpoint::write_atomically;
use ntm_core::disk;
use serde::Serialize;

use super::create::{check_links, lock};
use super::{CONFIG, Checkpoint, ENVIRONMENT, RunDirectory, STATUS};
use crate::run_files::{Cut, Environment, JsonLines, RunError, at, cut_jsonl, write_json};

/// A run, for writing: holds its lock as long as it lives. What can be read can be read through it too.
#[derive(Debug)]
pub struct RunWriter {
    pub(super) run: RunDirectory,
    /// Never read; closing it releases the lock.
    pub(super) _lock: File,
}

impl RunWriter {
    /// Takes a run that exists, in order to go on with it.
    ///
    /// # Errors
    ///
    /// A path that is not a run directory, one that another process is writing to, or what the file system
    /// says.
    pub fn resume(path: &Path) -> Result<RunWriter, RunError> {
        let run = RunDirectory::open(Some(path))?;
        check_links(&run)?;
        let lock = lock(&run)?;
        Ok(RunWriter { run, _lock: lock })
    }

    /// Writes the resolved config, which makes the directory a run. Nothing but the lock is in it before, and the weights of a run
    /// that begins with given ones.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn write_config(&self, text: &str) -> Result<(), RunError> {
        let path = self.file(CONFIG);
        write_atomically(&path, text.as_bytes()).map_err(at(&path))
    }

    /// Writes `status.json` whole.
    ///
    /// # Errors
    ///
    /// As [`write_json`].
    pub fn write_status<S: Serialize + ?Sized>(&self, status: &S) -> Result<(), RunError> {
        write_json(&self.file(STATUS), status)
    }

    /// Keeps in `environment.json` what the run goes on with: beside what it was made with, where that is different.
    ///
    /// # Errors
    ///
    /// As [`write_json`].
    pub fn write_environment(&self, now: Environment) -> Result<(), RunError> {
        let path = self.file(ENVIRONMENT);
        // one that cannot be read says nothing any more
        match self.environment().ok().flatten() {
            None => write_json(&path, &now),
            Some(before) if before.last().differences(&now).is_empty() => Ok(()),
            Some(mut before) => {
                before.later.push(now);
                write_json(&path, &before)
            }
        }
    }

    /// The path for a checkpoint to be written to; its directory is there afterwards.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn new_checkpoint(&self, which: Checkpoint) -> Result<PathBuf, RunError> {
        let path = self.checkpoint(which);
        if let Some(directory) = path.parent() {
            disk::create_directories(directory).map_err(at(directory))?;
        }
        Ok(path)
    }

    /// Opens `metrics.jsonl` at the place where a checkpoint stands, see [`RunDirectory::metrics_cut`].
    ///
    /// # Errors
    ///
    /// As [`Cut::make`] and [`JsonLines::open`].
    pub fn metrics_from(&self, cut: Cut) -> Result<JsonLines, RunError> {
        cut.make()?;
        JsonLines::open(self.metrics_path())
    }

    /// Opens `timing.jsonl` at the place where a checkpoint stands. Times are nothing that a run decides with: a damaged file
    /// is no reason not to go on. It is kept aside under the path that is given back, and a new one is begun.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn timing_from(&self, sequences: u64) -> Result<(JsonLines, Option<PathBuf>), RunError> {
        let path = self.timing_path();
        let aside = match cut_jsonl(&path, sequences) {
            Ok(cut) => {
                cut.make()?;
                None
            }
            Err(RunError::Line { .. } | RunError::LongLine { .. } | RunError::TooLarge { .. }) => {
                let names = (1_u64..).map(|n| match n {
                    1 => self.file("timing.damaged.jsonl"),
                    n => self.file(format!("timing.damaged-{n}.jsonl")),
                });
                // there are more numbers than files
                let free = names.into_iter().find(|path| path.symlink_metadata().is_err());
                let aside = free.unwrap_or_else(|| self.file("timing.damaged.jsonl"));
                disk::rename(&path, &aside).map_err(at(&path))?;
                Some(aside)
            }
            Err(error) => return Err(error),
        };
        Ok((JsonLines::open(path)?, aside))
    }
}

impl Deref for RunWriter {
    type Target = RunDirectory;

    fn deref(&self) -> &RunDirectory {
        &self.run
    }
}
