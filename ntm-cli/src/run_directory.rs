//! Where a run lies on disk, who may write to it, and how it is found again.
//!
//! ```text
//! runs/copy/
//!   lock                         held by the process that writes; it goes when the process ends
//!   config.ron                   the resolved config; a directory that has it is a run
//!   metrics.jsonl                what the seed determines, one record per line
//!   timing.jsonl                 sequences against seconds
//!   checkpoints/{last,best}.safetensors
//!   status.json, environment.json
//! ```
//!
//! Reading needs no lock: each file is replaced whole, or grows by whole lines. Writing goes through a
//! [`RunWriter`], and there is one per directory, in all processes together.

use std::cmp::Reverse;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ntm_core::checkpoint::write_atomically;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::run_files::{JsonLines, JsonLinesReader, Kept, RunError, at};
use crate::run_files::{read_json, read_jsonl, read_text, truncate_jsonl, write_json};

/// Where runs go and are looked for unless told otherwise, relative to the working directory.
pub const RUNS: &str = "runs";

const CONFIG: &str = "config.ron";
const STATUS: &str = "status.json";
const LOCK: &str = "lock";
const CHECKPOINTS: &str = "checkpoints";
/// What a process that was killed before it wrote the config can leave.
const LEFTOVERS: [&str; 2] = [LOCK, ".config.ron.tmp"];

/// Which of a run's two checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checkpoint {
    /// The newest, from which training goes on.
    Last,
    /// The one with the lowest validation cost.
    Best,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Checkpoint::Last => "last",
            Checkpoint::Best => "best",
        })
    }
}

/// A run, for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// A run, for writing: holds its lock as long as it lives. What can be read can be read through it too.
#[derive(Debug)]
pub struct RunWriter {
    run: RunDirectory,
    /// Never read; closing it releases the lock.
    _lock: File,
}

/// What a command takes where it asks for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunReference {
    /// A run directory.
    Directory(RunDirectory),
    /// A single checkpoint, a `*.safetensors` file.
    File(PathBuf),
}

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
        self.path.join(CHECKPOINTS).join(format!("{which}.safetensors"))
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

    /// The records of `metrics.jsonl`.
    ///
    /// # Errors
    ///
    /// As [`read_jsonl`].
    pub fn metrics<T: DeserializeOwned>(&self) -> Result<JsonLinesReader<T>, RunError> {
        read_jsonl(self.metrics_path())
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

    /// Writes the resolved config, which makes the directory a run. Nothing but the lock is in it before.
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

    /// Writes `environment.json` whole.
    ///
    /// # Errors
    ///
    /// As [`write_json`].
    pub fn write_environment<S: Serialize + ?Sized>(&self, environment: &S) -> Result<(), RunError> {
        write_json(&self.file("environment.json"), environment)
    }

    /// The path for a checkpoint to be written to; its directory is there afterwards.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn new_checkpoint(&self, which: Checkpoint) -> Result<PathBuf, RunError> {
        let path = self.checkpoint(which);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(at(directory))?;
        }
        Ok(path)
    }

    /// Opens `metrics.jsonl` at the place where a checkpoint stands: records beyond its sequences go, see
    /// [`truncate_jsonl`]. A new run, or one without a checkpoint, stands at 0.
    ///
    /// # Errors
    ///
    /// As [`truncate_jsonl`] and [`JsonLines::open`].
    pub fn metrics_from(&self, sequences: u64) -> Result<(JsonLines, Kept), RunError> {
        let path = self.metrics_path();
        let kept = truncate_jsonl(&path, sequences)?;
        Ok((JsonLines::open(path)?, kept))
    }

    /// Opens `timing.jsonl` for appending.
    ///
    /// # Errors
    ///
    /// As [`JsonLines::open`].
    pub fn append_timing(&self) -> Result<JsonLines, RunError> {
        JsonLines::open(self.timing_path())
    }
}

impl Deref for RunWriter {
    type Target = RunDirectory;

    fn deref(&self) -> &RunDirectory {
        &self.run
    }
}

