//! Whole models give the same on every instruction set: outputs, loss and every gradient, and what training makes of
//! them. A binary of its own, since the set in use belongs to the process.
use ntm_cli::core::config::{Experiment, Loaded, Source};
use ntm_cli::core::engine::{Inspection, inspect};
use ntm_cli::core::kernels::InstructionSet;
use ntm_cli::core::prelude::*;
use ntm_cli::core::random::Purpose;
use std::path::{Path, PathBuf};

/// Off by at most this share of the largest number of a kind: f32 has 1.2e-7, and errors grow over the steps.
const TOLERANCE: f64 = 2e-4;

fn configs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let mut all = vec![root.join("copy.ron")];
    for folder in ["wirings", "paper/base", "bench"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        all.extend(files.filter(|path| path.extension().is_some_and(|e| e == "ron")));
    }
    // the same model as w1.ron, on sequences that take minutes
    all.retain(|path| !path.ends_with("long.ron"));
    all.sort();
    all
}

fn load(path: &Path, overrides: &[&str]) -> Loaded<Experiment> {
    let source = Source::new(path.display().to_string(), std::fs::read_to_string(path).unwrap()).beside(path);
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    ntm_cli::builtin().load::<Experiment>(&source, &overrides).unwrap()
}

/// What a model does with a few sequences.
fn seen<T: Real>(model: &Model<T>, sequences: &[Sequence]) -> Inspection<T> {
    inspect(model, sequences, None)
}

fn off<T: Real>(name: &str, got: &[T], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{name}");
    let largest = want.iter().fold(1e-3, |a: f64, x| a.max(x.abs()));
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let error = (g.to() - w).abs() / largest;
        assert!(
            error <= TOLERANCE,
            "{name}, number {i}: {} is not {w} (off by {error:.1e} of the largest)",
            g.to()
        );
    }
}

#[test]
fn every_config_gives_the_same_outputs_gradients_and_updates_on_every_instruction_set() {
    let sets: Vec<_> = InstructionSet::ALL.into_iter().filter(|&s| InstructionSet::limit(s) == s).collect();
    println!("sets of this machine: {}", sets.iter().map(|s| s.name()).collect::<Vec<_>>().join(", "));
    for path in configs() {
        let loaded = load(&path, &["train.batch=3", "train.validate_every=0"]);
        let task = loaded.value.task().unwrap();
        let mut model = loaded.value.model::<f32>(&*task).unwrap();
        model.draw(7).unwrap();
        let exact = model.convert::<f64>(loaded.value.cell::<f64>(&*task).unwrap());
        // two short sequences and one as it comes in training
        let small = task.usual_sizes().into_iter().min().map(|n| n.min(3));
        let sequences: Vec<Sequence> = [small, small, None]
            .iter()
            .zip(0..)
            .map(|(size, n)| {
                let mut sequence = Sequence::default();
                task.sequence((Purpose::Training, 5), n, *size, &mut sequence).unwrap();
                sequence
            })
            .collect();
        let want = seen(&exact, &sequences);
        let gradient: Vec<f64> = want.gradient.to_vec();
        for set in &sets {
            InstructionSet::limit(*set);
            let name = |what: &str| format!("{}, {}, {what}", path.display(), set.name());
            let got = seen(&model, &sequences);
            assert!(
                (got.loss / want.loss - 1.0).abs() < 1e-5,
                "{}: {} and {}",
                name("loss"),
                got.loss,
                want.loss
            );
            off(&name("outputs"), &got.trace["outputs"].1, &want.trace["outputs"].1);
            off(&name("gradient"), &got.gradient, &gradient);
            off(&name("gradient by the inputs"), &got.d_inputs, &want.d_inputs);
        }
        // training: parameters after a few updates, relative to the narrowest set
        let trained = |set: InstructionSet| {
            InstructionSet::limit(set);
            let task = loaded.value.task().unwrap();
            let mut model = loaded.value.model::<f32>(&*task).unwrap();
            model.draw(7).unwrap();
            let mut trainer = Trainer::new(loaded.value.train.clone(), task, model, 1).unwrap();
            for _ in 0..3 {
                trainer.advance().unwrap();
            }
            trainer.model().params.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()
        };
        let first = trained(sets[0]);
        for set in &sets[1..] {
            off(&format!("{}, {}, trained", path.display(), set.name()), &trained(*set), &first);
        }
    }
}
