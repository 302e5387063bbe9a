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
fn records_that_a_run_did_not_make_are_named() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--quiet"]);
    let path = "runs/tiny/metrics.jsonl";
    let whole = String::from_utf8(place.read(path)).unwrap();
    let lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let last = lines.last().unwrap().clone();
    let at = |line: &str, sequences: u64| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        record["sequences"] = sequences.into();
        record.to_string()
    };
    // whatever part of the run is made again
    let differs = |lines: &[String], wanted: &str| {
        place.write(path, lines.join("\n") + "\n");
        for sequences in ["100", "600"] {
            let ended = place.run(&["verify", "--sequences", sequences]);
            assert_eq!(ended.code(), 1, "{}", ended.people());
            assert!(ended.people().contains(wanted), "{wanted:?} is not in\n{}", ended.people());
        }
    };
    let more = |line: String| [&lines[..], &[line]].concat();
    differs(&more(last.clone()), "a record from after 600 sequences comes after one from after 600");
    differs(&more(at(&last, 700)), "a record from after 700 sequences, and the run ended after 600");
    differs(&lines[..5], "a record from after 500 sequences as the last one before last.safetensors");
    differs(&[&lines[..2], &lines[3..]].concat(), "no record between 200 and 400 sequences");
    // one in between, as if the run had once ended there
    let forged = [&lines[..5], &[at(&last, 550), last.clone()]].concat();
    place.write(path, forged.join("\n") + "\n");
    let ended = place.run(&["verify", "--sequences", "600"]);
    assert!(
        ended.code() == 1 && ended.people().contains("The record at 550 sequences has"),
        "{}",
        ended.people()
    );
    place.write(path, &whole);
    place.works(&["verify", "--sequences", "600"]);

    // a run that was killed has records that no checkpoint knows, and they are its own
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "half", "--quiet"]);
    let config = String::from_utf8(place.read("half/config.ron")).unwrap();
    place.write("half/config.ron", config.replace("sequences: 300", "sequences: 600"));
    place.write("half/metrics.jsonl", &whole);
    let json = place.works(&["verify", "half", "--sequences", "600", "--json"]).json();
    assert_eq!((&json["same"], &json["sequences"], &json["records"]), (&true.into(), &600.into(), &6.into()));
}

#[test]
fn a_run_whose_end_was_moved_is_made_again_with_its_earlier_ends() {
    let place = Place::new();
    let settings = ["train.batch=16", "--out", "run", "--quiet"];
    place.works(&[&["train", "tiny.ron", "train.sequences=250"][..], &settings].concat());
    for sequences in ["train.sequences=300", "train.sequences=900"] {
        place.works(&["train", "--resume", "run", sequences, "--quiet"]);
    }
    let json = place.works(&["verify", "run", "--sequences", "900", "--json"]).json();
    assert_eq!((&json["same"], &json["sequences"]), (&true.into(), &900.into()));
    // 112, 224, 250; 300; then every 112 and the end
    assert_eq!(json["records"], 10);
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

    // each of the two is compared, wherever it is made again
    let ended = place.run(&["verify", "--sequences", "600"]);
    assert_eq!(ended.code(), 1, "{}", ended.people());
    let wanted = format!("where it began: instruction set: baseline -> {here}");
    assert!(ended.people().contains(&wanted), "{}", ended.people());
    assert!(!ended.people().contains("where it went on"), "{}", ended.people());
    let (code, said) = baseline(&["verify", "--sequences", "600"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("where it went on: instruction set: {here} -> baseline")), "{said}");
    assert!(!said.contains("where it began") && !said.contains("Nothing in environment.json"), "{said}");
}

