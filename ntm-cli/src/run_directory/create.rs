//! Where a new run goes, and who may write to one.
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use ntm_core::disk;

use super::writer::RunWriter;
use super::{CHECKPOINTS, CONFIG, Checkpoint, RUNS, RunDirectory};
use crate::run_files::{RunError, at};

const LOCK: &str = "lock";
/// What a process that was killed before it wrote the config can leave.
const LEFTOVERS: [&str; 3] = [LOCK, ".config.ron.tmp", CHECKPOINTS];

impl RunDirectory {
    /// Starts a new run: in `out` itself if it is given, else in `runs/NAME`, `runs/NAME-2`, `runs/NAME-3`, …
    /// whichever is the first free. Two processes that start at the same time get two directories. Call
    /// [`write_config`](RunWriter::write_config) next: that makes the directory a run.
    ///
    /// # Errors
    ///
    /// `out` holds a run, other files, or is being written to; a name that cannot be a directory's; or what
    /// the file system says. Nothing that was there is changed.
    pub fn create(out: Option<&Path>, name: &str) -> Result<RunWriter, RunError> {
        Self::create_under(Path::new(RUNS), out, name)
    }

    /// As [`create`](Self::create), with another directory than `runs`.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_under(root: &Path, out: Option<&Path>, name: &str) -> Result<RunWriter, RunError> {
        match out {
            Some(out) => create_at(out),
            None => create_beside(root, name),
        }
    }
}

/// A new run in exactly this directory.
fn create_at(out: &Path) -> Result<RunWriter, RunError> {
    match disk::create_directories(out) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            return Err(RunError::NotADirectory { path: out.to_path_buf() });
        }
        other => other.map_err(at(out))?,
    }
    let run = RunDirectory { path: out.to_path_buf() };
    check_links(&run)?;
    // Before locking, since a lock must not be put among other people's files; and again after it, since
    // another process may have made a run here in between.
    check_free(&run)?;
    let lock = lock(&run)?;
    check_free(&run)?;
    forget_checkpoints(&run)?;
    Ok(RunWriter { run, _lock: lock })
}

/// A new run in the first directory of this name that is free: creating it is the test.
fn create_beside(root: &Path, name: &str) -> Result<RunWriter, RunError> {
    let forbidden = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || name.contains(forbidden) {
        return Err(RunError::Name { name: name.to_owned() });
    }
    disk::create_directories(root).map_err(at(root))?;
    let mut path = root.join(name);
    let mut number = 1_u64;
    loop {
        match disk::create_directory(&path) {
            Ok(()) => break,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number += 1;
                path = root.join(format!("{name}-{number}"));
            }
            Err(error) => return Err(at(&path)(error)),
        }
    }
    let run = RunDirectory { path };
    let lock = lock(&run)?;
    Ok(RunWriter { run, _lock: lock })
}

/// Requires that nothing is in the directory but what a process killed at its start leaves.
fn check_free(run: &RunDirectory) -> Result<(), RunError> {
    if run.is_run() {
        return Err(RunError::HoldsRun { path: run.path.clone() });
    }
    let locked_once = run.file(LOCK).is_file();
    for entry in fs::read_dir(&run.path).map_err(at(&run.path))? {
        let name = entry.map_err(at(&run.path))?.file_name();
        // another process was faster
        if name == CONFIG {
            return Err(RunError::HoldsRun { path: run.path.clone() });
        }
        let ours = LEFTOVERS.iter().any(|leftover| name == *leftover);
        // checkpoints without a lock beside them are somebody's own
        if !ours || (name == CHECKPOINTS && !(locked_once && only_first_ones(run)?)) {
            return Err(RunError::NotEmpty {
                path: run.path.clone(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

/// The checkpoints that are written before the config: where a run from other weights begins, and imported ones; and the
/// names that they are written under.
fn first() -> [String; 4] {
    let [first, last] = [Checkpoint::First, Checkpoint::Last].map(Checkpoint::file_name);
    [format!(".{first}.tmp"), first, format!(".{last}.tmp"), last]
}

/// Whether no other checkpoints are there.
fn only_first_ones(run: &RunDirectory) -> Result<bool, RunError> {
    let folder = run.file(CHECKPOINTS);
    if !folder.is_dir() {
        return Ok(false);
    }
    let mut names = fs::read_dir(&folder).map_err(at(&folder))?;
    names.try_fold(true, |only, entry| {
        let name = entry.map_err(at(&folder))?.file_name();
        Ok(only && first().iter().any(|first| name == **first))
    })
}

/// Takes away the weights that a process killed at its start left: a new run does not begin with them.
fn forget_checkpoints(run: &RunDirectory) -> Result<(), RunError> {
    for path in first().map(|name| run.file(CHECKPOINTS).join(name)) {
        match disk::remove(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.map_err(at(&path))?,
        }
    }
    match run.file(CHECKPOINTS) {
        folder if folder.is_dir() => disk::sync_directory(&folder).map_err(at(&folder)),
        _ => Ok(()),
    }
}

/// Requires that nothing in a run, which may be anybody's, leads out of it: metrics are appended to, checkpoints put below.
pub(super) fn check_links(run: &RunDirectory) -> Result<(), RunError> {
    refuse_links(&run.path)?;
    refuse_links(&run.file(CHECKPOINTS))
}

/// Requires that nothing in a directory is a link, if there is such a directory.
pub(crate) fn refuse_links(directory: &Path) -> Result<(), RunError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        other => other.map_err(at(directory))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(directory))?;
        if entry.file_type().map_err(at(&entry.path()))?.is_symlink() {
            return Err(RunError::Link { path: entry.path() });
        }
    }
    Ok(())
}

/// The lock of a run. The file stays when the lock goes: removing it would let two processes lock two files
/// of one name.
pub(super) fn lock(run: &RunDirectory) -> Result<File, RunError> {
    let path = run.file(LOCK);
    let file = open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::Locked { path: run.path.clone() }),
        Err(TryLockError::Error(error)) => {
            let text = format!("cannot be locked ({error}); put the run on a file system with file locks");
            Err(at(&path)(io::Error::new(error.kind(), text)))
        }
    }
}

/// Opens a file to be locked, which is made if it is not there: never one that a link leads to, wherever that is.
pub(crate) fn open_lock(path: &Path) -> Result<File, RunError> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        match disk::create(path) {
            // another process was faster
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => return other.map_err(at(path)),
        }
    }
    let here = || {
        let found = fs::symlink_metadata(path).map_err(at(path))?;
        match found.is_symlink() {
            true => Err(RunError::Link { path: path.to_path_buf() }),
            false => Ok(found),
        }
    };
    if !here()?.is_file() {
        return Err(at(path)(io::Error::new(ErrorKind::InvalidInput, "is not a regular file")));
    }
    // without making one: a link put here in the meantime leads to nothing that was not there
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(at(path))?;
    let found = here()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let opened = file.metadata().map_err(at(path))?;
        if (opened.dev(), opened.ino()) != (found.dev(), found.ino()) {
            return Err(RunError::Link { path: path.to_path_buf() });
        }
    }
    #[cfg(not(unix))]
    drop(found);
    Ok(file)
}
