//! Every way by which bytes that others wrote come in. Each takes any bytes, and holds whatever is accepted to what it
//! promises. The fuzz targets in `fuzz/` run these, and so do the tests beside them, over all that was once found.
// each fuzz target uses one reader, and is what `cfg(fuzzing)` says
#![allow(dead_code, unexpected_cfgs)]
use crate::TINY;
use ntm_cli::core::checkpoint::{Archive, Checkpoint, Foreign};
use ntm_cli::core::config::{Experiment, Registry, Source, differences, split_values, to_ron, value_at};
use ntm_cli::core::engine::Stepper;
use ntm_cli::core::train::{Record, Task, Trainer};
use ntm_cli::core::{Loss, Sequence, random::Purpose};
use ntm_cli::run_files::{JsonLines, MAX_LINE, RunError, read_json, read_jsonl, read_text, truncate_jsonl};
use ntm_cli::tasks::{DataFile, FromFile};
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Takes any bytes, and panics where a promise is broken.
type Reader = fn(&[u8]);

/// Readers by the names of their fuzz targets.
pub(crate) const ALL: [(&str, Reader); 8] = [
    ("ablation", ablation),
    ("archive", archive),
    ("checkpoint", checkpoint),
    ("config", config),
    ("data", data),
    ("overrides", overrides),
    ("records", records),
    ("run", run),
];

/// What takes more is not built: that it is refused has tests of its own.
const BYTES: u128 = 4 << 20;

/// Bytes of a safetensors file: as they are, and as whoever forges a checksum would have them.
pub(crate) fn archive(bytes: &[u8]) {
    for bytes in [Some(bytes.to_vec()), signed(bytes)].into_iter().flatten() {
        let foreign = Foreign::from_bytes(&bytes);
        let Ok(archive) = Archive::from_bytes(&bytes) else { continue };
        assert_eq!(foreign.expect("an archive is a safetensors file").tensors.len(), archive.tensors.len());
        let numbers: usize = archive.tensors.values().map(|tensor| tensor.data.len()).sum();
        assert!(4 * numbers <= bytes.len(), "{numbers} numbers out of {} bytes", bytes.len());
        if archive.metadata.is_some() {
            let again = archive.to_bytes().expect("what was read can be written");
            assert_eq!(Archive::from_bytes(&again).unwrap().to_bytes().ok(), Some(again));
        }
        if let Ok(checkpoint) = Checkpoint::from_archive(archive, "a file") {
            used(&checkpoint);
        }
    }
}

/// The file with the checksum that its bytes have, if it has a place for one.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    const OPENING: &[u8] = br#"{"__metadata__":{"ntm":"checksum: "#;
    let digits = 8 + OPENING.len()..16 + OPENING.len();
    if !bytes.get(8..)?.starts_with(OPENING) || bytes.len() < digits.end {
        return None;
    }
    let mut bytes = bytes.to_vec();
    bytes[digits.clone()].copy_from_slice(b"00000000");
    let sum = format!("{:08x}", crc(&bytes));
    bytes[digits].copy_from_slice(sum.as_bytes());
    Some(bytes)
}

/// CRC-32, bit by bit.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// The text of a checkpoint whose tensors are those of a small run.
pub(crate) fn checkpoint(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let archive = Archive { tensors: small_run().tensors, metadata: Some(text.to_owned()) };
    let Ok(checkpoint) = Checkpoint::from_archive(archive, "a file") else { return };
    used(&checkpoint);
}

/// Takes a checkpoint as far as it goes: a model that steps, and a run that goes on.
fn used(checkpoint: &Checkpoint) {
    let registry = ntm_cli::builtin();
    let Ok(loaded) = checkpoint.experiment(&registry, &["train.batch=2".into()]) else { return };
    let Ok(plan) = loaded.value.plan(1) else { return };
    // whatever it says of sizes, no more is allocated than the file has numbers for
    let built = checkpoint.model::<f32>(&registry);
    let (Ok((experiment, model)), true) = (built, plan.most_bytes() <= BYTES) else { return };
    let mut stepper = Stepper::new(&model);
    let mut state = stepper.start();
    let task = experiment.task().expect("it was built before");
    stepper.step(&mut state, &vec![1.0; task.inputs()]).expect("as many inputs as the task has");
    let Ok(saved) = checkpoint.saved(&model, &experiment.train.optimizer) else { return };
    let Ok(mut trainer) = Trainer::new(experiment.train.clone(), task, model, 1) else { return };
    trainer.restore(&saved, None).expect("what was saved of this optimiser");
    if !trainer.finished() {
        // a rate may be absurd, and training then says so
        let _ = trainer.advance();
    }
}

