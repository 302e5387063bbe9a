use std::io;
use std::path::{Path, PathBuf};

/// Why a run directory or one of its files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A new run was to be put where there is one.
    #[error(
        "{}: already holds a run, and a new one never writes into it; go on with it by \
         `--resume {}`, or give another --out",
        .path.display(), .path.display()
    )]
    HoldsRun {
        /// The directory.
        path: PathBuf,
    },
    /// A new run was to be put among other files.
    #[error(
        "{}: not empty (it holds {found:?}) and not a run; nothing was written; give --out a new \
         or empty directory",
        .path.display()
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// One of the files in it.
        found: String,
    },
    /// A directory is needed, and something else has its name.
    #[error("{}: is no directory, a run needs one; give --out a new or empty directory", .path.display())]
    NotADirectory {
        /// What was given.
        path: PathBuf,
    },
    /// Another process writes to this run.
    #[error(
        "{}: another process is writing to this run, one at a time is allowed; wait for it or stop it, or \
         start a run of its own with another --out",
        .path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// Something in a run, or in a folder of many, is a link, and writing to it would write elsewhere.
    #[error(
        "{}: is a link, and runs are written to nowhere but in their own directory; put what it leads to in its \
         place (the directory that was given may itself be a link)",
        .path.display()
    )]
    Link {
        /// The file or directory.
        path: PathBuf,
    },
    /// The name of a run cannot be the name of a directory.
    #[error(
        "the run's name is {name:?}; allowed are names of up to 100 bytes without slash, backslash, colon \
         or control character that do not begin with a dot; rename the config file or give --out"
    )]
    Name {
        /// What was given.
        name: String,
    },
    /// The path given is not a run.
    #[error("{}: not a run: {missing}; {}", .path.display(), hint(.runs))]
    NotARun {
        /// What was given.
        path: PathBuf,
        /// What it lacks.
        missing: &'static str,
        /// The runs there are, the newest first.
        runs: Vec<PathBuf>,
    },
    /// No path was given, and there is no run to take instead.
    #[error(
        "no run was given, and there is none under {}; start one with `ntm train`, or give its directory",
        .root.display()
    )]
    NoRuns {
        /// Where runs were looked for.
        root: PathBuf,
    },
    /// The file system refused.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A file is larger than it can sensibly be.
    #[error("{}: has {given} bytes, at most {allowed} are allowed; is it the right file?", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        given: u64,
        /// The limit.
        allowed: u64,
    },
    /// A line is longer than a record can sensibly be.
    #[error(
        "{}:{line}: the line is longer than the {allowed} bytes allowed for one record; is it the right \
         file? If it was damaged, remove the line",
        .path.display()
    )]
    LongLine {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The limit.
        allowed: usize,
    },
    /// A line is not the record it should be.
    #[error(
        "{}:{line}: {detail}; allowed is one JSON object per line; only the last line may be half-written; \
         if the file was damaged, remove the line",
        .path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What the parser met.
        detail: String,
    },
    /// A file is not the JSON it should be.
    #[error("{}: {detail}; it is written anew by the next run, or put it back from a copy", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser met, and where.
        detail: String,
    },
    /// A value cannot be written as JSON.
    #[error("{}: cannot be written as JSON: {detail}; allowed are finite numbers, and maps with text as keys", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the value holds.
        detail: String,
    },
}

/// Adds the path to what the file system said.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> RunError {
    move |error| RunError::Io { path: path.to_path_buf(), error }
}

fn hint(runs: &[PathBuf]) -> String {
    const SHOWN: usize = 8;
    if runs.is_empty() {
        return "start one with `ntm train`".to_owned();
    }
    let mut shown: Vec<_> = runs.iter().take(SHOWN).map(|run| run.display().to_string()).collect();
    if runs.len() > SHOWN {
        shown.push(format!("and {} older ones", runs.len() - SHOWN));
    }
    format!("there are {}", shown.join(", "))
}
