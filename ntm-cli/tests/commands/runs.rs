//! Runs: what they leave behind, that they come out the same, and that they can go on.
use crate::place::Place;
use ntm_cli::core::kernels::InstructionSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

const RUN: [&str; 6] = [
    "config.ron",
    "metrics.jsonl",
    "timing.jsonl",
    "environment.json",
    "checkpoints/last.safetensors",
    "checkpoints/best.safetensors",
];
/// What the seed determines.
const DETERMINED: [&str; 4] =
    ["config.ron", "metrics.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors"];

pub(crate) fn same(place: &Place, one: &str, other: &str) {
    for file in DETERMINED {
        let (a, b) = (place.read(&format!("{one}/{file}")), place.read(&format!("{other}/{file}")));
        assert!(a == b, "{file} of {one} and {other} differ");
    }
}

#[test]
fn a_run_leaves_its_files_and_a_second_one_goes_beside_it() {
    let place = Place::new();
    let ended = place.works(&["train", "tiny.ron", "--json"]);
    for file in RUN.iter().chain(&["status.json", "figure6.png"]) {
        assert!(!place.read(&format!("runs/tiny/{file}")).is_empty(), "{file}");
    }
    let json = ended.json();
    assert_eq!((&json["run"], &json["sequences"]), (&"runs/tiny".into(), &600.into()));
    assert_eq!((&json["solved"], &json["sequences_to_solved"]), (&false.into(), &serde_json::Value::Null));
    assert!(json["seconds"].as_f64().unwrap() > 0.0 && json["bits_per_sequence"].as_f64().unwrap() > 0.0);
    let metrics = String::from_utf8(place.read("runs/tiny/metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 6);
    let said = ended.people();
    for words in [
        "Training Ntm on Copy",
        "Writing to runs/tiny",
        "Not solved after 600",
        "bits per sequence",
        "targets",
        "eval runs/tiny",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "no colour where there is no terminal");

    let before = place.files();
    place.works(&["train", "tiny.ron", "--quiet"]);
    same(&place, "runs/tiny", "runs/tiny-2");
    let after = place.files();
    assert!(before.iter().all(|(path, bytes)| after[path] == *bytes), "the first run is as it was");

    // the resolved config is a config, and says the same
    place.works(&["train", "runs/tiny/config.ron", "--quiet", "--out", "again"]);
    same(&place, "runs/tiny", "again");
}

#[test]
fn one_thread_and_two_give_the_same_bits() {
    let place = Place::new();
    for set in InstructionSet::ALL.into_iter().filter(|set| *set <= InstructionSet::best()) {
        let [one, two] = ["1", "2"].map(|threads| {
            let out = format!("{}-{threads}", set.name());
            let args = ["train", "tiny.ron", "train.batch=16", "train.sequences=640", "--threads", threads];
            let mut command = place.command(&[&args[..], &["--out", &out, "--quiet"]].concat());
            let ended = command.env("NTM_SIMD", set.name()).output().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            out
        });
        same(&place, &one, &two);
    }
}

#[test]
fn a_run_that_is_given_more_sequences_is_the_longer_run() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--out", "whole", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "half", "--quiet"]);
    let half = place.read("half/checkpoints/last.safetensors");
    place.works(&["train", "--resume", "half", "train.sequences=600", "--quiet"]);
    same(&place, "whole", "half");

    // killed after `best` was written, before `last` was
    place.write("half/checkpoints/last.safetensors", half);
    place.works(&["train", "--resume", "half", "--quiet"]);
    same(&place, "whole", "half");

    let before = place.files();
    let said = place.works(&["train", "--resume", "half"]).people();
    assert!(said.contains("half is finished, after 600 sequences"), "{said}");
    assert!(place.files() == before);

    // killed before the first checkpoint
    std::fs::remove_dir_all(place.path("half/checkpoints")).unwrap();
    place.works(&["train", "--resume", "half", "--quiet"]);
    same(&place, "whole", "half");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_to_the_same_end() {
    use std::os::unix::process::ExitStatusExt;
    let place = Place::new();
    for signal in ["-INT", "-TERM"] {
        // so long that the signal comes before the end, however fast the machine
        let mut sequences = 6000_u64;
        let out = loop {
            let (out, long) =
                (format!("stopped{signal}-{sequences}"), format!("train.sequences={sequences}"));
            let mut command = place.command(&["train", "tiny.ron", &long, "--out", &out, "--quiet"]);
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let began = Instant::now();
            let metrics = place.path(&format!("{out}/metrics.jsonl"));
            while !std::fs::metadata(&metrics).is_ok_and(|file| file.len() > 0) {
                assert!(began.elapsed() < Duration::from_secs(60), "it never began");
                std::thread::sleep(Duration::from_millis(2));
            }
            // of a process that has ended nothing can be sent to
            let _ = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
            let status = child.wait().unwrap();
            if status.code() == Some(0) {
                sequences *= 4;
                continue;
            }
            assert_eq!((status.code(), status.signal()), (Some(130), None), "{signal}");
            break out;
        };
        let status: serde_json::Value =
            serde_json::from_slice(&place.read(&format!("{out}/status.json"))).unwrap();
        assert_eq!(status["state"], "interrupted");
        let (long, whole) = (format!("train.sequences={sequences}"), format!("whole{signal}"));
        place.works(&["train", "tiny.ron", &long, "--out", &whole, "--quiet"]);
        place.works(&["train", "--resume", &out, "--quiet"]);
        same(&place, &whole, &out);
    }
}

#[test]
fn a_run_can_start_from_another_ones_weights() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=100", "--quiet"]);
    place.works(&["train", "--from", "runs/tiny", "train.sequences=0", "--out", "copy", "--quiet"]);
    let weights = |file: &str| {
        let archive = ntm_cli::core::checkpoint::Archive::read(place.path(file)).unwrap();
        let weights = archive.tensors.into_iter().filter(|(name, _)| !name.starts_with("optim."));
        weights.collect::<Vec<_>>()
    };
    assert_eq!(
        weights("runs/tiny/checkpoints/best.safetensors"),
        weights("copy/checkpoints/last.safetensors")
    );
}

#[test]
fn readers_that_go_away_are_no_trouble() {
    let place = Place::new();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    for args in [&["list"][..], &["list", "stages"], &["check", "tiny.ron"], &["--help"]] {
        let ended = place.command(args).stdout(closed()).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{args:?}");
        assert!(!String::from_utf8_lossy(&ended.stderr).contains("rror"), "{args:?}");
    }
    let args = ["train", "tiny.ron", "train.sequences=100", "--json"];
    let ended = place.command(&args).stdout(closed()).stderr(closed()).status().unwrap();
    assert_eq!(ended.code(), Some(0));
}