/// A checkpoint of a run that has made a step.
pub(crate) fn small_run() -> Checkpoint {
    thread_local!(static RUN: OnceCell<Checkpoint> = const { OnceCell::new() });
    RUN.with(|run| {
        let made = || {
            let source = Source::new("tiny.ron", TINY);
            let experiment: Experiment = ntm_cli::builtin().parse(&source).unwrap();
            let task = experiment.task().unwrap();
            let cell = experiment.cell::<f32>(&*task).unwrap();
            let model = ntm_cli::core::Model::drawn(cell, task.outputs(), 1).unwrap();
            let mut trainer = Trainer::new(experiment.train.clone(), task, model, 1).unwrap();
            trainer.advance().unwrap();
            Checkpoint::of_run(TINY, trainer.model(), &trainer.save())
        };
        run.get_or_init(made).clone()
    })
}

/// A config: what is read can be written, and reads as the same.
pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let registry = ntm_cli::builtin();
    let Ok(experiment) = registry.parse::<Experiment>(&Source::new("a.ron", text)) else { return };
    let written = to_ron(&experiment);
    let again: Experiment = registry.parse(&Source::new("b.ron", written.as_str())).expect(&written);
    assert_eq!(to_ron(&again), written);
    planned(&experiment);
}

/// Builds what is small, and trains it for a step.
fn planned(experiment: &Experiment) {
    let Ok(plan) = experiment.plan(1) else { return };
    if plan.most_bytes() > BYTES {
        return;
    }
    let task = experiment.task().expect("the plan has it");
    let cell = experiment.cell::<f32>(&*task).expect("the plan has it");
    let Ok(model) = ntm_cli::core::Model::drawn(cell, task.outputs(), experiment.train.seed) else { return };
    let Ok(mut trainer) = Trainer::new(experiment.train.clone(), task, model, 1) else { return };
    let _ = trainer.advance();
}

/// Overrides of a config, one a line; and the values of a sweep.
pub(crate) fn overrides(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let registry = ntm_cli::builtin();
    for line in &lines {
        let _ = split_values(line);
        let _ = value_at(TINY, line);
    }
    let _ = differences(TINY, text);
    let Ok(loaded) = registry.load::<Experiment>(&Source::new("tiny.ron", TINY), &lines) else { return };
    let again: Experiment =
        registry.parse(&Source::new("again.ron", loaded.text.as_str())).expect(&loaded.text);
    assert_eq!(again, loaded.value, "the text with the overrides in it is the config");
    planned(&loaded.value);
}

/// An ablation file, as the command line reads it.
pub(crate) fn ablation(bytes: &[u8]) {
    let scratch = Scratch::new();
    scratch.write("tiny.ron", TINY.as_bytes());
    let file = scratch.write("ablation.ron", bytes);
    scratch
        .untouched(|out| ntm(&[Path::new("ablate"), &file, Path::new("--dry-run"), Path::new("--out"), out]));
}

/// Lines of JSON and JSON: whatever is left after a file was mended or cut can be read, and nothing but its end is gone.
pub(crate) fn records(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.write("metrics.jsonl", bytes);
    let read = |path: &Path| read_jsonl::<Value>(path).unwrap().collect::<Result<Vec<Value>, RunError>>();
    let before = read(&path);
    let _ = read_json::<Value>(&path);
    let _ = read_text(&path);

    let kept = truncate_jsonl(&path, 1000);
    let left = fs::read(&path).unwrap();
    match kept {
        Err(_) => assert_eq!(left, bytes, "what is no file of records is left alone"),
        Ok(kept) => {
            let after = read(&path).expect("what was cut can be read");
            assert_eq!(after.len(), kept.records);
            if let Ok(before) = before {
                assert_eq!(after[..], before[..after.len()], "the beginning stays");
            }
        }
    }

    fs::write(&path, bytes).unwrap();
    if let Ok(mut lines) = JsonLines::open(&path) {
        let opened = fs::read(&path).unwrap();
        let same = opened.iter().zip(bytes).all(|(a, b)| a == b);
        assert!(same && opened.len() + MAX_LINE >= bytes.len(), "only an unfinished line goes");
        lines.push(&1).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [&opened[..], b"1\n"].concat());
    }
}

