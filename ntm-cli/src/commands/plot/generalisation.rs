//! Costs at sizes that a model was not trained on, measured as `ntm eval` does.
use super::readings::Readings;
use super::runs::Group;
use super::spread::Spread;
use super::{Args, Failure, Made, csv, out};
use crate::commands::experiment::Trained;
use crate::commands::measure;
use crate::pictures::progress::Working;
use crate::pictures::{Axis, Chart, Look, Series, charts};
use crate::run_directory::RunReference;
use ntm_core::Loss;
use ntm_core::config::Registry;
use std::collections::BTreeMap;
use std::path::Path;

/// What is drawn of each size: its name, and where it stands in a row.
type Quantity = (&'static str, fn(&measure::Row) -> f64);
/// What a cost is compared with: its name, and where it stands in a row that has it.
type Level = (&'static str, fn(&measure::Row) -> Option<f64>);

pub(super) fn made(
    registry: &Registry,
    args: &Args,
    groups: &[Group],
    overrides: &[String],
) -> Result<Made, Failure> {
    let mut measured_groups = vec![];
    let mut kind: Option<(Loss, &'static str)> = None;
    for group in groups {
        let mut rows = vec![];
        for run in &group.runs {
            let (of_run, of_kind) = measured(registry, args, path(run), overrides)?;
            match kind {
                Some(before) if before != of_kind => {
                    return Err(Failure::wrong(format!(
                        "{}: is measured in {} by {}, and runs before it in {} by {}; draw them apart",
                        path(run).display(),
                        of_kind.0.unit(),
                        of_kind.1,
                        before.0.unit(),
                        before.1,
                    )));
                }
                _ => kind = Some(of_kind),
            }
            rows.extend(of_run);
        }
        measured_groups.push(Measured { name: group.name.clone(), runs: group.runs.len(), rows });
    }
    let kind = kind.unwrap_or((Loss::Bits, "length"));
    let readings = Readings::read(args.readings.as_deref(), kind.1)?;
    Ok(drawn(&measured_groups, kind, readings, args.last, true))
}

/// What was measured of the runs of a group.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) runs: usize,
    pub(crate) rows: Vec<measure::Row>,
}

/// A panel for each quantity, where `zeros` are not wanted only for those that are not 0 everywhere; groups that are counted in
/// the same.
pub(crate) fn drawn(
    groups: &[Measured],
    (loss, size_name): (Loss, &str),
    readings: Readings,
    last: bool,
    zeros: bool,
) -> Made {
    let mut quantities: Vec<Quantity> = vec![(loss.unit(), |row| row.cost)];
    quantities.extend(loss.wrong_name().map(|name| -> Quantity { (name, |row| row.wrong) }));

    let header = ["group", "what", size_name, "runs", "low", "median", "high"];
    let mut table = csv(&header.map(str::to_owned));
    let mut panels = vec![];
    let shown = |value: fn(&measure::Row) -> f64| {
        zeros || groups.iter().flat_map(|group| &group.rows).any(|row| value(row) != 0.0)
    };
    for (what, value) in quantities.into_iter().filter(|(_, value)| shown(*value)) {
        let mut series = vec![];
        for (colour, group) in groups.iter().enumerate() {
            let mut by_length: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
            group.rows.iter().for_each(|row| by_length.entry(row.length).or_default().push(value(row)));
            let spreads =
                by_length.into_iter().filter_map(|(length, values)| Some((length, Spread::of(values)?)));
            let (mut line, mut band) = (vec![], vec![]);
            for (length, spread) in spreads {
                let [runs, low, median, high] = spread.cells();
                table +=
                    &csv(&[group.name.clone(), what.to_owned(), length.to_string(), runs, low, median, high]);
                line.push((length as f64, spread.median));
                if group.runs > 1 {
                    band.push((length as f64, spread.low, spread.high));
                }
            }
            series.push(Series { name: group.name.clone(), colour, line, band, look: Look::Marked });
        }
        if panels.is_empty() {
            series.extend(levels(groups));
            series.extend(readings.series(&groups.iter().map(|group| &*group.name).collect::<Vec<_>>()));
        }
        let (x, y) = (size_name.to_owned(), format!("{what} per sequence"));
        panels.push(Chart { x: Axis { label: x, log: false }, y: Axis { label: y, log: true }, series });
    }
    let mut notes = vec![];
    if groups.iter().any(|group| group.runs > 1) {
        notes.push("Lines are medians over seeds, bands their interquartile ranges.".to_owned());
    }
    let counts = groups.iter().flat_map(|group| &group.rows).map(|row| row.sequences);
    if let (Some(least), Some(most)) = (counts.clone().min(), counts.max()) {
        let sequences = if least == most { most.to_string() } else { format!("{least} to {most}") };
        let which = if last { "last" } else { "best" };
        notes.push(format!("{sequences} sequences per {size_name}, with the {which} checkpoint."));
    }
    notes.extend(readings.notes);
    let title = match groups {
        [group] => format!("Generalisation of {}", group.name),
        _ => "Generalisation".to_owned(),
    };
    Made { drawing: charts(&title, &panels, &notes), table: Some(table) }
}

/// Chance level, and what the best predictions cost, as broken black lines; where they differ between runs there is no one line.
fn levels(groups: &[Measured]) -> Vec<Series> {
    /// Black with longer and with shorter dashes.
    const COLOURS: [usize; 2] = [14, 22];
    let of: [Level; 2] =
        [("chance", |row| row.chance), ("optimum", |row| row.optimum.map(|optimum| optimum.bits))];
    let mut levels = vec![];
    for ((name, level), colour) in of.into_iter().zip(COLOURS) {
        let mut line: BTreeMap<u64, f64> = BTreeMap::new();
        let mut one = true;
        for row in groups.iter().flat_map(|group| &group.rows) {
            let Some(level) = level(row) else { continue };
            one &= *line.entry(row.length).or_insert(level) == level;
        }
        if one && !line.is_empty() {
            let line = line.into_iter().map(|(length, level)| (length as f64, level)).collect();
            levels.push(Series { name: name.to_owned(), colour, line, ..Series::default() });
        }
    }
    levels
}

fn path(run: &RunReference) -> &Path {
    match run {
        RunReference::Directory(run) => run.path(),
        RunReference::File(path) => path,
    }
}

/// The rows of `ntm eval`, what they count and by what.
fn measured(
    registry: &Registry,
    args: &Args,
    run: &Path,
    overrides: &[String],
) -> Result<(Vec<measure::Row>, (Loss, &'static str)), Failure> {
    let trained = Trained::open(registry, Some(run), args.last, overrides)?;
    let (task, settings) = (&*trained.task, &trained.loaded.value.train);
    let sizes = measure::sizes(task, &args.length, overrides);
    let wanted = (&sizes[..], args.sequences.map(|n| n as usize));
    let threads = args.threads.count();
    let model = measure::model_for(&trained, wanted, threads)?;
    out::people(&format!("Measuring {}", trained.name));
    let work = Working::new("measuring", measure::total(task, wanted), "sequences");
    let rows =
        args.threads.run(|| measure::rows(&model, task, settings, wanted, threads, &|n| work.add(n)))??;
    Ok((rows, (task.loss(), task.size_name())))
}
