//! What an ablation found, from the `summary.json` of its folder.
use super::{Failure, Made, csv};
use crate::pictures::{Interval, Intervals, intervals};
use crate::run_files::{RunError, read_json};
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is read of a summary; it may hold more.
#[derive(Debug, Deserialize)]
pub(crate) struct Summary {
    /// What the rows are, such as `variant`.
    #[serde(default)]
    pub(crate) of: Option<String>,
    #[serde(default)]
    pub(crate) measure: Option<String>,
    #[serde(default)]
    pub(crate) base: Option<String>,
    pub(crate) rows: Vec<Row>,
    #[serde(default)]
    pub(crate) runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) n: usize,
    #[serde(default)]
    pub(crate) failed: usize,
    #[serde(default)]
    pub(crate) solved: usize,
    #[serde(default)]
    pub(crate) sequences_to_solved: Option<Span>,
    #[serde(default)]
    pub(crate) final_bits: Option<Estimate>,
    #[serde(default)]
    pub(crate) measured: Option<Estimate>,
    #[serde(default)]
    pub(crate) better_than_base: Option<Estimate>,
}

/// The middle and the ends of counts. JSON has no infinity: `null` stands for it, here and below.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Span {
    pub(crate) median: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// A number with its ends.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Estimate {
    pub(crate) value: Option<f64>,
    pub(crate) interval: Option<Ends>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Ends {
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

/// One run, as far as it is told.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    #[serde(default)]
    pub(crate) run: String,
    #[serde(default)]
    pub(crate) message: Option<String>,
}

impl Summary {
    /// The summary in a folder.
    pub(crate) fn read(folder: &Path) -> Result<Summary, Failure> {
        read_json(&folder.join("summary.json")).map_err(|e| match e {
            RunError::Io { error, .. }
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Failure::wrong(format!(
                    "{}: there is no summary.json; give the folder of an ablation that has ended",
                    folder.display()
                ))
            }
            RunError::Json { path, detail } => {
                Failure::stopped(format!("{}: is no summary of an ablation: {detail}", path.display()))
            }
            e => e.into(),
        })
    }
}

type Of = fn(&Row) -> Option<Estimate>;

pub(crate) fn made(paths: &[PathBuf]) -> Result<(Made, PathBuf), Failure> {
    let [folder] = paths else {
        return Err(Failure::wrong(
            "--kind intervals draws one ablation; give its folder, the one that holds summary.json",
        ));
    };
    let summary = Summary::read(folder)?;
    let measure = summary.measure.as_deref().unwrap_or("measured");
    let quantities: [(String, bool, Option<f64>, Of); 3] = [
        ("final bits per sequence".into(), true, None, |row| row.final_bits),
        (measure.to_owned(), true, None, |row| row.measured),
        ("probability of being better than base".into(), false, Some(0.5), |row| row.better_than_base),
    ];
    let mut table = csv(&["name", "n", "what", "value", "low", "high"].map(str::to_owned));
    let mut panels = vec![];
    for (label, log, reference, of) in quantities {
        if !summary.rows.iter().any(|row| of(row).is_some()) {
            continue;
        }
        let rows: Vec<Interval> = summary.rows.iter().map(|row| interval(&row.name, of(row))).collect();
        for (row, n) in rows.iter().zip(summary.rows.iter().map(|row| row.n)) {
            let numbers = [row.middle, row.low, row.high]
                .map(|x| if x.is_nan() { String::new() } else { x.to_string() });
            let [middle, low, high] = numbers;
            table += &csv(&[row.name.clone(), n.to_string(), label.clone(), middle, low, high]);
        }
        panels.push(Intervals { label, log, reference, rows });
    }
    if panels.is_empty() {
        return Err(Failure::stopped(format!(
            "{}: none of its rows has a number yet",
            folder.join("summary.json").display()
        )));
    }
    let mut notes = vec![
        "Points are interquartile means (the mean of the middle half of the runs; of a probability the share of pairs), \
         lines their 95 % bootstrap intervals."
            .to_owned(),
    ];
    if panels
        .iter()
        .flat_map(|panel| &panel.rows)
        .any(|row| row.middle.is_infinite() || row.high.is_infinite())
    {
        notes.push(
            "inf and arrows: so many runs failed that the number, or its upper end, is infinite.".to_owned(),
        );
    }
    let name = std::fs::canonicalize(folder).ok();
    let name = name.as_deref().and_then(|folder| folder.file_name()).unwrap_or_default().to_string_lossy();
    let drawing = intervals(&format!("Ablation {name}"), &panels, &notes);
    Ok((Made { drawing, table: Some(table) }, folder.clone()))
}

fn interval(name: &str, estimate: Option<Estimate>) -> Interval {
    let infinite = |x: Option<f64>| x.unwrap_or(f64::INFINITY);
    let none = f64::NAN;
    let middle = estimate.map_or(none, |estimate| infinite(estimate.value));
    let ends = estimate.and_then(|estimate| estimate.interval);
    let [low, high] = ends.map_or([none; 2], |ends| [infinite(ends.low), infinite(ends.high)]);
    Interval { name: name.to_owned(), middle, low, high }
}
