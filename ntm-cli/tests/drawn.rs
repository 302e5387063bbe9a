//! Training runs over drawn configurations, sensible and absurd: each is refused with a reason, or stops with one, or comes to its end, and
//! no number that it reports is not one. None panics, none hangs.
//!
//! More of them, and others: `NTM_TEST_RUNS=1000 NTM_TEST_SEED=7 cargo test -p ntm-cli --test drawn -- --nocapture`.
use ntm_cli::core::Sequence;
use ntm_cli::core::config::{Experiment, Registry, Source};
use ntm_cli::core::engine::{Exact, Stepper, inspect, inspect_scored};
use ntm_cli::core::random::{Purpose, Random};
use ntm_cli::core::train::{Record, TrainError, Trainer, evaluate};
use rand::{RngExt, SeedableRng};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A drawn run takes milliseconds; one that takes as long as this hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// What came of a run.
#[derive(Debug, PartialEq)]
enum Came {
    /// The config was refused.
    Refused(String),
    /// A number was not finite, and training said where.
    Stopped(String),
    Ended,
}

/// Draws of pieces of a config.
struct Draw(Random);

impl Draw {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.0.random_range(0..of.len())]
    }
    fn size(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least..=most)
    }
    fn chance(&mut self, p: f64) -> bool {
        self.0.random_bool(p)
    }
    /// A number above 0 of any magnitude in the range of exponents.
    fn magnitude(&mut self, least: i32, most: i32) -> String {
        format!("{:.3}e{}", self.0.random_range(1.0..10.0), self.0.random_range(least..=most))
    }
    fn activation(&mut self) -> String {
        let plain = [
            "Linear",
            "Tanh",
            "Relu",
            "Sigmoid",
            "HardSigmoid",
            "Exp",
            "Softplus",
            "OnePlusSoftplus",
            "OnePlusRelu",
            "TenSigmoid",
        ];
        match self.size(0, 11) {
            0 => "Clip(min: -1, max: 1)".into(),
            1 => format!("Affine(scale: {}, offset: 0.5, of: {})", self.magnitude(-3, 6), self.one(&plain)),
            _ => self.one(&plain).into(),
        }
    }
    fn initial(&mut self) -> String {
        let name = self.one(&["Constant", "Uniform", "Normal", "Xavier", "FanIn"]);
        // most of them such that something can be learnt
        let most = if self.chance(0.2) { 30 } else { 0 };
        format!("{name}({})", self.magnitude(-4, most))
    }
    fn task(&mut self) -> String {
        let (a, b) = (self.size(1, 3), self.size(0, 4));
        let (range, width) = (format!("({a}, {})", a + b), self.size(1, 5));
        match self.size(0, 4) {
            0 => format!("Copy(width: {width}, length: {range})"),
            1 => format!("RepeatCopy(width: {width}, length: {range}, repeats: (1, {}))", 1 + b),
            2 => format!("AssociativeRecall(width: {width}, vectors: {a}, items: (2, {}))", 2 + b),
            3 => format!("DynamicNGrams(context: {}, length: (8, {}))", self.size(1, 4), 8 + 3 * b),
            _ => format!("PrioritySort(width: {width}, vectors: ({a}, {}), answers: {a})", a + b),
        }
    }
    fn controller(&mut self) -> String {
        let (hidden, layers) = (self.size(1, 20), self.size(1, 3));
        let start = self.one(&["Learned", "Zeros"]);
        match self.size(0, 2) {
            0 => format!(
                "Lstm(hidden: {hidden}, layers: {layers}, skip: {}, start: {start})",
                self.chance(0.3)
            ),
            1 => format!("Gru(hidden: {hidden}, layers: {layers}, start: {start})"),
            _ => format!(
                "Mlp(hidden: [{hidden}, {layers}], activation: {}, start: {start})",
                self.activation()
            ),
        }
    }
    fn stage(&mut self) -> String {
        match self.size(0, 6) {
            0 => {
                let similarity = match self.size(0, 2) {
                    0 => "Dot()".into(),
                    1 => "Cosine(epsilon: 0)".into(),
                    _ => {
                        let at = self.one(&["Denominator", "Floor", "Norms", "InsideRoot"]);
                        format!("Cosine(epsilon: {}, at: {at})", self.magnitude(-16, 0))
                    }
                };
                let (key, strength) = (self.activation(), self.activation());
                format!("Content(key: {key}, strength: {strength}, similarity: {similarity})")
            }
            1 => format!("Interpolate(gate: {})", self.activation()),
            2 => format!("Shift(range: {}, boundary: {})", self.size(1, 4), self.one(&["Circular", "Zero"])),
            3 => "ScalarShift()".into(),
            4 => "FixedShift(kernel: [0.1, 0.8, 0.1])".into(),
            5 => format!("Sharpen(power: {})", self.activation()),
            _ => {
                let at = self.one(&["Denominator", "Base"]);
                format!("Sharpen(epsilon: {}, epsilon_at: {at})", self.magnitude(-16, -1))
            }
        }
    }
    fn head(&mut self) -> String {
        let addressing = match self.chance(0.4) {
            true => "Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])".to_owned(),
            false => {
                let stages: Vec<String> = (0..self.size(1, 5)).map(|_| self.stage()).collect();
                format!("Chain([{}])", stages.join(", "))
            }
        };
        let using = if self.chance(0.2) { "Previous" } else { "Current" };
        let weighting = self.one(&["Learned", "OneHot", "Zeros", "Uniform"]);
        if self.chance(0.5) {
            let read = self.one(&["Learned", "LearnedThrough(Tanh)", "Zeros", "Drawn(0.5)", "Drawn(1e30)"]);
            return format!(
                "Read(addressing: {addressing}, using: {using}, weighting: {weighting}, read: {read})"
            );
        }
        let erase = if self.chance(0.2) { "Coupled".into() } else { self.activation() };
        format!(
            "Write(addressing: {addressing}, using: {using}, weighting: {weighting}, erase: {erase}, add: {})",
            self.activation()
        )
    }
    fn model(&mut self) -> String {
        let controller = self.controller();
        if self.chance(0.1) {
            return format!("Recurrent(controller: {controller})");
        }
        let most = if self.chance(0.2) { 30 } else { 0 };
        let constant = format!("Constant({})", self.magnitude(-8, most));
        let start =
            self.one(&["Learned", "LearnedThrough(Tanh)", "Drawn(0.3)", "Constant(0)", &constant]).to_owned();
        let memory =
            format!("Dense(slots: {}, width: {}, start: {start})", self.size(1, 24), self.size(1, 8));
        let heads: Vec<String> = (0..self.size(1, 5)).map(|_| self.head()).collect();
        let more = [
            format!("order: {}", self.one(&["ReadThenWrite", "WriteThenRead", "Listed"])),
            format!("writes: {}", self.one(&["Together", "Sequential"])),
            format!(
                "step: {}",
                self.one(&["ControllerThenMemory", "ControllerThenMemory", "MemoryThenController"])
            ),
            format!("heads_see: {}", self.one(&["Hidden", "Hidden", "Hidden", "Cell"])),
            format!("output: {}", self.one(&["HiddenAndReads", "Hidden"])),
            format!("heads_initial: (weight: {}, bias: {})", self.initial(), self.initial()),
            match self.chance(0.2) {
                true => format!("raw_clip: Some({})", self.magnitude(-2, 3)),
                false => "raw_clip: None".into(),
            },
        ];
        format!(
            "Ntm(controller: {controller}, memory: {memory}, heads: [{}], {})",
            heads.join(", "),
            more.join(", ")
        )
    }
    fn train(&mut self) -> String {
        // from rates that change nothing to those that leave f32 at once
        let rate = match self.chance(0.5) {
            true => self.magnitude(-5, -2),
            false => self.magnitude(-12, 40),
        };
        let epsilon = self.magnitude(-30, 3);
        let optimizer = match self.size(0, 2) {
            0 => format!("Adam(rate: {rate}, epsilon: {epsilon})"),
            1 => format!("RmsProp(rate: {rate}, epsilon: {epsilon}, centred: {})", self.chance(0.5)),
            _ => format!(
                "RmsProp(rate: {rate}, momentum: {}, decay: {})",
                self.one(&["0", "0.9", "0.999"]),
                self.one(&["0", "0.95"])
            ),
        };
        let clip = match self.size(0, 3) {
            0 => "None".into(),
            1 => format!("Value({})", self.magnitude(-6, 38)),
            2 => format!("Norm({})", self.magnitude(-6, 38)),
            _ => "Norm(10)".to_owned(),
        };
        format!(
            "(batch: {}, chunk: {}, sequences: 24, validate_every: {}, validation_sequences: {}, stop_when_solved: {}, \
             checkpoint_every: {}, optimizer: {optimizer}, clip: {clip}, seed: {})",
            self.size(1, 6),
            self.size(1, 8),
            self.one(&["0", "1", "8", "10"]),
            self.size(1, 9),
            self.chance(0.5),
            self.one(&["0", "0", "1", "3"]),
            self.0.random::<u32>()
        )
    }
    fn config(&mut self) -> String {
        format!("(\n  task: {},\n  model: {},\n  train: {},\n)", self.task(), self.model(), self.train())
    }
}

