//! What is taken out of a run, and that it can be used.
use crate::place::Place;
use ntm_cli::core::checkpoint::{Archive, Checkpoint};

fn trained() -> Place {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--quiet"]);
    place
}

#[test]
fn weights_are_those_of_the_checkpoint_with_its_config_and_nothing_else() {
    let place = trained();
    let said = place.works(&["export", "weights", "--last"]).people();
    assert!(
        said.contains("runs/tiny/weights.safetensors: weights and config of runs/tiny/checkpoints/last"),
        "{said}"
    );
    let last = Checkpoint::read(place.path("runs/tiny/checkpoints/last.safetensors")).unwrap();
    let weights = Checkpoint::read(place.path("runs/tiny/weights.safetensors")).unwrap();
    assert_eq!((&weights.config, weights.numbers.sequences), (&last.config, 600));
    let state = |name: &String| name.starts_with("optim.");
    assert!(last.tensors.keys().any(state) && !weights.tensors.keys().any(state));
    let kept = last.tensors.iter().filter(|(name, _)| !state(name));
    assert!(kept.eq(weights.tensors.iter()));

    // of a file of weights, the same file
    place.works(&["export", "runs/tiny/weights.safetensors", "weights"]);
    assert_eq!(place.read("weights.safetensors"), place.read("runs/tiny/weights.safetensors"));
    // the best checkpoint unless told
    place.works(&["export", "runs/tiny", "weights", "--out", "best.safetensors"]);
    let tensors = |name: &str| Archive::read(place.path(name)).unwrap().tensors;
    assert_eq!(tensors("best.safetensors"), tensors("runs/tiny/checkpoints/best.safetensors"));
}

#[test]
fn exported_weights_stand_wherever_a_checkpoint_may() {
    let place = trained();
    place.works(&["export", "runs/tiny", "weights", "--out", "w.safetensors"]);
    let eval =
        |run: &str| place.works(&["eval", run, "--length", "3,9", "--sequences", "20", "--json"]).json();
    assert_eq!(eval("w.safetensors"), eval("runs/tiny"));
    for (run, out) in [("w.safetensors", "a.safetensors"), ("runs/tiny", "b.safetensors")] {
        place.works(&["trace", run, "--length", "4", "--f64", "--out", out]);
    }
    assert_eq!(place.read("a.safetensors"), place.read("b.safetensors"));
    for kind in ["weights", "memory"] {
        place.works(&["plot", "w.safetensors", "--kind", kind, "model.memory.slots=24"]);
        place.works(&["plot", "runs/tiny", "--kind", kind, "model.memory.slots=24", "--out", "of-run"]);
        let of = |folder: &str| place.read(&format!("{folder}/{kind}.svg"));
        assert_eq!(of("plots"), of("of-run"));
    }
    place.works(&[
        "plot",
        "w.safetensors",
        "--kind",
        "generalisation",
        "--length",
        "2,4",
        "--sequences",
        "8",
    ]);
    // a new run begins with these weights, and an import is these weights
    place.works(&["train", "--from", "w.safetensors", "train.sequences=0", "--out", "further", "--quiet"]);
    place.works(&["import", "tiny.ron", "w.safetensors", "--out", "imported"]);
    for run in ["further", "imported"] {
        assert_eq!(eval(run), eval("runs/tiny"), "{run}");
    }
    let refused = place.run(&["train", "--resume", "w.safetensors"]);
    assert_eq!(refused.code(), 2, "{}", refused.people());
}

#[test]
fn what_cannot_be_exported_is_told_and_nothing_is_replaced() {
    let place = trained();
    place.write("there.safetensors", "mine");
    place.write("text.safetensors", "not tensors");
    std::fs::create_dir(place.path("young")).unwrap();
    place.write("young/config.ron", place.read("runs/tiny/config.ron"));
    let mut said = String::new();
    for args in [
        &["export"][..],
        &["export", "runs/tiny"],
        &["export", "runs/tiny", "wieghts"],
        &["export", "missing", "weights"],
        &["export", "tiny.ron", "weights"],
        &["export", "text.safetensors", "weights"],
        &["export", "runs/tiny", "weights", "--out", "there.safetensors"],
        &["export", "runs/tiny", "weights", "--out", "no/such/place.safetensors"],
        &["export", "missing", "csv"],
        &["export", "young", "csv"],
        &["export", "young", "tensorboard"],
        &["export", "runs/tiny", "csv", "--last"],
        &["export", "runs/tiny/checkpoints/best.safetensors", "csv"],
        &["export", "runs/tiny", "csv", "--out", "there.safetensors"],
        &["export", "runs/tiny", "csv", "--out", "no/such/place.csv"],
        &["export", "runs/tiny", "tensorboard", "--out", "there.safetensors/events"],
    ] {
        let before = place.files();
        let ended = place.run(args);
        assert!(place.files() == before, "ntm {}: files have changed", args.join(" "));
        said += &format!("$ ntm {}\n{}exit code {}\n\n", args.join(" "), ended.people(), ended.code());
    }
    insta::assert_snapshot!("refused_exports", said);
}

#[test]
fn a_learning_curve_is_a_table_of_what_was_recorded_and_when() {
    let place = trained();
    place.works(&["export", "runs/tiny", "csv"]);
    let table = String::from_utf8(place.read("runs/tiny/metrics.csv")).unwrap();
    let lines = |name: &str| -> Vec<serde_json::Value> {
        let text = String::from_utf8(place.read(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (metrics, timing) = (lines("runs/tiny/metrics.jsonl"), lines("runs/tiny/timing.jsonl"));
    let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = rows.next().unwrap();
    assert_eq!(
        names,
        [
            "sequences",
            "training_bits",
            "validation_bits",
            "validation_wrong_bits",
            "gradient_norm",
            "seconds"
        ]
    );
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 6);
    for (n, row) in rows.iter().enumerate() {
        for (name, cell) in names.iter().zip(row) {
            let kept = if *name == "seconds" { &timing[n] } else { &metrics[n] };
            assert_eq!(cell.parse::<f64>().unwrap(), kept[name].as_f64().unwrap(), "{name} of line {n}");
        }
    }
}

#[test]
fn an_event_file_names_every_number_of_every_validation() {
    let place = trained();
    place.works(&["export", "runs/tiny", "tensorboard"]);
    let files = place.files();
    let (path, bytes) = files.iter().find(|(path, _)| path.to_string_lossy().contains("tfevents")).unwrap();
    assert!(path.starts_with(place.path("runs/tiny/tensorboard")));
    let count = |word: &str| bytes.windows(word.len()).filter(|window| *window == word.as_bytes()).count();
    for name in ["training_bits", "validation_bits", "validation_wrong_bits", "gradient_norm"] {
        assert_eq!(count(name), 6, "{name}");
    }
    assert_eq!((count("brain.Event:2"), count("task: Copy(width: 3")), (1, 1));
}
