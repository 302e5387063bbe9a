//! Many runs from one file: that all of them are made, once, and that the table says what came of them.
use crate::place::{Ended, Place};
use crate::runs::same;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Of `tiny.ron`, with runs of a fraction of a second.
const FILE: &str = r#"(
    base: "tiny.ron",
    set: ["train.sequences=200"],
    variants: {
        "no sharpening": ["model.heads.*.addressing=Chain([Content(), Interpolate(), Shift(range: 1)])"],
        "width 0.5": ["model.memory.width=3"],
    },
    seeds: (1, 2),
    measure: FinalBits,
)
"#;
const SUMMARY: [&str; 3] = ["summary.md", "summary.csv", "summary.json"];
const OUT: &str = "runs/ablations/parts";

fn place() -> Place {
    let place = Place::new();
    place.write("parts.ron", FILE);
    place
}

fn with(place: &Place, name: &str, changes: &[(&str, &str)]) {
    let text = changes.iter().fold(FILE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    place.write(name, text);
}

fn summary(place: &Place, folder: &str) -> serde_json::Value {
    serde_json::from_slice(&place.read(&format!("{folder}/summary.json"))).unwrap()
}

fn same_summary(place: &Place, one: &str, other: &str) {
    for file in SUMMARY {
        let text = |folder: &str| String::from_utf8(place.read(&format!("{folder}/{file}"))).unwrap();
        assert_eq!(text(one), text(other), "{file}");
    }
}

/// What must be refused, with files as they were.
fn refused(place: &Place, args: &[&str]) -> String {
    let before = place.files();
    let ended = place.run(args);
    let said = ended.people();
    assert!(!said.contains("panicked"), "{said}");
    assert!(matches!(ended.code(), 1 | 2), "ntm {}: exit code {}\n{said}", args.join(" "), ended.code());
    assert_eq!(ended.result(), "");
    assert!(place.files() == before, "ntm {}: files have changed", args.join(" "));
    said
}

#[test]
fn every_variant_is_run_with_every_seed_and_only_once() {
    let place = place();
    let ended = place.works(&["ablate", "parts.ron", "--json"]);
    let json = ended.json();
    assert_eq!((&json["finished"], &json["runs"]), (&6.into(), &6.into()));
    assert_eq!(json["summaries"][0]["folder"], OUT);
    let rows = summary(&place, OUT)["rows"].as_array().unwrap().clone();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["base", "no sharpening", "width 0.5"]);
    for row in &rows {
        assert_eq!((&row["n"], &row["failed"], &row["solved"]), (&2.into(), &0.into(), &0.into()));
        assert!(row["final_bits"]["value"].as_f64() > Some(0.0));
        assert!(row["final_bits"]["interval"]["low"].as_f64() <= row["final_bits"]["value"].as_f64());
        assert_eq!(row["better_than_base"].is_null(), row["name"] == "base");
    }
    let said = ended.people();
    for words in ["6 runs: 3 variants with seeds 1 to 2", "1 of 6", "final bits, IQM", "seconds in all"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "no moving lines where there is no terminal");

    // a run is what `ntm train` makes of the same overrides
    let chain = "model.heads.*.addressing=Chain([Content(), Interpolate(), Shift(range: 1)])";
    let overrides = ["train.sequences=200", chain, "train.seed=2"];
    let by_hand = ["train", "tiny.ron", overrides[0], overrides[1], overrides[2], "--out", "hand", "--quiet"];
    place.works(&by_hand);
    same(&place, &format!("{OUT}/no-sharpening/seed-2"), "hand");
    for file in ["figure6.png", "environment.json", "status.json", "timing.jsonl"] {
        assert!(place.path(&format!("{OUT}/no-sharpening/seed-2/{file}")).exists(), "{file}");
    }

    // again: nothing is run, and the tables are the same
    let before = place.files();
    let said = place.works(&["ablate", "parts.ron"]).people();
    assert!(said.contains("6 are finished") && !said.contains("of 6  "), "{said}");
    assert!(place.files() == before);

    // one more seed and one more variant: the others stay as they are
    with(
        &place,
        "parts.ron",
        &[("(1, 2)", "(1, 3)"), ("variants: {", "variants: { \"slots\": [\"model.memory.slots=8\"],")],
    );
    place.works(&["ablate", "parts.ron", "--jobs", "1", "--quiet"]);
    let after = place.files();
    let of_runs = before.iter().filter(|(path, _)| path.to_string_lossy().contains("seed-"));
    for (path, bytes) in of_runs {
        assert!(after[path] == *bytes, "{}", path.display());
    }
    place.works(&["ablate", "parts.ron", "--jobs", "3", "--out", "anew", "--quiet"]);
    same_summary(&place, OUT, "anew");
    assert_eq!(summary(&place, OUT)["rows"][1]["n"], 3);
}

