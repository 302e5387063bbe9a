//! `docs/extending.md` shows the files of this crate as they are: after each line `<!-- examples/my-variant/… -->` stands that
//! file. `UPDATE=1 cargo test --test page` writes them into it anew.
use std::fs::{read_to_string, write};
use std::path::Path;

const MARK: &str = "<!-- examples/my-variant/";

#[test]
fn the_page_shows_the_files_as_they_are() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.join("../../docs/extending.md");
    let page = read_to_string(&path).unwrap();
    let (mut wanted, mut lines) = (String::new(), page.lines().peekable());
    while let Some(line) = lines.next() {
        wanted += &format!("{line}\n");
        let Some(name) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let text = read_to_string(here.join(name)).unwrap();
        wanted += &format!("\n```{}\n{text}```\n", if name.ends_with(".rs") { "rust" } else { "ron" });
        // what stood there before
        lines.next_if(|line| line.is_empty());
        if lines.next_if(|line| line.starts_with("```")).is_some() {
            lines.by_ref().find(|line| line.starts_with("```"));
        } else {
            wanted += "\n";
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        write(&path, &wanted).unwrap();
        return;
    }
    let differs = page.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    assert!(
        page == wanted,
        "docs/extending.md, line {:?}, is not as the file is; UPDATE=1 cargo test --test page writes it anew",
        differs.map(|n| n + 1)
    );
}

/// What the page says of their length: lines without comments, blank ones and the test.
#[test]
fn a_variant_is_as_short_as_the_page_says() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let count = |file: &str| {
        let text = read_to_string(here.join("src").join(file)).unwrap();
        let code = text.split("#[test]").next().unwrap_or_default();
        code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
    };
    let page = read_to_string(here.join("../../docs/extending.md")).unwrap();
    let says = |row: &str| {
        let row = page.lines().find(|line| line.starts_with("| ") && line.contains(row)).unwrap();
        row.rsplit('|').nth(1).unwrap().split(", ").map(|n| n.trim().parse().unwrap()).collect::<Vec<usize>>()
    };
    assert_eq!(says("[`Stage`](#stage)"), [count("leak.rs"), count("leak_forward.rs")]);
    assert_eq!(says("[`Addressing`]"), [count("follow.rs")]);
    assert_eq!(says("[`Head`]"), [count("gated.rs")]);
    assert_eq!(says("[`Memory`]"), [count("stack.rs")]);
    assert_eq!(says("[`Cell`]"), [count("plain.rs")]);
    assert_eq!(says("[`Task`]"), [count("reverse.rs")]);
    assert!(count("main.rs") <= 5);
}
