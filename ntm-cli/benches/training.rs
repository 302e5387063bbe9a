//! A training step of every file in `configs/bench`, with the optimiser: copy of length 10, batches of 1 and 16, one thread. A
//! step of each whole cell without a gradient, and a sequence of 120 through that of W3.
//!
//! `cargo bench -p ntm-cli`; `ntm bench` does the same for any file and size.
use criterion::{Criterion, criterion_group, criterion_main};
use ntm_cli::core::config::{Experiment, Source};
use ntm_cli::core::engine::{Engine, Evaluator, Stepper};
use ntm_cli::core::random::Purpose;
use ntm_cli::core::train::{Batcher, OptimizerState, TrainSettings};
use std::path::Path;

const LENGTH: Option<u64> = Some(10);

fn training(c: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/bench");
    let registry = ntm_cli::builtin();
    for name in ["w1", "w2", "w4", "w5", "heads4"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.ron"))).expect("a config");
        let loaded = registry.load::<Experiment>(&Source::new(name, &text), &[]);
        let experiment = loaded.expect("a config that is valid").value;
        let task = experiment.task().expect("a task");
        for batch in [1, 16] {
            let mut model = experiment.model::<f32>(&*task).expect("a model");
            model.draw(1).expect("nothing that must be given");
            let settings = &experiment.train;
            let mut batcher = Batcher::<f32>::new(&*task, batch, settings.chunk, LENGTH).expect("a length");
            batcher.draw(&*task, LENGTH, (Purpose::Training, 1), 0, batch).expect("a batch");
            let steps = task.steps(LENGTH).expect("a length");
            let extent = TrainSettings { batch, ..settings.clone() }.extent(steps, 1);
            let mut engine = Engine::new(&model, extent);
            let mut optimizer = OptimizerState::new(&settings.optimizer, model.params.len());
            c.bench_function(&format!("{name}, batch {batch}"), |b| {
                b.iter(|| {
                    engine.gradient(&model, &batcher.batch);
                    let change = settings.clip.change(1.0);
                    let gradient = engine.last_gradient();
                    optimizer.update(&settings.optimizer, change, gradient, &mut model.params);
                })
            });
        }
    }
}

fn inference(c: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/bench");
    let registry = ntm_cli::builtin();
    for name in ["w1", "w2", "w3", "w4", "w5", "heads4"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.ron"))).expect("a config");
        let loaded = registry.load::<Experiment>(&Source::new(name, &text), &[]);
        let experiment = loaded.expect("a config that is valid").value;
        let task = experiment.task().expect("a task");
        let mut model = experiment.model::<f32>(&*task).expect("a model");
        model.draw(1).expect("nothing that must be given");
        let mut stepper = Stepper::new(&model);
        let (mut state, input) = (stepper.start(), vec![1.0; task.inputs()]);
        c.bench_function(&format!("{name}, a step"), |b| b.iter(|| stepper.step(&mut state, &input).is_ok()));
        if name == "w3" {
            let length = Some(120);
            let mut batcher = Batcher::<f32>::new(&*task, 1, 1, length).expect("a length");
            batcher.draw(&*task, length, (Purpose::Training, 1), 0, 1).expect("a batch");
            let (mut evaluator, mut scores) = (Evaluator::new(&model, 1, 1, 1), vec![]);
            c.bench_function("w3, a sequence of 120", |b| {
                b.iter(|| evaluator.run(&model, &batcher.batch, &mut scores))
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = training, inference
}
criterion_main!(benches);
