//! The folder of many runs: a manifest that says what they are, a lock, and a directory for each run.
//!
//! ```text
//! runs/ablations/shift/
//!   lock                       held by the process at work
//!   manifest.json              version, base, variants, seeds, measure; the first file written, by rename
//!   base/seed-1/               a run directory as `ntm train` makes it
//!   no-sharpening/seed-1/
//!   summary.{md,csv,json}, times.md
//! ```
//!
//! Runs of one folder are compared with each other, so they must be runs of one program, one base and one list of
//! variants. A folder that was made by others is refused; more seeds and more variants may join.
use super::file::Measure;
use super::plan::{Plan, with_seed};
use super::results::{Outcome, RunResult};
use crate::commands::Failure;
use crate::run_directory::{RunDirectory, open_lock, refuse_links};
use crate::run_files::{at, read_text, write_json};
use ntm_core::config::differences;
use ntm_core::disk;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
const LOCK: &str = "lock";
/// What a process that was killed before it wrote the manifest can leave.
const LEFTOVERS: [&str; 2] = [LOCK, ".manifest.json.tmp"];
/// Written at the end; they say nothing once more runs have joined.
const OUTPUTS: [&str; 4] = ["summary.md", "summary.csv", "summary.json", "times.md"];
/// Most differences that a message shows.
const SHOWN: usize = 8;

/// Of the layout of folders and manifests.
const FORMAT: u32 = 1;

/// What a folder is of. It holds nothing of when, where and how fast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    version: String,
    /// The ablation file as it stood, or the words of the sweep.
    written: String,
    /// The resolved base, with seed 0.
    base: String,
    variants: Vec<ManifestVariant>,
    seeds: Vec<u64>,
    measure: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ManifestVariant {
    name: String,
    folder: String,
    /// Resolved, with seed 0.
    config: String,
    /// Where they are not those of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seeds: Option<Vec<u64>>,
}

impl Manifest {
    fn of(plan: &Plan) -> Manifest {
        let variants = plan.variants.iter().map(|variant| ManifestVariant {
            name: variant.name.clone(),
            folder: variant.slug.clone(),
            config: variant.config(0),
            seeds: (variant.seeds != plan.seeds).then(|| variant.seeds.clone()),
        });
        Manifest {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            written: plan.text.clone(),
            base: with_seed(&plan.base, 0),
            variants: variants.collect(),
            seeds: plan.seeds.clone(),
            measure: plan.measure.map(|measure| measure.to_string()),
        }
    }

    /// In what this manifest, on disk, stands in the way of a new one.
    fn against(&self, new: &Manifest) -> Vec<String> {
        let base = told(&self.base, &new.base);
        if !base.is_empty() {
            return base.into_iter().map(|line| format!("base: {line}")).collect();
        }
        let mut found = vec![];
        for old in &self.variants {
            match new.variants.iter().find(|variant| variant.name == old.name) {
                None => {
                    found.push(format!("variant {:?} is in the folder, and no longer asked for", old.name))
                }
                Some(variant) => {
                    let lines = told(&old.config, &variant.config);
                    found.extend(lines.into_iter().map(|line| format!("variant {:?}: {line}", old.name)));
                    let own = [&old.seeds, &variant.seeds].iter().any(|seeds| seeds.is_some());
                    let had = old.seeds.as_ref().unwrap_or(&self.seeds);
                    let asked = variant.seeds.as_ref().unwrap_or(&new.seeds);
                    let gone = gone(had, asked).filter(|_| own);
                    found.extend(gone.map(|gone| format!("variant {:?}: {gone}", old.name)));
                }
            }
        }
        found.extend(gone(&self.seeds, &new.seeds));
        found
    }
}

/// Seeds that are no longer asked for, as a line.
fn gone(before: &[u64], asked: &[u64]) -> Option<String> {
    let gone: Vec<String> = before.iter().filter(|seed| !asked.contains(seed)).map(u64::to_string).collect();
    (!gone.is_empty())
        .then(|| format!("seeds in the folder, and no longer asked for: {}", some_of(&gone, ", ")))
}

/// The differences of two configs, each on a line.
pub(super) fn told(before: &str, after: &str) -> Vec<String> {
    let word = |value: Option<String>| value.unwrap_or_else(|| "(nothing)".into());
    let line = |d: ntm_core::config::Difference| {
        let path = if d.path.is_empty() { String::new() } else { format!("{}: ", d.path) };
        format!("{path}{} -> {}", word(d.before), word(d.after))
    };
    differences(before, after).into_iter().map(line).collect()
}

fn some_of(all: &[String], between: &str) -> String {
    let mut shown: Vec<String> = all.iter().take(SHOWN).cloned().collect();
    if all.len() > SHOWN {
        shown.push(format!("and {} more", all.len() - SHOWN));
    }
    shown.join(between)
}

/// What is known of one run before anything is done.
#[derive(Clone, Debug)]
pub(super) enum Before {
    /// Nothing is there, or it was begun.
    ToDo,
    Done(RunResult),
}

/// Looks at a folder without changing it: refuses what was made by others, and finds for each variant and seed, in the
/// order of [`Plan::variants`] and their seeds, what is there.
pub(super) fn look(plan: &Plan) -> Result<Vec<Vec<Before>>, Failure> {
    check_links(plan)?;
    check_manifest(plan)?;
    let of = |variant: &super::plan::Variant| -> Result<Vec<Before>, Failure> {
        variant.seeds.iter().map(|&seed| look_at(plan, &variant.run(seed), &variant.config(seed))).collect()
    };
    plan.variants.iter().map(of).collect()
}

