//! The files of `configs/wirings` against golden cases: a file is put together as the case that holds its arithmetic is, in
//! all but sizes, starts, the size of an epsilon, and training.
use ntm_cli::core::config::{Experiment, ModelKind, Named, Source, differences, to_ron, value_at};
use serde_json::Value;
use std::path::PathBuf;

/// The resolved text of a file of `configs/wirings`.
fn wiring(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../configs/wirings/{name}.ron"));
    let source = Source::new(name, std::fs::read_to_string(path).unwrap());
    to_ron(&ntm_cli::builtin().load::<Experiment>(&source, &[]).unwrap().value)
}

/// The resolved model of a golden case, as the model of a file.
fn case(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.json"));
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let model: Named<ModelKind> =
        ntm_cli::builtin().parse(&Source::new(name, json["ron"].as_str().unwrap())).unwrap();
    format!("(model: {})", to_ron(&model))
}

/// Where the epsilons are, but not how large: cases have larger ones, so that they are seen.
fn unsized_epsilons(text: &str) -> String {
    let mut parts = text.split("epsilon: ");
    let mut all = parts.next().unwrap_or_default().to_string();
    for part in parts {
        all += "epsilon: _";
        all += &part[part.find([',', ')']).unwrap_or(part.len())..];
    }
    all
}

/// Both say the same at these paths: pairs of (in the file, in the case).
fn same(file: &str, golden: &str, heads: &[(usize, usize)], fields: &[&str]) {
    let (file_text, case_text) = (wiring(file), case(golden));
    let at = |text: &str, path: &str| value_at(text, path).unwrap_or_else(|e| panic!("{file}: {e}"));
    for field in ["order", "step", "heads_see"].iter().chain(fields) {
        let path = format!("model.{field}");
        assert_eq!(at(&file_text, &path), at(&case_text, &path), "{file}.ron and {golden}: {path}");
    }
    for &(ours, theirs) in heads {
        for field in ["addressing", "using", "erase", "add"] {
            let path = |h: usize| format!("model.heads.{h}.{field}");
            // a head that reads has no erase and no add
            let Ok(value) = value_at(&file_text, &path(ours)) else { continue };
            let (value, other) = (unsized_epsilons(&value), unsized_epsilons(&at(&case_text, &path(theirs))));
            assert_eq!(value, other, "{file}.ron and {golden}: {}", path(ours));
        }
    }
}

#[test]
fn the_paper() {
    same("graves-2014", "lstm-default", &[], &["writes", "output"]);
}
#[test]
fn pytorch_ntm() {
    same("pytorch-ntm", "listed-two-pairs", &[(0, 0), (1, 1)], &["output"]);
}
#[test]
fn pytorch_ntm_with_relu() {
    same("pytorch-ntm-relu", "all-relu", &[(0, 0), (1, 1)], &["output"]);
}
#[test]
fn collier_and_beel() {
    same("collier-beel-2018", "collier-beel", &[(0, 0), (1, 1)], &["writes", "output"]);
    assert_eq!(value_at(&wiring("collier-beel-2018"), "model.raw_clip").unwrap(), "20.0");
}
#[test]
fn reads_with_the_step_before() {
    let file = "feed-forward-previous-read";
    same(file, file, &[(0, 0), (1, 1)], &["writes", "output"]);
}
#[test]
fn writes_first() {
    same("write-first", "write-first", &[(0, 0), (1, 1)], &["writes", "output"]);
}
#[test]
fn coupled_erase() {
    same("coupled-erase", "coupled-erase", &[(0, 0), (1, 1)], &["writes", "output"]);
}
#[test]
fn zero_padded() {
    // the case's write head shifts by two slots, the other way
    same("zero-padded", "zero-padded", &[(0, 0)], &["writes", "output"]);
}
#[test]
fn the_default_config_differs_from_the_papers_in_training_and_initial_numbers_only() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../configs/copy.ron");
    let source = Source::new("copy", std::fs::read_to_string(path).unwrap());
    let copy = to_ron(&ntm_cli::builtin().load::<Experiment>(&source, &[]).unwrap().value);
    for difference in differences(&wiring("graves-2014"), &copy) {
        let allowed = ["train.", "model.heads_initial"].iter().any(|p| difference.path.starts_with(p));
        assert!(allowed, "{difference:?}");
    }
}