/// Requires that a record holds numbers.
fn check(record: &Record) {
    let numbers =
        [record.training_bits, record.gradient_norm, record.validation_bits, record.validation_wrong_bits];
    assert!(numbers.iter().all(|x| x.is_finite()), "{record:?}");
}

/// Where a number first was not finite, held to what is there.
fn stopped(trainer: &Trainer<f32>, e: &TrainError) -> Came {
    let finite = |xs: &[f32]| xs.iter().all(|x| x.is_finite());
    match e {
        TrainError::NotFinite { sequences, place, .. } => {
            let place = place.strip_prefix("it first appears in ").expect(place);
            if place == OF_ALL {
                return Came::Stopped(e.to_string());
            }
            let (quantity, of) = place.rsplit_once(" of ").expect(place);
            let settings = trainer.settings();
            let (stream, range, n) = match of.strip_prefix("validation sequence ") {
                Some(n) => {
                    let all = 0..settings.validation_sequences as u64;
                    ((Purpose::Validation, settings.eval_seed), all, n)
                }
                None => {
                    let batch = *sequences..*sequences + settings.batch as u64;
                    ((Purpose::Training, settings.seed), batch, of.strip_prefix("sequence ").expect(place))
                }
            };
            let n = n.parse().expect(place);
            assert!(range.contains(&n), "{e}");
            let mut sequence = Sequence::default();
            trainer.task().sequence(stream, n, None, &mut sequence).unwrap();
            let (steps, loss) = (sequence.steps, trainer.task().loss());
            let found = inspect_scored(trainer.model(), loss, &[sequence], Exact::default());
            if let Some((name, step)) =
                quantity.rsplit_once(" at step ").filter(|(name, _)| name.starts_with('`'))
            {
                let (numbers, step): (_, usize) =
                    (&found.trace[name.trim_matches('`')].1, step.parse().expect(place));
                let each = numbers.len() / steps;
                assert!(
                    !finite(&numbers[step * each..(step + 1) * each]) && finite(&numbers[..step * each]),
                    "{e}"
                );
            } else {
                assert!(found.trace.values().all(|(_, numbers)| finite(numbers)), "{e}");
                let backward = quantity.starts_with("the gradient");
                assert_eq!(found.loss.is_finite(), backward, "{e}");
                assert!(!backward || !finite(&found.d_inputs) || !finite(&found.gradient), "{e}");
            }
        }
        TrainError::Overflow { what, .. } => {
            let tensor = what.split('`').nth(1).expect(what);
            assert!(trainer.model().tensors().iter().any(|info| info.path == tensor), "{e}");
        }
        _ => panic!("{e}"),
    }
    Came::Stopped(e.to_string())
}

