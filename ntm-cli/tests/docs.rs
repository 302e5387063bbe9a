//! Every command in README.md, CONTRIBUTING.md and docs/ is run, every link leads somewhere, and every piece of Rust there is a test.
//!
//! The blocks of a page that are marked `sh` run in order, in one shell and one folder, where `configs`, `docs` and a
//! trained `runs/copy` are found, and the data that docs/data.md and docs/import/README.md talk about. So that this takes a minute and not hours,
//! `train`, `sweep` and `ablate` are given a few sequences (unless the page says how many) and `bench` a tenth of
//! a second for each row: see `PRELUDE`. Two comments on the line before a block change that, and are seen on the page:
//!
//! ```text
//! <!-- not run: WHY -->           the block is not run, and the test says so
//! <!-- before: COMMANDS -->       what it needs is made first
//! ```
use ntm_cli::core::checkpoint::{Archive, Tensor};
use std::collections::BTreeMap;
use std::fs::{create_dir_all, read_to_string};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `ntm` is while a page is tested.
const PRELUDE: &str = r#"
set -euo pipefail
export NO_COLOR=1
ntm() {
    local name=${1:-train} short=(train.sequences=60 train.validate_every=30 train.validation_sequences=8)
    case " $* " in *" train.sequences="*|*" --resume"*|*" --help "*|*" help "*) short=() ;; esac
    case $name in
        train) "$NTM" train "${@:2}" "${short[@]}" ;;
        sweep|ablate) "$NTM" "$@" "${short[@]}" ;;
        bench) "$NTM" "$@" --seconds 0.1 ;;
        *) "$NTM" "$@" ;;
    esac
}
"#;

struct Block {
    line: usize,
    before: Option<String>,
    not_run: Option<String>,
    text: String,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn pages() -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        let mut inside: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        inside.sort();
        for path in inside {
            match path.is_dir() {
                true => below(&path, found),
                false if path.extension().is_some_and(|end| end == "md") => found.push(path),
                false => {}
            }
        }
    }
    let mut found = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    below(&root().join("docs"), &mut found);
    found
}

fn shown(page: &Path) -> String {
    page.strip_prefix(root()).unwrap().display().to_string()
}

/// The fenced blocks of a page, by what they are marked as.
fn blocks(text: &str, of: &str) -> Vec<Block> {
    let comment = |line: &str, name: &str| -> Option<String> {
        let inside = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
        Some(inside.strip_prefix(name)?.trim().to_owned())
    };
    let lines: Vec<&str> = text.lines().collect();
    let (mut found, mut at) = (vec![], 0);
    while at < lines.len() {
        let Some(mark) = lines[at].strip_prefix("```") else {
            at += 1;
            continue;
        };
        let end = (at + 1..lines.len()).find(|&n| lines[n] == "```").expect("a block that ends");
        if mark == of || of == "rust" && mark.starts_with("rust") {
            let said = lines[..at].iter().rev().find(|line| !line.is_empty()).copied().unwrap_or_default();
            found.push(Block {
                line: at + 1,
                before: comment(said, "before:"),
                not_run: comment(said, "not run:"),
                text: lines[at + 1..end].join("\n"),
            });
        }
        at = end + 1;
    }
    found
}

/// Sequences as docs/data.md describes them: say what was heard a step before.
fn write_data(path: &Path, inputs: usize, outputs: usize) {
    let (items, steps) = (12, 6);
    let bit = |n: usize| f32::from((n * 2_654_435_761) >> 7 & 1 == 1);
    let x: Vec<f32> = (0..items * steps * inputs).map(bit).collect();
    let heard = |item: usize, step: usize, channel: usize| match step {
        0 => 0.0,
        _ => x[(item * steps + step - 1) * inputs + channel],
    };
    let y =
        (0..items * steps * outputs).map(|n| heard(n / outputs / steps, n / outputs % steps, n % outputs));
    let tensors = BTreeMap::from([
        ("targets".to_owned(), Tensor::new([items, steps, outputs], y.collect::<Vec<f32>>())),
        ("inputs".to_owned(), Tensor::new([items, steps, inputs], x.clone())),
    ]);
    Archive { tensors, metadata: None }.write(path).unwrap();
}

/// A folder as the pages suppose it.
fn prepare(folder: &Path, trained: &Path) {
    for name in ["configs", "docs", "README.md"] {
        std::os::unix::fs::symlink(root().canonicalize().unwrap().join(name), folder.join(name)).unwrap();
    }
    create_dir_all(folder.join("runs")).unwrap();
    assert!(
        Command::new("cp").arg("-r").args([trained, &folder.join("runs/copy")]).status().unwrap().success()
    );
    write_data(&folder.join("a.safetensors"), 3, 2);
    write_data(&folder.join("b.safetensors"), 3, 2);
}

