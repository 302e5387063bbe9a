//! How a run is found again.
use std::cmp::Reverse;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{RUNS, RunDirectory};
use crate::run_files::{RunError, at};

/// What a command takes where it asks for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunReference {
    /// A run directory.
    Directory(RunDirectory),
    /// A single checkpoint, a `*.safetensors` file.
    File(PathBuf),
}

impl RunDirectory {
    /// A run for reading; without a path the newest under `runs/`, as [`find`](Self::find) does.
    ///
    /// # Errors
    ///
    /// A path that is not a run directory, or no run at all.
    pub fn open(path: Option<&Path>) -> Result<RunDirectory, RunError> {
        Self::open_under(Path::new(RUNS), path)
    }

    /// As [`open`](Self::open), with another directory than `runs`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_under(root: &Path, path: Option<&Path>) -> Result<RunDirectory, RunError> {
        match Self::find_under(root, path)? {
            RunReference::Directory(run) => Ok(run),
            RunReference::File(path) => {
                Err(not_a_run(root, &path, "it is a file, and a directory is needed here"))
            }
        }
    }

    /// What a command takes for RUN: a run directory, a checkpoint file, or nothing for the newest run
    /// directly under `runs/`. The newest is the one whose `config.ron` or `status.json` was written last.
    ///
    /// # Errors
    ///
    /// A path that is neither, with what it lacks and the runs there are; or no run at all.
    pub fn find(reference: Option<&Path>) -> Result<RunReference, RunError> {
        Self::find_under(Path::new(RUNS), reference)
    }

    /// As [`find`](Self::find), with another directory than `runs`.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub fn find_under(root: &Path, reference: Option<&Path>) -> Result<RunReference, RunError> {
        let Some(path) = reference else {
            let newest = Self::list(root)?.into_iter().next();
            return newest
                .map(RunReference::Directory)
                .ok_or_else(|| RunError::NoRuns { root: root.to_path_buf() });
        };
        let missing = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => "there is no such file or directory",
            Err(error) => return Err(at(path)(error)),
            Ok(metadata) if metadata.is_dir() => {
                let run = RunDirectory { path: path.to_path_buf() };
                if run.is_run() {
                    return Ok(RunReference::Directory(run));
                }
                "it has no config.ron"
            }
            Ok(_) if path.extension().is_some_and(|extension| extension == "safetensors") => {
                return Ok(RunReference::File(path.to_path_buf()));
            }
            Ok(_) => "it is a file whose name does not end in .safetensors",
        };
        Err(not_a_run(root, path, missing))
    }

    /// The runs directly under a directory, the newest first; none if there is no such directory.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn list(root: &Path) -> Result<Vec<RunDirectory>, RunError> {
        let entries = match fs::read_dir(root) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(at(root))?,
        };
        let mut runs = Vec::new();
        for entry in entries {
            let run = RunDirectory { path: entry.map_err(at(root))?.path() };
            if run.is_run() {
                runs.push(run);
            }
        }
        // Written in the same tick: copy-10 counts as newer than copy-9.
        runs.sort_by_cached_key(|run| Reverse((run.written(), run.path.as_os_str().len(), run.path.clone())));
        Ok(runs)
    }
}

fn not_a_run(root: &Path, path: &Path, missing: &'static str) -> RunError {
    let runs = RunDirectory::list(root).unwrap_or_default().into_iter().map(|run| run.path).collect();
    RunError::NotARun { path: path.to_path_buf(), missing, runs }
}
