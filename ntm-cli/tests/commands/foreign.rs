//! Weights that were trained elsewhere: every golden case through `ntm import` and `ntm trace`, and what is refused.
use crate::place::Place;
use ntm_cli::core::checkpoint::{Archive, Data, Tensor};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn case(name: &str) -> (Value, Archive) {
    let json = std::fs::read_to_string(golden().join(format!("{name}.json"))).unwrap();
    (
        serde_json::from_str(&json).unwrap(),
        Archive::read(golden().join(format!("{name}.safetensors"))).unwrap(),
    )
}

fn config(case: &Value) -> String {
    format!(
        "(task: FromFile(inputs: {}, outputs: {}), model: {})",
        case["inputs"],
        case["outputs"],
        case["ron"].as_str().unwrap()
    )
}

fn doubles<'a>(archive: &'a Archive, name: &str) -> &'a [f64] {
    let tensor = archive.tensors.get(name).unwrap_or_else(|| panic!("there is no {name}"));
    let Data::F64(data) = &tensor.data else { panic!("{name} is not f64") };
    data
}

fn close(what: &str, ours: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(expected).enumerate() {
        let error = (a - b).abs() / b.abs().max(1e-3);
        assert!(error <= tolerance, "{what}[{i}] is {a}, expected {b} (off by {error:.1e})");
    }
}

/// A place with a golden case imported as `run`, and its data.
fn imported(name: &str) -> (Place, Value, Archive) {
    let (place, (json, archive)) = (Place::new(), case(name));
    place.write("model.ron", config(&json));
    archive.write(place.path("golden.safetensors")).unwrap();
    place.works(&["import", "model.ron", "golden.safetensors", "--out", "run"]);
    (place, json, archive)
}

