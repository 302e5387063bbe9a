use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde::{Deserialize, Serialize};

/// What a run was made with: enough to make it again, nothing that tells whose machine it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The version of this program.
    pub version: String,
    /// The commit that `NTM_COMMIT` named when the program was built, else that of the working directory's
    /// repository.
    pub commit: Option<String>,
    /// Whether files that the repository knows were changed. Unknown for a commit named at build time.
    pub dirty: Option<bool>,
    /// The operating system, `linux` for example.
    pub os: String,
    /// The kind of processor, `x86_64` for example.
    pub arch: String,
    /// The processor's own name, where the system tells it.
    pub cpu: Option<String>,
    /// Threads that this process may run at the same time.
    pub threads: usize,
    /// The compiler, if the build recorded it.
    pub rustc: Option<String>,
    /// The target triple, if the build recorded it.
    pub target: Option<String>,
}

/// Looks at the machine and the working directory. What cannot be found out is `None`; nothing here can fail.
pub fn environment() -> Environment {
    let (commit, dirty) = match option_env!("NTM_COMMIT") {
        Some(commit) => (Some(commit.to_owned()), None),
        None => env::current_dir().map_or((None, None), |directory| commit_of(&directory)),
    };
    Environment {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit,
        dirty,
        os: env::consts::OS.to_owned(),
        arch: env::consts::ARCH.to_owned(),
        cpu: File::open("/proc/cpuinfo").ok().and_then(|file| cpu_model(BufReader::new(file))),
        threads: thread::available_parallelism().map_or(1, usize::from),
        rustc: option_env!("NTM_RUSTC").map(str::to_owned),
        target: option_env!("NTM_TARGET").map(str::to_owned),
    }
}

/// The commit of the repository around a directory, and whether its known files were changed.
fn commit_of(directory: &Path) -> (Option<String>, Option<bool>) {
    if !directory.ancestors().any(|ancestor| ancestor.join(".git").exists()) {
        return (None, None);
    }
    let commit = git(directory, &["rev-parse", "--verify", "HEAD"]).map(|answer| answer.trim().to_owned());
    let commit =
        commit.filter(|commit| commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let dirty = match commit {
        // Untracked files are not looked at: the runs themselves often are some.
        Some(_) => git(directory, &["status", "--porcelain", "--untracked-files=no"]),
        None => None,
    };
    (commit, dirty.map(|changes| !changes.trim().is_empty()))
}

/// What git answers, if there is a git and it has an answer. It writes nothing and starts no program from the
/// repository's own settings.
fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false"]).args(arguments);
    // Set while a git hook runs, and then about another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    let answer = command.current_dir(directory).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    if answer.status.success() { String::from_utf8(answer.stdout).ok() } else { None }
}

/// The first processor's name in the form of Linux's `/proc/cpuinfo`.
fn cpu_model(text: impl BufRead) -> Option<String> {
    let lines = text.take(1 << 16).lines().map_while(Result::ok);
    lines
        .filter_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "model name" && !value.trim().is_empty()).then(|| value.trim().to_owned())
        })
        .next()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_environment_is_filled_in_and_comes_back_from_json() {
        let here = environment();
        assert_eq!(here.version, env!("CARGO_PKG_VERSION"));
        assert!(here.threads >= 1 && !here.os.is_empty() && !here.arch.is_empty());
        assert!(here.rustc.as_ref().is_some_and(|rustc| rustc.starts_with("rustc ")), "{here:?}");
        assert!(here.target.as_ref().is_some_and(|target| target.contains('-')), "{here:?}");
        let text = serde_json::to_string(&here).unwrap();
        assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), here);
    }

    #[test]
    fn the_processor_is_named_where_linux_names_it() {
        let text = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Other\n";
        assert_eq!(cpu_model(text.as_bytes()).as_deref(), Some("Some CPU @ 2 GHz"));
        assert_eq!(cpu_model("Processor: 0\nBogoMIPS: 50.00\n".as_bytes()), None);
        assert_eq!(cpu_model(&b"\xff\xfe"[..]), None);
    }

    #[test]
    fn outside_a_repository_there_is_no_commit() {
        let directory = tempfile::tempdir().unwrap();
        if directory.path().ancestors().any(|ancestor| ancestor.join(".git").exists()) {
            return eprintln!("skipped: temporary files lie in a repository");
        }
        assert_eq!(commit_of(directory.path()), (None, None));
    }

    #[test]
    fn inside_a_repository_commit_and_changes_are_seen() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let git = |arguments: &[&str]| git(root, arguments);
        if git(&["init", "--quiet"]).is_none() {
            return eprintln!("skipped: no git on this machine");
        }
        assert_eq!(commit_of(root), (None, None), "no commit yet");
        fs::write(root.join("a"), "1").unwrap();
        git(&["add", "a"]).unwrap();
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        git(&[&who[..], &["commit", "--quiet", "--no-verify", "-m", "one"]].concat()).unwrap();
        let below = root.join("deep");
        fs::create_dir(&below).unwrap();
        fs::write(below.join("untracked"), "x").unwrap();
        let (commit, dirty) = commit_of(&below);
        assert_eq!((commit.clone().map(|commit| commit.len()), dirty), (Some(40), Some(false)));
        fs::write(root.join("a"), "22").unwrap();
        assert_eq!(commit_of(&below), (commit, Some(true)));
    }
}
