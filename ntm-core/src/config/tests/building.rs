//! Building in both precisions, and places for what goes wrong in it.

use super::*;
use crate::config::Loaded;

fn built(loaded: &Loaded<Config>) -> Result<String, ConfigError> {
    let site = Site { slots: &8 };
    let model = loaded.value.model.build::<f32>(&site).map_err(|e| loaded.locate(e.under("model")))?;
    Ok(model.describe())
}

#[test]
fn the_same_settings_build_in_both_precisions() {
    let stage = Named::<StageKind>::new("Shift", Shift::default());
    let site = Site { slots: &8 };
    assert_eq!(stage.build::<f32>(&site).unwrap().describe(), "Shift in f32");
    assert_eq!(stage.build::<f64>(&site).unwrap().describe(), "Shift in f64");
}

#[test]
fn an_error_of_building_is_shown_in_the_file() {
    let source = Source::new("b.ron", COPY.replacen("range: 1", "range: 9", 1));
    let loaded =
        registry().load(&source, &["train.seed=3".to_owned(), "task.width=12345".to_owned()]).unwrap();
    let e = built(&loaded).unwrap_err();
    assert_eq!(e.path(), Some("model.heads.0.addressing.2.range"));
    assert_eq!((e.source_name(), e.line(), e.column()), ("b.ron", Some(8), Some(76)));
    assert_eq!(e.message(), "a shift by up to 9 needs 19 slots, there are 8");
}

#[test]
fn an_error_of_building_is_shown_in_the_override_that_brought_it() {
    let e = built(&load(&["train.seed=3", "model.heads.*.addressing.2.range=9"]).unwrap()).unwrap_err();
    assert_eq!(
        e.to_string(),
        "override \"model.heads.*.addressing.2.range=9\": model.heads.0.addressing.2.range: a shift by up to 9 needs 19 \
         slots, there are 8\n  |\n1 | model.heads.*.addressing.2.range=9\n  |                                  ^"
    );
    let e = built(&load(&["model.heads.1.addressing=Chain([Shift(range: 7)])"]).unwrap()).unwrap_err();
    assert_eq!((e.path(), e.column()), (Some("model.heads.1.addressing.0.range"), Some(46)));
}

#[test]
fn an_error_of_building_at_a_default_is_shown_at_the_nearest_that_is_written() {
    let loaded = load(&[]).unwrap();
    let e = loaded.locate(BuildError::new("layers", "no").under("controller").under("model"));
    assert_eq!((e.path(), e.line(), e.column()), (Some("model.controller.layers"), Some(5), Some(21)));
    let e = loaded.locate(BuildError::new("", "nothing fits").under(""));
    assert_eq!((e.path(), e.line()), (None, Some(2)));
}
