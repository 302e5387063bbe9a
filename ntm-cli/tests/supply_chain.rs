//! What the program is built from, held without a tool and without a network: licences, sources, duplicates, and where
//! `unsafe` may stand. `deny.toml` says what is allowed, to this test as to cargo-deny, which also knows advisories.
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands in quotes in a part of `deny.toml`.
fn denied(from: &str, to: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let part = text.split_once(from).unwrap().1.split_once(to).unwrap().0;
    part.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Every package that a build of the workspace on any machine may take.
fn packages() -> Vec<Value> {
    let metadata = || {
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline", "--all-features"])
            .current_dir(root())
            .output()
            .unwrap()
    };
    let mut out = metadata();
    if !out.status.success() {
        // packages of machines of other kinds are not here until they are fetched
        let fetched = Command::new(env!("CARGO")).args(["fetch", "--locked"]).current_dir(root()).status();
        assert!(fetched.is_ok_and(|status| status.success()), "{}", String::from_utf8_lossy(&out.stderr));
        out = metadata();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    let mut metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("no packages") };
    assert!(packages.len() > 100);
    packages
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or("")
}

/// Whether a licence expression is met: `/` is an old way to write `OR`, `AND` binds closer than `OR`, and `WITH` closer than both.
/// What is no expression is not met.
fn met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    any(&mut rest, allowed) == Some(true) && rest.is_empty()
}

fn next_is(word: &str, rest: &mut &[&str]) -> bool {
    let is = rest.first() == Some(&word);
    if is {
        *rest = &rest[1..];
    }
    is
}

fn any(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut met = all(rest, allowed)?;
    while next_is("OR", rest) {
        met |= all(rest, allowed)?;
    }
    Some(met)
}

