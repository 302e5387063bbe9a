//! Figure 17 of the paper, of priority sort: where a vector is written against its priority, with a straight line through it, and where
//! the answers are read.
//!
//! A location is the slot that a head looks at most. Memory is a ring: slots are counted from the one at which the line fits best.
use super::looks::{model, sequence};
use super::paper::focus;
use super::{Args, Failure, Made, csv};
use crate::commands::experiment::Trained;
use crate::commands::record::record;
use crate::pictures::{Axis, Chart, Grid, Look, Recording, Series, charts};
use ntm_core::Sequence;
use ntm_core::random::Purpose;

/// Sequences unless told.
const SEQUENCES: u32 = 20;

/// A straight line through points, slots counted from `first`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fit {
    first: usize,
    slope: f64,
    at_zero: f64,
    /// share of the variance of locations that the line explains; 0 where all are one
    r_squared: f64,
}

impl Fit {
    /// Least squares; `None` of fewer than two different x.
    fn of(points: &[(f64, f64)]) -> Option<Fit> {
        let n = points.len() as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
        let [xx, xy, yy] =
            [mean(&|p| (p.0 - x).powi(2)), mean(&|p| (p.0 - x) * (p.1 - y)), mean(&|p| (p.1 - y).powi(2))];
        let slope = xy / xx;
        let r_squared = if yy > 0.0 { slope * xy / yy } else { 0.0 };
        (xx > 0.0).then_some(Fit { first: 0, slope, at_zero: y - slope * x, r_squared })
    }

    /// The best over all places to begin counting from; the lowest of those that are as good.
    fn around(points: &[(f64, usize)], slots: usize) -> Option<Fit> {
        let from = |first: usize| {
            let turned: Vec<_> =
                points.iter().map(|&(x, slot)| (x, turned(slot, first, slots) as f64)).collect();
            Some(Fit { first, ..Fit::of(&turned)? })
        };
        let fits = (0..slots).filter_map(from);
        fits.max_by(|a, b| a.r_squared.total_cmp(&b.r_squared).then(b.first.cmp(&a.first)))
    }
}

/// The number of a slot when counting begins at `first`.
fn turned(slot: usize, first: usize, slots: usize) -> usize {
    (slot + slots - first) % slots
}

/// What a head looked at: (x, slot) of each sequence.
struct Looked {
    name: String,
    slots: usize,
    points: Vec<Vec<(f64, usize)>>,
}

pub(super) fn made(trained: &Trained, args: &Args) -> Result<Made, Failure> {
    let first = sequence(trained, args)?;
    let model = model(trained, first.steps)?;
    let count = if args.inputs.is_some() { 1 } else { args.sequences.unwrap_or(SEQUENCES) };
    let sequences = sequences(trained, args, first, count)?;
    let (mut writers, mut readers) = (vec![], vec![]);
    for drawn in &sequences {
        let recording = record(&model, trained.task.loss(), drawn);
        let scored = recording.mask.iter().position(|&scored| scored).unwrap_or(drawn.steps);
        // the priority's channel is the last but one
        let priority =
            |step: usize| f64::from(drawn.inputs[step * trained.task.inputs() + trained.task.inputs() - 2]);
        let vectors = scored.saturating_sub(1);
        let written = |step: usize| (step, priority(step));
        look(&recording, false, &mut writers, (0..vectors).map(written));
        look(
            &recording,
            true,
            &mut readers,
            (scored..drawn.steps).map(|step| (step, (step - scored + 1) as f64)),
        );
    }
    let fits = |heads: &[Looked]| -> Vec<Option<Fit>> {
        heads.iter().map(|head| Fit::around(&head.points.concat(), head.slots)).collect()
    };
    let (written, read) = (fits(&writers), fits(&readers));
    let (Some(writer), Some(reader)) = (best(&written), best(&read)) else {
        return Err(Failure::wrong(format!(
            "{}: figure 17 needs heads that write and heads that read, and at least two vectors; this model shows none of them",
            trained.name
        )));
    };
    let mut notes = vec![
        format!(
            "{} sequences. A location is the slot that a head looks at most, counted around the ring of slots from where the line fits best.",
            sequences.len()
        ),
        format!("R^2 of every write head: {}.", told(&writers, &written)),
        format!("R^2 of every read head: {}.", told(&readers, &read)),
    ];
    notes.extend(written[writer].zip(read[reader]).map(|(w, r)| {
        let (along, all) = in_order(&readers[reader], w.slope, r.first);
        format!(
            "{}: location = {:.2} + {:.2} x priority, from slot {}. {}: from slot {}; {along} of {all} steps from one answer to the next go in the \
             direction of falling priority.",
            writers[writer].name,
            w.at_zero,
            w.slope,
            w.first,
            readers[reader].name,
            r.first,
        )
    }));
    let mut table = csv(&["what", "sequence", "x", "slot", "location"].map(str::to_owned));
    let panels = [
        ("write", "priority", &writers[writer], written[writer]),
        ("read", "answer", &readers[reader], read[reader]),
    ]
    .map(|(what, x, head, fit)| panel(what, x, head, fit, &mut table));
    Ok(Made {
        drawing: charts("Priority sort: where vectors are written and read", &panels, &notes),
        table: Some(table),
    })
}

