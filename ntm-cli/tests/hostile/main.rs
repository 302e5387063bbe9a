//! Bytes of others: damaged, cut, forged. An error every time, never a panic, never a model that is silently another.
mod readers;
mod tiny;

use ntm_cli::core::checkpoint::{Archive, Checkpoint};
use ntm_cli::core::config::{Experiment, Source};
use ntm_cli::run_files::read_json;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tiny::TINY;

/// What fuzzing began with and what it has found, for each reader; a file's name says what is wrong with it.
#[test]
fn what_was_once_found_stays_mended() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/cases");
    for (name, reader) in readers::ALL {
        let files: Vec<_> =
            fs::read_dir(cases.join(name)).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty(), "{name} has no case");
        for file in files {
            eprintln!("{}", file.display());
            reader(&fs::read(file).unwrap());
        }
    }
}

/// As the command line reads it: the archive, then the checkpoint in it.
fn read(bytes: &[u8]) -> Option<Checkpoint> {
    Checkpoint::from_archive(Archive::from_bytes(bytes).ok()?, "a file").ok()
}

#[test]
fn a_checkpoint_with_any_bit_changed_is_refused() {
    let bytes = readers::small_run().into_archive().to_bytes().unwrap();
    assert!(read(&bytes).is_some());
    for at in 0..bytes.len() {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            assert!(read(&damaged).is_none(), "byte {at} of {} changed by {change:#x}", bytes.len());
        }
    }
}

#[test]
fn a_checkpoint_that_ends_early_is_refused_wherever_it_ends() {
    let bytes = readers::small_run().into_archive().to_bytes().unwrap();
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_none(), "the first {end} bytes of {}", bytes.len());
    }
}

#[test]
fn a_checkpoint_whose_tensors_are_not_those_of_its_config_is_no_model() {
    let run = readers::small_run();
    let registry = ntm_cli::builtin();
    assert!(run.model::<f32>(&registry).is_ok());
    for name in run.tensors.keys().filter(|name| !name.starts_with("optim.")) {
        let mut less = run.clone();
        let tensor = less.tensors.remove(name).unwrap();
        assert!(less.model::<f32>(&registry).is_err(), "without {name}");
        let mut more = run.clone();
        more.tensors.insert(format!("{name}.more"), tensor.clone());
        assert!(more.model::<f32>(&registry).is_err(), "with {name} twice");
        let mut turned = run.clone();
        turned.tensors.get_mut(name).unwrap().shape.insert(0, 1);
        assert!(turned.model::<f32>(&registry).is_err(), "{name} with another axis");
    }
}

/// A run goes on with all of its optimiser's numbers and no others, or not at all.
#[test]
fn a_checkpoint_of_which_the_optimiser_keeps_more_or_less_is_no_run() {
    let run = readers::small_run();
    let registry = ntm_cli::builtin();
    let (experiment, model) = run.model::<f32>(&registry).unwrap();
    let goes_on = |run: &Checkpoint| run.saved(&model, &experiment.train.optimizer).map(|_| ());
    goes_on(&run).unwrap();
    let optimizer = |name: &str| name.starts_with("optim.");
    for name in run.tensors.keys().filter(|name| optimizer(name)) {
        let mut less = run.clone();
        less.tensors.remove(name);
        let said = goes_on(&less).unwrap_err().to_string();
        assert!(
            said.contains(&format!("`{name}` has shape")) && said.contains("not in the checkpoint"),
            "{said}"
        );
    }
    for slab in ["optim.squares.", "optim.deltas.", "optim.means."] {
        let mut less = run.clone();
        less.tensors.retain(|name, _| !name.starts_with(slab));
        assert!(less.tensors.len() < run.tensors.len());
        let said = goes_on(&less).unwrap_err().to_string();
        assert!(said.contains(&format!("`{slab}")) && said.contains("not in the checkpoint"), "{said}");
    }
    let weight = run.tensors["output.weight"].clone();
    for name in [
        "optim.sums.output.weight",
        "optim.squares.elsewhere",
        "optim.squares",
        "optim.",
        "optim.squares.given.memory",
        "elsewhere",
    ] {
        let mut more = run.clone();
        more.tensors.insert(name.to_owned(), weight.clone());
        let said = goes_on(&more).unwrap_err().to_string();
        assert!(said.contains(&format!("`{name}` has shape")) && said.contains("not in the model"), "{said}");
    }
    // another slab beside all that are wanted, whole
    let mut more = run.clone();
    let squares: Vec<_> = run.tensors.iter().filter(|(name, _)| name.starts_with("optim.squares.")).collect();
    more.tensors.extend(squares.into_iter().map(|(name, t)| (name.replace("squares", "sums"), t.clone())));
    assert!(goes_on(&more).unwrap_err().to_string().contains("`optim.sums."));
    let weights = run.without_optimizer();
    assert!(goes_on(&weights).unwrap_err().to_string().contains("weights only"));
}

#[test]
fn a_config_that_ends_early_is_refused_wherever_it_ends() {
    let whole = TINY.trim_end();
    let read = |text: &str| ntm_cli::builtin().parse::<Experiment>(&Source::new("a.ron", text));
    assert!(read(whole).is_ok());
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "the first {end} bytes of {}", whole.len());
    }
}

#[test]
fn json_that_ends_early_is_refused_wherever_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("status.json");
    let whole = r#"{"state": "running", "sequences": 1200, "bits": [0.5, null, "ü"]}"#;
    for end in 0..=whole.len() {
        fs::write(&path, &whole.as_bytes()[..end]).unwrap();
        assert_eq!(read_json::<Value>(&path).is_ok(), end == whole.len(), "the first {end} bytes");
    }
}