/// Sequences and weights from elsewhere.
pub(crate) fn data(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.write("data.safetensors", bytes);
    for loss in [Loss::default(), Loss::CrossEntropy, Loss::MeanSquare] {
        let _ = DataFile::of_any(&path, 3, 2, loss);
        let Ok(file) = DataFile::of_items(&path, 3, 2, loss) else { continue };
        assert_eq!(file.inputs.single.len(), file.items * file.steps * 3);
        let written =
            format!("(inputs: 3, outputs: 2, train: {path:?}, validation: {path:?}, loss: {loss:?})");
        let task: FromFile = Registry::default().parse(&Source::new("task", written)).unwrap();
        let Ok(steps) = task.steps(None) else { continue };
        let mut sequence = Sequence::default();
        for n in [0, 1, u64::MAX] {
            task.sequence((Purpose::Training, 1), n, None, &mut sequence).unwrap();
            assert!((1..=steps).contains(&sequence.steps) && sequence.inputs.iter().all(|x| x.is_finite()));
        }
    }
    let config = scratch.write("tiny.ron", TINY.as_bytes());
    scratch.untouched(|_| {
        let out = scratch.path("run");
        ntm(&[Path::new("import"), &config, &path, Path::new("--out"), &out]);
        let _ = fs::remove_dir_all(out);
    });
}

/// The files of a run directory: the first byte says which one is replaced by the rest, and what is then done with the run.
pub(crate) fn run(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    const LAST: &str = "checkpoints/last.safetensors";
    const BEST: &str = "checkpoints/best.safetensors";
    let base = small_directory();
    // a checkpoint's config and numbers, or all of its bytes as whoever forges a checksum would have them
    let texted = |name: &str| {
        let mut archive = Archive::from_bytes(&base[Path::new(name)]).expect("a run's checkpoint");
        archive.metadata = Some(String::from_utf8(bytes.to_vec()).ok()?);
        archive.to_bytes().ok()
    };
    let (name, replaced) = match choice % 8 {
        0 => ("metrics.jsonl", Some(bytes.to_vec())),
        1 => ("status.json", Some(bytes.to_vec())),
        2 => ("environment.json", Some(bytes.to_vec())),
        3 => ("config.ron", Some(bytes.to_vec())),
        4 => ("timing.jsonl", Some(bytes.to_vec())),
        5 => (LAST, texted(LAST)),
        6 => (BEST, texted(BEST)),
        _ => (LAST, Some(signed(bytes).unwrap_or(bytes.to_vec()))),
    };
    let Some(replaced) = replaced else { return };
    // what would take long is not built
    let text = if matches!(choice % 8, 3 | 5 | 6) { bytes } else { &[] };
    let config = std::str::from_utf8(text).unwrap_or_default();
    let config =
        if choice % 8 == 3 { config } else { config.split_once('\n').map_or("", |(_, config)| config) };
    if ntm_cli::builtin()
        .parse::<Experiment>(&Source::new("a.ron", config))
        .is_ok_and(|experiment| experiment.plan(1).is_ok_and(|plan| plan.most_bytes() > BYTES))
    {
        return;
    }
    let scratch = Scratch::new();
    let run = scratch.path("run");
    fs::create_dir_all(run.join("checkpoints")).unwrap();
    for (file, bytes) in &base {
        fs::write(run.join(file), if file == Path::new(name) { &replaced } else { bytes }).unwrap();
    }
    let before = contents(&run);
    let resumed = choice / 8 % 6 == 4;
    let act = |out: &Path| {
        let (run, out) = (run.to_str().unwrap(), out.to_str().unwrap());
        let words: &[&str] = match choice / 8 % 6 {
            0 => &["plot", run, "--out", out],
            1 => &["summarise", run, "--by", "model.memory.slots"],
            2 => &["export", run, "csv", "--out", out],
            3 => &["report", run, "--length", "2", "--sequences", "2", "--out", out],
            4 => &["train", "--resume", run, "train.sequences=300", "--quiet", "--threads", "1"],
            _ => &["verify", run, "--sequences", "100", "--threads", "1"],
        };
        ntm(&words.iter().map(Path::new).collect::<Vec<_>>());
        let _ = fs::remove_dir_all(out);
        let _ = fs::remove_file(out);
    };
    if !resumed {
        scratch.untouched(act);
        assert!(contents(&run) == before, "what is read stays as it is");
        return;
    }
    let beside =
        |paths: Vec<PathBuf>| paths.into_iter().filter(|path| !path.starts_with(&run)).collect::<Vec<_>>();
    let around = beside(names(scratch.around.path()));
    act(&scratch.path("out"));
    assert_eq!(beside(names(scratch.around.path())), around, "something was written elsewhere");
    // it went on, and what is there now is a run; or it was refused, and nothing has changed
    let after = contents(&run);
    if after.get(Path::new(LAST)) != before.get(Path::new(LAST)) {
        Checkpoint::read(run.join(LAST)).unwrap();
        Checkpoint::read(run.join(BEST)).unwrap();
        let records: Vec<Record> =
            read_jsonl(run.join("metrics.jsonl")).unwrap().map(Result::unwrap).collect();
        assert!(records.windows(2).all(|pair| pair[0].sequences < pair[1].sequences));
        assert_eq!(records.last().map(|record| record.sequences), Some(300));
    } else if !after
        .get(Path::new("status.json"))
        .is_some_and(|status| status.windows(8).any(|w| w == b"\"failed\""))
    {
        // weights of others can make training fail
        for file in ["metrics.jsonl", "config.ron", "timing.jsonl", BEST].map(Path::new) {
            assert!(after.get(file) == before.get(file), "{} was changed", file.display());
        }
    }
}

