//! Without default features this crate stays small enough to be taken into any memory model.
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