#[test]
fn a_slow_variant_may_have_seeds_of_its_own_and_more_of_them_later() {
    let place = place();
    with(&place, "parts.ron", &[("(1, 2),", "(1, 2), seeds_of: {\"width 0.5\": (2, 2)},")]);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    let rows = summary(&place, OUT)["rows"].clone();
    assert_eq!((&rows[0]["n"], &rows[1]["n"], &rows[2]["n"]), (&2.into(), &2.into(), &1.into()));
    let few = String::from_utf8(place.read(&format!("{OUT}/summary.md"))).unwrap();
    assert!(few.contains("5 runs: 3 variants with seeds 1 to 2, \"width 0.5\" with seed 2"), "{few}");
    assert!(!place.files().keys().any(|path| path.ends_with("width-0.5/seed-1/config.ron")));
    with(&place, "fewer.ron", &[("(1, 2),", "(1, 2), seeds_of: {\"width 0.5\": (1, 1)},")]);
    let said = refused(&place, &["ablate", "fewer.ron", "--out", OUT]);
    assert!(
        said.contains("variant \"width 0.5\": seeds in the folder, and no longer asked for: 2"),
        "{said}"
    );
    place.write("parts.ron", FILE);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    place.works(&["ablate", "parts.ron", "--out", "anew", "--quiet"]);
    same_summary(&place, OUT, "anew");
}

#[test]
fn several_files_and_overrides_for_all_go_together() {
    let place = place();
    with(&place, "other.ron", &[("\"width 0.5\": [\"model.memory.width=3\"],", "")]);
    let short = "train.sequences=100";
    place.works(&["ablate", "parts.ron", "other.ron", short, "--out", "both", "--quiet"]);
    assert_eq!(summary(&place, "both/parts")["rows"].as_array().unwrap().len(), 3);
    assert_eq!(summary(&place, "both/other")["rows"].as_array().unwrap().len(), 2);
    same(&place, "both/parts/base/seed-1", "both/other/base/seed-1");
    assert_eq!(summary(&place, "both/parts")["runs"][0]["sequences"], 100);
}

#[test]
fn trained_models_are_measured_where_the_file_says_so() {
    let place = place();
    with(&place, "parts.ron", &[("FinalBits", "BitsAt(length: 5)")]);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    let run = &summary(&place, OUT)["runs"][2];
    let folder = format!("{OUT}/{}", run["run"].as_str().unwrap());
    let measured = place.works(&["eval", &folder, "--length", "5", "--json"]).json();
    assert_eq!(run["measured"], measured["rows"][0]["bits_per_sequence"], "the sequences of ntm eval");
    // another measure of the same size needs no run and no evaluation
    let before = place.files();
    with(&place, "parts.ron", &[("FinalBits", "WrongBitsAt(length: 5)")]);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    assert_eq!(summary(&place, OUT)["runs"][2]["measured"], measured["rows"][0]["wrong_bits_per_sequence"]);
    assert!(
        String::from_utf8(place.read(&format!("{OUT}/summary.md")))
            .unwrap()
            .contains("wrong bits at length 5, IQM [95 %] | no wrong bit")
    );
    let after = place.files();
    let of_runs = before.iter().filter(|(path, _)| path.to_string_lossy().contains("seed-"));
    of_runs.for_each(|(path, bytes)| assert!(after[path] == *bytes, "{}", path.display()));
}

/// A file whose runs take a while.
fn long(place: &Place, sequences: u64) {
    let longer = format!("train.sequences={sequences}");
    with(place, "parts.ron", &[("train.sequences=200", longer.as_str()), ("(1, 2)", "(1, 3)")]);
}

fn finished(place: &Place, folder: &str) -> usize {
    let files = place.files();
    let ended = |path: &std::path::Path, bytes: &[u8]| {
        path.starts_with(place.path(folder))
            && path.ends_with("status.json")
            && String::from_utf8_lossy(bytes).contains("\"finished\"")
    };
    files.iter().filter(|(path, bytes)| ended(path, bytes)).count()
}

