//! Overrides edit the text, and their errors point into their own.

use proptest::prelude::*;

use super::*;

fn text(overrides: &[&str]) -> String {
    load(overrides).unwrap_or_else(|e| panic!("{e}")).text
}

fn refused(overrides: &[&str]) -> ConfigError {
    match load(overrides) {
        Err(e) => e,
        Ok(loaded) => panic!("should be refused; gave {}", loaded.text),
    }
}

/// The text after the override is the original with one change.
fn changes(overrides: &[&str], from: &str, to: &str) {
    assert!(COPY.contains(from));
    assert_eq!(text(overrides), COPY.replacen(from, to, 1));
}

#[test]
fn without_overrides_the_text_is_the_file() {
    assert_eq!(text(&[]), COPY);
}

#[test]
fn a_written_field_is_replaced_in_place_and_comments_live() {
    changes(&["task.width=6"], "width: 8", "width: 6");
    changes(&["task.length.1= 30 // longer"], "(1, 20)", "(1, 30)");
    changes(&["model.controller=Mlp(hidden: [100])"], "Lstm(hidden: 100)", "Mlp(hidden: [100])");
    changes(&["model.memory.start=Learned"], "Constant(1e-6)", "Learned");
    changes(&["train.optimizer.rate=1e-3"], "1e-4", "1e-3");
}

#[test]
fn paths_go_through_chains_without_naming_them() {
    changes(&["model.heads.0.addressing.2.range=2"], "range: 1", "range: 2");
    changes(&["model.heads.0.addressing.3=Shift(range: 3)"], "Sharpen()", "Shift(range: 3)");
}

#[test]
fn a_star_is_every_index() {
    assert_eq!(text(&["model.heads.*.addressing.2.range=2"]), COPY.replace("range: 1", "range: 2"));
    let loaded = load(&["model.heads.*.addressing.*=Interpolate()"]).unwrap();
    assert_eq!(loaded.text.matches("Interpolate()").count(), 8);
}

#[test]
fn a_field_left_to_its_default_is_inserted() {
    changes(&["train.clip=10"], "seed: 1)", "seed: 1, clip: 10)");
    changes(&["model.order=WriteThenRead"], "        ],\n", "        ],\n        order: WriteThenRead,\n");
    changes(&["model.heads.0.addressing.0.key=Tanh"], "Content()", "Content(key: Tanh)");
    changes(&["model.heads.1.addressing.0.key=Tanh"], "[Content,", "[Content(key: Tanh),");
}

#[test]
fn insertion_keeps_each_comment_with_its_field() {
    let insert = |text: &str| {
        registry()
            .load::<Config>(&Source::new("c", text), &["train.seed=2".to_owned()])
            .unwrap_or_else(|e| panic!("{e}"))
            .text
    };
    assert_eq!(
        insert("(train: (\n    batch: 1 /* one */   // no more\n))"),
        "(train: (\n    batch: 1, /* one */   // no more\n    seed: 2,\n))"
    );
    assert_eq!(
        insert("(train: (\n\tbatch: 1, // one\n\t// end\n))"),
        "(train: (\n\tbatch: 1, // one\n\tseed: 2,\n\t// end\n))"
    );
    assert_eq!(insert("(train: (batch: 1,))"), "(train: (batch: 1, seed: 2,))");
    assert_eq!(insert("(train: ( // nothing\n))"), "(train: (seed: 2 // nothing\n))");
    assert_eq!(insert("(train: (batch: 1 // one\n))"), "(train: (batch: 1, seed: 2 // one\n))");
    assert_eq!(
        insert("(\r\n  train: (\r\n    batch: 1\r\n  ),\r\n)"),
        "(\r\n  train: (\r\n    batch: 1,\r\n    seed: 2,\r\n  ),\r\n)"
    );
}

#[test]
fn a_parent_left_to_its_default_is_written_out_first() {
    let bare = Source::new("bare.ron", "(task: Copy())");
    let one = |o: &str| registry().load::<Config>(&bare, &[o.to_owned()]).unwrap_or_else(|e| panic!("{e}"));
    let loaded = one("train.optimizer.rate=1e-3");
    assert_eq!(loaded.value.train.optimizer, Optimizer::RmsProp(RmsProp { rate: 1e-3, momentum: 0.9 }));
    assert!(loaded.text.contains("optimizer: RmsProp(rate: 1e-3, momentum: 0.9)"), "{}", loaded.text);
    let loaded = one("model.heads.*.addressing.2.range=3");
    assert_eq!(loaded.text.matches("Shift(range: 3, ").count(), 2);
    let bare = Source::new("bare.ron", "(train: ())");
    let loaded = registry().load::<Config>(&bare, &["train.optimizer.rate=0.5".to_owned()]).unwrap();
    assert_eq!(loaded.text, "(train: (optimizer: RmsProp(rate: 0.5, momentum: 0.9)))");
}

#[test]
fn later_overrides_win_and_see_what_earlier_ones_did() {
    let loaded = load(&["train.seed=5", "train.seed=6"]).unwrap();
    assert_eq!(loaded.value.train.seed, 6);
    let loaded =
        load(&["model.controller=Mlp()", "model.controller.hidden=[3]", "model.controller.hidden.0=4"])
            .unwrap();
    assert!(loaded.text.contains("controller: Mlp(hidden: [4])"));
    assert_eq!(load(&["train.clip=1", "train.clip=2"]).unwrap().value.train.clip, Some(2.0));
}

