//! A run outlasts what is done to it: kills, signals, full disks, folders that cannot be written to, a second process.
use crate::place::{Ended, Place};
use crate::runs::same;
use ntm_cli::core::checkpoint::Checkpoint;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A number for the environment variable, for example of how many kills; or the usual one.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Numbers drawn from a seed: SplitMix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

fn finished(place: &Place, run: &str) -> bool {
    let status = std::fs::read_to_string(place.path(&format!("{run}/status.json"))).unwrap_or_default();
    status.contains("\"state\": \"finished\"")
}

/// Starts a run, or lets it go on.
fn started(place: &Place, run: &str, sequences: &str, save_every: &str) -> Child {
    let begin = ["train", "tiny.ron", sequences, "--out", run];
    let go_on = ["train", "--resume", run];
    let args = if place.path(&format!("{run}/config.ron")).exists() { &go_on[..] } else { &begin[..] };
    let args = [args, &["--quiet", "--save-every", save_every]].concat();
    place.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// More kills and another seed: `NTM_TEST_KILLS=1000 NTM_TEST_SEED=7`.
#[test]
fn a_run_killed_at_random_moments_ends_in_the_bytes_of_one_that_was_not() {
    let (kills, seed) = (setting("NTM_TEST_KILLS", 50), setting("NTM_TEST_SEED", 1));
    println!("{kills} kills, seed {seed}");
    let place = Place::in_memory();
    let sequences = "train.sequences=2000";
    let began = Instant::now();
    place.works(&["train", "tiny.ron", sequences, "--out", "whole", "--quiet"]);
    // how long a run may live before it is killed: about as long as it takes, however fast the machine is now
    let mut longest = began.elapsed().max(Duration::from_millis(10));
    let mut draws = Draws(seed);
    let (mut killed, mut early, mut runs) = (0, 0, 0);
    while killed < kills {
        let run = format!("killed-{runs}");
        // each kind of moment: while nothing but checkpoints is written, and while they are rare
        let save_every = ["0", "0.005", "0.05"][runs % 3];
        while !finished(&place, &run) {
            let mut child = started(&place, &run, sequences, save_every);
            if killed < kills {
                let until = Instant::now() + Duration::from_micros(draws.below(longest.as_micros() as u64));
                while Instant::now() < until && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_micros(200));
                }
                // it may have come to its end, or not have begun
                let alive = child.try_wait().unwrap().is_none();
                child.kill().unwrap();
                match alive && place.path(&format!("{run}/config.ron")).exists() {
                    true => killed += 1,
                    false if alive => {
                        early += 1;
                        longest += longest / 8;
                    }
                    false => longest = (longest - longest / 16).max(Duration::from_millis(10)),
                }
            }
            let ended = Ended(child.wait_with_output().unwrap());
            assert!(matches!(ended.code(), -1 | 0), "{run} after {killed} kills: {}", ended.people());
        }
        same(&place, "whole", &run);
        runs += 1;
    }
    println!("{killed} kills of {runs} runs, and {early} before there was one");
}

#[cfg(unix)]
#[test]
fn a_run_stopped_by_signals_again_and_again_is_the_run_that_it_was() {
    use std::os::unix::process::ExitStatusExt;
    let place = Place::in_memory();
    // one that never ends by itself, however fast the machine
    let sequences = "train.sequences=1000000000";
    for stop in 0..8 {
        let mut child = started(&place, "stopped", sequences, "10");
        let began = Instant::now();
        let status = place.path("stopped/status.json");
        // somebody listens from before this is written
        while !std::fs::read_to_string(&status).is_ok_and(|text| text.contains("\"running\"")) {
            assert!(began.elapsed() < Duration::from_secs(60), "it never began");
            assert!(child.try_wait().unwrap().is_none(), "{:?}", child.wait_with_output());
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(10 * stop));
        let signal = ["-INT", "-TERM"][usize::try_from(stop).unwrap() % 2];
        let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let ended = child.wait().unwrap();
        assert_eq!((ended.code(), ended.signal()), (Some(130), None));
        assert!(std::fs::read_to_string(&status).unwrap().contains("\"interrupted\""));
    }
    // without a stop: every record, and the last checkpoint with all that the optimiser keeps
    let json = place.works(&["verify", "stopped", "--sequences", "1000000000", "--json"]).json();
    assert_eq!(json["same"], true);
    assert!(json["checkpoints"].as_array().unwrap().contains(&"last".into()), "{json}");
}

#[test]
fn a_status_that_is_damaged_stops_nobody() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--out", "whole", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "half", "--quiet"]);
    for damaged in ["", "{", "\0\0\0\0", "{\"state\": \"sleeping\"}"] {
        place.write("half/status.json", damaged);
        let said = place.works(&["train", "--resume", "half", "train.sequences=600"]).people();
        assert!(said.contains("note: half/status.json"), "{said}");
        same(&place, "whole", "half");
        assert!(finished(&place, "half"));
    }
}

