//! Without default features this crate stays small enough to be taken into any memory model, and the examples do so.
#[path = "../examples/dnc.rs"]
mod dnc;
#[path = "../examples/least_recently_used.rs"]
mod least_recently_used;
#[path = "../examples/top_k.rs"]
mod top_k;

use std::collections::BTreeSet;
use std::process::Command;

/// nalgebra and what it brings, thiserror and what it brings, and the core of this workspace.
const ALLOWED: &[&str] = &[
    "approx",
    "bytemuck",
    "matrixmultiply",
    "nalgebra",
    "ntm-addressing",
    "ntm-core",
    "num-complex",
    "num-integer",
    "num-rational",
    "num-traits",
    "paste",
    "proc-macro2",
    "quote",
    "rawpointer",
    "safe_arch",
    "simba",
    "syn",
    "thiserror",
    "thiserror-impl",
    "typenum",
    "unicode-ident",
    "wide",
];

#[test]
fn without_default_features_there_are_few_dependencies() {
    let out = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            "ntm-addressing",
            "-e",
            "normal",
            "--no-default-features",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let names: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    let more: Vec<_> = names.iter().filter(|name| !ALLOWED.contains(name)).collect();
    assert!(names.contains("ntm-core"), "{text}");
    assert!(more.is_empty(), "new dependencies: {more:?}");
}

#[test]
fn a_dnc_finds_free_slots_and_walks_its_list() {
    dnc::main();
}
#[test]
fn an_addressing_with_a_state_writes_over_the_slot_used_least() {
    least_recently_used::main();
}
#[test]
fn a_sparse_read_comes_nearer_to_the_dense_one_with_every_slot() {
    top_k::main();
}

#[test]
fn examples_are_short_and_need_no_other_crate() {
    for text in [
        include_str!("../examples/dnc.rs"),
        include_str!("../examples/least_recently_used.rs"),
        include_str!("../examples/top_k.rs"),
    ] {
        assert!(text.lines().count() < 150);
        let crates = text.lines().filter(|line| line.starts_with("use "));
        assert!(crates.clone().count() > 0);
        for line in crates {
            assert!(line.starts_with("use ntm_addressing::"), "{line}");
        }
    }
}