#[test]
fn the_commit_is_that_of_the_program_and_not_of_the_working_directory() {
    let place = Place::new();
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let answer = command.args(who).args(args).current_dir(place.path("")).output().ok()?;
        answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    };
    if git(&["init", "--quiet"]).is_none() {
        println!("skipped: no git on this machine");
        return;
    }
    git(&["add", "tiny.ron"]).unwrap();
    git(&["commit", "--quiet", "--no-verify", "-m", "one"]).unwrap();
    let there = git(&["rev-parse", "HEAD"]).unwrap();
    place.works(&["train", "tiny.ron", "train.sequences=100", "--quiet"]);
    let environment: serde_json::Value =
        serde_json::from_slice(&place.read("runs/tiny/environment.json")).unwrap();
    assert_ne!(environment["commit"], there.as_str());
    let here = ntm_cli::run_files::environment();
    assert_eq!(environment["commit"].as_str(), here.commit.as_deref());
    assert_eq!(environment["dirty"].as_bool(), here.dirty);
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
fn a_run_that_failed_fails_again_in_the_same_way() {
    let place = Place::new();
    // it learns for a while, and then a number overflows
    let settings = ["train.optimizer=RmsProp(rate: 1e37)", "train.clip=None", "train.sequences=2000"];
    let train = ["train", "tiny.ron", "train.validate_every=1", "train.validation_sequences=1"];
    for (out, save_every) in [("often", "0"), ("seldom", "1000")] {
        let more = ["--save-every", save_every, "--out", out];
        let ended = place.run(&[&train[..], &settings, &more].concat());
        assert_eq!(ended.code(), 1, "{}", ended.people());
        let status: serde_json::Value =
            serde_json::from_slice(&place.read(&format!("{out}/status.json"))).unwrap();
        assert_eq!(status["state"], "failed");
        let (at, why) = (status["sequences"].as_u64().unwrap(), status["message"].as_str().unwrap());
        assert!(why.contains("is not finite after"), "{why}");

        let ended = place.works(&["verify", out, "--json"]);
        let json = ended.json();
        assert_eq!(
            (&json["same"], &json["sequences"], &json["failed"]),
            (&true.into(), &at.into(), &why.into())
        );
        assert!(ended.people().contains("Then it failed as it had"), "{}", ended.people());

        // not in the same way, not so late, not at all
        let text = String::from_utf8(place.read(&format!("{out}/status.json"))).unwrap();
        let differs = |wanted: &str| {
            let ended = place.run(&["verify", out, "--json"]);
            assert_eq!(ended.code(), 1, "{}", ended.people());
            assert!(ended.people().contains(wanted), "{wanted:?} is not in\n{}", ended.people());
            assert_eq!(ended.json()["failed"], serde_json::Value::Null);
        };
        let status = format!("{out}/status.json");
        place.write(&status, text.replace("is not finite", "is a little odd"));
        differs("It failed with ");
        let later = format!("\"sequences\": {}", at + 10);
        place
            .write(&status, text.replace(&format!("\"sequences\": {at}"), &later).replace(why, "it went on"));
        differs("and now with ");
        place.write(&status, text.replace("\"failed\"", "\"running\""));
        let ended = place.run(&["verify", out, "--sequences", "2000"]);
        assert!(
            ended.code() == 0 || ended.people().contains("no record and no checkpoint yet"),
            "{}",
            ended.people()
        );
    }

    // a failure that does not come again
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "good", "--quiet"]);
    let text = String::from_utf8(place.read("good/status.json")).unwrap();
    let failed = text
        .replace("\"finished\"", "\"failed\"")
        .replace("\"state\"", "\"message\": \"it fell over\", \"state\"");
    for at in ["150", "300"] {
        place
            .write("good/status.json", failed.replace("\"sequences\": 300", &format!("\"sequences\": {at}")));
        let said = place.run(&["verify", "good"]).people();
        assert!(
            said.contains(&format!(
                "It failed after {at} sequences with \"it fell over\", and now it goes on"
            )),
            "{said}"
        );
    }
}

#[test]
fn imported_weights_cannot_be_made_again() {
    let place = Place::new();
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
