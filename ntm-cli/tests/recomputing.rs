//! `train.checkpoint_every`: less memory, the same bits. And what looks inside computes what training does. A binary of its
//! own, since it changes the instruction set of its process, and with it the bits.
#[path = "shared/every.rs"]
mod every;

use ntm_cli::core::checkpoint::Data;
use ntm_cli::core::config::{Experiment, Loaded, Precision, Source};
use ntm_cli::core::engine::{Engine, Exact, Extent, inspect_scored};
use ntm_cli::core::kernels::InstructionSet;
use ntm_cli::core::prelude::*;
use ntm_cli::core::random::Purpose;
use ntm_cli::core::train::Batcher;

fn load(name: &str, text: &str) -> Loaded<Experiment> {
    let small: Vec<String> = every::SMALL.iter().map(|o| o.to_string()).collect();
    ntm_cli::builtin().load::<Experiment>(&Source::new(name, text), &small).unwrap()
}
fn model<T: Precision>(experiment: &Experiment, task: &dyn Task) -> Model<T>
where
    Data: From<Vec<T>>,
{
    let mut model = experiment.model::<T>(task).unwrap();
    model.draw(3).unwrap();
    model
}
/// Some sequences as they come in training, of unequal lengths.
fn drawn<T: Real>(task: &dyn Task, items: usize, chunk: usize) -> Batcher<T> {
    let mut batcher = Batcher::<T>::new(task, items, chunk, None).unwrap();
    batcher.draw(task, None, (Purpose::Training, 8), 0, items).unwrap();
    batcher
}

/// Runs it with every instruction set of this machine. The choice is process-global.
fn on_every_set(run: fn()) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for set in InstructionSet::ALL {
        if InstructionSet::limit(set) == set {
            println!("{}", set.name());
            run();
        }
    }
}

#[test]
fn states_kept_now_and_then_give_the_gradient_of_states_all_kept_to_the_last_bit() {
    on_every_set(gradients_are_those_of_states_all_kept);
}
fn gradients_are_those_of_states_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in every::experiments(&ntm_cli::builtin(), folder.path()) {
        let loaded = load(&name, &text);
        let task = loaded.value.task().unwrap();
        let model = model::<f32>(&loaded.value, &*task);
        let steps = task.steps(None).unwrap();
        for (items, chunk) in [(1, 1), (5, 3)] {
            let batcher = drawn::<f32>(&*task, items, chunk);
            let gradient = |checkpoint_every: usize| {
                let mut engine =
                    Engine::new(&model, Extent { items, chunk, steps, checkpoint_every, threads: 1 });
                // a second time, in buffers that are not fresh any more
                engine.gradient(&model, &batcher.batch);
                let loss = engine.gradient(&model, &batcher.batch);
                (loss, engine.last_gradient().iter().map(|x| x.to_bits()).collect::<Vec<_>>())
            };
            let want = gradient(0);
            assert!(want.1.iter().any(|&bits| bits != 0), "{name}: there is no gradient");
            for every in [1, 2, 3, 5, steps - 1, steps, 10_000] {
                assert!(
                    gradient(every) == want,
                    "{name}, {items} items, a state every {every} of {steps} steps"
                );
            }
        }
    }
}

#[test]
fn training_with_states_kept_now_and_then_ends_in_the_same_bits() {
    on_every_set(training_ends_in_the_same_bits);
}
fn training_ends_in_the_same_bits() {
    let text = include_str!("../../configs/copy.ron");
    let trained = |every: &str, threads: usize| {
        let set = ["train.batch=20", "train.validate_every=60", "train.validation_sequences=10", every];
        let set: Vec<String> = set.iter().map(|o| o.to_string()).collect();
        let loaded = ntm_cli::builtin().load::<Experiment>(&Source::new("copy", text), &set).unwrap();
        let task = loaded.value.task().unwrap();
        let model = model::<f32>(&loaded.value, &*task);
        let mut trainer = Trainer::new(loaded.value.train.clone(), task, model, threads).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            (0..6).for_each(|_| {
                trainer.advance().unwrap();
            })
        });
        trainer.model().params.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let want = trained("train.checkpoint_every=0", 1);
    for (every, threads) in [("train.checkpoint_every=4", 1), ("train.checkpoint_every=7", 2)] {
        assert!(trained(every, threads) == want, "{every} on {threads} threads");
    }
}

#[test]
fn what_looks_inside_finds_the_loss_and_the_gradient_of_training() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in every::experiments(&ntm_cli::builtin(), folder.path()) {
        let loaded = load(&name, &text);
        let task = loaded.value.task().unwrap();
        let model = model::<f64>(&loaded.value, &*task);
        let (items, steps) = (4, task.steps(None).unwrap());
        let batcher = drawn::<f64>(&*task, items, 3);
        let extent = Extent { items, chunk: 3, steps, checkpoint_every: 2, threads: 1 };
        let mut engine = Engine::new(&model, extent);
        let loss = engine.gradient(&model, &batcher.batch) / items as f64;
        let found = inspect_scored(&model, task.loss(), batcher.sequences(), Exact::default());
        assert!((loss - found.loss).abs() < 1e-12 * loss.abs().max(1.0), "{name}: {loss} and {}", found.loss);
        for tensor in model.tensors().iter().filter(|tensor| tensor.trained) {
            let ours = model.read(engine.last_gradient(), &tensor.path).unwrap();
            let theirs = model.read(&found.gradient, &tensor.path).unwrap();
            let largest = ours.iter().fold(1e-9, |a: f64, x| a.max(x.abs()));
            let off = ours.iter().zip(&theirs).fold(0.0, |a: f64, (x, y)| a.max((x - y).abs()));
            assert!(off < 1e-10 * largest, "{name}: {} is off by {off:e} of {largest:e}", tensor.path);
        }
    }
}
