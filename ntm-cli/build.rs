//! Records the compiler, the target and the commit that is built, for `environment.json`.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=NTM_COMMIT");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if let Ok(answer) = Command::new(rustc).arg("--version").output() {
        let version = String::from_utf8_lossy(&answer.stdout);
        if answer.status.success() && !version.trim().is_empty() {
            println!("cargo::rustc-env=NTM_RUSTC={}", version.trim());
        }
    }
    if let Ok(target) = env::var("TARGET") {
        println!("cargo::rustc-env=NTM_TARGET={target}");
    }
    // whoever packs the sources without their repository can name it
    if env::var_os("NTM_COMMIT").is_none() {
        commit();
    }
}

/// The commit of the repository that these sources lie in, if they lie in one, and whether what it knows was changed.
fn commit() {
    // the sources of the workspace, not those of a program that has them as a dependency
    if git(&["ls-files", "--error-unmatch", "build.rs"]).is_none() {
        return;
    }
    let hexadecimal = |commit: &String| commit.len() >= 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    let Some(commit) = git(&["rev-parse", "--verify", "HEAD"]).filter(hexadecimal) else { return };
    println!("cargo::rustc-env=NTM_COMMIT={commit}");
    // untracked files are not looked at: runs often are some
    if let Some(changes) = git(&["status", "--porcelain", "--untracked-files=no"]) {
        println!("cargo::rustc-env=NTM_DIRTY={}", !changes.is_empty());
    }
    // again whenever another commit is built, or other sources
    watch_git("HEAD");
    if let Some(branch) = git(&["symbolic-ref", "--quiet", "HEAD"]) {
        watch_git(&branch);
        watch_git("packed-refs");
    }
    if let Some(root) = git(&["rev-parse", "--show-toplevel"]) {
        for name in ["Cargo.toml", "Cargo.lock"].into_iter().chain(CRATES) {
            watch(&Path::new(&root).join(name));
        }
    }
}

/// What is built into the program.
const CRATES: [&str; 5] = ["ntm-core", "ntm-addressing", "ntm-controllers", "ntm-tasks", "ntm-cli/src"];

/// A file of git's own, which may lie anywhere.
fn watch_git(name: &str) {
    if let Some(path) = git(&["rev-parse", "--git-path", name]) {
        watch(Path::new(&path));
    }
}

/// Builds again when this changes. What is not there counts as changed each time, and is left out.
fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

/// What git answers about these sources, if there is a git and it has an answer. It writes nothing and starts no program
/// from the repository's own settings.
fn git(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false"]).args(arguments);
    // set while a git hook runs, and then about another repository
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    let answer = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    answer.status.success().then(|| text.trim().to_owned())
}
