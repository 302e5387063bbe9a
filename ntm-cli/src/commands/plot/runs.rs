//! From words on the command line to groups of runs that differ by their seed.
use super::Failure;
use crate::run_directory::{RunDirectory, RunReference};
use std::path::{Path, PathBuf};

/// Runs that are drawn as one line with a band.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) runs: Vec<RunReference>,
}

/// The variant that others are compared with: it comes first.
const BASE: &str = "base";

/// Groups of runs, in the order given; those of a folder by name, `base` first. A folder that is no run stands for the
/// runs in it and one level below. Runs whose directories are called `seed-N` are a group named after the folder
/// around them; every other run is one of its own.
pub(crate) fn groups(paths: &[PathBuf]) -> Result<Vec<Group>, Failure> {
    let mut found = vec![];
    if paths.is_empty() {
        found.push(RunDirectory::find(None)?);
    }
    for path in paths {
        match RunDirectory::find(Some(path)) {
            Ok(run) => found.push(run),
            Err(e) => {
                let below = if path.is_dir() { below(path)? } else { vec![] };
                if below.is_empty() {
                    return Err(e.into());
                }
                found.extend(below.into_iter().map(RunReference::Directory));
            }
        }
    }
    let mut keys: Vec<PathBuf> = vec![];
    let mut groups: Vec<Group> = vec![];
    for run in found {
        let (key, name) = key(&run);
        let group = match keys.iter().position(|other| *other == key) {
            Some(place) => &mut groups[place],
            None => {
                keys.push(key);
                groups.push(Group { name, runs: vec![] });
                let last = groups.len() - 1;
                &mut groups[last]
            }
        };
        if !group.runs.contains(&run) {
            group.runs.push(run);
        }
    }
    let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    for (group, key) in groups.iter_mut().zip(&keys) {
        if names.iter().filter(|name| **name == group.name).count() > 1 {
            group.name = key.display().to_string();
        }
    }
    Ok(groups)
}

/// Runs in a folder and one level below it.
fn below(folder: &Path) -> Result<Vec<RunDirectory>, Failure> {
    let mut runs = RunDirectory::list(folder)?;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for inner in entries.filter(|path| path.is_dir()) {
        if !runs.iter().any(|run| run.path() == inner) {
            runs.extend(RunDirectory::list(&inner)?);
        }
    }
    let order = |run: &RunDirectory| {
        let (parent, own) = (run.path().parent(), run.path().file_name());
        let parent = parent.unwrap_or(folder).to_path_buf();
        let own = own.unwrap_or_default().to_os_string();
        let first = own == BASE || parent.file_name().is_some_and(|name| name == BASE);
        // seed-2 before seed-10
        (!first, parent, own.len(), own)
    };
    runs.sort_by_cached_key(order);
    Ok(runs)
}

/// What the runs of a group have in common, and what the group is called.
fn key(run: &RunReference) -> (PathBuf, String) {
    let path = match run {
        RunReference::Directory(run) => run.path(),
        RunReference::File(path) => return (path.clone(), path.display().to_string()),
    };
    // `.` has no name, but stands for a directory that has one
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let own = name(&whole).unwrap_or_else(|| path.display().to_string());
    let seed =
        own.strip_prefix("seed-").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    match whole.parent().and_then(|parent| Some((parent, name(parent)?))).filter(|_| seed) {
        Some((parent, name)) => (parent.to_path_buf(), name),
        None => (path.to_path_buf(), own),
    }
}