/// A new run in exactly this directory.
fn create_at(out: &Path) -> Result<RunWriter, RunError> {
    match fs::create_dir_all(out) {
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
    Ok(RunWriter { run, _lock: lock })
}

/// A new run in the first directory of this name that is free: creating it is the test.
fn create_beside(root: &Path, name: &str) -> Result<RunWriter, RunError> {
    let forbidden = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || name.contains(forbidden) {
        return Err(RunError::Name { name: name.to_owned() });
    }
    fs::create_dir_all(root).map_err(at(root))?;
    let mut path = root.join(name);
    let mut number = 1_u64;
    loop {
        match fs::create_dir(&path) {
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
    for entry in fs::read_dir(&run.path).map_err(at(&run.path))? {
        let name = entry.map_err(at(&run.path))?.file_name();
        if !LEFTOVERS.iter().any(|leftover| name == *leftover) {
            return Err(RunError::NotEmpty {
                path: run.path.clone(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

/// Requires that nothing in a run, which may be anybody's, leads out of it: metrics are appended to, checkpoints put below.
fn check_links(run: &RunDirectory) -> Result<(), RunError> {
    for directory in [run.path.clone(), run.file(CHECKPOINTS)] {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(at(&directory))?,
        };
        for entry in entries {
            let entry = entry.map_err(at(&directory))?;
            if entry.file_type().map_err(at(&entry.path()))?.is_symlink() {
                return Err(RunError::Link { path: entry.path() });
            }
        }
    }
    Ok(())
}

/// The lock of a run. The file stays when the lock goes: removing it would let two processes lock two files
/// of one name.
fn lock(run: &RunDirectory) -> Result<File, RunError> {
    let path = run.file(LOCK);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::Locked { path: run.path.clone() }),
        Err(TryLockError::Error(error)) => {
            let text = format!("cannot be locked ({error}); put the run on a file system with file locks");
            Err(at(&path)(io::Error::new(error.kind(), text)))
        }
    }
}

fn not_a_run(root: &Path, path: &Path, missing: &'static str) -> RunError {
    let runs = RunDirectory::list(root).unwrap_or_default().into_iter().map(|run| run.path).collect();
    RunError::NotARun { path: path.to_path_buf(), missing, runs }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    /// A fresh directory to be used in place of `runs`.
    fn root() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("runs");
        (directory, root)
    }

    fn run_in(root: &Path, name: &str) -> RunWriter {
        let run = RunDirectory::create_under(root, None, name).unwrap();
        run.write_config("()").unwrap();
        run
    }

    fn set_time(path: &Path, seconds: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        OpenOptions::new().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    fn names_in(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_same_command_twice_gives_two_runs() {
        let (_directory, root) = root();
        let paths: Vec<_> = (0..3).map(|_| run_in(&root, "copy").path().to_path_buf()).collect();
        assert_eq!(paths, ["copy", "copy-2", "copy-3"].map(|name| root.join(name)));
    }

    #[test]
    fn processes_that_start_together_get_different_directories() {
        let (_directory, root) = root();
        let barrier = Barrier::new(8);
        let mut paths: Vec<_> = thread::scope(|scope| {
            let start = || {
                barrier.wait();
                RunDirectory::create_under(&root, None, "copy").unwrap().path().to_path_buf()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 8);
    }

    #[test]
    fn one_of_several_that_want_the_same_directory_gets_it() {
        let (_directory, root) = root();
        let barrier = Barrier::new(8);
        let started: Vec<_> = thread::scope(|scope| {
            let start = || {
                barrier.wait();
                let run = RunDirectory::create_under(&root, Some(&root.join("mine")), "copy")?;
                run.write_config("()").map(|()| run)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(started.iter().filter(|run| run.is_ok()).count(), 1);
        for error in started.into_iter().filter_map(Result::err) {
            assert!(matches!(error, RunError::Locked { .. } | RunError::HoldsRun { .. }), "{error}");
        }
    }

    #[test]
    fn out_is_the_run_directory_itself() {
        let (_directory, root) = root();
        let out = root.join("deep").join("mine");
        let run = RunDirectory::create_under(&root, Some(&out), "copy").unwrap();
        assert_eq!(run.path(), out);
        run.write_config("(a: 1)").unwrap();
        assert_eq!(names_in(&out), ["config.ron", "lock"]);
        assert_eq!(run.config().unwrap(), "(a: 1)");
    }

    #[test]
    fn out_with_a_run_names_resume_and_changes_nothing() {
        let (_directory, root) = root();
        let out = run_in(&root, "copy").path().to_path_buf();
        let error = RunDirectory::create_under(&root, Some(&out), "copy").unwrap_err();
        assert!(matches!(error, RunError::HoldsRun { .. }));
        assert!(error.to_string().contains(&format!("--resume {}", out.display())));
    }

    #[test]
    fn out_with_other_files_is_left_alone() {
        let (_directory, root) = root();
        fs::create_dir(&root).unwrap();
        fs::write(root.join("thesis.tex"), "years").unwrap();
        let error = RunDirectory::create_under(&root, Some(&root), "copy").unwrap_err();
        assert!(error.to_string().contains("thesis.tex"), "{error}");
        assert_eq!(names_in(&root), ["thesis.tex"]);
        for file in [root.join("thesis.tex"), root.join("thesis.tex").join("run")] {
            let error = RunDirectory::create_under(&root, Some(&file), "copy").unwrap_err();
            assert!(matches!(error, RunError::NotADirectory { .. }), "{error}");
        }
    }

    #[test]
    fn out_of_a_process_killed_at_its_start_can_be_used_again() {
        let (_directory, root) = root();
        let out = root.join("mine");
        drop(RunDirectory::create_under(&root, Some(&out), "copy").unwrap());
        fs::write(out.join(".config.ron.tmp"), "(ha").unwrap();
        let run = RunDirectory::create_under(&root, Some(&out), "copy").unwrap();
        run.write_config("()").unwrap();
        assert_eq!(names_in(&out), ["config.ron", "lock"]);
    }

    #[test]
    fn one_writer_at_a_time() {
        let (_directory, root) = root();
        let run = run_in(&root, "copy");
        let path = run.path().to_path_buf();
        let error = RunWriter::resume(&path).unwrap_err();
        assert!(matches!(error, RunError::Locked { .. }) && error.to_string().contains("copy"), "{error}");
        // Readers do not mind.
        assert_eq!(RunDirectory::open_under(&root, Some(&path)).unwrap().config().unwrap(), "()");
        drop(run);
        RunWriter::resume(&path).unwrap();
    }

    #[test]
    fn the_lock_of_a_killed_process_is_gone() {
        // The test runs itself: with the variable set it locks the run, says so and waits to be killed.
        const VARIABLE: &str = "NTM_TEST_LOCK";
        if let Some(path) = std::env::var_os(VARIABLE) {
            let _run = RunWriter::resume(Path::new(&path)).unwrap();
            fs::write(Path::new(&path).join("locked"), "").unwrap();
            thread::sleep(Duration::from_secs(60));
            return;
        }
        let (_directory, root) = root();
        let path = run_in(&root, "copy").path().to_path_buf();
        let (_, module) = module_path!().split_once("::").unwrap();
        let test = format!("{module}::the_lock_of_a_killed_process_is_gone");
        let mut other = std::process::Command::new(std::env::current_exe().unwrap())
            .args([&test, "--exact", "--nocapture"])
            .env(VARIABLE, &path)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut waited = 0;
        while !path.join("locked").exists() && waited < 1000 {
            thread::sleep(Duration::from_millis(10));
            waited += 1;
        }
        let while_it_lives = RunWriter::resume(&path);
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(matches!(while_it_lives, Err(RunError::Locked { .. })), "{while_it_lives:?}");
        RunWriter::resume(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_run_leads_no_writer_out_of_it() {
        use std::os::unix::fs::symlink;
        let (directory, root) = root();
        let theirs = directory.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("letter"), "dear").unwrap();
        for name in [
            "metrics.jsonl",
            "timing.jsonl",
            "status.json",
            "lock",
            "checkpoints",
            "checkpoints/last.safetensors",
        ] {
            let run = run_in(&root, "copy").path().to_path_buf();
            let link = run.join(name);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let _ = fs::remove_file(&link);
            symlink(if name == "checkpoints" { theirs.clone() } else { theirs.join("letter") }, &link)
                .unwrap();
            let error = RunWriter::resume(&run).unwrap_err();
            assert!(matches!(&error, RunError::Link { path } if *path == link), "{name}: {error}");
        }
        let begun = root.join("begun");
        fs::create_dir(&begun).unwrap();
        symlink(theirs.join("new"), begun.join("lock")).unwrap();
        let error = RunDirectory::create_under(&root, Some(&begun), "copy").unwrap_err();
        assert!(matches!(error, RunError::Link { .. }), "{error}");
        assert_eq!(fs::read_to_string(theirs.join("letter")).unwrap(), "dear");
        assert_eq!(names_in(&theirs), ["letter"]);
        // the whole run may lie elsewhere
        let run = run_in(&root, "copy").path().to_path_buf();
        symlink(&run, root.join("linked")).unwrap();
        RunWriter::resume(&root.join("linked")).unwrap();
    }

    #[test]
    fn a_name_cannot_leave_the_runs() {
        let (_directory, root) = root();
        for name in ["", ".", "..", "../x", "a/b", "a\\b", "a\nb", ".hidden", "C:", &"x".repeat(101)] {
            let error = RunDirectory::create_under(&root, None, name).unwrap_err();
            assert!(matches!(error, RunError::Name { .. }), "{name:?}: {error}");
        }
        assert!(!root.exists());
        run_in(&root, "priority sort, größer");
    }

    #[test]
    fn without_a_reference_the_run_written_last_is_taken() {
        let (_directory, root) = root();
        for (name, seconds) in [("a", 300), ("b", 200), ("c", 100)] {
            set_time(&run_in(&root, name).file(CONFIG), seconds);
        }
        let newest = || RunDirectory::open_under(&root, None).unwrap().path().file_name().unwrap().to_owned();
        assert_eq!(newest(), "a");
        let oldest = RunWriter::resume(&root.join("c")).unwrap();
        oldest.write_status(&json!({"sequences": 5})).unwrap();
        set_time(&oldest.file(STATUS), 400);
        assert_eq!(newest(), "c");
        fs::create_dir(root.join("no run")).unwrap();
        assert_eq!(RunDirectory::list(&root).unwrap().len(), 3);
        (0..10).for_each(|_| set_time(&run_in(&root, "same").file(CONFIG), 500));
        assert_eq!(newest(), "same-10");
    }

    #[test]
    fn a_reference_is_a_run_or_a_checkpoint() {
        let (_directory, root) = root();
        let run = run_in(&root, "copy");
        let found = RunDirectory::find_under(&root, Some(run.path())).unwrap();
        assert_eq!(found, RunReference::Directory(run.run.clone()));
        let checkpoint = run.new_checkpoint(Checkpoint::Best).unwrap();
        fs::write(&checkpoint, "").unwrap();
        assert!(checkpoint.ends_with("copy/checkpoints/best.safetensors"));
        assert_eq!(
            RunDirectory::find_under(&root, Some(&checkpoint)).unwrap(),
            RunReference::File(checkpoint.clone())
        );
        let error = RunDirectory::open_under(&root, Some(&checkpoint)).unwrap_err().to_string();
        assert!(error.contains("a directory is needed"), "{error}");
    }

    #[test]
    fn what_is_not_a_run_is_told_what_it_lacks_and_what_there_is() {
        let (directory, root) = root();
        let error = RunDirectory::find_under(&root, None).unwrap_err().to_string();
        assert!(error.contains("ntm train") && error.contains("runs"), "{error}");
        let told = |path: &Path| RunDirectory::find_under(&root, Some(path)).unwrap_err().to_string();
        assert!(told(directory.path()).contains("no config.ron; start one"), "{}", told(directory.path()));
        (0..10).for_each(|_| drop(run_in(&root, "copy")));
        let notes = directory.path().join("notes.txt");
        fs::write(&notes, "").unwrap();
        assert!(
            told(&notes).contains(".safetensors") && told(&notes).contains("copy-10"),
            "{}",
            told(&notes)
        );
        let missing = told(&directory.path().join("nowhere"));
        assert!(missing.contains("no such") && missing.contains("and 2 older ones"), "{missing}");
    }

    #[test]
    fn a_resumed_run_goes_on_where_its_checkpoint_stands() {
        let (_directory, root) = root();
        let run = run_in(&root, "copy");
        let path = run.path().to_path_buf();
        let (mut metrics, kept) = run.metrics_from(0).unwrap();
        assert_eq!(kept, Kept::default());
        let mut timing = run.append_timing().unwrap();
        for sequences in [500, 1000, 1500] {
            metrics.push(&json!({"sequences": sequences})).unwrap();
            timing.push(&json!({"sequences": sequences, "seconds": 0.1})).unwrap();
        }
        assert_eq!(run.status::<Value>().unwrap(), None);
        run.write_status(&json!({"sequences": 1000})).unwrap();
        run.write_environment(&crate::run_files::environment()).unwrap();
        drop((run, metrics, timing));

        let run = RunWriter::resume(&path).unwrap();
        assert_eq!(run.status::<Value>().unwrap(), Some(json!({"sequences": 1000})));
        let (mut metrics, kept) = run.metrics_from(1000).unwrap();
        assert_eq!(kept, Kept { records: 2, dropped: 1, sequences: Some(1000) });
        metrics.push(&json!({"sequences": 1500})).unwrap();
        let records: Vec<Value> = run.metrics().unwrap().map(Result::unwrap).collect();
        assert_eq!(records, [500, 1000, 1500].map(|sequences| json!({"sequences": sequences})));
        assert_eq!(run.timing::<Value>().unwrap().count(), 3);
        assert_eq!(
            names_in(&path),
            ["config.ron", "environment.json", "lock", "metrics.jsonl", "status.json", "timing.jsonl"]
        );
    }
}