/// Each sequence was finite, and their sum was not: this has no other place.
const OF_ALL: &str = "the sum over the sequences";

fn came(registry: &Registry, text: &str) -> Came {
    let refused = |e: &dyn std::fmt::Display| Came::Refused(e.to_string());
    let loaded = match registry.load::<Experiment>(&Source::new("drawn", text), &[]) {
        Ok(loaded) => loaded,
        Err(e) => return refused(&e),
    };
    let experiment = &loaded.value;
    if let Err(e) = experiment.plan(1) {
        return refused(&loaded.locate(e));
    }
    let task = experiment.task().unwrap();
    let mut model = experiment.model::<f32>(&*task).unwrap();
    model.draw(experiment.train.seed).unwrap();
    let mut trainer = match Trainer::new(experiment.train.clone(), task, model, 1) {
        Ok(trainer) => trainer,
        Err(e) => return refused(&e),
    };
    let mut records = 0;
    while !trainer.finished() {
        match trainer.advance() {
            Ok(Some(record)) => {
                check(&record);
                records += 1;
            }
            Ok(None) => {}
            Err(e) => return stopped(&trainer, &e),
        }
    }
    // as `ntm train` does before it keeps anything
    if let Err(e) = trainer.check() {
        return stopped(&trainer, &e);
    }
    assert_eq!(records > 0, experiment.train.validate_every > 0);
    assert!(trainer.numbers().best_bits.is_none_or(f64::is_finite));
    assert!(trainer.recent_bits().is_finite() && trainer.last_update().gradient_norm.is_finite());
    // what `ntm eval` measures is a number, or it says so
    let task = experiment.task().unwrap();
    if let Some(size) = task.usual_sizes().into_iter().min() {
        let purpose = (Purpose::Evaluation(size), 0);
        evaluate(trainer.model(), &*task, Some(size), purpose, 3, 8, 1).unwrap();
    }
    Came::Ended
}

