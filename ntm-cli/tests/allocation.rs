//! What training allocates: nothing once it is warm, and before that what `ntm check` says. One test for both, because
//! the counts are of the whole process.
#![allow(unsafe_code)] // a global allocator cannot be written without

#[path = "shared/every.rs"]
mod every;

use ntm_cli::core::config::{Loaded, Source};
use ntm_cli::core::engine::Stepper;
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

struct Counting;
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    static HERE: Cell<usize> = const { Cell::new(0) };
}
/// Bytes that are allocated now.
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        HERE.set(HERE.get() + 1);
        BYTES.fetch_add(layout.size(), SeqCst);
        // SAFETY: as required of the caller
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        HERE.set(HERE.get() + 1);
        BYTES.fetch_add(layout.size(), SeqCst);
        // SAFETY: as required of the caller
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), SeqCst);
        // SAFETY: as required of the caller
        unsafe { System.dealloc(p, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Pools of one thread and of two. They stay: a thread that ends allocates a last time, and nobody can wait for that. One that begins
/// allocates too; so each has done something before anybody counts.
static POOLS: LazyLock<[rayon::ThreadPool; 2]> = LazyLock::new(|| {
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    let pools = [1, 2].map(pool);
    pools.iter().for_each(|pool| drop(pool.broadcast(|_| ())));
    pools
});

/// A stage written forward only.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Forwards {}
impl ForwardStage for Forwards {
    fn fields(&self, _: Shape) -> Vec<Field> {
        vec![Field::new("gate", 1, Activation::Sigmoid)]
    }
    fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T> {
        let gate = look.numbers.at(0);
        gate * look.incoming.roll(1) + (1.0 - gate) * look.previous
    }
}
ntm_cli::core::buildable!(Forwards: StageKind as Taped);

fn load(registry: &Registry, name: &str, text: &str, overrides: &[&str]) -> Loaded<Experiment> {
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    registry.load::<Experiment>(&Source::new(name, text), &overrides).unwrap()
}
fn drawn(experiment: &Experiment, task: &dyn Task) -> Model<f32> {
    let mut model = experiment.model::<f32>(task).unwrap();
    model.draw(1).unwrap();
    model
}
/// Allocations of a second run, when the first has warmed everything up.
fn of_second(mut run: impl FnMut()) -> usize {
    run();
    let before = ALLOCATIONS.load(SeqCst);
    run();
    ALLOCATIONS.load(SeqCst) - before
}

/// Allocations of some warm updates, validations among them.
fn of_updates(loaded: &Loaded<Experiment>, updates: usize, threads: usize) -> usize {
    let task = loaded.value.task().unwrap();
    let model = drawn(&loaded.value, &*task);
    let mut trainer = Trainer::new(loaded.value.train.clone(), task, model, threads).unwrap();
    let count = POOLS[threads - 1].install(|| {
        of_second(|| {
            for _ in 0..updates {
                trainer.advance().unwrap();
            }
        })
    });
    assert!(trainer.numbers().validated_at > 0, "no validation was among them");
    count
}
/// Allocations of some warm steps of a trained model.
fn of_steps(loaded: &Loaded<Experiment>) -> usize {
    let task = loaded.value.task().unwrap();
    let model = drawn(&loaded.value, &*task);
    let mut stepper = Stepper::new(&model);
    let (mut state, x) = (stepper.start(), vec![0.5; task.inputs()]);
    let mut step = || stepper.step(&mut state, &x).map(|logits| logits.len()).unwrap();
    of_second(|| assert_eq!((0..20).map(|_| step()).sum::<usize>(), 20 * task.outputs()))
}

fn nothing_once_warm(folder: &Path) {
    let registry = ntm_cli::builtin();
    for (name, text) in every::experiments(&registry, folder) {
        for extra in ["train.checkpoint_every=0", "train.checkpoint_every=3", "train.batch=1"] {
            let loaded = load(&registry, &name, &text, &[&every::SMALL[..], &[extra]].concat());
            for threads in [1, 2] {
                let count = of_updates(&loaded, 16, threads);
                assert_eq!(count, 0, "{name}, {extra}, {threads} threads: {count} allocations in 16 updates");
            }
        }
        let count = of_steps(&load(&registry, &name, &text, &every::SMALL));
        assert_eq!(count, 0, "{name}: {count} allocations in 20 steps");
    }
    // many chunks, in several waves
    let copy = include_str!("../../configs/copy.ron");
    let many = ["train.batch=150", "train.validate_every=300", "train.validation_sequences=40"];
    for threads in [1, 2] {
        assert_eq!(
            of_updates(&load(&registry, "copy", copy, &many), 4, threads),
            0,
            "copy, {threads} threads"
        );
    }
    // on several threads a tape more is made when two first meet in the same stage, and when that is chance decides
    let registry = registry.register::<StageKind, Forwards>("Forwards");
    let taped = copy.replace("Interpolate()", "Forwards(), Interpolate()");
    assert_ne!(taped, copy);
    assert_eq!(of_updates(&load(&registry, "taped", &taped, &every::SMALL), 16, 1), 0, "a stage on a tape");
}

/// Allocations on this thread while a dashboard is fed for `seconds`, of which the screen has a thread of its own.
fn of_a_fed_dashboard(seconds: f64) -> usize {
    use ntm_cli::pictures::dashboard::{About, Dashboard};
    use ntm_cli::pictures::progress::{Sink, Update};
    let words = || String::from("words");
    let about = About {
        title: words(),
        details: words(),
        run: words(),
        unit: "bits",
        solved_below: 0.01,
        total: 1_000,
        history: vec![],
        quit: || {},
    };
    let screen = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
    let mut dashboard = Dashboard::on(about, screen).unwrap();
    let began = std::time::Instant::now();
    let (mut sequences, mut wanted, mut before) = (0, 0, 0);
    // long enough for several screens, and for as many updates however slow the machine is
    while began.elapsed().as_secs_f64() < seconds || sequences <= 1_000 || wanted == 0 {
        sequences += 1;
        let validation = Some(1.0 / sequences as f64);
        dashboard.update(&Update { sequences, validation, validated_at: sequences, ..Update::default() });
        wanted += usize::from(dashboard.wants_sample().is_some());
        if sequences == 100 {
            before = HERE.get();
        }
    }
    HERE.get() - before
}

/// Each with a weight of its own: parameters, trajectories, sequences, validation.
const SIZES: [&[&str]; 8] = [
    &[],
    &["train.batch=40"],
    &["train.batch=40", "train.checkpoint_every=6"],
    &["train.batch=300", "train.chunk=4", "train.validate_every=0"],
    &["train.validation_sequences=5000"],
    &["train.optimizer=Adam()", "train.batch=2"],
    &["train.optimizer=RmsProp(centred: false)", "train.chunk=1024", "train.batch=33"],
    &["train.chunk=1", "train.validation_sequences=1"],
];

/// What building a model and its trainer allocates, and what was planned: equal to one part in a hundred.
fn as_planned() {
    let registry = ntm_cli::builtin();
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let mut worst = 0.0_f64;
    for folder in [".", "paper/base", "wirings", "bench"] {
        for file in std::fs::read_dir(configs.join(folder)).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|e| e != "ron") {
                continue;
            }
            let (name, text) = (file.display().to_string(), std::fs::read_to_string(&file).unwrap());
            // long sequences are planned as they are, since in larger batches they do not fit into most machines
            let sizes = if name.ends_with("long.ron") { &SIZES[..1] } else { &SIZES[..] };
            for (overrides, threads) in sizes.iter().flat_map(|&o| [(o, 1), (o, 2)]) {
                let loaded = load(&registry, &name, &text, overrides);
                let planned = loaded.value.plan(threads).unwrap().bytes.total() as f64;
                let task = loaded.value.task().unwrap();
                let before = BYTES.load(SeqCst);
                let model = loaded.value.model::<f32>(&*task).unwrap();
                let trainer = Trainer::new(loaded.value.train.clone(), task, model, threads).unwrap();
                let taken = (BYTES.load(SeqCst) - before) as f64;
                drop(trainer);
                let off = (taken - planned).abs() / taken;
                worst = worst.max(off);
                assert!(
                    off < 0.01,
                    "{name} {overrides:?}, {threads} threads: {taken} bytes, {planned} were planned"
                );
            }
        }
    }
    println!("the largest difference from the plan is {:.2} %", 100.0 * worst);
}

#[test]
fn building_a_trainer_allocates_what_was_planned_and_a_warm_step_nothing() {
    as_planned();
    nothing_once_warm(tempfile::tempdir().unwrap().path());
    let count = of_a_fed_dashboard(1.0);
    assert_eq!(count, 0, "a dashboard that is fed: {count} allocations");
}
