//! A run that is stopped between any two changes to its files ends in the bytes of one that was not, and so does one to which a
//! change is refused: a run of its own, and one that begins with the weights of another and is given more sequences later.
mod disk;

use super::{Args, Session, Threads, Watch, begun_or_resumed, resume, start};
use crate::commands::Failure;
use crate::pictures::progress::Quiet;
use disk::{Disk, Kept, put};
use ntm_core::checkpoint::Checkpoint;
use ntm_core::config::Source;
use ntm_core::disk::{Change, watch};
use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// Two validations, a better one among them, and a checkpoint after every update.
const CONFIG: &str = "(
    task: Copy(width: 2, length: (1, 2)),
    model: Ntm(
        controller: Mlp(hidden: [4]),
        memory: Dense(slots: 4, width: 3),
        heads: [Read(addressing: Chain([Content()])), Write(addressing: Chain([Content()]))],
    ),
    train: (batch: 4, sequences: 16, validate_every: 8, validation_sequences: 8),
)";

/// Where nobody waits for a disk, if there is such a place: plugs are pulled on paper here.
fn quick() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What the seed determines.
const DETERMINED: [&str; 4] =
    ["config.ron", "metrics.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors"];

/// Trains the run in this directory to its end, from wherever it is.
fn train(run: &Path) -> Result<ExitCode, Failure> {
    let args = Args {
        quiet: true,
        threads: Threads::one(),
        out: Some(run.to_owned()),
        save_every: Some(Duration::ZERO),
        ..Args::default()
    };
    let watch = Watch { sink: Box::new(Quiet), stop: &|| false };
    begun_or_resumed(&crate::builtin(), &args, &Source::new("test", CONFIG), &[], watch)
}

/// Trains a run from the weights of another to its end, and then to one that is further away, from wherever it is.
fn train_on(given: &Path, run: &Path) -> Result<ExitCode, Failure> {
    let registry = crate::builtin();
    let args = Args {
        quiet: true,
        threads: Threads::one(),
        out: Some(run.to_owned()),
        from: Some(given.to_owned()),
        save_every: Some(Duration::ZERO),
        ..Args::default()
    };
    let watch = || Watch { sink: Box::new(Quiet), stop: &|| false };
    let sitting = |session: Option<Session>| match session {
        Some(session) => args.threads.run(|| super::train(&args, session, watch()))?,
        None => Ok(ExitCode::SUCCESS),
    };
    let config = std::fs::read_to_string(run.join("config.ron")).unwrap_or_default();
    if !config.contains("sequences: 12") {
        sitting(match run.join("config.ron").exists() {
            true => resume::open(&registry, &args, Some(run), None, &[])?,
            false => Some(start(&registry, &args, None, &["train.sequences=8".into()])?),
        })?;
    }
    // not where a validation is due: the end has one of its own
    sitting(resume::open(&registry, &args, Some(run), None, &["train.sequences=12".into()])?)
}

fn determined(run: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = DETERMINED.iter().map(|file| std::fs::read(run.join(file)).unwrap()).collect();
    files.extend(std::fs::read(run.join("checkpoints/first.safetensors")));
    files
}

/// How a run is made, or goes on from where it was stopped.
type Train<'a> = &'a dyn Fn(&Path) -> Result<ExitCode, Failure>;

/// A run that nothing happens to, and the changes that it makes.
fn undisturbed(place: &Path, train: Train<'_>) -> (Vec<Vec<u8>>, Vec<Kept>) {
    let changes = Arc::new(Mutex::new(vec![]));
    let (kept, root) = (changes.clone(), place.to_owned());
    let watched = watch(place, move |change| {
        kept.lock().unwrap().push(Kept::of(change, &root));
        Ok(())
    });
    train(&place.join("run")).unwrap();
    drop(watched);
    let changes = changes.lock().unwrap().clone();
    (determined(&place.join("run")), changes)
}

