//! What is said of texts that are no config.

use proptest::prelude::*;

use super::*;
use crate::config::tree::Node;

#[test]
fn a_component_that_needs_settings_says_so_when_bare() {
    let e = refused("(model: Ntm(heads: [Read(addressing: Chain([ScalarShift]))]))");
    assert_eq!(
        e.message(),
        "ScalarShift has required settings: `direction` is missing; write ScalarShift(…)"
    );
    assert_eq!(e.path(), Some("model.heads.0.addressing.0"));
    let e = refused("(model: Ntm(heads: [Read(addressing: Chain)]))");
    assert_eq!(e.message(), "Chain needs settings in parentheses; write Chain(…)");
}

#[test]
fn an_unknown_component_is_named_with_what_there_is() {
    let e = refused(
        "(\n  model: Ntm(heads: [\n    Read(addressing: Chain([Content, Interpolate, Shfit(range: 1)])),\n  ]),\n)",
    );
    assert_eq!(
        e.to_string(),
        "a.ron:3:51: model.heads.0.addressing.2: no stage is called \"Shfit\"; did you mean \"Shift\"? there are \
         Content, Interpolate, Shift, ScalarShift and Sharpen\n  \
         |\n3 |     Read(addressing: Chain([Content, Interpolate, Shfit(range: 1)])),\n  \
         |                                                   ^^^^^"
    );
    assert_eq!(e.near_miss(), Some("Shift"));
    assert_eq!(e.given(), Some("Shfit"));
    assert_eq!(e.allowed(), ["Content", "Interpolate", "Shift", "ScalarShift", "Sharpen"]);
    assert_eq!(
        refused("(task: Cpy)").message(),
        "no task is called \"Cpy\"; did you mean \"Copy\"? there is only Copy"
    );
}

#[test]
fn an_unknown_field_is_named_with_what_there_is() {
    let e = refused("(train: (rte: 1e-4))");
    assert_eq!((e.line(), e.column(), e.path()), (Some(1), Some(10), Some("train")));
    assert!(e.message().starts_with("there is no field \"rte\"; there are batch, sequences"), "{e}");
    let e = refused("(model: Ntm(heads: [Read(addressing: Chain([Shift(rnge: 1)]))]))");
    assert_eq!(
        e.message(),
        "Shift has no field \"rnge\"; did you mean \"range\"? there are range, direction and kernel"
    );
    assert_eq!(e.path(), Some("model.heads.0.addressing.0"));
    assert_eq!(e.column(), Some(51));
    let e = refused("(train: (optimizer: RmsProp(rte: 1)))");
    assert_eq!(
        e.message(),
        "RmsProp has no field \"rte\"; did you mean \"rate\"? there are rate and momentum"
    );
    assert_eq!(e.path(), Some("train.optimizer"));
    let e = refused("(model: Ntm(memory: Dense(start: Drawn(sd: 1))))");
    assert_eq!(e.near_miss(), Some("std"));
}

#[test]
fn an_unknown_variant_is_named_with_what_there_is() {
    let e = refused("(model: Ntm(controller: Mlp(activation: Tnh)))");
    assert!(
        e.message()
            .starts_with("activation cannot be \"Tnh\"; did you mean \"Tanh\"? there are Linear, Tanh"),
        "{e}"
    );
    assert_eq!((e.path(), e.column()), (Some("model.controller.activation"), Some(41)));
}

#[test]
fn a_variant_of_the_field_beside_is_sent_there() {
    let e = refused("(model: Ntm(order: MemoryThenController))");
    assert!(e.message().ends_with("; it is step: MemoryThenController"), "{e}");
    assert_eq!(e.path(), Some("model.order"));
}

/// Text, path, the place's column and what is said.
const WRONG: [(&str, &str, usize, &str); 20] = [
    ("(task: Copy(8))", "task", 8, "expected fields with their names, such as name: value, found Copy(8)"),
    ("(task: \"Copy\")", "task", 8, "expected a name, such as Name(…), found \"Copy\""),
    (
        "(model: Ntm(heads: [Read(addressing: Chain([Interpolate(x: 1)]))]))",
        "model.heads.0.addressing.0",
        57,
        "Interpolate has no settings; write Interpolate()",
    ),
    ("(train: (batch: \"x\"))", "train.batch", 17, "expected a whole number, found \"x\""),
    ("(train: (batch: 1.5))", "train.batch", 17, "expected a whole number, found 1.5"),
    ("(train: (batch: 1e3))", "train.batch", 17, "expected a whole number, found 1e3"),
    (
        "(train: (batch: -1))",
        "train.batch",
        17,
        "expected a whole number, at least 0 and not too large, found -1",
    ),
    ("(train: (batch: [1]))", "train.batch", 17, "expected a whole number, found [1]"),
    ("(train: (clip: \"x\"))", "train.clip", 16, "expected a number, found \"x\""),
    ("(train: 3)", "train", 9, "expected fields in parentheses, without a name before them, found 3"),
    ("(model: Ntm(heads: 3))", "model.heads", 20, "expected a list, such as [1, 2], found 3"),
    (
        "(model: Ntm(controller: Mlp(hidden: [7, true])))",
        "model.controller.hidden.1",
        41,
        "expected a whole number, found true",
    ),
    (
        "(model: Ntm(controller: Lstm(skip: 1)))",
        "model.controller.skip",
        36,
        "expected true or false, found 1",
    ),
    (
        "(model: Ntm(controller: Lstm(hidden: 1.5)))",
        "model.controller.hidden",
        38,
        "expected a whole number, found 1.5",
    ),
    (
        "(model: Ntm(heads: [Read(addressing: Chain([Shift(range: a)]))]))",
        "model.heads.0.addressing.0.range",
        58,
        "expected a whole number, found a",
    ),
    ("(task: Copy(length: 3))", "task.length", 21, "expected values in parentheses, found 3"),
    ("(task: Copy(length: (1, 2, 3)))", "task.length", 28, "expected `)` here"),
    (
        "(model: Ntm(controller: Mlp(activation: Tanh())))",
        "model.controller.activation",
        41,
        "Tanh is written without parentheses here",
    ),
    (
        "(model: Ntm(controller: Mlp(activation: Tanh(3))))",
        "model.controller.activation",
        41,
        "Tanh takes no values here; write Tanh alone",
    ),
    (
        "(model: Ntm(memory: Dense(start: Constant)))",
        "model.memory.start",
        34,
        "expected values in parentheses, found Constant",
    ),
];

