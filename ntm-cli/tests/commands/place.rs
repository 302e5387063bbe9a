//! A directory to run the program in.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A small model that trains in a moment.
pub(crate) const TINY: &str = "(
    task: Copy(width: 3, length: (1, 3)),
    model: Ntm(
        controller: Lstm(hidden: 12),
        memory: Dense(slots: 16, width: 6),
        heads: [
            Read(addressing: Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])),
            Write(addressing: Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])),
        ],
    ),
    train: (sequences: 600, validate_every: 100, validation_sequences: 24),
)
";

/// A temporary directory with `tiny.ron` in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap()).with_tiny()
    }
    /// One where nobody waits for a disk, if there is such a place: for tests that write often and pull no plug.
    pub(crate) fn in_memory() -> Place {
        let made = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Place(made.unwrap()).with_tiny()
    }
    fn with_tiny(self) -> Place {
        self.write("tiny.ron", TINY);
        self
    }
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
    /// The program, to be started here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ntm"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null()).env_remove("NO_COLOR");
        command
    }
    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended(self.command(args).output().unwrap())
    }
    /// Runs it, and it works.
    pub(crate) fn works(&self, args: &[&str]) -> Ended {
        let ended = self.run(args);
        assert_eq!(ended.code(), 0, "ntm {}\n{}", args.join(" "), ended.people());
        ended
    }
    /// Every file below, with its content.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.0.path(), &mut files);
        files
    }
}

fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
            files.insert(path, vec![]);
        } else {
            files.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
}

/// What came of it.
pub(crate) struct Ended(pub(crate) Output);

impl Ended {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }
    /// What people read, without the lines that say how far long work is: they come on a slow machine only.
    pub(crate) fn people(&self) -> String {
        let text = String::from_utf8_lossy(&self.0.stderr);
        text.split_inclusive('\n').filter(|line| !is_progress(line.trim_end())).collect()
    }
    /// What programs read.
    pub(crate) fn result(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }
    pub(crate) fn json(&self) -> serde_json::Value {
        let result = self.result();
        assert_eq!(result.lines().count(), 1, "one line of JSON: {result:?}");
        serde_json::from_str(&result).unwrap()
    }
}

/// `measuring 416 of 500 sequences`, `tracing 5s`
fn is_progress(line: &str) -> bool {
    let Some((doing, rest)) = ["measuring", "tracing", "timing", "reading", "training again", "validating"]
        .iter()
        .find_map(|doing| line.strip_prefix(doing)?.strip_prefix(' ').map(|rest| (doing, rest)))
    else {
        return false;
    };
    let number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    match rest.split(' ').collect::<Vec<_>>()[..] {
        [done, "of", total, _] => number(done) && number(total),
        [time] | [time, _] => *doing == "tracing" && number(time),
        _ => false,
    }
}

#[test]
fn lines_of_progress_are_told_from_others() {
    for line in [
        "measuring 416 of 500 sequences",
        "training again 1_200 of 2_500 sequences",
        "tracing 5m 20s",
        "tracing 12s",
    ] {
        assert!(is_progress(line), "{line}");
    }
    for line in ["", "measuring", "reading 2 of them failed", "tracing is off", "timing 12s", "a 1 of 2 b"] {
        assert!(!is_progress(line), "{line}");
    }
}