/// Found by a drawn run: the second stage's numbers went into the room of the first one's.
#[test]
fn stages_of_one_kind_in_one_chain_are_all_shown() {
    let chain = "Chain([Content(), Shift(range: 1), Sharpen(), Shift(range: 2), Sharpen(), Shift(range: 1)])";
    let text = format!(
        "(task: Copy(width: 2, length: (1, 2)), model: Ntm(controller: Lstm(hidden: 4), memory: Dense(slots: 8, width: 3), \
         heads: [Read(addressing: {chain}), Write(addressing: {chain})]))"
    );
    let loaded = ntm_cli::builtin().load::<Experiment>(&Source::new("two", &*text), &[]).unwrap();
    let task = loaded.value.task().unwrap();
    let mut model = loaded.value.model::<f32>(&*task).unwrap();
    model.draw(1).unwrap();
    let mut sequence = Sequence::default();
    task.sequence((Purpose::Training, 1), 0, None, &mut sequence).unwrap();
    let inputs = sequence.inputs[..task.inputs()].to_vec();
    let seen = inspect(&model, &[sequence], None);
    for head in 0..2 {
        for (name, numbers) in [("shift", 3), ("shift.2", 5), ("shift.3", 3), ("shifted.2", 8)] {
            let (shape, _) = &seen.trace[&format!("heads.{head}.{name}")];
            assert_eq!(shape[2..], [numbers], "heads.{head}.{name}");
        }
    }
    // one step at a time too
    let mut stepper = Stepper::new(&model);
    let mut state = stepper.start();
    stepper.step(&mut state, &inputs).unwrap();
    let mut names = vec![];
    stepper.show(&mut |quantity| names.push(quantity.name));
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

#[test]
fn every_drawn_run_is_refused_or_stops_or_ends_with_a_reason_and_with_numbers() {
    let (runs, seed) = (setting("NTM_TEST_RUNS", 100), setting("NTM_TEST_SEED", 1));
    println!("{runs} runs, seed {seed}");
    let registry = ntm_cli::builtin();
    let now: Arc<Mutex<(Instant, String)>> = Arc::new(Mutex::new((Instant::now(), String::new())));
    let watched = now.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let (began, config) = &*watched.lock().unwrap();
            if began.elapsed() > LONGEST {
                eprintln!("a drawn run hangs:\n{config}");
                std::process::exit(101);
            }
        }
    });
    let (mut refused, mut stopped, mut ended, mut unplaced) = (vec![], vec![], 0, 0);
    let mut broken = vec![];
    for n in 0..runs {
        let text = Draw(Random::seed_from_u64(seed.wrapping_mul(1 << 32).wrapping_add(n))).config();
        *now.lock().unwrap() = (Instant::now(), text.clone());
        match catch_unwind(AssertUnwindSafe(|| came(&registry, &text))) {
            Err(_) => broken.push(format!("run {n} panicked:\n{text}")),
            Ok(Came::Ended) => ended += 1,
            Ok(Came::Refused(why)) => refused.push(why),
            Ok(Came::Stopped(why)) => {
                if !why.contains("is not finite after ") {
                    broken.push(format!("run {n} stopped without a reason, {why:?}:\n{text}"));
                }
                unplaced += usize::from(why.contains(OF_ALL));
                stopped.push(why);
            }
        }
    }
    println!(
        "{ended} ended, {} stopped ({unplaced} of them without a place), {} refused",
        stopped.len(),
        refused.len()
    );
    let count = refused.len();
    refused.sort();
    refused.dedup();
    refused.iter().take(20).for_each(|why| println!("refused: {why}"));
    stopped.iter().take(10).for_each(|why| println!("stopped: {why}"));
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
    assert!(unplaced <= 1 + stopped.len() / 50, "{unplaced} of {} without a place", stopped.len());
    // or nothing was tested
    let runs = usize::try_from(runs).unwrap();
    assert!(
        ended > runs / 4 && stopped.len() > runs / 50,
        "{ended} ended, {} stopped of {runs}",
        stopped.len()
    );
    assert!(count < runs / 2, "{count} of {runs} refused");
}