#[cfg(unix)]
#[test]
fn stopped_in_any_way_it_comes_to_the_same_table() {
    let place = place();
    // so long that it is stopped before the end, however fast the machine
    let mut sequences = 1500;
    let stopped = loop {
        long(&place, sequences);
        let folder = format!("stopped-{sequences}");
        if stopped_four_times(&place, &folder) {
            break folder;
        }
        sequences *= 4;
    };
    place.works(&["ablate", "parts.ron", "--out", "whole", "--quiet"]);
    let left = finished(&place, &stopped);
    assert!((1..9).contains(&left), "{left} finished: it was not stopped in the middle");
    place.works(&["ablate", "parts.ron", "--out", &stopped, "--quiet"]);
    same_summary(&place, "whole", &stopped);
    for variant in ["base", "no-sharpening", "width-0.5"] {
        (1..=3).for_each(|seed| {
            same(
                &place,
                &format!("whole/{variant}/seed-{seed}"),
                &format!("{stopped}/{variant}/seed-{seed}"),
            );
        });
    }
}

/// Whether it did not come to its end before.
#[cfg(unix)]
fn stopped_four_times(place: &Place, folder: &str) -> bool {
    use std::os::unix::process::ExitStatusExt;
    for (stage, signal) in ["-KILL", "-INT", "-KILL", "-TERM"].into_iter().enumerate() {
        let done = if stage == 0 { 0 } else { finished(place, folder) };
        let mut command = place.command(&["ablate", "parts.ron", "--out", folder, "--quiet"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        // one more than before has ended, others are on their way
        while !place.path(folder).exists() || finished_quietly(place, folder) <= done {
            assert!(began.elapsed() < Duration::from_secs(120), "it never began");
            std::thread::sleep(Duration::from_millis(5));
        }
        // of a process that has ended nothing can be sent to
        let _ = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        let status = child.wait().unwrap();
        if status.code() == Some(0) || finished(place, folder) == 9 {
            return false;
        }
        match signal {
            "-KILL" => assert_eq!(status.signal(), Some(9)),
            _ => assert_eq!((status.code(), status.signal()), (Some(130), None), "{signal}"),
        }
        let summary = place.path(&format!("{folder}/summary.md"));
        assert!(!summary.exists(), "no table before all runs have ended");
    }
    true
}

/// As [`finished`], while files come and go.
fn finished_quietly(place: &Place, folder: &str) -> usize {
    let mut count = 0;
    for variant in ["base", "no-sharpening", "width-0.5"] {
        for seed in 1..=3 {
            let status = place.path(&format!("{folder}/{variant}/seed-{seed}/status.json"));
            let text = std::fs::read_to_string(status).unwrap_or_default();
            count += usize::from(text.contains("\"finished\""));
        }
    }
    count
}

#[test]
fn a_variant_that_diverges_is_a_result() {
    let place = place();
    let wild = r#"variants: { "wild": ["train.optimizer=RmsProp(rate: 1e38)", "train.clip=None"],"#;
    with(&place, "parts.ron", &[("variants: {", wild)]);
    let said = place.works(&["ablate", "parts.ron"]).people();
    assert!(said.contains("wild/seed-1: failed: the ") && said.contains("is not finite"), "{said}");
    let row = summary(&place, OUT)["rows"][1].clone();
    assert_eq!((&row["name"], &row["n"], &row["failed"]), (&"wild".into(), &2.into(), &2.into()));
    // it ranks last, behind every run of the base
    assert_eq!(row["better_than_base"]["value"], 0.0);
    let table = String::from_utf8(place.read(&format!("{OUT}/summary.md"))).unwrap();
    assert!(table.contains("inf [inf, inf]") && table.contains("- wild/seed-2: the "), "{table}");
    let before = place.files();
    place.works(&["ablate", "parts.ron", "--quiet"]);
    assert!(place.files() == before, "a failed run is not run again");
}

#[test]
fn mistakes_are_told_before_anything_is_run() {
    let place = place();
    let last = |to: &str| [("\"width 0.5\": [\"model.memory.width=3\"]", to.to_owned())];
    let cases: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("field.ron", last(r#""width 0.5": ["train.batch=2", "model.memory.witdh=3"]"#).into()),
        ("value.ron", last(r#""width 0.5": ["model.memory.width=wide"]"#).into()),
        ("build.ron", last(r#""width 0.5": ["model.heads.*.addressing.2.range=9"]"#).into()),
        ("beside.ron", last(r#""few": ["model.memory.slots=1"]"#).into()),
        ("no_equals.ron", last(r#""width 0.5": ["model.memory.width"]"#).into()),
        ("empty_list.ron", last(r#""width 0.5": []"#).into()),
        ("twice.ron", last(r#""no sharpening": ["model.memory.width=3"]"#).into()),
        ("folder.ron", last(r#""No-Sharpening": ["model.memory.width=3"]"#).into()),
        ("base_name.ron", last(r#""base": ["model.memory.width=3"]"#).into()),
        ("nameless.ron", last(r#""--": ["model.memory.width=3"]"#).into()),
        ("seed.ron", last(r#""seed": ["train.seed=3"]"#).into()),
        ("set.ron", vec![("train.sequences=200", "train.sequence=200".into())]),
        ("no_base.ron", vec![("tiny.ron", "missing.ron".into())]),
        ("bad_base.ron", vec![("tiny.ron", "parts.ron".into())]),
        ("no_seeds.ron", vec![("(1, 2)", "(2, 1)".into())]),
        ("seeds.ron", vec![("(1, 2)", "(1, 18446744073709551615)".into())]),
        ("seed_list.ron", vec![("(1, 2)", "[1, 2, 3]".into())]),
        ("seeds_of.ron", vec![("(1, 2),", "(1, 2), seeds_of: {\"width 5\": (1, 1)},".into())]),
        ("own_seeds.ron", vec![("(1, 2),", "(1, 2), seeds_of: {\"width 0.5\": (2, 1)},".into())]),
        ("measure.ron", vec![("FinalBits", "Speed".into())]),
        ("length.ron", vec![("FinalBits", "BitsAt(length: 0)".into())]),
        ("none.ron", vec![("FinalBits", "BitsAt(length: 5, sequences: 0)".into())]),
        ("blind.ron", vec![("train.sequences=200", "train.validate_every=0".into())]),
        ("extra.ron", vec![("base:", "bass:".into())]),
    ];
    let mut said = String::new();
    for (name, changes) in &cases {
        let changes: Vec<(&str, &str)> = changes.iter().map(|(from, to)| (*from, to.as_str())).collect();
        with(&place, name, &changes);
        said += &format!("$ ntm ablate {name}\n{}\n", refused(&place, &["ablate", name]));
    }
    let none = FILE[..FILE.find("variants").unwrap()].to_owned() + "variants: {},\n    seeds: (1, 2),\n)\n";
    place.write("none.ron", none);
    let more: [&[&str]; 9] = [
        &["ablate", "none.ron"],
        &["ablate", "tiny.ron"],
        &["ablate", "train.batch=2"],
        &["ablate", "parts.ron", "train.seed=3"],
        &["ablate", "parts.ron", "model.memory.slot=3"],
        &["ablate", "parts.ron", "./parts.ron"],
        &["ablate", "parts.ron", "--jobs", "0"],
        &["ablate", "parts.ron", "--out", "tiny.ron"],
        &["ablate", "parts.ron", "--out", "."],
    ];
    for args in more {
        said += &format!("$ ntm {}\n{}\n", args.join(" "), refused(&place, args));
    }
    insta::assert_snapshot!("ablation_mistakes", said);
}

#[test]
fn lists_that_are_no_sweep_are_refused() {
    let place = Place::new();
    let cases: [&[&str]; 11] = [
        &["sweep", "tiny.ron"],
        &["sweep", "tiny.ron", "model.memory.slots="],
        &["sweep", "tiny.ron", "model.memory.slots=8"],
        &["sweep", "tiny.ron", "train.seed=5..5"],
        &["sweep", "tiny.ron", "train.seed=1..=1_000_000_000"],
        &["sweep", "tiny.ron", "train.seed=1..=200", "train.batch=1..=51"],
        &["sweep", "tiny.ron", "train.seed=-1,2"],
        &["sweep", "tiny.ron", "train.seed=1,2,01"],
        &["sweep", "tiny.ron", "model.memory.slots=8,8"],
        &["sweep", "tiny.ron", "model.memory.slots=8", "model.memory.slots=9"],
        &["sweep", "tiny.ron", "model.memory.slots=8,16,many", "train.seed=1..=2"],
    ];
    let said: String =
        cases.iter().map(|args| format!("$ ntm {}\n{}\n", args.join(" "), refused(&place, args))).collect();
    insta::assert_snapshot!("sweep_mistakes", said);
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let place = place();
    with(&place, "parts.ron", &[("train.sequences=200", "train.sequences=20")]);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    let mut said = String::new();
    let mut again = |what: &str, args: &[&str]| said += &format!("{what}\n{}\n", refused(&place, args));
    again("another base", &["ablate", "parts.ron", "train.sequences=30"]);
    with(&place, "parts.ron", &[("train.sequences=200", "train.sequences=20"), ("width=3", "width=4")]);
    again("another variant", &["ablate", "parts.ron"]);
    with(&place, "parts.ron", &[("train.sequences=200", "train.sequences=20"), ("(1, 2)", "(2, 2)")]);
    again("fewer seeds", &["ablate", "parts.ron"]);
    with(
        &place,
        "parts.ron",
        &[("train.sequences=200", "train.sequences=20"), ("\"width 0.5\": [\"model.memory.width=3\"],", "")],
    );
    again("fewer variants", &["ablate", "parts.ron"]);
    with(&place, "parts.ron", &[("train.sequences=200", "train.sequences=20")]);
    let manifest = String::from_utf8(place.read(&format!("{OUT}/manifest.json"))).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    place.write(&format!("{OUT}/manifest.json"), manifest.replace(&version, "\"version\": \"0.0.1\""));
    again("another version", &["ablate", "parts.ron"]);
    place.write(&format!("{OUT}/manifest.json"), &manifest[..manifest.len() / 2]);
    again("half a manifest", &["ablate", "parts.ron"]);
    place.write(&format!("{OUT}/manifest.json"), &manifest);
    let config = place.read(&format!("{OUT}/base/seed-1/config.ron"));
    let other = String::from_utf8(config.clone()).unwrap().replace("width: 6", "width: 7");
    place.write(&format!("{OUT}/base/seed-1/config.ron"), other);
    again("a run from elsewhere", &["ablate", "parts.ron"]);
    place.write(&format!("{OUT}/base/seed-1/config.ron"), config);
    let lock = std::fs::File::open(place.path(&format!("{OUT}/lock"))).unwrap();
    lock.lock().unwrap();
    again("another process", &["ablate", "parts.ron"]);
    drop(lock);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    insta::assert_snapshot!("other_folders", said.replace(env!("CARGO_PKG_VERSION"), "[version]"));
}

/// A limit on the size of files (in blocks of 512 bytes) stands for a full disk: checkpoints do not fit.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_that_was_finished() {
    let place = place();
    with(&place, "parts.ron", &[("(1, 2)", "(1, 1)")]);
    place.works(&["ablate", "parts.ron", "--quiet"]);
    let before = place.files();
    place.write("parts.ron", FILE);
    let script = format!("trap '' XFSZ; ulimit -f 40; exec '{}' ablate parts.ron", env!("CARGO_BIN_EXE_ntm"));
    let mut shell = std::process::Command::new("sh");
    let ended =
        shell.args(["-c", &script]).current_dir(place.path("")).stdin(Stdio::null()).output().unwrap();
    let ended = Ended(ended);
    let said = ended.people();
    assert_eq!(ended.code(), 1, "{said}");
    assert!(said.contains("seed-2: ") && said.contains("last.safetensors"), "{said}");
    assert!(said.contains("3 of 6 runs are finished and stay so; the same command goes on"), "{said}");
    place.works(&["ablate", "parts.ron", "--quiet"]);
    let after = place.files();
    for (path, bytes) in before.iter().filter(|(path, _)| path.to_string_lossy().contains("seed-")) {
        assert!(after[path] == *bytes, "{}", path.display());
    }
    place.works(&["ablate", "parts.ron", "--quiet", "--out", "anew"]);
    same_summary(&place, OUT, "anew");
}

#[test]
fn a_dry_run_says_what_would_be_run_and_runs_nothing() {
    let place = place();
    let before = place.files();
    let ablation = place.works(&["ablate", "parts.ron", "--dry-run"]).result();
    let sweep =
        ["sweep", "tiny.ron", "model.memory.slots=8,32", "train.seed=1..=3", "train.batch=2", "--dry-run"];
    let sweep = place.works(&sweep).result();
    assert!(place.files() == before);
    insta::assert_snapshot!("dry_run", format!("{ablation}\n{sweep}"));
}

#[test]
fn a_sweep_is_the_product_and_its_runs_can_be_grouped() {
    let place = Place::new();
    let sweep = [
        "sweep",
        "tiny.ron",
        "model.memory.slots=8,16",
        "model.controller=Lstm(hidden: 5),Mlp(hidden: [5, 4])",
        "train.seed=1..=2",
        "train.sequences=100",
    ];
    let said = place.works(&sweep).people();
    assert!(said.contains("slots=8, controller=Mlp(hidden: [5, 4])"), "{said}");
    let folder = "runs/sweeps/tiny-slots-controller-seed";
    assert_eq!(summary(&place, folder)["runs"].as_array().unwrap().len(), 8);
    let before = place.files();
    place.works(&sweep);
    assert!(place.files() == before);

    let by = ["summarise", folder, "--by", "model.memory.slots", "--format", "csv"];
    let csv = place.works(&by).result();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("model.memory.slots,n,failed,solved,"), "{csv}");
    assert!(lines[1].starts_with("8,4,0,0,inf,inf,inf,") && lines[2].starts_with("16,4,0,0,"), "{csv}");
    let by =
        ["summarise", folder, "--by", "model.controller.hidden", "--by", "train.seed", "--format", "json"];
    let json = place.works(&by).json();
    let names: Vec<&str> =
        json["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["5, 1", "5, 2", "[5, 4], 1", "[5, 4], 2"]);
    // each run by itself, in Markdown; and how long they took, apart
    let table = place
        .works(&["summarise", folder, &format!("{folder}/slots-8-controller-lstm-hidden-5/seed-1")])
        .result();
    assert_eq!(table.lines().filter(|line| line.contains("/seed-")).count(), 8, "{table}");
    assert!(place.works(&["summarise", folder, "--times"]).result().contains("sequences/s"));

    // a value for all runs may go into what a list before it puts there
    let into = [
        "sweep",
        "tiny.ron",
        "model.controller=Lstm(hidden: 5),Lstm(hidden: 6)",
        "model.controller.layers=2",
    ];
    let listed = place.works(&[&into[..], &["--dry-run"]].concat()).result();
    assert_eq!(listed.matches("model.controller.layers: 1 -> 2").count(), 2, "{listed}");

    let said = refused(&place, &["summarise", folder, "--by", "model.memory.slot"]);
    assert!(said.contains("no run has it") && said.contains("did you mean \"slots\""), "{said}");
    assert!(refused(&place, &["summarise", "missing"]).contains("not a run"));
    std::fs::create_dir(place.path("empty")).unwrap();
    assert!(refused(&place, &["summarise", "empty"]).contains("neither a run nor a directory with runs"));
}

/// The folder of an ablation may be anybody's: nothing outside it is read or written.
#[cfg(unix)]
#[test]
fn a_link_in_a_folder_of_runs_leads_nobody_out_of_it() {
    use std::os::unix::fs::symlink;
    let place = place();
    std::fs::create_dir(place.path("theirs")).unwrap();
    place.write("theirs/letter", "dear");
    std::fs::create_dir_all(place.path(OUT)).unwrap();
    for name in ["lock", "manifest.json", "base", "base/seed-1", "width-0-5", "summary.md"] {
        for target in ["theirs", "theirs/letter", "theirs/nothing"] {
            let link = place.path(&format!("{OUT}/{name}"));
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(place.path(target), &link).unwrap();
            let ended = place.run(&["ablate", "parts.ron", "--quiet"]);
            assert_eq!(ended.code(), 2, "{name} -> {target}: {}", ended.people());
            assert!(ended.people().contains(&format!("{OUT}/{name}: is a link")), "{}", ended.people());
            std::fs::remove_file(&link).unwrap();
        }
    }
    assert_eq!(std::fs::read_dir(place.path("theirs")).unwrap().count(), 1);
    assert_eq!(place.read("theirs/letter"), b"dear");
    // the whole folder may lie elsewhere
    std::fs::remove_dir_all(place.path(OUT)).unwrap();
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), place.path(OUT)).unwrap();
    place.works(&["ablate", "parts.ron", "--quiet"]);
    assert!(place.path("elsewhere/summary.md").is_file());
}
