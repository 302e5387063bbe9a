//! Learning curves: costs against sequences seen.
use super::readings::Readings;
use super::runs::Group;
use super::spread::Spread;
use super::{Failure, Made, csv};
use crate::commands::train::{State, Status};
use crate::pictures::progress::Working;
use crate::pictures::{Axis, Chart, Look, Series, charts, number};
use crate::run_directory::{RunDirectory, RunReference};
use crate::run_files::RunError;
use ntm_core::config::{Experiment, Registry, Source};
use ntm_core::train::Record;
use std::io::ErrorKind;
use std::path::Path;

/// Changes of how many runs a line is of that a note tells.
const MOST_CHANGES: usize = 6;

/// A run's records.
struct Curve {
    records: Vec<Record>,
    /// It ended because it was solved, and would have gone on as well.
    keeps: bool,
}

impl Curve {
    /// Where the run stood after so many sequences: its last record until then. `None` before its first one, and after its
    /// last unless it keeps that.
    fn at(&self, sequences: u64) -> Option<&Record> {
        let past = self.records.partition_point(|record| record.sequences <= sequences);
        let record = self.records.get(past.checked_sub(1)?)?;
        (past < self.records.len() || record.sequences == sequences || self.keeps).then_some(record)
    }
}

/// One quantity of one group.
struct Line {
    points: Vec<(u64, Spread)>,
}

impl Line {
    fn of(curves: &[Curve], value: impl Fn(&Record) -> f64) -> Line {
        let mut places: Vec<u64> =
            curves.iter().flat_map(|curve| &curve.records).map(|record| record.sequences).collect();
        places.sort_unstable();
        places.dedup();
        let spread = |sequences: u64| {
            let values = curves.iter().filter_map(|curve| curve.at(sequences)).map(&value);
            Some((sequences, Spread::of(values.collect())?))
        };
        Line { points: places.into_iter().filter_map(spread).collect() }
    }

    fn series(&self, name: &str, colour: usize) -> Series {
        let several = self.points.iter().any(|(_, spread)| spread.runs > 1);
        let line = self.points.iter().map(|(x, spread)| (*x as f64, spread.median)).collect();
        let band = self.points.iter().map(|(x, spread)| (*x as f64, spread.low, spread.high));
        Series {
            name: name.to_owned(),
            colour,
            line,
            band: if several { band.collect() } else { vec![] },
            look: Look::Line,
        }
    }

    /// Of how many runs the line is, where that is not of all everywhere.
    fn reach(&self, all: usize) -> Option<String> {
        let changes = self.points.chunk_by(|a, b| a.1.runs == b.1.runs);
        let mut parts: Vec<String> = changes
            .filter_map(|part| part.last())
            .map(|(x, spread)| format!("{} to {}", spread.runs, number(*x as f64, 1.0)))
            .collect();
        if parts.len() < 2 && self.points.iter().all(|(_, spread)| spread.runs == all) {
            return None;
        }
        if parts.len() > MOST_CHANGES {
            let last = parts.pop().unwrap_or_default();
            parts.truncate(MOST_CHANGES - 1);
            parts.extend(["...".to_owned(), last]);
        }
        Some(parts.join(", "))
    }
}

type Quantity = fn(&Record) -> f64;
const QUANTITIES: [(&str, Quantity); 2] =
    [("validation", |record| record.validation_bits), ("training", |record| record.training_bits)];

