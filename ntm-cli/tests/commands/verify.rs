//! `ntm verify`: the same again, and what it says when it is not.
use crate::place::{Ended, Place};
use crate::runs::same;
use ntm_cli::core::checkpoint::{Archive, Data};
use ntm_cli::core::kernels::InstructionSet;

#[test]
fn a_run_made_again_is_the_same_on_any_threads_and_nothing_is_written() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.batch=16", "train.sequences=640", "--threads", "2", "--quiet"]);
    let before = place.files();
    for threads in ["1", "2", "3"] {
        let ended = place.works(&["verify", "--threads", threads, "--sequences", "1000000", "--json"]);
        let json = ended.json();
        assert_eq!(
            (&json["same"], &json["sequences"], &json["records"]),
            (&true.into(), &640.into(), &6.into())
        );
        let checkpoints: Vec<&str> =
            json["checkpoints"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(checkpoints.contains(&"last") && checkpoints.contains(&"best"), "{json}");
        assert!(ended.people().contains("came out the same, bit for bit"), "{}", ended.people());
    }
    let json = place.works(&["verify", "runs/tiny", "--sequences", "1", "--json"]).json();
    assert_eq!((&json["sequences"], &json["records"]), (&112.into(), &1.into()), "up to the first record");
    assert!(place.files() == before);
}

#[test]
fn what_is_not_the_same_is_named() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--quiet"]);
    let (best, metrics) =
        (place.read("runs/tiny/checkpoints/best.safetensors"), place.read("runs/tiny/metrics.jsonl"));
    let differs = |wanted: &str| {
        let before = place.files();
        let ended = place.run(&["verify", "--sequences", "600", "--json"]);
        assert_eq!(ended.code(), 1, "{}", ended.people());
        assert!(ended.people().contains(wanted), "{wanted:?} is not in\n{}", ended.people());
        assert_eq!(ended.json()["same"], false);
        assert!(place.files() == before);
        ended.people()
    };

    // the last bit of a weight
    let path = place.path("runs/tiny/checkpoints/best.safetensors");
    let mut archive = Archive::read(&path).unwrap();
    let tensor = archive.tensors.get_mut("output.weight").unwrap();
    let Data::F32(numbers) = &mut tensor.data else { panic!("weights are f32") };
    numbers[3] = f32::from_bits(numbers[3].to_bits() ^ 1);
    archive.write(&path).unwrap();
    let said = differs("number 3 of `output.weight`, row-major, was ");
    assert!(said.contains("Nothing in environment.json differs"), "{said}");
    place.write("runs/tiny/checkpoints/best.safetensors", best);

    // the last digit of a record
    let text = String::from_utf8(metrics.clone()).unwrap();
    let second = text.lines().nth(1).unwrap();
    let record: serde_json::Value = serde_json::from_str(second).unwrap();
    let bits = record["validation_bits"].as_f64().unwrap();
    let next = f64::from_bits(bits.to_bits() + 1);
    let changed = second.replace(&format!("{bits}"), &format!("{next}"));
    assert_ne!(changed, second);
    place.write("runs/tiny/metrics.jsonl", text.replace(second, &changed));
    differs(&format!("The record at 200 sequences has validation_bits {next}, and now {bits}"));
    place.write("runs/tiny/metrics.jsonl", metrics);

    place.works(&["verify"]);
}