#[test]
fn every_golden_case_is_imported_and_traced_to_the_last_digit() {
    let mut names: Vec<String> = std::fs::read_dir(golden())
        .unwrap()
        .filter_map(|entry| {
            Some(entry.unwrap().file_name().to_str()?.strip_suffix(".safetensors")?.to_owned())
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 29, "{names:?}");
    for name in names {
        let (place, json, golden) = imported(&name);
        let args = ["trace", "run", "--inputs", "golden.safetensors", "--f64", "--out", "trace.safetensors"];
        place.works(&args);
        let ours = Archive::read(place.path("trace.safetensors")).unwrap();
        close(&format!("{name}: loss"), doubles(&ours, "loss"), &[json["loss"].as_f64().unwrap()], 1e-10);
        let (mut values, mut gradients) = (0, 0);
        for key in golden.tensors.keys() {
            let (expected, what) = (doubles(&golden, key), format!("{name}: {key}"));
            if let Some(inner) = key.strip_prefix("trace.") {
                assert_eq!(ours.tensors[inner].shape, golden.tensors[key].shape, "{what}");
                close(&what, doubles(&ours, inner), expected, 1e-10);
                values += 1;
            } else if key.starts_with("grad.") {
                assert_eq!(ours.tensors[key].shape, golden.tensors[key].shape, "{what}");
                close(&what, doubles(&ours, key), expected, 1e-8);
                gradients += 1;
            }
        }
        assert_eq!(values, json["trace"].as_array().map_or(values, Vec::len), "{name}");
        assert!(values > 4 && gradients as u64 > json["parameters"].as_array().map_or(0, |p| p.len() as u64));
    }
}

#[test]
fn targets_and_masks_keep_their_precision() {
    let (place, _, mut archive) = imported("unequal-lengths");
    let Data::F64(targets) = &mut archive.tensors.get_mut("targets").unwrap().data else { panic!() };
    targets.iter_mut().enumerate().for_each(|(i, y)| *y = 0.1 + 0.8 * (i % 7) as f64 / 7.0);
    let targets = targets.clone();
    let Data::F64(mask) = &mut archive.tensors.get_mut("mask").unwrap().data else { panic!() };
    mask.iter_mut().for_each(|m| *m *= 0.3);
    let mask = mask.clone();
    archive.write(place.path("soft.safetensors")).unwrap();
    place.works(&["trace", "run", "--inputs", "soft.safetensors", "--f64", "--out", "trace.safetensors"]);
    let ours = Archive::read(place.path("trace.safetensors")).unwrap();
    let logits = doubles(&ours, "logits");
    let outputs = logits.len() / mask.len();
    let cost = |(i, (z, y)): (usize, (&f64, &f64))| -> f64 {
        mask[i / outputs] * (z.max(0.0) - z * y + (-z.abs()).exp().ln_1p())
    };
    let expected: f64 = logits.iter().zip(&targets).enumerate().map(cost).sum::<f64>() / 3.0;
    close("loss", doubles(&ours, "loss"), &[expected], 1e-12);
}

#[test]
fn an_imported_run_is_a_run_to_every_command() {
    let (place, _, golden) = imported("lstm-default");
    let checkpoint = Archive::read(place.path("run/checkpoints/last.safetensors")).unwrap();
    for (name, tensor) in &checkpoint.tensors {
        assert_eq!(*tensor, golden.tensors[name], "{name}: full precision is kept");
    }
    let data = "task.validation=\"golden.safetensors\"";
    let row = place.works(&["eval", "run", data, "--json"]).json()["rows"][0].clone();
    let (json, _) = case("lstm-default");
    let (ours, expected) =
        (row["bits_per_sequence"].as_f64().unwrap(), json["bits_per_sequence"].as_f64().unwrap());
    assert!((ours - expected).abs() < 1e-4 * expected, "{ours} beside {expected}");
    assert_eq!(row["wrong_bits_per_sequence"], json["wrong_bits_per_sequence"]);
    assert_eq!(row["sequences"], json["batch"]);

    for (args, said) in [
        (&["train", "--resume", "run"][..], "train --from run"),
        (&["train", "--from", "run"], "task.train="),
        (&["eval", "run"], "task.validation="),
        (&["train", "model.ron"], "task.train="),
        (&["trace", "run", "--out", "t.safetensors"], "task.validation="),
        (&["eval", "run", data, "--length", "3"], "leave the length out"),
        (&["import", "model.ron", "golden.safetensors", "--out", "run"], "run"),
    ] {
        let before = place.files();
        let ended = place.run(args);
        assert_eq!(ended.code(), 2, "{args:?}: {}", ended.people());
        assert!(ended.people().contains(said), "{args:?}: {}", ended.people());
        assert!(before == place.files(), "{args:?}");
    }
    place.works(&["check", "model.ron"]);
    let train = "task.train=\"golden.safetensors\"";
    place.works(&["train", "--from", "run", train, data, "train.sequences=20", "--out", "on", "--quiet"]);
}

#[test]
fn single_precision_stays_single() {
    let (place, (json, golden)) = (Place::new(), case("content-only"));
    place.write("model.ron", config(&json));
    let mut archive = Archive::default();
    for (name, tensor) in &golden.tensors {
        let data: Vec<f32> = doubles(&golden, name).iter().map(|&x| x as f32).collect();
        archive.tensors.insert(name.clone(), Tensor::new(tensor.shape.clone(), data));
    }
    archive.write(place.path("golden.safetensors")).unwrap();
    place.works(&["import", "model.ron", "golden.safetensors"]);
    let checkpoint = Archive::read(place.path("runs/model/checkpoints/last.safetensors")).unwrap();
    assert!(checkpoint.tensors.values().all(|tensor| matches!(tensor.data, Data::F32(_))));
    place.works(&["trace", "--inputs", "golden.safetensors", "--out", "trace.safetensors"]);
    let trace = Archive::read(place.path("trace.safetensors")).unwrap();
    let Data::F32(outputs) = &trace.tensors["outputs"].data else { panic!() };
    let worst = outputs.iter().zip(doubles(&golden, "trace.outputs")).map(|(a, b)| (f64::from(*a) - b).abs());
    assert!(worst.fold(0.0, f64::max) < 1e-5);
}

#[test]
fn what_does_not_fit_is_listed_at_once_and_nothing_is_left_behind() {
    let (place, (json, golden)) = (Place::new(), case("lstm-default"));
    place.write("model.ron", config(&json));
    let refused = |change: &dyn Fn(&mut Archive), wanted: &[&str]| {
        let mut archive = golden.clone();
        change(&mut archive);
        archive.write(place.path("weights.safetensors")).unwrap();
        let before = place.files();
        let ended = place.run(&["import", "model.ron", "weights.safetensors", "--out", "run"]);
        assert_eq!(ended.code(), 2, "{}", ended.people());
        wanted.iter().for_each(|said| assert!(ended.people().contains(said), "{said}: {}", ended.people()));
        assert!(place.files() == before, "{}", ended.people());
    };
    refused(
        &|archive| {
            archive.tensors.remove("output.bias");
            archive.tensors.remove("controller.bias");
            archive.tensors.insert("heads.0.bias".into(), Tensor::new([2, 2], vec![0.0; 4]));
            archive.tensors.insert("heads.9.\u{1b}[31mweight".into(), Tensor::new([1], vec![0.0]));
        },
        &[
            "4 tensors",
            "missing: `output.bias` has shape [",
            "missing: `controller.bias` has shape [",
            "misshapen: `heads.0.bias` has shape [2, 2] in the file, and [",
            "extra: `heads.9.\\u{1b}[31mweight` has shape [1] in the file",
        ],
    );
    refused(
        &|archive| match &mut archive.tensors.get_mut("output.bias").unwrap().data {
            Data::F64(data) => data[1] = f64::NAN,
            _ => panic!(),
        },
        &["`output.bias` holds NaN as its number 1"],
    );
    refused(
        &|archive| {
            let shape = archive.tensors["output.bias"].shape.clone();
            archive.tensors.insert("output.bias".into(), Tensor::new(shape.clone(), vec![0_u64; shape[0]]));
        },
        &["1 tensor is not", "mistyped: `output.bias` is U64 in the file, and weights are F32 or F64"],
    );
    // a header that promises more than there is, and no header at all
    for bytes in [&b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"[..], b"", b"weights"] {
        place.write("weights.safetensors", bytes);
        let ended = place.run(&["import", "model.ron", "weights.safetensors", "--out", "run"]);
        assert_eq!(ended.code(), 2, "{}", ended.people());
        assert!(ended.people().contains("weights.safetensors: ") && !place.path("run").exists());
        assert!(ended.people().contains("no safetensors file"), "{}", ended.people());
    }
    let ended = place.run(&["import", "model.ron", "absent.safetensors", "--out", "run"]);
    assert_eq!(ended.code(), 2, "{}", ended.people());
    assert!(ended.people().contains("absent.safetensors: there is no such file; give"), "{}", ended.people());
}

/// A file with one more tensor, of a type that an archive cannot hold.
fn with_integers(archive: &Archive, name: &str) -> Vec<u8> {
    let bytes = archive.to_bytes().unwrap();
    let length = usize::try_from(u64::from_le_bytes(*bytes.first_chunk().unwrap())).unwrap();
    let (header, body) = bytes[8..].split_at(length);
    let mut header: serde_json::Map<String, Value> = serde_json::from_slice(header).unwrap();
    header.remove("__metadata__");
    let (begin, end) = (body.len(), body.len() + 8);
    let integers = serde_json::json!({"dtype": "I64", "shape": [1], "data_offsets": [begin, end]});
    header.insert(name.into(), integers);
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, body, &[0; 8]].concat()
}