pub(crate) fn made(registry: &Registry, groups: &[Group], readings: Option<&Path>) -> Result<Made, Failure> {
    let given = readings.is_some();
    let readings = Readings::read(readings, "sequences")?;
    let mut unit = None;
    let mut table = csv(&["group", "what", "sequences", "runs", "low", "median", "high"].map(str::to_owned));
    let mut notes = vec![];
    let mut lines: Vec<[Line; 2]> = vec![];
    let runs: usize = groups.iter().map(|group| group.runs.len()).sum();
    let work = Working::new("reading", runs as u64, "runs");
    for group in groups {
        let mut curves = vec![];
        for run in &group.runs {
            work.add(1);
            let (curve, of_run) = read(registry, run)?;
            one_unit(&mut unit, of_run, &group.name)?;
            curves.push(curve);
        }
        let of_group = QUANTITIES.map(|(_, value)| Line::of(&curves, value));
        for ((what, _), line) in QUANTITIES.iter().zip(&of_group) {
            for (x, spread) in &line.points {
                let [runs, low, median, high] = spread.cells();
                table +=
                    &csv(&[group.name.clone(), (*what).to_owned(), x.to_string(), runs, low, median, high]);
            }
        }
        notes.extend(note(group, &curves, &of_group[0]));
        lines.push(of_group);
    }
    if groups.iter().any(|group| group.runs.len() > 1) {
        notes.insert(0, "Lines are medians over seeds, bands their interquartile ranges.".to_owned());
    }
    let cost = format!("{} per sequence", unit.flatten().unwrap_or("cost"));
    let chart = |label: String, series| Chart {
        // what others needed may be many times what these runs did
        x: Axis { label: "sequences seen".into(), log: given },
        y: Axis { label, log: true },
        series,
    };
    let names: Vec<&str> = groups.iter().map(|group| &*group.name).collect();
    notes.extend(readings.notes.iter().cloned());
    let (title, mut panels) = match (groups, &lines[..]) {
        ([group], [lines]) if !given => {
            let series =
                QUANTITIES.iter().zip(lines).enumerate().map(|(n, ((what, _), line))| line.series(what, n));
            (format!("Learning curves of {}", group.name), vec![chart(cost, series.collect())])
        }
        _ => {
            let panel = |which: usize| {
                let named = groups.iter().zip(&lines).enumerate();
                let series = named.map(|(n, (group, lines))| lines[which].series(&group.name, n)).collect();
                chart(format!("{}: {cost}", QUANTITIES[which].0), series)
            };
            // others tell one cost, which is of what was seen after training for a while, as validation is
            let panels = if given { vec![panel(0)] } else { vec![panel(0), panel(1)] };
            ("Learning curves".to_owned(), panels)
        }
    };
    panels[0].series.extend(readings.series(&names));
    Ok(Made { drawing: charts(&title, &panels, &notes), table: Some(table) })
}

/// What has to be known to read a line of runs of different length.
fn note(group: &Group, curves: &[Curve], line: &Line) -> Option<String> {
    let end = curves.iter().filter_map(|curve| curve.records.last()).map(|record| record.sequences).max();
    let ended = |curve: &&Curve| curve.keeps && curve.records.last().map(|record| record.sequences) < end;
    let keeping = curves.iter().filter(ended).count();
    let reach = line.reach(curves.len());
    let mut words = vec![];
    words.extend(
        reach.map(|parts| format!("line and band are of the runs that got so far, {parts} sequences.")),
    );
    if keeping > 0 {
        let verb = if keeping == 1 {
            "was solved and stopped; it keeps its"
        } else {
            "were solved and stopped; they keep their"
        };
        words.push(format!("{keeping} of {} {verb} last value.", curves.len()));
    }
    (!words.is_empty()).then(|| format!("{}: {}", group.name, words.join(" ")))
}

/// Costs of different kinds have no common axis.
fn one_unit(
    unit: &mut Option<Option<&'static str>>,
    of_run: Option<&'static str>,
    name: &str,
) -> Result<(), Failure> {
    match (*unit, of_run) {
        (Some(Some(before)), Some(now)) if before != now => Err(Failure::wrong(format!(
            "{name}: its cost is in {now}, and that of runs before it in {before}; draw them apart"
        ))),
        (Some(Some(_)), None) => Ok(()),
        _ => {
            *unit = Some(of_run);
            Ok(())
        }
    }
}

