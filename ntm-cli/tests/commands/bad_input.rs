//! Each gets one clear message and an exit code, and what is on disk stays as it was.
use crate::place::{Ended, Place, TINY};
use ntm_cli::core::checkpoint::{Archive, Data};
use ntm_cli::core::kernels::InstructionSet;

/// Runs what must be refused, and gives what was said with the exit code.
fn refused(place: &Place, args: &[&str]) -> String {
    let before = place.files();
    let ended = place.run(args);
    let said = ended.people();
    assert!(!said.contains("panicked"), "ntm {}\n{said}", args.join(" "));
    assert!(matches!(ended.code(), 1 | 2), "ntm {}: exit code {}\n{said}", args.join(" "), ended.code());
    assert_eq!(ended.result(), "", "ntm {}: stdout", args.join(" "));
    assert!(place.files() == before, "ntm {}: files have changed", args.join(" "));
    format!("$ ntm {}\n{}exit code {}\n", args.join(" "), without_weights(&said), ended.code())
}

/// Takes out what the bits of weights decide: lengths and checksums of damaged files.
fn without_weights(said: &str) -> String {
    let damaged = |line: &str| line.contains("checksum") || line.contains("cut short");
    let number = |word: &str| {
        let digits = word.trim_end_matches([',', ':']);
        digits.len() > 2
            && digits.chars().all(|c| c.is_ascii_hexdigit())
            && digits.contains(|c: char| c.is_ascii_digit())
    };
    let line = |line: &str| -> String {
        let words = line.split(' ').map(|word| if damaged(line) && number(word) { "[…]" } else { word });
        words.collect::<Vec<_>>().join(" ") + "\n"
    };
    said.lines().map(line).collect()
}

fn all(place: &Place, commands: &[&[&str]]) -> String {
    commands.iter().map(|args| refused(place, args)).collect::<Vec<_>>().join("\n")
}

#[test]
fn configs() {
    let place = Place::new();
    let with = |name: &str, from: &str, to: &str| {
        assert!(TINY.contains(from));
        place.write(name, TINY.replacen(from, to, 1));
    };
    with("field.ron", "slots: 16", "slts: 16");
    with("variant.ron", "Shift(", "Shfit(");
    with("type.ron", "hidden: 12", "hidden: \"many\"");
    with("slots.ron", "slots: 16", "slots: 0");
    with("kernel.ron", "range: 1", "range: 9");
    with("range.ron", "(1, 3)", "(3, 1)");
    with("seed.ron", "sequences: 600", "seed: -1");
    with("open.ron", "[", "(");
    place.write("deep.ron", "(".repeat(100_000));
    place.write("binary.ron", b"(task: \xff\xfe)");
    place.write("empty.ron", "");
    std::fs::create_dir(place.path("directory.ron")).unwrap();
    let files = [
        "field.ron",
        "variant.ron",
        "type.ron",
        "slots.ron",
        "kernel.ron",
        "range.ron",
        "seed.ron",
        "open.ron",
        "deep.ron",
        "binary.ron",
        "empty.ron",
        "directory.ron",
        "missing.ron",
    ];
    let trained: Vec<[&str; 2]> = files.iter().map(|file| ["train", file]).collect();
    let commands: Vec<&[&str]> = trained.iter().map(|args| &args[..]).collect();
    insta::assert_snapshot!("configs", all(&place, &commands));
    for file in files {
        refused(&place, &["check", file]);
        refused(&place, &["bench", file]);
    }
}

#[test]
fn overrides() {
    let place = Place::new();
    let overrides = [
        "model.memory.slot=3",
        "model.heads.7.read=Zeros",
        "train.batch=0",
        "train.seed=-1",
        "train.chunk=0",
        "task.length=(0, 3)",
        "task=Cpoy()",
        "model.heads.*.addressing.2.range=8",
        "model.memory.slots=",
        "=3",
        "model..slots=3",
        "train.optimizer=Adam(rate: -1)",
    ];
    let commands: Vec<[&str; 3]> = overrides.iter().map(|written| ["train", "tiny.ron", written]).collect();
    let commands: Vec<&[&str]> = commands.iter().map(|args| &args[..]).collect();
    insta::assert_snapshot!("overrides", all(&place, &commands));
}