/// A resume that would change the config and the metrics, were it not refused: then everything is as it was.
fn refused(place: &Place, run: &str, wanted: &[&str]) {
    let before = place.files();
    let ended = place.run(&["train", "--resume", run, "train.sequences=900"]);
    let said = ended.people();
    assert!(matches!(ended.code(), 1 | 2), "{said}");
    for words in wanted {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    assert!(place.files() == before, "files have changed, and it says\n{said}");
}

#[test]
fn metrics_that_somebody_else_changed_are_refused_before_anything_is_changed() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.sequences=900", "--out", "whole", "--quiet"]);
    let path = "runs/tiny/metrics.jsonl";
    let whole = String::from_utf8(place.read(path)).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 6);
    let with = |lines: &[&str]| {
        // what a kill leaves, which would be cut away
        let more = lines.iter().map(|line| format!("{line}\n")).collect::<String>() + "{\"sequences\":700";
        place.write(path, more);
    };
    let unchanged = "nothing was changed";
    with(&lines[..5]);
    refused(
        &place,
        "runs/tiny",
        &[
            "its last record is from after 500 sequences, and the checkpoint stands after a validation at 600",
            unchanged,
        ],
    );
    with(&[]);
    refused(&place, "runs/tiny", &["there is no record, and the checkpoint stands", unchanged]);
    with(&[&lines[..2], &lines[3..]].concat());
    let gap = "there is no record between 200 and 400 sequences, and validations are 100 apart";
    refused(&place, "runs/tiny", &[gap, unchanged]);
    with(&lines[1..]);
    refused(&place, "runs/tiny", &["there is no record between 0 and 200 sequences", unchanged]);
    with(&[&lines[..3], &lines[2..]].concat());
    refused(
        &place,
        "runs/tiny",
        &["a record from after 300 sequences comes after one from after 300", unchanged],
    );
    with(&[lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]]);
    refused(&place, "runs/tiny", &["there is no record between 100 and 300 sequences", unchanged]);
    with(&[&lines[..], &["{\"sequences\":600}"]].concat());
    refused(&place, "runs/tiny", &["metrics.jsonl:7: missing field"]);
    // finished, and no record: nobody was killed while writing it
    place.write(path, format!("{whole}garbage\n"));
    refused(&place, "runs/tiny", &["metrics.jsonl:7:"]);
    with(&lines);
    place.works(&["train", "--resume", "runs/tiny", "train.sequences=900", "--quiet"]);
    same(&place, "whole", "runs/tiny");
}

#[test]
fn a_best_checkpoint_that_is_gone_or_of_another_run_is_refused() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.seed=2", "--out", "other", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "short", "--quiet"]);
    let path = "runs/tiny/checkpoints/best.safetensors";
    let own = place.read(path);
    let instead = "train --from runs/tiny/checkpoints/last.safetensors";

    std::fs::remove_file(place.path(path)).unwrap();
    refused(&place, "runs/tiny", &["best.safetensors: is not there", "nothing was changed", instead]);
    // the way out that is named
    place.works(&["train", "--from", "runs/tiny/checkpoints/last.safetensors", "--out", "anew", "--quiet"]);

    place.write(path, place.read("other/checkpoints/best.safetensors"));
    refused(&place, "runs/tiny", &["the best checkpoint of another run", "train.seed: 2 -> 1", instead]);

    let wrong = "is not this run's best checkpoint";
    place.write(path, place.read("runs/tiny/checkpoints/last.safetensors"));
    let mut changed = Checkpoint::read(place.path(path)).unwrap().without_optimizer();
    changed.numbers.best_at = 100;
    changed.numbers.sequences = 100;
    changed.numbers.validated_at = 100;
    changed.numbers.updates = 100;
    changed.clone().write(place.path(path)).unwrap();
    refused(&place, "runs/tiny", &[wrong, "after 100 sequences", instead]);
    // an earlier best of the same run is not the best
    place.write(path, place.read("short/checkpoints/best.safetensors"));
    refused(&place, "runs/tiny", &[wrong]);
    // one that is said to be from later, and is worse
    changed.numbers.best_at = 700;
    changed.numbers.sequences = 700;
    changed.numbers.best_bits = changed.numbers.best_bits.map(|bits| bits + 1.0);
    changed.write(place.path(path)).unwrap();
    refused(&place, "runs/tiny", &[wrong]);

    place.write(path, own);
    place.works(&["train", "--resume", "runs/tiny", "train.sequences=900", "--quiet"]);
}