#[test]
fn another_instruction_set_is_named_and_a_run_that_went_on_with_it_says_so() {
    if InstructionSet::best() == InstructionSet::Baseline {
        println!("skipped: this machine has one instruction set");
        return;
    }
    let place = Place::new();
    let baseline = |args: &[&str]| {
        let ended = Ended(place.command(args).env("NTM_SIMD", "baseline").output().unwrap());
        (ended.code(), ended.people())
    };
    let (code, said) = baseline(&["train", "tiny.ron", "train.sequences=300", "--quiet"]);
    assert_eq!(code, 0, "{said}");
    let ended = place.run(&["verify"]);
    let here = InstructionSet::best().name();
    assert_eq!(ended.code(), 1, "{}", ended.people());
    let wanted = format!("instruction set: baseline -> {here}");
    assert!(ended.people().contains(&wanted), "{}", ended.people());
    let (code, said) = baseline(&["verify"]);
    assert_eq!(code, 0, "{said}");

    let said = place.works(&["train", "--resume", "runs/tiny", "train.sequences=600"]).people();
    assert!(
        said.contains("note: the run goes on with another environment") && said.contains(&wanted),
        "{said}"
    );
    let environment: serde_json::Value =
        serde_json::from_slice(&place.read("runs/tiny/environment.json")).unwrap();
    assert_eq!(
        (&environment["instruction_set"], &environment["later"][0]["instruction_set"]),
        (&"baseline".into(), &here.into())
    );
}

#[test]
fn a_run_from_other_weights_begins_with_them_again() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=200", "--quiet"]);
    place.works(&["train", "--from", "runs/tiny", "train.seed=7", "--out", "further", "--quiet"]);
    let said = place.works(&["verify", "further", "--sequences", "600"]).people();
    assert!(said.contains("last.safetensors"), "{said}");
    // killed before its first checkpoint, it goes on from those weights too
    place.works(&["train", "--from", "runs/tiny", "train.seed=7", "--out", "killed", "--quiet"]);
    for file in ["last", "best"] {
        std::fs::remove_file(place.path(&format!("killed/checkpoints/{file}.safetensors"))).unwrap();
    }
    place.write("killed/status.json", "");
    place.works(&["train", "--resume", "killed", "--quiet"]);
    same(&place, "further", "killed");
}

#[test]
fn a_run_that_failed_fails_again_in_the_same_way_and_imported_weights_cannot_be_made() {
    let place = Place::new();
    let settings = ["train.optimizer=RmsProp(rate: 1e38)", "train.clip=None", "train.validate_every=1"];
    let ended = place.run(&[&["train", "tiny.ron", "--save-every", "0"][..], &settings].concat());
    assert_eq!(ended.code(), 1);
    let ended = place.run(&["verify"]);
    // nothing was kept that could be compared, or what was is the same
    assert!(
        ended.code() == 0 || ended.people().contains("no record and no checkpoint yet"),
        "{}",
        ended.people()
    );

    place.works(&["train", "tiny.ron", "train.sequences=100", "--out", "good", "--quiet"]);
    place.works(&["export", "good", "weights", "--out", "w.safetensors"]);
    place.works(&["import", "tiny.ron", "w.safetensors", "--out", "theirs"]);
    let ended = place.run(&["verify", "theirs"]);
    assert_eq!(ended.code(), 2, "{}", ended.people());
    assert!(ended.people().contains("imported weights"), "{}", ended.people());
}

#[test]
fn bits_do_not_depend_on_jobs_nor_on_who_looks_on() {
    let place = Place::new();
    let settings = ["train.sequences=300", "train.batch=4"];
    for (jobs, out) in [("1", "one"), ("3", "three")] {
        let sweep = ["sweep", "tiny.ron", "train.seed=1,2,3", "--jobs", jobs, "--out", out, "--quiet"];
        place.works(&[&sweep[..], &settings].concat());
    }
    for (seed, how) in [("1", "--quiet"), ("2", "--plain"), ("3", "--json")] {
        let out = format!("alone-{seed}");
        let seed = format!("train.seed={seed}");
        place.works(&[&["train", "tiny.ron", how, "--out", &out, &seed][..], &settings].concat());
    }
    let folders: Vec<_> = std::fs::read_dir(place.path("one")).unwrap().map(|e| e.unwrap().path()).collect();
    let folder =
        folders.iter().find(|path| path.is_dir()).unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    for seed in 1..=3 {
        same(&place, &format!("one/{folder}/seed-{seed}"), &format!("three/{folder}/seed-{seed}"));
        same(&place, &format!("one/{folder}/seed-{seed}"), &format!("alone-{seed}"));
    }
}