#[test]
fn commands() {
    let place = Place::new();
    insta::assert_snapshot!(
        "commands",
        all(
            &place,
            &[
                &["trian"],
                &["train", "tiny.ron", "other.ron"],
                &["train", "--threads", "0"],
                &["train", "--out", "tiny.ron", "tiny.ron"],
                &["train", "--resume"],
                &["train", "--from", "tiny.ron"],
                &["eval"],
                &["eval", "."],
                &["eval", "tiny.ron"],
                &["eval", "missing.safetensors"],
                &["trace", "."],
                &["list", "stage"],
                &["bench", "tiny.ron", "--seconds", "-1"],
                &["bench", "tiny.ron", "--batch", "0"],
                &["bench", "tiny.ron", "--length", "0"],
            ]
        )
    );
}

#[test]
fn runs_and_checkpoints() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    let whole = place.read("runs/tiny/checkpoints/best.safetensors");
    place.write("cut.safetensors", &whole[..whole.len() / 2]);
    let mut damaged = whole.clone();
    damaged[whole.len() - 10] ^= 1;
    place.write("damaged.safetensors", damaged);
    place.write("text.safetensors", "not tensors");
    place.works(&["trace", "--length", "2", "--out", "trace.safetensors"]);
    std::fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/letter.txt", "dear");
    insta::assert_snapshot!(
        "runs_and_checkpoints",
        all(
            &place,
            &[
                &["eval", "cut.safetensors"],
                &["eval", "damaged.safetensors"],
                &["eval", "text.safetensors"],
                &["eval", "trace.safetensors"],
                &["eval", "--length", "0"],
                &["eval", "model.memory.width=7"],
                &["eval", "model.memory.start=Learned"],
                &["eval", "model.memory.slot=3"],
                &["trace", "--inputs", "runs/tiny/checkpoints/last.safetensors", "--out", "x.safetensors"],
                &["trace", "--inputs", "missing.safetensors", "--out", "x.safetensors"],
                &["trace", "--out", "no/such/directory.safetensors"],
                &["train", "--out", "runs/tiny", "tiny.ron"],
                &["train", "--out", "mine", "tiny.ron"],
                &["train", "--resume", "runs/tiny", "train.seed=2"],
                &["train", "--resume", "runs/tiny", "train.sequences=10"],
                &["train", "--resume", "cut.safetensors"],
                &["train", "--from", "cut.safetensors", "tiny.ron"],
                &["train", "--from", "runs/tiny", "tiny.ron", "model.controller.hidden=5"],
            ]
        )
    );
    // the last checkpoint of a run itself is damaged
    place.write("runs/tiny/checkpoints/last.safetensors", &whole[..whole.len() / 2]);
    refused(&place, &["train", "--resume", "runs/tiny", "train.sequences=600"]);
    refused(&place, &["eval", "--last"]);
}

#[test]
fn a_tensor_with_a_slots_axis_says_that_it_has_one() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=20", "model.memory.start=Learned", "--quiet"]);
    let said = refused(&place, &["eval", "model.memory.slots=32"]);
    assert!(
        said.contains("`start.memory` has shape [16, 6] in the checkpoint, but [32, 6] in the model"),
        "{said}"
    );
    assert!(said.contains("cannot be run with other slots"), "{said}");
}

