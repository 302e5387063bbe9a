//! What an ablation found, from the `summary.json` of its folder.
use super::{Failure, Made, csv};
use crate::pictures::{Interval, Intervals, intervals};
use crate::run_files::{RunError, read_json};
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::PathBuf;

/// What is read of a summary; it may hold more.
#[derive(Debug, Deserialize)]
struct Summary {
    #[serde(default)]
    measure: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    n: usize,
    #[serde(default)]
    final_bits: Option<Estimate>,
    #[serde(default)]
    measured: Option<Estimate>,
    #[serde(default)]
    better_than_base: Option<Estimate>,
}

/// A number with its ends. JSON has no infinity: `null` stands for it.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Estimate {
    value: Option<f64>,
    interval: Option<Ends>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Ends {
    low: Option<f64>,
    high: Option<f64>,
}

type Of = fn(&Row) -> Option<Estimate>;

pub(super) fn made(paths: &[PathBuf]) -> Result<(Made, PathBuf), Failure> {
    let [folder] = paths else {
        return Err(Failure::wrong(
            "--kind intervals draws one ablation; give its folder, the one that holds summary.json",
        ));
    };
    let path = folder.join("summary.json");
    let summary: Summary = read_json(&path).map_err(|e| match e {
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
    })?;
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
        return Err(Failure::stopped(format!("{}: none of its rows has a number yet", path.display())));
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