#[test]
fn maps_are_entered_by_key() {
    let loaded = load(&[r#"train.notes={"why": "once"}"#, r#"train.notes.why="twice""#]).unwrap();
    assert_eq!(loaded.value.train.notes["why"], "twice");
    let e = refused(&[r#"train.notes={"why": "once"}"#, r#"train.notes.wy="twice""#]);
    assert_eq!(e.message(), "there is no key \"wy\"; did you mean \"why\"? there is only why");
}

#[test]
fn a_field_the_type_lacks_is_an_error_in_the_overrides_own_text() {
    let e = refused(&["train.seed=2", "train.sed=1"]);
    assert_eq!(
        e.to_string(),
        "override \"train.sed=1\": train: there is no field \"sed\"; did you mean \"seed\"? there are batch, sequences, \
         optimizer, seed, clip and notes\n  |\n1 | train.sed=1\n  |       ^^^"
    );
    assert_eq!((e.line(), e.column(), e.near_miss()), (Some(1), Some(7), Some("seed")));
    let e = refused(&["model.heads.0.addressing.2.rnge=1"]);
    assert_eq!(
        e.message(),
        "Shift has no field \"rnge\"; did you mean \"range\"? there are range, direction and kernel"
    );
    assert_eq!((e.path(), e.column()), (Some("model.heads.0.addressing.2"), Some(28)));
    let e = refused(&["tain.seed=1"]);
    assert_eq!(
        e.message(),
        "there is no field \"tain\"; did you mean \"train\"? there are task, model and train"
    );
    assert_eq!(e.column(), Some(1));
    let e = refused(&["train.optimiser.rate=1"]);
    assert_eq!((e.near_miss(), e.column(), e.path()), (Some("optimizer"), Some(7), Some("train")));
}

#[test]
fn paths_that_lead_nowhere_are_told_at_their_step() {
    for (written, column, message) in [
        ("model.heads.5=Read()", 13, "there is no index 5; there are 2 elements, 0 to 1"),
        ("model.heads.x=Read()", 13, "this is a list; \"x\" is no index"),
        ("model.*=1", 7, "`*` stands for every index, but this is Ntm(…), not a list"),
        ("model.controller.Lstm.hidden=3", 18, "a path names fields and indexes only; leave out Lstm"),
        ("model.heads.0.addressing.1.x=2", 28, "Interpolate has no settings; write Interpolate()"),
        ("train.batch.x=1", 13, "1 has no fields"),
        ("train.seed.x.y=1", 12, "1 has no fields"),
        ("model.memory.start.x=1", 20, "1e-6 has no fields"),
        ("train.clip.x=1", 12, "None has no fields"),
        ("model.writes.x=1", 14, "Together has no fields"),
    ] {
        let e = refused(&[written]);
        assert_eq!((e.column(), e.message()), (Some(column), message), "{e}");
    }
}

#[test]
fn values_that_do_not_fit_are_told_at_their_place_in_the_override() {
    for (written, column, message) in [
        ("train.batch=x", 13, "expected a whole number, found x"),
        ("train.clip=\"x\"", 12, "expected a number, found \"x\""),
        (
            "model.controller=Lstm(hiden: 3)",
            23,
            "Lstm has no field \"hiden\"; did you mean \"hidden\"? there are layers, skip, start and hidden",
        ),
        (
            "model.controller=Ltsm()",
            18,
            "no controller is called \"Ltsm\"; did you mean \"Lstm\"? there are Lstm and Mlp",
        ),
        ("train.batch=(1", 13, "this `(` is never closed"),
        ("train.batch=1)", 14, "this `)` closes nothing"),
        ("train.batch=1, 2", 14, "the value ends before `, 2`"),
        ("train.batch=", 12, "there is no value after `=`"),
        ("train.batch= // 1", 18, "a value is missing here"),
    ] {
        let e = refused(&["task.width=3", written]);
        assert_eq!((e.column(), e.message()), (Some(column), message), "{e}");
        assert_eq!(e.source_name(), format!("override {written:?}"));
    }
}

#[test]
fn overrides_that_are_none_are_refused() {
    for written in ["", "train.seed", "=1", " = 1", "train..seed=1", ".seed=1", "train.=1"] {
        let e = refused(&[written]);
        assert!(e.source_name().starts_with("override"), "{e}");
    }
}

#[test]
fn an_error_of_the_file_is_not_put_on_an_override() {
    let e = registry()
        .load::<Config>(&Source::new("bad.ron", "(tran: ())"), &["train.seed=1".to_owned()])
        .unwrap_err();
    assert_eq!(e.source_name(), "bad.ron");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_override_panics(path in "[a-z*.0-2é]{0,12}|(model|train|task)(\\.(heads|\\*|0|addressing|seed|memory|start|x)){0,5}", value in ".{0,12}") {
        if let Err(e) = load(&[&format!("{path}={value}")]) {
            let _ = e.to_string();
        }
    }
}
