//! A warm training step allocates nothing, on one thread and on several.
#![allow(unsafe_code)] // a global allocator cannot be written without

use ntm_cli::core::config::Source;
use ntm_cli::core::prelude::*;
use serde::{Deserialize, Serialize};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

struct Counting;
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    static HERE: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        HERE.set(HERE.get() + 1);
        // SAFETY: as required of the caller
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        // SAFETY: as required of the caller
        unsafe { System.dealloc(p, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

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

/// Pools of one thread and of two. They stay: a thread that ends allocates a last time, and nobody can wait for that.
static POOLS: LazyLock<[rayon::ThreadPool; 2]> =
    LazyLock::new(|| [1, 2].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap()));

/// Allocations of 30 updates after as many warm ones.
fn of_warm_updates(text: &str, overrides: &[&str], threads: usize) -> usize {
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    let registry = ntm_cli::builtin().register::<StageKind, Forwards>("Forwards");
    let loaded = registry.load::<Experiment>(&Source::new("test", text), &overrides).unwrap();
    let task = loaded.value.task().unwrap();
    let mut model = loaded.value.model::<f32>(&*task).unwrap();
    model.draw(1).unwrap();
    let mut trainer = Trainer::new(loaded.value.train.clone(), task, model, threads).unwrap();
    POOLS[threads - 1].install(|| {
        let mut run = || {
            for _ in 0..30 {
                trainer.advance().unwrap();
            }
        };
        run();
        let before = ALLOCATIONS.load(SeqCst);
        run();
        ALLOCATIONS.load(SeqCst) - before
    })
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
    while began.elapsed().as_secs_f64() < seconds {
        sequences += 1;
        let validation = Some(1.0 / sequences as f64);
        dashboard.update(&Update { sequences, validation, validated_at: sequences, ..Update::default() });
        wanted += usize::from(dashboard.wants_sample().is_some());
        if sequences == 100 {
            before = HERE.get();
        }
    }
    let count = HERE.get() - before;
    assert!(sequences > 1_000 && wanted > 0, "{sequences} updates, {wanted} samples wanted");
    count
}

// one test, because the count is of the whole process
#[test]
fn a_warm_training_step_allocates_nothing() {
    let copy = include_str!("../../configs/copy.ron");
    let pair = "heads: [Read(addressing: Chain([Content(), Interpolate(), Shift(), Sharpen()])), \
                Write(addressing: Chain([Content(), Interpolate(), ScalarShift(), Sharpen()])), \
                Write(addressing: Chain([Content()]), weighting: Learned), \
                Write(addressing: Chain([Shift(range: 2)])), Read(addressing: Chain([Content()]))]";
    let several = format!(
        "(task: Copy(width: 4, length: (1, 6)), model: Ntm(order: Listed, controller: Mlp(hidden: [20, 30]), \
         memory: Dense(slots: 20, width: 6, start: Learned), {pair}))"
    );
    let baseline =
        "(task: Copy(length: (1, 6)), model: Recurrent(controller: Lstm(hidden: 24, layers: 3, skip: true)))";
    let gru = "(task: Copy(width: 4, length: (1, 6)), model: Ntm(controller: Gru(hidden: 20, layers: 2), \
               memory: Dense(slots: 20, width: 6), heads: [Read(addressing: Chain([Content(), Interpolate(), \
               Shift(boundary: Zero), Sharpen(epsilon: 1e-16, epsilon_at: Base)])), \
               Write(addressing: Chain([Content(similarity: Cosine(epsilon: 0)), FixedShift(kernel: [1, 0, 0])]))]))";
    let taped = copy.replace("Interpolate()", "Forwards(), Interpolate()");
    let validated =
        ["train.validate_every=20", "train.validation_sequences=40", "train.stop_when_solved=false"];
    for (name, text) in [("copy", copy), ("several heads", &several), ("baseline", baseline), ("gru", gru)] {
        for batch in ["train.batch=1", "train.batch=3", "train.batch=40"] {
            for threads in [1, 2] {
                let mut overrides = validated.to_vec();
                overrides.push(batch);
                let count = of_warm_updates(text, &overrides, threads);
                assert_eq!(count, 0, "{name}, {batch}, {threads} threads: {count} allocations in 30 updates");
            }
        }
    }
    // on several threads a tape more is made when two first meet in the same stage, and when that is chance decides
    let mut overrides = validated.to_vec();
    overrides.push("train.batch=3");
    let count = of_warm_updates(&taped, &overrides, 1);
    assert_eq!(count, 0, "a stage on a tape: {count} allocations in 30 updates");
    let count = of_a_fed_dashboard(1.0);
    assert_eq!(count, 0, "a dashboard that is fed: {count} allocations");
}
