//! The models under `docs/results/models` do what their page says they do.
use crate::place::Place;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No model is larger than this.
const LARGEST: u64 = 3 << 20;
/// A bar is measured on at least so many sequences.
const FEWEST: u32 = 50;

/// A row of the table: what is run, and what must come of it.
#[derive(Debug, PartialEq)]
struct Bar {
    model: String,
    arguments: Vec<String>,
    sequences: u32,
    /// a name in the JSON of `ntm eval`, what it must be below, and whether it may be that
    bounds: Vec<(&'static str, f64, bool)>,
}

const BOUNDS: [(&str, bool); 3] =
    [("bits_per_sequence", false), ("bits_above_optimum", false), ("wrong_bits_per_sequence", true)];

/// Rows of the page's table, and what is wrong with it.
fn bars(page: &str) -> Result<Vec<Bar>, String> {
    let rows = page.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| bar(row).ok_or_else(|| format!("not a row of the table: {row}"))).collect()
}

fn bar(row: &str) -> Option<Bar> {
    let cells: Vec<&str> = row.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [model, arguments, sequences, numbers @ ..] = &cells[..] else { return None };
    let number = |((name, may_be), cell): ((&'static str, bool), &&str)| match *cell {
        "-" => Some(None),
        cell => Some(Some((name, cell.parse::<f64>().ok()?, may_be))),
    };
    let bounds: Option<Vec<_>> = BOUNDS.into_iter().zip(numbers).map(number).collect();
    let bounds: Vec<_> = bounds?.into_iter().flatten().collect();
    let sequences = sequences.parse().ok().filter(|&n| n >= FEWEST)?;
    let (whole, some) = (numbers.len() == BOUNDS.len(), !bounds.is_empty());
    (whole && some).then(|| Bar {
        model: model.to_string(),
        arguments: words(arguments.trim_matches('`')),
        sequences,
        bounds,
    })
}

/// Words as a shell parts them, as far as single quotes go.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![], false);
    let mut begun = None;
    for letter in text.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                begun.get_or_insert_with(String::new);
            }
            ' ' if !quoted => words.extend(begun.take()),
            letter => begun.get_or_insert_with(String::new).push(letter),
        }
    }
    words.extend(begun);
    words
}

/// All that is wrong in a folder of models.
fn wrong(folder: &Path) -> Vec<String> {
    let bars = match bars(&std::fs::read_to_string(folder.join("README.md")).unwrap()) {
        Ok(bars) => bars,
        Err(wrong) => return vec![wrong],
    };
    let mut wrong = vec![];
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let models: BTreeSet<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors")).collect();
    for path in &models {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = path.metadata().unwrap().len();
        if bytes > LARGEST {
            wrong.push(format!("{name}: {bytes} bytes, and {LARGEST} are allowed"));
        }
        if !bars.iter().any(|bar| bar.model == name) {
            wrong.push(format!("{name}: the table has no row for it"));
        }
    }
    for bar in &bars {
        match models.contains(&folder.join(&bar.model)) {
            true => wrong.extend(missed(folder, bar)),
            false => wrong.push(format!("{}: is in the table, and there is no such file", bar.model)),
        }
    }
    wrong
}

/// The bounds of a bar that its model does not keep.
fn missed(folder: &Path, bar: &Bar) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ntm"));
    command.current_dir(folder).arg("eval").arg(&bar.model).args(&bar.arguments);
    let ended = command.args(["--json", "--sequences", &bar.sequences.to_string()]).output().unwrap();
    let Ok(said) = serde_json::from_slice::<serde_json::Value>(&ended.stdout) else {
        return vec![format!("{}: {}", bar.model, String::from_utf8_lossy(&ended.stderr))];
    };
    let mut missed = vec![];
    for row in said["rows"].as_array().unwrap() {
        for (name, bound, may_be) in &bar.bounds {
            let found = row[name].as_f64();
            if !found.is_some_and(|found| found < *bound || (*may_be && found == *bound)) {
                let (model, arguments) = (&bar.model, bar.arguments.join(" "));
                missed.push(format!("{model} {arguments}: {name} is {found:?}, and the page says {bound}"));
            }
        }
    }
    missed
}

#[test]
fn every_kept_model_is_as_good_as_its_page_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/results/models");
    let wrong = wrong(&folder);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_model_that_is_worse_than_its_bar_or_has_none_is_found() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=100", "--quiet"]);
    std::fs::create_dir(place.path("models")).unwrap();
    place.works(&["export", "runs/tiny", "weights", "--out", "models/tiny.safetensors"]);
    let found = |rows: &str| {
        place.write("models/README.md", format!("# Models\n\n| a | b |\n|---|---|\n{rows}"));
        wrong(&place.path("models"))
    };
    // chance of two vectors of three bits is six bits
    assert_eq!(
        found("| tiny.safetensors | `--length 2 model.memory.slots=20` | 50 | 50 | - | 6 |\n"),
        [""; 0]
    );
    let worse = found("| tiny.safetensors | `--length 2` | 50 | 0.001 | - | - |\n");
    assert!(matches!(&worse[..], [one] if one.contains("the page says 0.001")), "{worse:?}");
    // copy has no optimum to be above
    let none = found("| tiny.safetensors | `--length 2` | 50 | - | 9 | - |\n");
    assert!(matches!(&none[..], [one] if one.contains("bits_above_optimum is None")), "{none:?}");
    assert_eq!(found(""), ["tiny.safetensors: the table has no row for it"]);
    let gone = found("| tiny.safetensors | | 50 | 999 | - | - |\n| gone.safetensors | | 50 | 1 | - | - |\n");
    assert_eq!(gone, ["gone.safetensors: is in the table, and there is no such file"]);
    // too few sequences, no bound at all, no number
    for row in ["| x | | 49 | 1 | - | - |", "| x | | 50 | - | - | - |", "| x | | 50 | low | - | - |", "| x |"]
    {
        assert!(found(row)[0].starts_with("not a row of the table"), "{row}");
    }
    assert_eq!(words("--length 3 'task.length=(2, 3)'  a"), ["--length", "3", "task.length=(2, 3)", "a"]);
}