#[test]
fn wrong_values_are_told_with_place_path_what_was_given_and_what_is_expected() {
    for (text, path, column, message) in WRONG {
        let e = refused(text);
        assert_eq!(
            (e.path(), e.line(), e.column(), e.message()),
            (Some(path), Some(1), Some(column), message),
            "{e}"
        );
    }
}

#[test]
fn missing_and_doubled_fields_are_named() {
    let e = refused("(model: Ntm(controller: Mlp(activation: Clip(min: 1))))");
    assert_eq!(e.message(), "Clip needs a field \"max\"");
    assert_eq!(e.path(), Some("model.controller.activation"));
    let e = refused("(train: (seed: 1, seed: 2))");
    assert_eq!((e.message(), e.column()), ("the field \"seed\" is given twice", Some(19)));
}

#[test]
fn slips_of_writing_are_told_where_they_are() {
    for (text, line, column, message) in [
        ("(train: (seed: 1)", 1, 1, "this `(` is never closed"),
        ("(train: (seed: 1)))", 1, 19, "this `)` closes nothing"),
        ("(model: Ntm(\n heads: [))", 2, 10, "this `)` does not close the `[` of line 2; expected `]`"),
        ("(train: (batch: 1 seed: 2))", 1, 19, "expected a comma or the closing bracket here"),
        ("(train: (batch 1))", 1, 16, "expected `:` after the field's name"),
        ("(train: (batch: ))", 1, 17, "expected a whole number"),
        ("() ()", 1, 4, "nothing may follow the value, but this does"),
        ("(task: \"Copy)", 1, 8, "this quote is never closed"),
        ("/* (", 1, 1, "this comment is never closed"),
        ("\u{feff}()", 1, 1, "the text starts with a byte order mark; save it as plain UTF-8"),
    ] {
        let e = refused(text);
        assert_eq!((e.line(), e.column(), e.message()), (Some(line), Some(column), message), "{e}");
    }
    assert!(refused("").message().contains("expected"));
}

#[test]
fn deep_and_huge_texts_are_refused_at_once() {
    for open in ["(", "[", "{", "Some(", "Chain([", "(a:"] {
        assert!(refused(&open.repeat(100_000)).message().contains("nested too deeply"));
    }
    let deep = format!("(task: {}1{})", "(".repeat(90), ")".repeat(90));
    refused(&deep);
    let huge = format!("() //{}", " ".repeat(crate::config::MAX_BYTES));
    assert!(refused(&huge).message().contains("at most 4194304 are allowed"));
}

#[test]
fn long_lines_are_shown_around_the_place() {
    let e = refused(&format!("({}train: (batch: x))", " ".repeat(500)));
    let shown = e.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let caret = lines[3].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[2].chars().nth(caret), Some('x'), "{shown}");
    assert!(lines[2].chars().count() < 120);
}

/// Texts made of the pieces that matter, so that most of the syntax is reached.
fn ronlike() -> impl Strategy<Value = String> {
    let parts = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "'",
        "\\",
        "//",
        "/*",
        "*/",
        "\n",
        " ",
        "r#",
        "b\"",
        "r\"",
        "#",
        "task: ",
        "train: ",
        "model: ",
        "Ntm",
        "Copy",
        "batch",
        "heads",
        "Read",
        "addressing",
        "Chain",
        "Content",
        "Shift",
        "1",
        "-",
        ".",
        "..",
        "1e-3",
        "é",
        "\u{2028}",
        "Some",
        "None",
        "true",
        "#![enable(implicit_some)]",
        "\0",
        "=",
        "*",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in prop_oneof![ronlike(), any::<String>()]) {
        if let Err(e) = read(&text) {
            let _ = e.to_string();
        }
        let _ = Node::parse(&text);
        let _ = crate::config::split_values(&text);
    }

    #[test]
    fn no_damage_to_a_config_makes_reading_panic(at in 0..COPY.len(), len in 0..20_usize, put in ronlike()) {
        let end = (at + len).min(COPY.len());
        let text = format!("{}{put}{}", &COPY[..at], &COPY[end..]);
        if let Err(e) = read(&text) {
            let _ = e.to_string();
        }
    }
}