#[test]
fn a_best_checkpoint_from_after_the_last_one_is_made_again() {
    // a run is killed between the two: its config is from before, and so is `last`
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "killed", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.sequences=900", "--out", "whole", "--quiet"]);
    let best = Checkpoint::read(place.path("whole/checkpoints/best.safetensors")).unwrap();
    assert!(best.numbers.best_at > 300, "or this tests nothing");
    place.write("killed/checkpoints/best.safetensors", place.read("whole/checkpoints/best.safetensors"));
    place.works(&["train", "--resume", "killed", "train.sequences=900", "--quiet"]);
    same(&place, "whole", "killed");
}

#[test]
fn times_that_cannot_be_read_stop_nobody_and_are_kept() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "--out", "whole", "--quiet"]);
    place.works(&["train", "tiny.ron", "train.sequences=300", "--out", "half", "--quiet"]);
    let damaged = "x".repeat(2 << 20);
    place.write("half/timing.jsonl", &damaged);
    let said = place.works(&["train", "--resume", "half", "train.sequences=600"]).people();
    let wanted = "note: half/timing.jsonl cannot be read and begins anew; what was there is kept as half/timing.damaged.jsonl";
    assert!(said.contains(wanted), "{said}");
    assert!(place.read("half/timing.damaged.jsonl") == damaged.as_bytes());
    assert_eq!(String::from_utf8(place.read("half/timing.jsonl")).unwrap().lines().count(), 3);
    same(&place, "whole", "half");
}

/// A file of a run may hold what a terminal would obey.
#[test]
fn what_is_said_of_hostile_files_does_nothing_to_a_terminal() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=300", "--quiet"]);
    let environment = String::from_utf8(place.read("runs/tiny/environment.json")).unwrap();
    let obeyed = |text: &str| text.contains(|c: char| c.is_control() && c != '\n');
    let quiet = |args: &[&str], wanted: &str| {
        let said = place.run(args).people();
        assert!(said.contains(wanted) && !obeyed(&said), "{said:?}");
    };
    let mut hostile: serde_json::Value = serde_json::from_str(&environment).unwrap();
    hostile["version"] = "\u{1b}]0;mine\u{7}\u{9b}2J".into();
    place.write("runs/tiny/environment.json", hostile.to_string());
    quiet(&["train", "--resume", "runs/tiny", "train.sequences=400"], "version: \"\\u{1b}]0;mine\\u{7}");
    place.write("runs/tiny/status.json", "{\"state\": \"\\u001b[2J\"}");
    quiet(&["train", "--resume", "runs/tiny", "train.sequences=500"], "note: runs/tiny/status.json");
    let mut checkpoint = Checkpoint::read(place.path("runs/tiny/checkpoints/last.safetensors")).unwrap();
    checkpoint.version = "\u{1b}[2J".into();
    let mut archive = checkpoint.into_archive();
    archive.metadata = archive.metadata.map(|text| text.replace("format:1", "format:2"));
    archive.write(place.path("later.safetensors")).unwrap();
    quiet(&["eval", "later.safetensors"], "it was written by version \"\\u{1b}[2J\"");
}

#[test]
fn two_processes_are_never_in_one_run() {
    let place = Place::new();
    let endless = ["train", "tiny.ron", "train.sequences=1000000000", "--out", "run", "--quiet"];
    let mut first = place.command(&endless).spawn().unwrap();
    let began = Instant::now();
    while !std::fs::metadata(place.path("run/metrics.jsonl")).is_ok_and(|file| file.len() > 0) {
        assert!(began.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::sleep(Duration::from_millis(5));
    }
    for args in [&["train", "--resume", "run"][..], &["train", "tiny.ron", "--out", "run"]] {
        let ended = place.run(args);
        let said = ended.people();
        assert!(matches!(ended.code(), 1 | 2), "{said}");
        assert!(
            said.contains("another process is writing to this run") || said.contains("already holds a run"),
            "{said}"
        );
    }
    // readers do not mind
    place.works(&["plot", "run"]);
    first.kill().unwrap();
    first.wait().unwrap();
    // what was killed is no longer there, and nothing has to be removed by hand
    place.write("run/status.json", "{}");
    let mut second =
        place.command(&["train", "--resume", "run", "--quiet"]).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !String::from_utf8_lossy(&place.read("run/status.json")).contains("\"running\"") {
        assert!(second.try_wait().unwrap().is_none(), "{:?}", second.wait_with_output());
        assert!(began.elapsed() < Duration::from_secs(60), "it never went on");
        std::thread::sleep(Duration::from_millis(5));
    }
    second.kill().unwrap();
    second.wait().unwrap();
}

#[test]
fn a_changed_config_is_an_error_that_shows_the_difference() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=300", "--quiet"]);
    let config = String::from_utf8(place.read("runs/tiny/config.ron")).unwrap();
    let before = place.files();
    // on the command line, in another config, and by somebody's hand in the run itself
    let refused = |args: &[&str], wanted: &[&str]| {
        let ended = place.run(args);
        assert_eq!(ended.code(), 2, "{}", ended.people());
        for words in wanted {
            assert!(ended.people().contains(words), "{words:?} is not in\n{}", ended.people());
        }
    };
    let paths = ["train.seed: 1 -> 2", "model.memory.slots: 16 -> 32"];
    refused(&["train", "--resume", "runs/tiny", "train.seed=2", "model.memory.slots=32"], &paths);
    assert!(place.files() == before);
    place.write("other.ron", crate::place::TINY.replace("hidden: 12", "hidden: 13"));
    refused(&["train", "other.ron", "--resume", "runs/tiny"], &["model.controller.hidden: 12 -> 13"]);
    place.write("runs/tiny/config.ron", config.replace("slots: 16", "slots: 17"));
    refused(&["train", "--resume", "runs/tiny"], &["model.memory.slots: 16 -> 17"]);
    assert_eq!(
        place.read("runs/tiny/checkpoints/last.safetensors"),
        before[&place.path("runs/tiny/checkpoints/last.safetensors")]
    );
}

