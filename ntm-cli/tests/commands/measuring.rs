//! Commands that look at a trained model, and those that need none.
use crate::place::{Place, TINY};
use ntm_cli::core::checkpoint::{Archive, Checkpoint, Data};
use ntm_cli::core::engine::Stepper;
use ntm_cli::core::random::Purpose;
use ntm_cli::core::train::Task;
use ntm_cli::tasks::{DynamicNGrams, RepeatCopy};

fn trained() -> Place {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--quiet"]);
    place
}

#[test]
fn eval_measures_sizes_and_memories_that_were_not_trained() {
    let place = trained();
    let ended = place.works(&["eval", "--length", "2,5", "--sequences", "40", "--json"]);
    let rows = ended.json()["rows"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[1]["length"], &rows[1]["sequences"]), (&5.into(), &40.into()));
    assert!(rows[1]["bits_per_sequence"].as_f64() > rows[0]["bits_per_sequence"].as_f64());
    assert!(rows[1]["wrong_bits_per_sequence"].as_f64().unwrap() > 0.0);
    assert!(ended.people().contains("wrong bits per sequence"));

    let same = place.works(&[
        "eval",
        "runs/tiny",
        "--length",
        "2,5",
        "--sequences",
        "40",
        "--json",
        "--threads",
        "1",
    ]);
    assert_eq!(same.json(), ended.json());
    place.works(&[
        "eval",
        "runs/tiny/checkpoints/last.safetensors",
        "model.memory.slots=1024",
        "--length",
        "4",
    ]);
    place.works(&["eval", "--last", "--length", "4"]);
}

/// The small model on another task, after a few sequences.
fn trained_on(task: &str) -> Place {
    let place = Place::new();
    let copy = "Copy(width: 3, length: (1, 3))";
    assert!(TINY.contains(copy));
    place.write("tiny.ron", TINY.replace(copy, task));
    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    place
}

#[test]
fn eval_takes_a_task_of_two_sizes_at_any_pair_of_them() {
    let place = trained_on("RepeatCopy(width: 2, length: (1, 2), repeats: (1, 2))");
    let pair = ["task.length=(5, 5)", "task.repeats=(3, 3)"];
    let rows = |args: &[&str]| place.works(&[&["eval", "--sequences", "30", "--json"], args].concat()).json();
    let longer = rows(&pair);
    let row = &longer["rows"][0];
    assert_eq!((&row["length"], &row["chance_bits_per_sequence"]), (&5.into(), &(5.0 * 3.0 * 2.0).into()));
    assert_eq!(longer["rows"].as_array().unwrap().len(), 1);
    assert_eq!(rows(&["--length", "5", pair[1]]), longer);
    // what a count looks like is as it was in training
    place.works(&["trace", "--length", "5", pair[1], "--out", "t.safetensors"]);
    let inputs = Archive::read(place.path("t.safetensors")).unwrap().tensors["inputs"].clone();
    assert_eq!(inputs.shape, [5 + 2 + 15 + 1, 4]);
    let Data::F32(inputs) = inputs.data else { panic!() };
    assert_eq!(inputs[6 * 4 + 3], RepeatCopy::default().normalised(3));

    // a range is drawn as in training
    let mixed = rows(&["task.length=(1, 4)", "task.repeats=(1, 3)"]);
    let row = &mixed["rows"][0];
    assert_eq!([&row["least"], &row["length"]], [&serde_json::json!(1), &serde_json::json!(4)]);
    assert_eq!(row["chance_bits_per_sequence"], 2.5 * 2.0 * 2.0);
    // one size alone
    let usual = rows(&["task.repeats=(3, 3)"]);
    let lengths: Vec<_> = usual["rows"].as_array().unwrap().iter().map(|row| row["length"].clone()).collect();
    assert_eq!(lengths, [10, 20]);
}

