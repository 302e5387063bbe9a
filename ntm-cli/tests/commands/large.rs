//! Sizes near the limits either run or are refused with the bytes that they need.
use crate::place::{Ended, Place, TINY};

/// It works, or there is not enough memory for it, which is said in bytes.
fn works_or_says_bytes(ended: &Ended) -> bool {
    let said = ended.people();
    assert!(!said.contains("panicked"), "{said}");
    match ended.code() {
        0 => true,
        2 => {
            assert!(said.contains(" bytes), and "), "{said}");
            false
        }
        other => panic!("exit code {other}\n{said}"),
    }
}

#[test]
fn a_million_slots() {
    let place = Place::new();
    let slots = "model.memory.slots=1_000_000";
    let checked = place.run(&["check", "tiny.ron", slots]);
    if works_or_says_bytes(&checked) {
        assert!(checked.people().contains("per step of a sequence"), "{}", checked.people());
    }
    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    let ended = place.run(&["eval", slots, "--length", "2", "--sequences", "1", "--threads", "1", "--json"]);
    if works_or_says_bytes(&ended) {
        assert!(ended.json()["rows"][0]["bits_per_sequence"].as_f64().unwrap().is_finite());
    }
}

#[test]
fn a_hundred_thousand_steps() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    // copying n vectors takes 2 n + 1 steps
    let ended = place.run(&["eval", "--length", "50000", "--sequences", "1", "--threads", "1", "--json"]);
    assert!(works_or_says_bytes(&ended), "a state is kept, and no trajectory: {}", ended.people());
    assert!(ended.json()["rows"][0]["bits_per_sequence"].as_f64().unwrap().is_finite());
}

#[test]
fn sixty_four_heads() {
    let place = Place::new();
    let heads = |read: usize, write: usize| {
        let head = |name: &str| {
            format!("{name}(addressing: Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])),")
        };
        head("Read").repeat(read) + &head("Write").repeat(write)
    };
    let (before, rest) = TINY.split_once("heads: [").unwrap();
    let (_, after) = rest.split_once("        ],\n").unwrap();
    let config = |read, write| format!("{before}heads: [{}],\n{after}", heads(read, write));
    place.write("many.ron", config(48, 16));
    place.works(&["check", "many.ron"]);
    place.works(&["train", "many.ron", "train.sequences=40", "train.validate_every=20", "--quiet"]);
    place.works(&["verify", "runs/many"]);

    place.write("more.ron", config(200, 57));
    let ended = place.run(&["check", "more.ron"]);
    assert_eq!(ended.code(), 2, "{}", ended.people());
    assert!(ended.people().contains("257 heads; at most 256"), "{}", ended.people());
}