fn all(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut met = one(rest, allowed)?;
    while next_is("AND", rest) {
        met &= one(rest, allowed)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    if next_is("(", rest) {
        let met = any(rest, allowed)?;
        return next_is(")", rest).then_some(met);
    }
    let (&name, after) = rest.split_first().filter(|(name, _)| !["OR", "AND", "WITH", ")"].contains(name))?;
    *rest = after;
    let mut licence = name.to_owned();
    if next_is("WITH", rest) {
        licence = format!("{licence} WITH {}", rest.first()?);
        *rest = &rest[1..];
    }
    Some(allowed.contains(&licence))
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for fine in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Unlicense/MIT",
        "MIT AND Zlib",
        "GPL-3.0 AND MPL-2.0 OR MIT",
        "(GPL-3.0 OR MIT) AND Zlib",
        "Apache-2.0 WITH LLVM-exception AND ((MIT))",
        "GPL-3.0 OR (MIT AND (Zlib OR GPL-3.0))",
    ] {
        assert!(met(fine, &allowed), "{fine}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR Zlib) AND GPL-3.0",
        "GPL-3.0 AND (MIT OR Zlib)",
        "MIT OR Zlib)",
        "(MIT",
        "MIT Zlib",
        "MIT OR",
        "AND MIT",
        "Apache-2.0",
        "MIT WITH LLVM-exception",
    ] {
        assert!(!met(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_licence_is_one_that_is_allowed() {
    let allowed = denied("[licenses]", "[bans]");
    assert!(allowed.contains(&"MIT".to_owned()));
    for package in packages() {
        let licence = text(&package, "license");
        assert!(met(licence, &allowed), "{} has licence {licence:?}", text(&package, "name"));
    }
}

#[test]
fn every_package_is_from_the_registry_or_from_here() {
    for package in packages() {
        let source = text(&package, "source");
        let ours = text(&package, "name").starts_with("ntm-");
        assert!(
            if ours { source.is_empty() } else { source.starts_with("registry+") },
            "{}: {source}",
            package["name"]
        );
    }
}

#[test]
fn no_package_comes_twice_without_a_reason() {
    let skipped = denied("\nskip = [", "\n]");
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let version = text(&package, "version").to_owned();
        versions.entry(text(&package, "name").to_owned()).or_default().insert(version);
    }
    for banned in denied("\ndeny = [", "\n]").iter().step_by(2) {
        assert!(!versions.contains_key(banned), "{banned} is banned");
    }
    versions.retain(|_, versions| versions.len() > 1);
    for name in versions.keys() {
        // optional parts of nalgebra that nobody asked for are in the lock file, and never built
        let reason = skipped.iter().any(|skip| skip.split('@').next() == Some(name)) || name == "glam";
        assert!(reason, "{name} comes as {:?}, and deny.toml has no reason for it", versions[name]);
    }
    for skip in skipped.iter().step_by(2) {
        let name = skip.split('@').next().unwrap();
        assert!(versions.contains_key(name), "{skip} no longer comes twice: take it out of deny.toml");
    }
}

/// Rust files of the workspace, as paths from its root.
fn sources() -> Vec<(String, String)> {
    let mut found = vec![];
    let mut open: Vec<PathBuf> =
        ["ntm-core", "ntm-addressing", "ntm-controllers", "ntm-tasks", "ntm-cli", "examples"]
            .iter()
            .map(|name| root().join(name))
            .collect();
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(found.len() > 100);
    found
}

#[test]
fn unsafe_code_stands_in_the_kernels_alone() {
    let lints = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(lints.contains("\nunsafe_code = \"deny\"\n"), "the compiler refuses it everywhere else");
    for name in ["ntm-core", "ntm-addressing", "ntm-controllers", "ntm-tasks", "ntm-cli"] {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} follows the lints of the workspace");
    }
    // in two parts, or this file would be found
    let lint = concat!("unsafe_", "code");
    let mut allowed: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| {
            text.lines().any(|line| line.trim_start().starts_with('#') && line.contains(lint))
        })
        .map(|(name, _)| name)
        .collect();
    allowed.sort();
    // the second counts allocations in a test, which only a global allocator can
    assert_eq!(allowed, ["ntm-cli/tests/allocation.rs", "ntm-core/src/kernels/mod.rs"]);
}

/// Whether a text calls a function of this name, and not one whose name ends so.
fn calls(text: &str, function: &str) -> bool {
    text.match_indices(function).any(|(at, _)| {
        let after = &text[at + function.len()..];
        let inside = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let defined = text[..at].ends_with("fn ");
        !inside && !defined && (after.starts_with('(') || after.starts_with("::<"))
    })
}

#[test]
fn a_call_is_told_from_one_of_another_function() {
    assert!(calls("let x = kernels::shift(a);", "shift") && calls("shift::<f32>(a)", "shift"));
    for other in ["scalar_shift(a)", "shift_vjp(a)", "fn shift(a: f32)", "// shift", "reshift::<f32>(a)"] {
        assert!(!calls(other, "shift"), "{other}");
    }
}

#[test]
fn every_kernel_is_compared_with_a_plain_loop() {
    let sources = sources();
    let tests: Vec<&str> = sources
        .iter()
        .filter(|(name, _)| {
            name.starts_with("ntm-core/tests/kernels/") || name == "ntm-addressing/tests/fused.rs"
        })
        .map(|(_, text)| text.as_str())
        .collect();
    let mut kernels = vec![];
    for (file, text) in sources.iter().filter(|(name, _)| name.starts_with("ntm-core/src/kernels/")) {
        for block in text.split("\nkernel! {").skip(1) {
            // a private one is reached through those that are not
            let Some((_, declared)) = block.split_once("pub fn ") else { continue };
            let name = declared.split(['[', '(', '<']).next().unwrap_or_default().trim();
            kernels.push((file.as_str(), name));
        }
    }
    assert!(kernels.len() > 20, "{kernels:?}");
    for (file, kernel) in kernels {
        let called = tests.iter().any(|text| calls(text, kernel));
        assert!(called, "no test calls {kernel} of {file}");
    }
}