#[test]
fn sizes_that_cannot_be_allocated_are_refused_at_once() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    let huge: &[&[&str]] = &[
        &["train", "tiny.ron", "model.memory.slots=10_000_000_000"],
        &["check", "tiny.ron", "model.controller.hidden=1_000_000"],
        &["check", "tiny.ron", "task.length=(1, 16_000_000)", "train.batch=1000000"],
        &["eval", "--length", "16000000", "--sequences", "1000000", "train.chunk=1024"],
        &["eval", "model.memory.slots=10_000_000_000"],
        &["trace", "--length", "16000000", "--out", "x.safetensors"],
        &["bench", "tiny.ron", "--batch", "1000000", "--length", "1000000"],
    ];
    for args in huge {
        let said = refused(&place, args);
        assert!(said.contains(" bytes), and "), "{said}");
        // nothing of that size was asked of the system, which would not give it here
        #[cfg(target_os = "linux")]
        {
            let limited = "ulimit -v 4000000; exec \"$@\"";
            let mut command = std::process::Command::new("sh");
            command
                .args(["-c", limited, "sh", env!("CARGO_BIN_EXE_ntm")])
                .args(*args)
                .current_dir(place.path(""));
            let ended = Ended(command.output().unwrap());
            let limited = ended.people();
            assert!(ended.code() == 2 && limited.contains(" bytes), and "), "{}: {limited}", ended.code());
        }
    }
}

#[test]
fn sizes_whose_products_overflow_are_refused() {
    let place = Place::new();
    let most = u64::MAX.to_string();
    for path in [
        "model.memory.slots",
        "model.memory.width",
        "model.controller.hidden",
        "model.controller.layers",
        "model.heads.0.addressing.2.range",
        "train.batch",
        "train.chunk",
        "train.validation_sequences",
        "task.width",
        "task.length.1",
    ] {
        for size in [most.clone(), (1_u64 << 62).to_string(), (1_u64 << 33).to_string()] {
            let said = refused(&place, &["check", "tiny.ron", &format!("{path}={size}")]);
            assert!(said.contains("exit code 2"), "{said}");
        }
    }
    // each is possible by itself
    let together =
        ["model.memory.slots=67108864", "model.memory.width=1024", "model.controller.hidden=1048576"];
    let said =
        refused(&place, &["check", "tiny.ron", together[0], together[1], together[2], "train.chunk=1024"]);
    assert!(said.contains("bytes"), "{said}");
    // a distance, and no size
    place.works(&["check", "tiny.ron", &format!("train.checkpoint_every={most}")]);
}

#[test]
fn an_instruction_set_that_does_not_exist_is_refused_and_one_that_does_is_used() {
    let place = Place::new();
    let ended = Ended(place.command(&["list", "tasks"]).env("NTM_SIMD", "sse").output().unwrap());
    assert_eq!(ended.code(), 2);
    let allowed = "error: NTM_SIMD is \"sse\"; allowed are avx512, avx2 and baseline, or leave it unset";
    assert!(ended.people().starts_with(allowed), "{}", ended.people());

    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    let logits = |set: &str| {
        let file = format!("{set}.safetensors");
        let mut command = place.command(&["trace", "--length", "3", "--out", &file]);
        let ended = Ended(command.env("NTM_SIMD", set).output().unwrap());
        assert_eq!(ended.code(), 0, "{}", ended.people());
        match Archive::read(place.path(&file)).unwrap().tensors["logits"].data.clone() {
            Data::F32(numbers) => numbers,
            other => panic!("{other:?}"),
        }
    };
    let (best, baseline) = (logits(""), logits("baseline"));
    assert!(best.iter().zip(&baseline).all(|(a, b)| (a - b).abs() < 1e-4), "{best:?} {baseline:?}");
    if InstructionSet::best() != InstructionSet::Baseline {
        assert_ne!(best, baseline, "the baseline was not used: sums have other roundings there");
    }
}

#[test]
fn a_rate_that_is_too_high_stops_the_run_and_keeps_what_was_good() {
    let place = Place::new();
    let settings = ["train.optimizer=RmsProp(rate: 1e38)", "train.clip=None"];
    let ended = place.run(&["train", "tiny.ron", settings[0], settings[1]]);
    assert_eq!(ended.code(), 1, "{}", ended.people());
    assert!(ended.people().contains("is not finite after"), "{}", ended.people());
    let status: serde_json::Value = serde_json::from_slice(&place.read("runs/tiny/status.json")).unwrap();
    assert_eq!(status["state"], "failed");
    assert!(!place.path("runs/tiny/checkpoints/last.safetensors").exists());
}