#[test]
fn eval_compares_with_the_best_predictions_of_the_same_sequences() {
    let place = trained_on("DynamicNGrams(context: 2, length: (12, 12))");
    let ended = place.works(&["eval", "--length", "30", "--sequences", "40", "--json"]);
    let row = ended.json()["rows"][0].clone();
    let of = |name: &str| row[name].as_f64().unwrap();
    let (task, mut best) = (DynamicNGrams { context: 2, ..DynamicNGrams::default() }, 0.0);
    for n in 0..40 {
        let mut sequence = Default::default();
        task.sequence((Purpose::Evaluation(30), 0), n, Some(30), &mut sequence).unwrap();
        best += task.optimum(&sequence).unwrap() / 40.0;
    }
    assert!((of("optimum_bits_per_sequence") - best).abs() < 1e-9);
    assert!((of("bits_above_optimum") - (of("bits_per_sequence") - best)).abs() < 1e-9);
    assert!(of("bits_above_optimum") > 0.0 && of("bits_above_optimum_standard_error") > 0.0);
    assert_eq!(of("chance_bits_per_sequence"), 30.0);
    for column in ["chance", "optimum", "above it", "standard error"] {
        assert!(ended.people().contains(column), "{}", ended.people());
    }
    // where the best is 0 there is no such column
    let copy = trained().works(&["eval", "--length", "3", "--json"]);
    assert!(copy.json()["rows"][0].get("bits_above_optimum").is_none() && !copy.people().contains("optimum"));
    assert_eq!(copy.json()["rows"][0]["chance_bits_per_sequence"], 9.0);
}

#[test]
fn a_trace_of_a_trace_is_the_same() {
    let place = trained();
    place.works(&["trace", "--length", "2", "--out", "a.safetensors", "--f64"]);
    place.works(&["trace", "--inputs", "a.safetensors", "--out", "b.safetensors", "--f64"]);
    let (a, b) = (
        Archive::read(place.path("a.safetensors")).unwrap(),
        Archive::read(place.path("b.safetensors")).unwrap(),
    );
    for name in [
        "logits",
        "outputs",
        "memory",
        "heads.0.weighting",
        "heads.1.add",
        "controller.h",
        "loss",
        "grad.inputs",
    ] {
        assert!(b.tensors.contains_key(name), "{name}");
    }
    assert_eq!(a.tensors["memory"].shape, [5, 16, 6]);
    assert!(b.tensors.iter().all(|(name, tensor)| a.tensors[name] == *tensor));
    place.works(&["trace", "--length", "2", "--seed", "7", "--out", "c.safetensors"]);
    let c = Archive::read(place.path("c.safetensors")).unwrap();
    assert!(matches!(c.tensors["logits"].data, Data::F32(_)));
    assert_ne!(c.tensors["inputs"].data, a.tensors["inputs"].data);
}

#[test]
fn a_program_can_load_a_checkpoint_and_step_it() {
    let place = trained();
    let path = place.path("runs/tiny/checkpoints/best.safetensors");
    let checkpoint = Checkpoint::read(path).unwrap();
    let (experiment, model) = checkpoint.model::<f32>(&ntm_cli::builtin()).unwrap();
    assert_eq!((experiment.task.name(), experiment.train.sequences), ("Copy", 600));
    let mut stepper = Stepper::new(&model);
    let (mut state, x) = (stepper.start(), [1.0, 0.0, 1.0, 0.0]);
    let first = stepper.step(&mut state, &x).unwrap().to_vec();
    let here = state.clone();
    let second = stepper.step(&mut state, &x).unwrap().to_vec();
    assert!(first.len() == 3 && first != second);
    // the state is the caller's: back to a copy of it, and to the start
    state = here;
    assert_eq!(stepper.step(&mut state, &x).unwrap(), second);
    assert_eq!(stepper.step(&mut stepper.start(), &x).unwrap(), first);
    let said = stepper.step(&mut state, &[1.0]).unwrap_err().to_string();
    assert_eq!(said, "the input holds 1 numbers, but the model takes 4 at each step");
    let said = stepper.step(&mut [0.0], &x).unwrap_err().to_string();
    assert!(said.contains("the state holds 1 numbers, but this model's holds"), "{said}");
    let refused = checkpoint.model::<f32>(&ntm_cli::core::config::register(Default::default()));
    assert!(refused.unwrap_err().to_string().contains("task"));
}

