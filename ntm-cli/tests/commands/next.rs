//! What the program says of itself: where to begin, what to try next, completions.
use crate::place::Place;
use std::process::Command;

/// `Try next:` and the commands below it, without the program's name.
fn next(people: &str) -> Vec<String> {
    let (_, after) =
        people.split_once("Try next:").unwrap_or_else(|| panic!("nothing to try next:\n{people}"));
    let command = |line: &str| {
        line.strip_prefix("  ").and_then(|line| line.split_once(' ')).map(|(_, words)| words.to_owned())
    };
    after.lines().filter_map(command).collect()
}

#[test]
fn every_command_ends_with_what_to_try_next_and_that_works() {
    let place = Place::new();
    place.write("pair.ron", "(base: \"tiny.ron\", set: [\"train.sequences=200\"], variants: {\"small\": [\"model.memory.slots=8\"]}, seeds: (1, 2), measure: FinalBits)");
    for words in [
        &["check", "tiny.ron", "train.sequences=200"][..],
        &["train", "tiny.ron", "train.sequences=200"],
        &["eval", "--length", "2"],
        &["bench", "tiny.ron", "--seconds", "0.01"],
        &["plot", "runs/tiny"],
        &["plot", "runs/tiny", "--kind", "weights"],
        &["plot", "runs/tiny", "--kind", "memory"],
        &["plot", "runs/tiny", "--kind", "generalisation", "--length", "2"],
        &["list"],
        &["list", "stages"],
        &["summarise", "runs"],
        &["ablate", "pair.ron"],
        &["plot", "runs/ablations/pair", "--kind", "intervals"],
        &["sweep", "tiny.ron", "train.seed=1,2", "train.sequences=200"],
        &["export", "runs/tiny", "weights"],
    ] {
        let commands = next(&place.works(words).people());
        assert!(!commands.is_empty(), "{words:?}");
        for command in commands {
            // those that train or time anything at length are only read
            let script = match command.split(' ').next() {
                Some("bench" | "train") => format!("\"$NTM\" {command} --help"),
                _ => format!("\"$NTM\" {command}"),
            };
            let directory = place.path("");
            let ntm = env!("CARGO_BIN_EXE_ntm");
            let done = Command::new("sh")
                .args(["-c", &script])
                .env("NTM", ntm)
                .current_dir(directory)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "after {words:?}: {command}\n{told}");
        }
    }
    let traced = place.works(&["trace", "runs/tiny", "--out", "trace.safetensors"]).people();
    assert!(next(&traced).iter().any(|command| command.starts_with("plot runs/tiny")), "{traced}");
}

#[test]
fn help_says_where_to_begin() {
    let place = Place::new();
    let help = place.works(&["help"]);
    assert!(help.result().contains("Start here:") && help.result().contains("ntm help COMMAND"));
    assert!(place.works(&["help", "train"]).result().contains("--plain"));
}

#[test]
fn completions_know_every_command_and_their_shell_reads_them() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = place.works(&["completions", shell]);
        for command in ["train", "ablate", "completions", "--no-such-thing"] {
            assert_eq!(ended.result().contains(command), command != "--no-such-thing", "{shell}: {command}");
        }
        // what a shell sources at its start says nothing more
        assert_eq!(ended.people(), "");
    }
    let script = place.works(&["completions", "bash"]).result();
    place.write("ntm.bash", script);
    // as a person who has typed `ntm tr` and presses the key
    let typed =
        "source ntm.bash; COMP_WORDS=(ntm tr) COMP_CWORD=1; _ntm ntm tr ntm; echo \"${COMPREPLY[@]}\"";
    let done = Command::new("bash").args(["-c", typed]).current_dir(place.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "train trace", "{done:?}");
}