/// The files of a directory, by their paths in it.
type Contents = BTreeMap<PathBuf, Vec<u8>>;

fn contents(directory: &Path) -> Contents {
    let files = names(directory).into_iter().filter(|path| path.is_file());
    files.map(|path| (path.strip_prefix(directory).unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

/// A run as `ntm train` leaves it.
fn small_directory() -> Contents {
    static RUN: OnceLock<Contents> = OnceLock::new();
    let made = || {
        let scratch = Scratch::new();
        let config = scratch.write("tiny.ron", TINY.as_bytes());
        let out = scratch.path("run");
        let more = ["train.sequences=200", "--quiet", "--threads", "1", "--out"].map(Path::new);
        ntm(&[&[Path::new("train"), &config][..], &more, &[&out]].concat());
        let files = contents(&out);
        assert!(["last", "best"].iter().all(|name| {
            files.contains_key(&Path::new("checkpoints").join(format!("{name}.safetensors")))
        }));
        files
    };
    RUN.get_or_init(made).clone()
}

/// Runs a command of the program, which must not panic; a fuzzer has no time to start one.
#[cfg(fuzzing)]
fn ntm(words: &[&Path]) {
    let words = [Path::new("ntm")].into_iter().chain(words.iter().copied());
    let _ = ntm_cli::main_with_words(&ntm_cli::builtin(), words.map(Path::as_os_str));
}
#[cfg(not(fuzzing))]
fn ntm(words: &[&Path]) {
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_ntm")).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(matches!(ended.status.code(), Some(0..=2)) && !said.contains("panicked"), "{words:?}: {said}");
}

/// A directory to work in, with another one around it in which nothing may appear.
struct Scratch {
    around: TempDir,
}

impl Scratch {
    fn new() -> Scratch {
        // in memory where there is such a place: a target writes thousands of files a second
        let memory = Path::new("/dev/shm");
        let around = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let scratch = Scratch { around: around.unwrap() };
        fs::create_dir(scratch.path("")).unwrap();
        scratch
    }
    fn path(&self, name: &str) -> PathBuf {
        self.around.path().join("inside").join(name)
    }
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
    /// Does something that may write to the path it is given, which is taken away again, and to nothing else.
    fn untouched(&self, act: impl FnOnce(&Path)) {
        let before = names(self.around.path());
        let out = self.path("out");
        act(&out);
        let _ = fs::remove_dir_all(&out);
        assert_eq!(names(self.around.path()), before, "something was written elsewhere");
    }
}

/// Every path below.
fn names(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut open = vec![directory.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}