/// Whether this process may do anything, so that the rights of files mean nothing to it.
#[cfg(unix)]
fn root() -> bool {
    let output = std::process::Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_only_be_read_is_said_and_stays_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=300", "--quiet"]);
    let mode = |name: &str, mode| {
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let folders = ["runs/tiny", "runs/tiny/checkpoints", "runs"];
    mode("", 0o755);
    folders.iter().for_each(|folder| mode(folder, 0o555));
    mode("runs/tiny/lock", 0o444);
    let before = place.files();
    for args in [
        &["train", "--resume", "runs/tiny", "train.sequences=600"][..],
        &["train", "tiny.ron"],
        &["train", "tiny.ron", "--out", "runs/tiny/deeper"],
    ] {
        let mut command = place.command(args);
        if root() {
            // as nobody, who may start nothing that lies in a private folder
            let program = place.path("ntm");
            std::fs::copy(env!("CARGO_BIN_EXE_ntm"), &program).unwrap();
            command = std::process::Command::new(program);
            command.args(args).current_dir(place.path("")).uid(65534).gid(65534);
        }
        let ended = Ended(command.output().unwrap());
        assert!(matches!(ended.code(), 1 | 2), "{args:?}: {}", ended.people());
        assert!(ended.people().contains("ermission denied"), "{args:?}: {}", ended.people());
        assert!(!ended.people().contains("panicked"), "{}", ended.people());
    }
    let mut after = place.files();
    after.remove(&place.path("ntm"));
    assert!(after == before);
    folders.iter().rev().for_each(|folder| mode(folder, 0o755));
}

/// Needs the right to mount; without it this says that it was skipped. `train::tests` has the same with every single change refused.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_last_good_checkpoint_and_says_so() {
    let place = Place::new();
    std::fs::create_dir(place.path("small")).unwrap();
    let small = place.path("small").display().to_string();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "none", &small])
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a small disk cannot be mounted here");
        return;
    }
    struct Mounted(String);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount").args(["-l", &self.0]).status();
        }
    }
    let _mounted = Mounted(small);
    // a checkpoint while there is room; then metrics of a validation at each sequence fill it in the end
    let settings = ["train.validate_every=1", "train.validation_sequences=1"];
    let begin =
        [&["train", "tiny.ron", "--out", "small/run", "--quiet", "train.sequences=50"][..], &settings];
    place.works(&begin.concat());
    let ended = place.run(&["train", "--resume", "small/run", "--quiet", "train.sequences=2000"]);
    let said = ended.people();
    assert_eq!(ended.code(), 1, "{said}");
    assert!(said.contains("No space left on device") && said.contains("Training has stopped"), "{said}");
    assert!(said.contains("small/run/checkpoints/last.safetensors stands, from after"), "{said}");
    assert!(said.contains("train --resume small/run"), "{said}");
    place.works(&["eval", "small/run/checkpoints/last.safetensors", "--length", "2"]);

    // with more room it goes on, to the same bytes
    let more = std::process::Command::new("mount").args(["-o", "remount,size=64m", &_mounted.0]).status();
    assert!(more.unwrap().success());
    place.works(&["train", "--resume", "small/run", "--quiet"]);
    let whole = [&["train", "tiny.ron", "--out", "whole", "--quiet", "train.sequences=2000"][..], &settings];
    place.works(&whole.concat());
    same(&place, "whole", "small/run");
}