#[test]
fn a_checkpoint_of_a_later_format_is_refused() {
    let place = trained();
    let mut archive = Archive::read(place.path("runs/tiny/checkpoints/best.safetensors")).unwrap();
    assert_eq!(Checkpoint::from_archive(archive.clone(), "best").unwrap().to_archive(), archive);
    let text = archive.metadata.unwrap();
    assert!(text.starts_with("(format:1,"), "{text}");
    archive.metadata = Some(text.replacen("format:1", "format:2", 1));
    let said = Checkpoint::from_archive(archive, "best").unwrap_err().to_string();
    assert!(said.starts_with("best: has format 2, this program reads formats up to 1"), "{said}");
}

#[test]
fn check_writes_a_config_that_says_the_same() {
    let place = Place::new();
    let ended = place.works(&["check", "tiny.ron", "train.seed=3"]);
    assert!(ended.people().contains("parameters"), "{}", ended.people());
    place.write("full.ron", ended.result());
    assert_eq!(place.works(&["check", "full.ron"]).result(), ended.result());
    assert!(ended.result().contains("seed: 3"));
}

#[test]
fn bench_gives_a_row_for_each_size_and_batch() {
    let place = Place::new();
    let args = ["bench", "tiny.ron", "--length", "2,3", "--batch", "1,16", "--seconds", "0.02", "--json"];
    let rows = place.works(&args).json()["rows"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 4);
    let number = |row: &serde_json::Value, name: &str| row[name].as_f64().unwrap();
    for row in &rows {
        assert!(number(row, "sequences_per_second") > 0.0 && number(row, "gflops") > 0.0, "{row}");
        let of_peak = number(row, "gflops") / number(row, "peak_gflops");
        assert!((of_peak - number(row, "of_peak")).abs() < 1e-9 && of_peak < 1.5, "{row}");
    }
    let ended = place.works(&["bench", "tiny.ron", "--inference", "--seconds", "0.02"]);
    assert!(
        ended.people().contains("--inference") && ended.people().contains("The peak of"),
        "{}",
        ended.people()
    );
}

#[test]
fn bench_counts_the_operations_of_every_sequence_and_takes_the_configs_own_size() {
    let place = Place::new();
    let task = "task=RepeatCopy(width: 3, length: (2, 2), repeats: (1, 9))";
    let row = |batch: &str, seed: &str| {
        let args = [
            "bench",
            "tiny.ron",
            task,
            seed,
            "--batch",
            batch,
            "--threads",
            "1",
            "--seconds",
            "0.01",
            "--json",
        ];
        place.works(&args).json()["rows"][0].clone()
    };
    // what a sequence costs on average hangs on how often it is repeated, and is what the memory needs for all of them
    let each = |row: serde_json::Value| {
        assert_eq!(row["length"], 2);
        row["gflops"].as_f64().unwrap() / row["sequences_per_second"].as_f64().unwrap()
    };
    let alone: Vec<f64> = (1..=6).map(|seed| each(row("1", &format!("train.seed={seed}")))).collect();
    let (least, most) = alone.iter().fold((f64::MAX, 0.0f64), |(l, m), x| (l.min(*x), m.max(*x)));
    assert!(most > 1.5 * least, "{alone:?}");
    let together: Vec<f64> = (1..=6).map(|seed| each(row("256", &format!("train.seed={seed}")))).collect();
    assert!(together.iter().all(|x| (x / together[0] - 1.0).abs() < 0.15), "{together:?}");
}

#[test]
fn list_names_what_a_config_may_hold() {
    let place = Place::new();
    assert!(place.works(&["list", "controllers"]).result().contains("Lstm\n"));
    assert!(place.works(&["list"]).result().contains("tasks: Copy"));
}