#[test]
fn a_tensor_of_another_type_is_one_line_of_the_list() {
    let (place, (json, mut golden)) = (Place::new(), case("lstm-default"));
    place.write("model.ron", config(&json));
    let import = ["import", "model.ron", "weights.safetensors", "--out", "run"];
    // beside weights it is extra; among what is passed over it does not matter
    place.write("weights.safetensors", with_integers(&golden, "trace.steps"));
    place.works(&import);
    std::fs::remove_dir_all(place.path("run")).unwrap();
    let bias = golden.tensors.remove("controller.bias").unwrap();
    for half in ["controller.bias_ih", "controller.bias_hh"] {
        golden.tensors.insert(half.into(), bias.clone());
    }
    place.write("weights.safetensors", with_integers(&golden, "steps"));
    let ended = place.run(&import);
    let said = ended.people();
    assert_eq!(ended.code(), 2, "{said}");
    for wanted in [
        "4 tensors are not",
        "missing: `controller.bias` has shape [",
        "it is the sum of `controller.bias_ih` and `controller.bias_hh`",
        "extra: `steps` (I64) has shape [1]",
        "extra: `controller.bias_hh` has shape [",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn what_import_advises_names_the_files_that_are_wanted() {
    let (place, (json, golden)) = (Place::new(), case("lstm-default"));
    golden.write(place.path("golden.safetensors")).unwrap();
    let task = format!("FromFile(inputs: {}, outputs: {}", json["inputs"], json["outputs"]);
    let whole = config(&json);
    place.write("model.ron", &whole);
    let said = place.works(&["import", "model.ron", "golden.safetensors", "--out", "run"]).people();
    assert!(said.contains("eval run 'task.validation=\"FILE\"'\n"), "{said}");
    assert!(said.contains("train --from run 'task.train=\"FILE\"' 'task.validation=\"FILE\"'"), "{said}");
    let files = "train: \"golden.safetensors\", validation: \"golden.safetensors\"";
    place.write("model.ron", whole.replacen(&task, &format!("{task}, {files}"), 1));
    let said = place.works(&["import", "model.ron", "golden.safetensors", "--out", "more"]).people();
    assert!(said.contains("eval more\n") && said.trim_end().ends_with("train --from more"), "{said}");
    // whatever else is asked for
    let ended = place.run(&["train", "--resume", "run", "train.sequences=20"]);
    assert!(ended.code() == 2 && ended.people().contains("holds imported weights"), "{}", ended.people());
}

#[test]
fn a_head_that_acts_with_the_weighting_before_shows_it() {
    let (place, _, golden) = imported("feed-forward-previous-read");
    place.works(&["trace", "run", "--inputs", "golden.safetensors", "--f64", "--out", "trace.safetensors"]);
    let ours = Archive::read(place.path("trace.safetensors")).unwrap();
    let head = (0..4).find(|h| ours.tensors.contains_key(&format!("heads.{h}.weighting_used"))).unwrap();
    let of = |what: &str| doubles(&ours, &format!("heads.{head}.{what}"));
    let (used, made, read, memory) =
        (of("weighting_used"), of("weighting"), of("read"), doubles(&ours, "memory"));
    let [items, steps, slots] = ours.tensors[&format!("heads.{head}.weighting")].shape[..] else { panic!() };
    let width = read.len() / (items * steps);
    assert_eq!(golden.tensors["inputs"].shape[..2], [items, steps]);
    for (item, step) in (0..items).flat_map(|item| (1..steps).map(move |step| (item, step))) {
        let (now, before) = (item * steps + step, item * steps + step - 1);
        assert_eq!(used[now * slots..][..slots], made[before * slots..][..slots], "{item} {step}");
        assert_ne!(used[now * slots..][..slots], made[now * slots..][..slots], "{item} {step}");
        // so what was read is what it says: the memory of the step before under this weighting
        let expected: Vec<f64> = (0..width)
            .map(|j| {
                (0..slots).map(|i| used[now * slots + i] * memory[(before * slots + i) * width + j]).sum()
            })
            .collect();
        close("read", &read[now * width..][..width], &expected, 1e-9);
    }
    let start: f64 = used[..slots].iter().sum();
    assert!(start <= 1.0 + 1e-12 && used[..slots] != made[..slots]);
}