fn look_at(plan: &Plan, run: &str, config: &str) -> Result<Before, Failure> {
    let path = plan.folder.join(run);
    if !path.join("config.ron").exists() {
        return Ok(Before::ToDo);
    }
    let directory = RunDirectory::open(Some(&path))?;
    let found = directory.config()?;
    if found != config {
        let lines = told(&found, config);
        let lines = if lines.is_empty() { vec!["its config.ron is written otherwise".into()] } else { lines };
        return Err(Failure::wrong(format!(
            "{}: this run was made from another config; nothing was started. Give another --out, or move it away. What \
             differs (there -> asked for):\n  {}",
            path.display(),
            some_of(&lines, "\n  ")
        )));
    }
    // a run whose status is damaged goes on as one that was stopped, which writes it anew
    let Some(result) = RunResult::read_whole(&directory)? else { return Ok(Before::ToDo) };
    let wants = plan.measure.and_then(Measure::evaluation).is_some() && result.outcome != Outcome::Failed;
    if wants {
        return Ok(match super::evaluation::read(&directory, plan.measure)? {
            Some(measured) => Before::Done(RunResult { measured: Some(measured), ..result }),
            None => Before::ToDo,
        });
    }
    Ok(Before::Done(result))
}

/// Refuses a folder in which something is a link: it may be anybody's, and nothing is read or written but what lies in it. What lies in a
/// run is looked at when the run is opened.
fn check_links(plan: &Plan) -> Result<(), Failure> {
    refuse_links(&plan.folder)?;
    for variant in &plan.variants {
        refuse_links(&plan.folder.join(&variant.slug))?;
    }
    Ok(())
}

/// Refuses a folder that is of something else.
fn check_manifest(plan: &Plan) -> Result<Option<Manifest>, Failure> {
    let path = plan.folder.join(MANIFEST);
    let shown = path.display();
    if !path.exists() {
        return check_free(&plan.folder).map(|()| None);
    }
    #[derive(Deserialize)]
    struct Version {
        format: u32,
        version: String,
    }
    let text = read_text(&path)?;
    let damaged = |e: serde_json::Error| {
        Failure::stopped(format!(
            "{shown}: is no manifest ({e}); put it back from a copy, or give another --out: without it, it is not \
             known what the runs beside it are"
        ))
    };
    let Version { format, version } = serde_json::from_str(&text).map_err(damaged)?;
    let (new, folder) = (Manifest::of(plan), plan.folder.display());
    if (format, &version) != (FORMAT, &new.version) {
        return Err(Failure::wrong(format!(
            "{folder}: was made by version {version} (layout {format}), and this is version {} (layout {FORMAT}); runs \
             of two versions are not compared. Give another --out, or use that version",
            new.version
        )));
    }
    let old: Manifest = serde_json::from_str(&text).map_err(damaged)?;
    let lines = old.against(&new);
    if lines.is_empty() {
        return Ok(Some(old));
    }
    Err(Failure::wrong(format!(
        "{folder}: holds runs of another base, other variants or more seeds, and nothing was started. More variants and \
         more seeds may join a folder; for anything else give another --out. What differs (there -> asked \
         for):\n  {}",
        some_of(&lines, "\n  ")
    )))
}

/// Requires that nothing of others is in a folder.
fn check_free(folder: &Path) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            return Err(Failure::wrong(format!("{}: is no directory; give another --out", folder.display())));
        }
        other => other.map_err(at(folder))?,
    };
    for entry in entries {
        let name = entry.map_err(at(folder))?.file_name();
        if !LEFTOVERS.iter().any(|leftover| name == *leftover) {
            return Err(Failure::wrong(format!(
                "{}: is not empty (it holds {name:?}) and has no manifest.json; give --out a new or empty directory",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// A folder to work in; others are kept out as long as it lives.
#[derive(Debug)]
pub(super) struct Held {
    /// Never read; closing it releases the lock.
    _lock: File,
}

/// Takes a folder for a plan, and writes the manifest if it is new or more has joined.
pub(super) fn take(plan: &Plan) -> Result<Held, Failure> {
    let folder = &plan.folder;
    match disk::create_directories(folder) {
        Err(e) if matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            return Err(Failure::wrong(format!("{}: is no directory; give another --out", folder.display())));
        }
        other => other.map_err(at(folder))?,
    }
    // before locking, since a lock must not be put among other people's files; and again, since another process may
    // have been here in between
    check_links(plan)?;
    check_manifest(plan)?;
    let lock = lock(folder)?;
    let old = check_manifest(plan)?;
    let new = Manifest::of(plan);
    if old.as_ref() != Some(&new) {
        write_json(&folder.join(MANIFEST), &new)?;
    }
    Ok(Held { _lock: lock })
}

/// Takes away the tables of fewer runs than are now asked for.
pub(super) fn forget_tables(folder: &Path) -> Result<(), Failure> {
    for name in OUTPUTS {
        let path = folder.join(name);
        match disk::remove(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(at(&path)(e).into()),
            _ => {}
        }
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File, Failure> {
    let path: PathBuf = folder.join(LOCK);
    let file = open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::stopped(format!(
            "{}: another process is at work on these runs; wait for it or stop it, or give another --out",
            folder.display()
        ))),
        Err(TryLockError::Error(e)) => Err(Failure::stopped(format!(
            "{}: cannot be locked ({e}); put the runs on a file system with file locks",
            path.display()
        ))),
    }
}
