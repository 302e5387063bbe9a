//! Commands that look at a trained model, and those that need none.
use crate::place::Place;
use ntm_cli::core::checkpoint::{Archive, Checkpoint, Data};
use ntm_cli::core::engine::Stepper;

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
    assert!(rows.iter().all(|row| row["sequences_per_second"].as_f64() > Some(0.0) && row["gflops"].as_f64() > Some(0.0)));
    place.works(&["bench", "tiny.ron", "--inference", "--seconds", "0.02"]);
}

#[test]
fn list_names_what_a_config_may_hold() {
    let place = Place::new();
    assert!(place.works(&["list", "controllers"]).result().contains("Lstm\n"));
    assert!(place.works(&["list"]).result().contains("tasks: Copy"));
}
