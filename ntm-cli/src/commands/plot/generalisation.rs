//! Costs at sizes that a model was not trained on, measured as `ntm eval` does.
use super::runs::Group;
use super::spread::Spread;
use super::{Args, Failure, Made, csv, out};
use crate::commands::experiment::Trained;
use crate::commands::measure;
use crate::pictures::{Axis, Chart, Series, charts};
use crate::run_directory::RunReference;
use ntm_core::Loss;
use ntm_core::config::Registry;
use std::collections::BTreeMap;
use std::path::Path;

/// What is drawn of each size: its name, and where it stands in a row.
type Quantity = (&'static str, fn(&measure::Row) -> f64);

pub(super) fn made(
    registry: &Registry,
    args: &Args,
    groups: &[Group],
    overrides: &[String],
) -> Result<Made, Failure> {
    let mut rows = vec![];
    let mut kind: Option<(Loss, &'static str)> = None;
    for group in groups {
        let mut of_group = vec![];
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
            of_group.extend(of_run);
        }
        rows.push(of_group);
    }
    let (loss, size_name) = kind.unwrap_or((Loss::Bits, "length"));
    let mut quantities: Vec<Quantity> = vec![(loss.unit(), |row| row.cost)];
    quantities.extend(loss.wrong_name().map(|name| -> Quantity { (name, |row| row.wrong) }));

    let header = ["group", "what", size_name, "runs", "low", "median", "high"];
    let mut table = csv(&header.map(str::to_owned));
    let mut panels = vec![];
    for (what, value) in quantities {
        let mut series = vec![];
        for (colour, (group, rows)) in groups.iter().zip(&rows).enumerate() {
            let mut by_length: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
            rows.iter().for_each(|row| by_length.entry(row.length).or_default().push(value(row)));
            let spreads =
                by_length.into_iter().filter_map(|(length, values)| Some((length, Spread::of(values)?)));
            let (mut line, mut band) = (vec![], vec![]);
            for (length, spread) in spreads {
                let [runs, low, median, high] = spread.cells();
                table +=
                    &csv(&[group.name.clone(), what.to_owned(), length.to_string(), runs, low, median, high]);
                line.push((length as f64, spread.median));
                if group.runs.len() > 1 {
                    band.push((length as f64, spread.low, spread.high));
                }
            }
            series.push(Series { name: group.name.clone(), colour, line, band, marks: true });
        }
        let (x, y) = (size_name.to_owned(), format!("{what} per sequence"));
        panels.push(Chart { x: Axis { label: x, log: false }, y: Axis { label: y, log: true }, series });
    }
    let mut notes = vec![];
    if groups.iter().any(|group| group.runs.len() > 1) {
        notes.push("Lines are medians over seeds, bands their interquartile ranges.".to_owned());
    }
    let counts = rows.iter().flatten().map(|row| row.sequences);
    if let (Some(least), Some(most)) = (counts.clone().min(), counts.max()) {
        let sequences = if least == most { most.to_string() } else { format!("{least} to {most}") };
        let which = if args.last { "last" } else { "best" };
        notes.push(format!("{sequences} sequences per {size_name}, with the {which} checkpoint."));
    }
    let title = match groups {
        [group] => format!("Generalisation of {}", group.name),
        _ => "Generalisation".to_owned(),
    };
    Ok(Made { drawing: charts(&title, &panels, &notes), table: Some(table) })
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
    let rows = args.threads.run(|| measure::rows(&model, task, settings, wanted, threads))??;
    Ok((rows, (task.loss(), task.size_name())))
}