#[test]
#[cfg(unix)]
fn every_command_of_every_page_works() {
    let trained = tempfile::tempdir().unwrap();
    let ntm = env!("CARGO_BIN_EXE_ntm");
    let copy = trained.path().join("copy");
    let few = ["train.sequences=60", "train.validate_every=30", "train.validation_sequences=8"];
    let train = Command::new(ntm).args(["train", "--quiet", "--out"]).arg(&copy).args(few).status().unwrap();
    assert!(train.success());
    let mut run = 0;
    for page in pages() {
        let blocks = blocks(&read_to_string(&page).unwrap(), "sh");
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path(), &copy);
        let mut script = PRELUDE.to_owned();
        for block in &blocks {
            let place = format!("{}:{}", shown(&page), block.line);
            if let Some(why) = &block.not_run {
                assert!(!why.is_empty(), "{place}: say why it is not run");
                println!("{place}: not run: {why}");
                continue;
            }
            script +=
                &format!("\necho '== {place}'\n{}\n{}\n", block.before.as_deref().unwrap_or(":"), block.text);
            run += 1;
        }
        let done = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path())
            .env("NTM", ntm)
            .output()
            .unwrap();
        let told =
            [&done.stdout[..], &done.stderr[..]].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(done.status.success(), "{}: {}\n{}\n{}", shown(&page), done.status, told[0], told[1]);
    }
    assert!(run >= 12, "only {run} blocks were run");
}

#[test]
fn commands_stand_in_blocks_marked_sh() {
    for page in pages() {
        let text = read_to_string(&page).unwrap();
        for mark in ["```bash", "```shell", "```console", "```zsh"] {
            assert!(!text.contains(mark), "{}: {mark} is not tested; write ```sh", shown(&page));
        }
    }
}

/// A page with Rust is included where doctests are collected, or a test holds it to files that are compiled.
#[test]
fn every_piece_of_rust_is_a_test() {
    let sources = ["ntm-cli/src/lib.rs", "ntm-addressing/src/lib.rs", "examples/my-variant/tests/page.rs"];
    let sources: String = sources.iter().map(|path| read_to_string(root().join(path)).unwrap()).collect();
    for page in pages() {
        if !blocks(&read_to_string(&page).unwrap(), "rust").is_empty() {
            assert!(
                sources.contains(&format!("../{}\"", shown(&page))),
                "{}: its Rust is not tested",
                shown(&page)
            );
        }
    }
}

#[test]
fn every_link_leads_somewhere_and_the_guide_to_every_page() {
    for page in pages() {
        let text = read_to_string(&page).unwrap();
        for (n, line) in text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let path = target.split('#').next().unwrap();
                let there =
                    path.is_empty() || path.contains("://") || page.parent().unwrap().join(path).exists();
                assert!(there, "{}:{}: {target} is not there", shown(&page), n + 1);
            }
        }
    }
    let guide = read_to_string(root().join("docs/README.md")).unwrap();
    for page in pages().into_iter().filter(|page| page.starts_with(root().join("docs"))) {
        let name = page.strip_prefix(root().join("docs")).unwrap().display().to_string();
        // pages of results have a page of their own
        let listed =
            name == "README.md" || name.starts_with("results/") || guide.contains(&format!("({name}"));
        assert!(listed, "docs/README.md does not lead to {name}");
    }
}

/// The page that says which test holds which promise, `docs/testing.md`, names files by the end of their path, and tests by name.
#[test]
fn every_test_that_holds_a_promise_is_there() {
    let mut files = vec![];
    let mut open: Vec<PathBuf> =
        ["ntm-core", "ntm-addressing", "ntm-cli"].iter().map(|name| root().join(name)).collect();
    while let Some(next) = open.pop() {
        for path in next.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|end| end == "rs") => files.push(path),
                false => {}
            }
        }
    }
    let all: String = files.iter().map(|file| read_to_string(file).unwrap()).collect();
    let page = read_to_string(root().join("docs/testing.md")).unwrap();
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let tests = named.iter().filter(|name| name.ends_with(".rs") && !name.contains(' '));
    assert!(tests.clone().count() > 20);
    for name in tests {
        assert!(files.iter().any(|file| file.ends_with(name)), "docs/testing.md: there is no {name}");
    }
    let plain = |name: &&&str| {
        name.matches('_').count() > 2 && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    };
    for name in named.iter().filter(plain) {
        assert!(all.contains(&format!("fn {name}()")), "docs/testing.md: there is no test {name}");
    }
}