/// Weights to begin with.
fn given() -> TempDir {
    let given = quick();
    train(&given.path().join("run")).unwrap();
    given
}

#[test]
fn a_run_stopped_between_any_two_changes_goes_on_to_the_same_end() {
    stopped_anywhere(&train, 80);
}

#[test]
fn a_run_from_other_weights_that_is_given_more_is_stopped_between_any_two_changes_and_goes_on_to_the_same_end()
 {
    let given = given();
    stopped_anywhere(&|run| train_on(&given.path().join("run"), run), 100);
}

fn stopped_anywhere(train: Train<'_>, least: usize) {
    let place = quick();
    let (whole, changes) = undisturbed(place.path(), train);
    assert!(changes.len() > least, "{} changes", changes.len());
    let mut disk = Disk::default();
    let mut seen = BTreeSet::new();
    for (n, change) in changes.iter().enumerate() {
        disk.apply(change);
        for left in disk.left() {
            if !seen.insert(left.clone()) {
                continue;
            }
            let place = quick();
            put(&left, place.path());
            let run = place.path().join("run");
            let names: Vec<_> = left.iter().map(|(path, b)| (path, b.as_ref().map(Vec::len))).collect();
            if let Err(e) = train(&run) {
                panic!("stopped after change {n}, {change:?}, which left {names:?}: {}", e.message);
            }
            assert!(
                determined(&run) == whole,
                "stopped after change {n}, {change:?}, which left {names:?}, it went another way"
            );
        }
    }
    println!("{} changes, {} things left", changes.len(), seen.len());
    assert!(seen.len() > least);
}

#[test]
fn a_run_to_which_a_change_is_refused_says_what_stands_and_goes_on_when_there_is_room() {
    refused_anywhere(&train);
}

#[test]
fn a_run_from_other_weights_to_which_a_change_is_refused_says_what_stands_and_goes_on_when_there_is_room() {
    let given = given();
    refused_anywhere(&|run| train_on(&given.path().join("run"), run));
}

fn refused_anywhere(train: Train<'_>) {
    let place = quick();
    let (whole, changes) = undisturbed(place.path(), train);
    let mut early = 0;
    for (full, change) in changes.iter().enumerate() {
        let place = quick();
        let run = place.path().join("run");
        let count = AtomicUsize::new(0);
        let watched = watch(place.path(), move |change| {
            // from then on there is no room; what takes none is done
            let takes = !matches!(change, Change::Remove(_) | Change::Cut(..));
            match count.fetch_add(1, Ordering::SeqCst) >= full && takes {
                true => Err(Error::from(ErrorKind::StorageFull)),
                false => Ok(()),
            }
        });
        let Err(failure) = train(&run) else { panic!("change {full} was refused, and nobody noticed") };
        drop(watched);
        let (said, last) = (failure.message, run.join("checkpoints/last.safetensors"));
        assert_eq!(failure.code, 1, "{said}");
        assert!(said.contains(&Error::from(ErrorKind::StorageFull).to_string()), "{said}");
        if last.exists() {
            let seen = Checkpoint::read(&last).unwrap().numbers.sequences;
            let stands = format!("{} stands, from after {seen} sequences", last.display());
            assert!(said.contains(&stands), "change {full}, {:?}: {said}", change);
        } else {
            early += 1;
        }
        let leftovers = leftovers(&run);
        assert!(leftovers.is_empty(), "change {full}, {:?}, left {leftovers:?}", change);
        train(&run).unwrap();
        assert!(determined(&run) == whole, "after change {full}, {:?}, it went another way", change);
    }
    assert!(early > 0 && early < changes.len() / 2, "{early} of {}", changes.len());
}

/// Temporary files.
fn leftovers(run: &Path) -> Vec<PathBuf> {
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path());
    let all = inside(run.to_owned()).chain(inside(run.join("checkpoints")));
    all.filter(|path| path.extension().is_some_and(|end| end == "tmp")).collect()
}