/// A run's records, and what its cost counts where that can be told.
fn read(registry: &Registry, run: &RunReference) -> Result<(Curve, Option<&'static str>), Failure> {
    let run = match run {
        RunReference::Directory(run) => run.clone(),
        RunReference::File(path) => {
            // a checkpoint that lies where its run keeps it
            let around = path.parent().and_then(|folder| folder.parent());
            let run = around.and_then(|around| RunDirectory::open(Some(around)).ok());
            run.ok_or_else(|| {
                let path = path.display();
                Failure::wrong(format!(
                    "{path}: a checkpoint has no learning curve; give the directory of its run, or --kind weights, memory or \
                     generalisation"
                ))
            })?
        }
    };
    let shown = run.path().display();
    let status = run.status::<Status>()?;
    if status.as_ref().is_some_and(|status| status.state == State::Imported) {
        return Err(Failure::wrong(format!(
            "{shown}: holds imported weights, which were not trained here: there is no learning curve; draw --kind weights, \
             memory or generalisation"
        )));
    }
    let none = || {
        Failure::stopped(format!(
            "{shown}: has no metrics yet: they begin with its first validation (train.validate_every)"
        ))
    };
    let reader = match run.metrics::<Record>() {
        Err(RunError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => return Err(none()),
        other => other?,
    };
    let records = reader.collect::<Result<Vec<Record>, _>>()?;
    if records.is_empty() {
        return Err(none());
    }
    let path = run.file("config.ron");
    let source = Source::new(path.display().to_string(), run.config()?).beside(&path);
    let experiment: Experiment = registry.parse(&source)?;
    let finished = status.is_some_and(|status| status.solved && status.state == State::Finished);
    let keeps = finished && experiment.train.stop_when_solved;
    // its data may have moved, and the curve is still there
    let unit = experiment.task().ok().map(|task| task.loss().unit());
    Ok((Curve { records, keeps }, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(costs: &[(u64, f64)], keeps: bool) -> Curve {
        let record = |&(sequences, bits): &(u64, f64)| Record {
            sequences,
            training_bits: bits,
            gradient_norm: 0.0,
            validation_bits: bits,
            validation_wrong_bits: 0.0,
        };
        Curve { records: costs.iter().map(record).collect(), keeps }
    }
    fn runs_and_medians(curves: &[Curve]) -> Vec<(u64, usize, f64)> {
        let line = Line::of(curves, |record| record.validation_bits);
        line.points.iter().map(|(x, spread)| (*x, spread.runs, spread.median)).collect()
    }

    #[test]
    fn a_line_is_of_the_runs_that_got_so_far() {
        let curves = [curve(&[(1, 4.0), (2, 2.0)], false), curve(&[(1, 6.0), (2, 4.0), (3, 1.0)], false)];
        assert_eq!(runs_and_medians(&curves), [(1, 2, 5.0), (2, 2, 3.0), (3, 1, 1.0)]);
        let reach = Line::of(&curves, |record| record.validation_bits).reach(2);
        assert_eq!(reach.as_deref(), Some("2 to 2, 1 to 3"));
    }

    #[test]
    fn a_run_that_was_solved_keeps_its_last_value() {
        let curves = [curve(&[(1, 4.0), (2, 0.0)], true), curve(&[(1, 6.0), (2, 4.0), (3, 1.0)], false)];
        assert_eq!(runs_and_medians(&curves), [(1, 2, 5.0), (2, 2, 2.0), (3, 2, 0.5)]);
        assert_eq!(Line::of(&curves, |record| record.validation_bits).reach(2), None);
    }

    #[test]
    fn between_its_records_a_run_stands_where_the_last_one_was() {
        let curves = [curve(&[(2, 4.0), (4, 2.0)], false), curve(&[(3, 8.0)], false)];
        assert_eq!(runs_and_medians(&curves), [(2, 1, 4.0), (3, 2, 6.0), (4, 1, 2.0)]);
    }
}
