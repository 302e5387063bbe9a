//! Sequences of one's own, from files, under every loss.
use crate::place::{Place, TINY};
use ntm_cli::core::checkpoint::{Archive, Data, Tensor};

const ITEMS: usize = 24;
const STEPS: usize = 5;

/// Echo: say what was heard a step before. The first step is not scored, and every third item is two steps shorter.
fn data(place: &Place, name: &str, outputs: impl Fn(bool) -> [f32; 2], offset: usize) {
    let heard = |item: usize, step: usize| (item + offset).wrapping_mul(2_654_435_761) >> (step + 7) & 1 == 1;
    let length = |item: usize| if item.is_multiple_of(3) { STEPS - 2 } else { STEPS };
    let (mut inputs, mut targets, mut mask) = (vec![], vec![], vec![]);
    for item in 0..ITEMS {
        for step in 0..STEPS {
            inputs.push(f32::from(heard(item, step)));
            targets.extend(if step == 0 { [0.0; 2] } else { outputs(heard(item, step - 1)) });
            mask.push(f32::from(step > 0 && step < length(item)));
        }
    }
    let mut archive = Archive::default();
    archive.tensors.insert("inputs".into(), Tensor::new([ITEMS, STEPS, 1], inputs));
    archive.tensors.insert("targets".into(), Tensor::new([ITEMS, STEPS, 2], targets));
    archive.tensors.insert("mask".into(), Tensor::new([ITEMS, STEPS], mask));
    archive.write(place.path(name)).unwrap();
}

/// A place with `configs/own.ron`, and its data beside it in `data/`.
fn place(loss: &str, outputs: impl Fn(bool) -> [f32; 2] + Copy) -> Place {
    let place = Place::new();
    for directory in ["configs", "data", "elsewhere"] {
        std::fs::create_dir(place.path(directory)).unwrap();
    }
    data(&place, "data/a.safetensors", outputs, 0);
    data(&place, "data/b.safetensors", outputs, 1000);
    let task = format!(
        "FromFile(inputs: 1, outputs: 2, train: \"../data/a.safetensors\", validation: \"../data/b.safetensors\", loss: \
         {loss})"
    );
    let config = TINY.replace("Copy(width: 3, length: (1, 3))", &task);
    let train = "(batch: 4, sequences: 4000, validate_every: 400, optimizer: RmsProp(rate: 3e-3))";
    let config = config.replace("(sequences: 600, validate_every: 100, validation_sequences: 24)", train);
    assert!(config.contains(&task) && config.contains(train));
    place.write("configs/own.ron", config);
    place
}