/// The sequence that was asked for, and those that come after it.
fn sequences(trained: &Trained, args: &Args, first: Sequence, count: u32) -> Result<Vec<Sequence>, Failure> {
    let task = &*trained.task;
    let seed = args.seed.unwrap_or(trained.loaded.value.train.eval_seed);
    // as many vectors as the first has: every input step but the delimiter's
    let vectors = first.mask.iter().position(|&weight| weight != 0.0).unwrap_or(1).saturating_sub(1) as u64;
    let mut all = vec![first];
    for n in 1..u64::from(count) {
        let mut sequence = Sequence::default();
        task.sequence((Purpose::Evaluation(vectors), seed), n, Some(vectors), &mut sequence)?;
        all.push(sequence);
    }
    Ok(all)
}

/// Adds where the heads looked at some steps of a sequence, each with its x.
fn look(
    recording: &Recording,
    reads: bool,
    heads: &mut Vec<Looked>,
    steps: impl Iterator<Item = (usize, f64)> + Clone,
) {
    for (n, head) in recording.heads.iter().filter(|head| head.reads == reads).enumerate() {
        if heads.len() == n {
            heads.push(Looked { name: head.name.clone(), slots: head.weighting.rows, points: vec![] });
        }
        let weighting: &Grid = &head.weighting;
        heads[n]
            .points
            .push(steps.clone().filter_map(|(step, x)| Some((x, focus(weighting, step)?))).collect());
    }
}

/// The head whose line fits best.
fn best(fits: &[Option<Fit>]) -> Option<usize> {
    let known = fits.iter().enumerate().filter_map(|(n, fit)| Some((n, fit.as_ref()?.r_squared)));
    known.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(n, _)| n)
}

fn told(heads: &[Looked], fits: &[Option<Fit>]) -> String {
    let one = |(head, fit): (&Looked, &Option<Fit>)| {
        format!("{} {}", head.name, fit.map_or("-".to_owned(), |fit| format!("{:.3}", fit.r_squared)))
    };
    heads.iter().zip(fits).map(one).collect::<Vec<_>>().join(", ")
}

/// Steps from one answer to the next that go as the priorities fall, and all of them.
fn in_order(head: &Looked, slope: f64, first: usize) -> (usize, usize) {
    let steps = head.points.iter().flat_map(|points| points.windows(2));
    let steps: Vec<f64> = steps
        .map(|pair| {
            let [before, after] = [pair[0].1, pair[1].1].map(|slot| turned(slot, first, head.slots) as f64);
            (before - after) * slope
        })
        .collect();
    (steps.iter().filter(|step| **step > 0.0).count(), steps.len())
}

/// A panel of points and their line, which are also written into the table.
fn panel(what: &str, x: &str, head: &Looked, fit: Option<Fit>, table: &mut String) -> Chart {
    let fit = fit.unwrap_or(Fit { first: 0, slope: 0.0, at_zero: 0.0, r_squared: 0.0 });
    let mut points = vec![];
    for (n, of_sequence) in head.points.iter().enumerate() {
        for &(x, slot) in of_sequence {
            let location = turned(slot, fit.first, head.slots);
            *table += &csv(&[
                what.to_owned(),
                n.to_string(),
                x.to_string(),
                slot.to_string(),
                location.to_string(),
            ]);
            points.push((x, location as f64));
        }
    }
    let ends = points
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p.0), high.max(p.0)));
    let line = [ends.0, ends.1].map(|x| (x, fit.at_zero + fit.slope * x)).to_vec();
    let label = format!("{what} location of {} against {x}: R^2 = {:.3}", head.name, fit.r_squared);
    let (locations, straight) = (format!("{what} locations"), "straight line".to_owned());
    Chart {
        x: Axis { label: x.to_owned(), log: false },
        y: Axis { label, log: false },
        series: vec![
            Series {
                name: locations,
                colour: usize::from(what == "read"),
                line: points,
                look: Look::Points,
                ..Series::default()
            },
            Series { name: straight, colour: 6, line, ..Series::default() },
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_around_the_ring_is_found_where_it_begins() {
        // slot = 100 - 30 x modulo 128, over a range that crosses the end
        let points: Vec<(f64, usize)> =
            (0..21).map(|n| (f64::from(n) / 10.0 - 1.0, (131 - 3 * n as usize) % 128)).collect();
        let fit = Fit::around(&points, 128).unwrap();
        assert!((fit.r_squared - 1.0).abs() < 1e-12 && (fit.slope + 30.0).abs() < 1e-9, "{fit:?}");
        assert!(turned(71, fit.first, 128) < turned(3, fit.first, 128));
    }

    #[test]
    fn r_squared_is_the_share_of_the_variance_that_the_line_explains() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, 6.0)];
        let fit = Fit::of(&points).unwrap();
        assert!((fit.slope - 2.5).abs() < 1e-12 && (fit.at_zero - 0.5).abs() < 1e-12, "{fit:?}");
        let mean = 3.0;
        let rest: f64 = points.iter().map(|p| (p.1 - 0.5 - 2.5 * p.0).powi(2)).sum();
        let all: f64 = points.iter().map(|p: &(f64, f64)| (p.1 - mean).powi(2)).sum();
        assert!((fit.r_squared - (1.0 - rest / all)).abs() < 1e-12);
        assert_eq!(Fit::of(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(Fit::of(&[(1.0, 2.0), (2.0, 2.0)]).unwrap().r_squared, 0.0);
    }

    #[test]
    fn answers_in_order_are_counted_in_the_direction_of_falling_priority() {
        let head = Looked {
            name: String::new(),
            slots: 16,
            points: vec![vec![(1.0, 14), (2.0, 15), (3.0, 0), (4.0, 0)]],
        };
        // high priorities at low locations: falling priority goes up
        assert_eq!(in_order(&head, -3.0, 14), (2, 3));
        assert_eq!(in_order(&head, 3.0, 14), (0, 3));
    }
}