fn costs(place: &Place, name: &str) -> Vec<f64> {
    let text = String::from_utf8(place.read("runs/own/metrics.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()[name].as_f64().unwrap())
        .collect()
}

fn learns(loss: &str, outputs: impl Fn(bool) -> [f32; 2] + Copy, names: &[&str], header: &str) {
    let place = place(loss, outputs);
    let ended = place.works(&["train", "configs/own.ron", "--plain"]);
    assert!(ended.people().contains("On the validation file"), "{}", ended.people());
    let costs = costs(&place, "validation_bits");
    // chance costs more than 3 bits, and the variance of the numbers is above 1
    assert!(costs.iter().any(|cost| *cost < 0.5), "{loss}: {costs:?}");
    let ended = place.works(&["eval", "runs/own", "--json"]);
    let row = ended.json()["rows"][0].clone();
    let found: Vec<&String> = row.as_object().unwrap().keys().collect();
    let mut wanted = [&["length", "sequences"][..], names].concat();
    wanted.sort_unstable();
    let mut found: Vec<&str> = found.into_iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, wanted, "{loss}");
    assert!(ended.people().contains(header), "{loss}: {}", ended.people());
    assert_eq!((&row["sequences"], &row["length"]), (&24.into(), &5.into()));
    // what was measured is the lowest of the validations
    let best = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let measured = row[names[0]].as_f64().unwrap();
    assert!((measured - best).abs() <= 1e-5 * best.max(1e-3), "{loss}: {measured} beside {best}");

    // the same sequences traced: the same cost, and gradients that are those of central differences
    let args = ["trace", "runs/own", "--inputs", "data/b.safetensors", "--f64", "--out", "trace.safetensors"];
    place.works(&args);
    let trace = Archive::read(place.path("trace.safetensors")).unwrap();
    let number = |archive: &Archive, name: &str, at: usize| match &archive.tensors[name].data {
        Data::F64(data) => data[at],
        _ => panic!("{name} is not f64"),
    };
    let unit = if loss == "MeanSquare" { 1.0 } else { std::f64::consts::LN_2 };
    let cost = number(&trace, "loss", 0) / unit;
    assert!((cost - measured).abs() < 1e-4 * measured.max(1e-2), "{loss}: {cost} beside {measured}");
    let data = Archive::read(place.path("data/b.safetensors")).unwrap();
    for at in [0, 7, 23] {
        let moved = |by: f64, name: &str| {
            let mut data = data.clone();
            let inputs = data.tensors.get_mut("inputs").unwrap();
            let Data::F32(numbers) = &inputs.data else { panic!() };
            let mut numbers: Vec<f64> = numbers.iter().map(|&x| f64::from(x)).collect();
            numbers[at] += by;
            inputs.data = numbers.into();
            let (from, to) = (format!("{name}.safetensors"), format!("{name}-{at}-trace.safetensors"));
            data.write(place.path(&from)).unwrap();
            place.works(&["trace", "runs/own", "--inputs", &from, "--f64", "--out", &to]);
            number(&Archive::read(place.path(&to)).unwrap(), "loss", 0)
        };
        let expected = (moved(1e-4, "up") - moved(-1e-4, "down")) / 2e-4;
        let ours = number(&trace, "grad.inputs", at);
        assert!(
            (ours - expected).abs() <= 1e-5 * expected.abs().max(1e-2),
            "{loss} {at}: {ours} beside {expected}"
        );
    }
}

#[test]
fn bits_of_a_file_are_learnt() {
    let names = ["bits_per_sequence", "wrong_bits_per_sequence"];
    learns("Bits", |heard| [f32::from(heard), f32::from(!heard)], &names, "wrong bits per sequence");
}

#[test]
fn choices_of_a_file_are_learnt() {
    let names = ["bits_per_sequence", "wrong_steps_per_sequence"];
    learns("CrossEntropy", |heard| [f32::from(heard), f32::from(!heard)], &names, "wrong steps per sequence");
}

#[test]
fn numbers_of_a_file_are_learnt() {
    let names = ["squared_error_per_sequence"];
    learns("MeanSquare", |heard| [if heard { 2.0 } else { -1.0 }, 0.5], &names, "squared error per sequence");
}

#[test]
fn a_run_finds_its_files_from_anywhere_and_goes_on_with_the_same_bits() {
    let place = place("Bits", |heard| [f32::from(heard), 0.0]);
    let short = "train.sequences=36";
    place.works(&[
        "train",
        "configs/own.ron",
        "train.sequences=100",
        "--out",
        "whole",
        "--quiet",
        "--threads",
        "1",
    ]);
    place.works(&["train", "configs/own.ron", short, "--out", "parts", "--quiet"]);
    let elsewhere = |args: &[&str]| {
        let output = place.command(args).current_dir(place.path("elsewhere")).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    elsewhere(&["train", "--resume", "../parts", "train.sequences=100", "--quiet", "--threads", "2"]);
    let last = "checkpoints/last.safetensors";
    let (whole, parts) = (place.read(&format!("whole/{last}")), place.read(&format!("parts/{last}")));
    assert!(whole == parts, "checkpoints differ");
    elsewhere(&["eval", "../parts"]);
    elsewhere(&["train", "../parts/config.ron", short, "--quiet"]);
    elsewhere(&["trace", "../parts", "--out", "t.safetensors"]);
    elsewhere(&["bench", "../configs/own.ron", "--seconds", "0.02"]);
}

/// Changes the numbers of a tensor in a file.
fn changed(place: &Place, to: &str, name: &str, change: impl FnOnce(&mut Vec<f32>)) {
    let mut archive = Archive::read(place.path("data/b.safetensors")).unwrap();
    let Data::F32(numbers) = &mut archive.tensors.get_mut(name).unwrap().data else { panic!() };
    change(numbers);
    archive.write(place.path(to)).unwrap();
}

#[test]
fn a_trace_takes_the_data_that_training_takes() {
    let place = place("Bits", |heard| [f32::from(heard), 0.0]);
    place.works(&["train", "configs/own.ron", "train.sequences=20", "--quiet"]);
    changed(&place, "nan.safetensors", "inputs", |x| x[3] = f32::NAN);
    changed(&place, "negative.safetensors", "mask", |mask| mask[1] = -1.0);
    changed(&place, "two.safetensors", "targets", |y| y.fill(2.0));
    let mut archive = Archive::read(place.path("data/b.safetensors")).unwrap();
    let mask = archive.tensors.remove("mask").unwrap();
    archive.tensors.insert("Mask".into(), mask);
    archive.write(place.path("misspelt.safetensors")).unwrap();
    archive.tensors.remove("Mask");
    archive.tensors.insert("targets".into(), Tensor::new([ITEMS, STEPS, 2], vec![0_u64; ITEMS * STEPS * 2]));
    archive.write(place.path("whole.safetensors")).unwrap();
    place.write("garbage.safetensors", "this is no such file");
    for (file, said) in [
        ("nan", "`inputs` holds NaN at [0, 3, 0]"),
        ("negative", "`mask` holds -1 at item 0, step 1"),
        ("two", "Bits takes targets from 0 to 1"),
        ("misspelt", "did you mean `mask`?"),
        ("whole", "`targets` is of type U64; allowed are F32, F64, U8 and BOOL"),
        ("garbage", "no safetensors file"),
        ("absent", "there is no such file; give"),
    ] {
        let name = format!("{file}.safetensors");
        let data = format!("task.validation={:?}", place.path(&name));
        for args in [
            &["trace", "runs/own", "--inputs", &name, "--out", "trace.safetensors"][..],
            &["eval", "runs/own", &data],
            &["train", "configs/own.ron", "--out", "never", &data],
        ] {
            let before = place.files();
            let ended = place.run(args);
            assert_eq!(ended.code(), 2, "{args:?}: {}", ended.people());
            assert!(ended.people().contains(said), "{args:?}: {}", ended.people());
            assert!(place.files() == before, "{args:?}");
        }
    }
}

#[test]
fn a_trace_of_which_nothing_is_scored_says_so() {
    let place = place("Bits", |heard| [f32::from(heard), 0.0]);
    place.works(&["train", "configs/own.ron", "train.sequences=20", "--quiet"]);
    changed(&place, "none.safetensors", "mask", |mask| mask.fill(0.0));
    changed(&place, "most.safetensors", "mask", |mask| mask[..STEPS].fill(0.0));
    for (file, said) in [("none", "nothing is scored"), ("most", "1 of 24 items")] {
        let (file, out) = (format!("{file}.safetensors"), format!("{file}-trace.safetensors"));
        let ended = place.works(&["trace", "runs/own", "--inputs", &file, "--out", &out]);
        assert!(ended.people().contains(said), "{}", ended.people());
    }
    let trace = Archive::read(place.path("none-trace.safetensors")).unwrap();
    assert_eq!(trace.tensors["loss"].data, Data::F32(vec![0.0]));
}

#[test]
fn bits_of_a_file_may_be_bytes() {
    let place = place("Bits", |heard| [f32::from(heard), 0.0]);
    place.works(&["train", "configs/own.ron", "train.sequences=20", "--quiet"]);
    // one item of two steps: inputs as BOOL, targets as U8
    let header = r#"{"inputs":{"dtype":"BOOL","shape":[1,2,1],"data_offsets":[0,2]},"targets":{"dtype":"U8","shape":[1,2,2],"data_offsets":[2,6]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[1, 0, 0, 1, 1, 0]].concat();
    place.write("bytes.safetensors", bytes);
    let mut floats = Archive::default();
    floats.tensors.insert("inputs".into(), Tensor::new([1, 2, 1], vec![1.0_f32, 0.0]));
    floats.tensors.insert("targets".into(), Tensor::new([1, 2, 2], vec![0.0_f32, 1.0, 1.0, 0.0]));
    floats.write(place.path("floats.safetensors")).unwrap();
    let rows = ["bytes", "floats"].map(|name| {
        let (file, out) = (format!("{name}.safetensors"), format!("{name}-trace.safetensors"));
        place.works(&["trace", "runs/own", "--inputs", &file, "--out", &out]);
        let data = format!("task.validation={file:?}");
        (place.read(&out), place.works(&["eval", "runs/own", &data, "--json"]).result())
    });
    assert!(rows[0] == rows[1], "{} beside {}", rows[0].1, rows[1].1);
}

#[test]
fn numbers_whose_squares_cannot_be_added_up_are_refused() {
    let place = place("MeanSquare", |heard| [if heard { 1e30 } else { 0.0 }, 0.0]);
    let ended = place.run(&["train", "configs/own.ron", "--quiet"]);
    assert_eq!(ended.code(), 2, "{}", ended.people());
    assert!(ended.people().contains("MeanSquare takes targets from -1e12 to 1e12"), "{}", ended.people());
}

#[test]
fn files_that_cannot_be_trained_on_are_refused_before_anything_is_written() {
    let place = place("Bits", |heard| [f32::from(heard), 0.0]);
    let refused = |args: &[&str], said: &str| {
        let before = place.files();
        let ended = place.run(args);
        assert_eq!(ended.code(), 2, "{args:?}: {}", ended.people());
        assert!(ended.people().contains(said), "{args:?}: {}", ended.people());
        assert!(place.files() == before, "{args:?}");
    };
    refused(&["train", "configs/own.ron", "task.inputs=2"], "has 1 channels");
    refused(&["train", "configs/own.ron", "task.outputs=3"], "it should be [24, 5, 3]");
    refused(&["train", "configs/own.ron", "task.loss=CrossEntropy"], "sum to");
    refused(&["train", "configs/own.ron", "task.train=\"c.safetensors\""], "configs/c.safetensors");
    refused(&["train", "configs/own.ron", "task.train=\"own.ron\""], "own.ron");
    refused(&["train", "configs/own.ron", "task.validation=None"], "train.validate_every=0");
    refused(&["train", "configs/own.ron", "task.loss=Hinge"], "Hinge");
    refused(&["check", "configs/own.ron", "task.inputs=0"], "1 to 65536");
    let alone =
        ["task.validation=None", "train.validate_every=0", "train.sequences=20", "--quiet", "--out", "alone"];
    place.works(&[&["train", "configs/own.ron"][..], &alone].concat());
}

#[test]
fn a_validation_that_is_not_finite_is_placed_in_the_validation_file() {
    let place = Place::new();
    let file = |name: &str, large: Option<usize>| {
        let number = |item: usize, step: usize| match large {
            Some(n) if (item, step) == (n, 1) => 3e38,
            _ => [0.0, 1.0][(item + step) % 2],
        };
        let inputs: Vec<f32> =
            (0..6).flat_map(|item| (0..3).map(move |step| (item, step))).map(|(i, t)| number(i, t)).collect();
        let mut archive = Archive::default();
        archive.tensors.insert("inputs".into(), Tensor::new([6, 3, 1], inputs));
        archive.tensors.insert("targets".into(), Tensor::new([6, 3, 1], vec![1.0_f32; 18]));
        archive.write(place.path(name)).unwrap();
    };
    file("a.safetensors", None);
    file("b.safetensors", Some(4));
    place.write(
        "own.ron",
        "(task: FromFile(inputs: 1, outputs: 1, train: \"a.safetensors\", validation: \"b.safetensors\", loss: MeanSquare),
          model: Recurrent(controller: Mlp(hidden: [8], activation: Linear)),
          train: (batch: 2, sequences: 100, validate_every: 20))",
    );
    let ended = place.run(&["train", "own.ron", "--quiet"]);
    assert_eq!(ended.code(), 1, "{}", ended.people());
    let said = ended.people();
    assert!(
        said.contains("the validation cost is not finite after 20 sequences; it first appears in the loss"),
        "{said}"
    );
    assert!(said.contains("of validation sequence 4."), "{said}");
}
