//! Costs of a trained model by size: the table of generalisation.
use super::experiment::Trained;
use super::{Failure, out};
use crate::pictures::table;
use ntm_core::engine::{Evaluator, Score};
use ntm_core::random::Purpose;
use ntm_core::train::{Batcher, Task, TrainSettings, evaluate_telling};
use ntm_core::{Cell, Loss, Model, Sequence};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Sequences per size unless told.
pub(crate) const SEQUENCES: usize = 100;
/// As many chunks are evaluated at a time.
const CHUNKS: usize = 32;

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// the size asked for; the largest of those drawn; or the steps of the longest sequence, where there are no sizes
    pub(crate) length: u64,
    /// the least size, where several are drawn
    pub(crate) least: Option<u64>,
    pub(crate) sequences: usize,
    /// what the two means count
    pub(crate) loss: Loss,
    pub(crate) cost: f64,
    pub(crate) wrong: f64,
    /// chance level, by formula
    pub(crate) chance: Option<f64>,
    pub(crate) optimum: Option<Optimum>,
}

/// What the best predictions of the same sequences cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Optimum {
    pub(crate) bits: f64,
    /// mean over sequences of the model's cost less the optimum's
    pub(crate) above: f64,
    /// standard error of that mean; none of a single sequence
    pub(crate) error: Option<f64>,
}

impl Optimum {
    /// Of costs in pairs: a model's and the best one, sequence by sequence.
    fn of(pairs: &[(f64, f64)]) -> Optimum {
        let n = pairs.len() as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let above = mean(&|pair| pair.0 - pair.1);
        let squares = mean(&|pair| (pair.0 - pair.1 - above).powi(2));
        let error = (pairs.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        Optimum { bits: mean(&|pair| pair.1), above, error }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |what: &str| format!("{what} per sequence").replace(' ', "_");
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("length", &self.length)?;
        if let Some(least) = self.least {
            map.serialize_entry("least", &least)?;
        }
        map.serialize_entry("sequences", &self.sequences)?;
        map.serialize_entry(&name(self.loss.unit()), &self.cost)?;
        if let Some(wrong) = self.loss.wrong_name() {
            map.serialize_entry(&name(wrong), &self.wrong)?;
        }
        if let Some(chance) = self.chance {
            map.serialize_entry("chance_bits_per_sequence", &chance)?;
        }
        if let Some(optimum) = self.optimum {
            map.serialize_entry("optimum_bits_per_sequence", &optimum.bits)?;
            map.serialize_entry("bits_above_optimum", &optimum.above)?;
            map.serialize_entry("bits_above_optimum_standard_error", &optimum.error)?;
        }
        map.end()
    }
}

/// Sizes to measure: those given; or, where an override sets the task's range of sizes, that range, drawn as in training; or else the
/// task's usual ones. A task without sizes is measured on the sequences it has.
pub(crate) fn sizes(task: &dyn Task, given: &[u64], overrides: &[String]) -> Vec<Option<u64>> {
    let sets = |written: &String| {
        let path = written.split('=').next().unwrap_or_default();
        let mut steps = path.split('.').map(str::trim);
        steps.next() == Some("task") && steps.next().is_none_or(|field| field == task.size_name())
    };
    let all = match task.trained_sizes().filter(|_| overrides.iter().any(sets)) {
        _ if !given.is_empty() => given.to_vec(),
        // one size is the very sequences of --length
        Some((least, most)) if least == most => vec![most],
        Some(_) => vec![],
        None => task.usual_sizes(),
    };
    match all.is_empty() {
        true => vec![None],
        false => all.into_iter().map(Some).collect(),
    }
}

/// What sequences of a size are for.
fn purpose(size: Option<u64>) -> Purpose {
    Purpose::Evaluation(size.unwrap_or(0))
}

/// Sequences to measure, of those that there are: [`SEQUENCES`] unless told, and all of a file.
fn count(task: &dyn Task, size: Option<u64>, wanted: Option<usize>) -> usize {
    match task.count(purpose(size)).map(|all| usize::try_from(all).unwrap_or(usize::MAX)) {
        Some(all) => wanted.unwrap_or(all).min(all),
        None => wanted.unwrap_or(SEQUENCES),
    }
}

/// Bytes that evaluating one size takes, besides the parameters.
pub(crate) fn bytes(
    cell: &dyn Cell<f32>,
    task: &dyn Task,
    settings: &TrainSettings,
    (size, sequences): (Option<u64>, Option<usize>),
    threads: usize,
) -> Result<u128, Failure> {
    let steps = task.steps_for(purpose(size), size)?;
    let items = count(task, size, sequences).min(settings.chunk * CHUNKS);
    let chunk = settings.chunk.min(items.max(1));
    let works = Evaluator::bytes(cell, task.outputs(), chunk, CHUNKS, threads);
    Ok((works + Batcher::<f32>::bytes(task, items, chunk, steps)).total())
}

/// Sequences of all sizes together.
pub(crate) fn total(task: &dyn Task, (sizes, sequences): (&[Option<u64>], Option<usize>)) -> u64 {
    sizes.iter().map(|&size| count(task, size, sequences) as u64).sum()
}

/// Means over sequences that neither trained the model nor chose the checkpoint. To be called in a pool of `threads`;
/// `ended` is told how many more sequences are measured.
pub(crate) fn rows(
    model: &Model<f32>,
    task: &dyn Task,
    settings: &TrainSettings,
    (sizes, sequences): (&[Option<u64>], Option<usize>),
    threads: usize,
    ended: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Row>, Failure> {
    let row = |&size: &Option<u64>| {
        let steps = task.steps_for(purpose(size), size)?;
        let wanted = count(task, size, sequences);
        let purpose = (purpose(size), settings.eval_seed);
        let scores = evaluate_telling(model, task, size, purpose, wanted, settings.chunk, threads, ended)?;
        if let Some(n) = scores.iter().position(|score| !score.bits.is_finite()) {
            return Err(not_finite(task, size, n, model));
        }
        let count = scores.len().max(1) as f64;
        let drawn = task.trained_sizes().filter(|_| size.is_none());
        let in_bits = task.loss() != Loss::MeanSquare;
        Ok(Row {
            length: size.or(drawn.map(|(_, most)| most)).unwrap_or(steps as u64),
            least: drawn.map(|(least, _)| least),
            sequences: scores.len(),
            loss: task.loss(),
            cost: scores.iter().map(|s| s.bits).sum::<f64>() / count,
            wrong: scores.iter().map(|s| s.wrong_bits).sum::<f64>() / count,
            chance: task.chance_bits(size).filter(|_| in_bits),
            optimum: if in_bits { optimum(task, size, purpose, &scores)? } else { None },
        })
    };
    sizes.iter().map(row).collect()
}

/// There is no mean where a cost is infinite or not a number.
fn not_finite(task: &dyn Task, size: Option<u64>, n: usize, model: &Model<f32>) -> Failure {
    let size = size.map(|size| format!(" of {} {size}", task.size_name())).unwrap_or_default();
    let bad = |path: &str| {
        model.read(&model.params, path).is_ok_and(|numbers| numbers.iter().any(|x| !x.is_finite()))
    };
    let tensors = model.tensors();
    Failure::stopped(match tensors.iter().map(|tensor| &*tensor.path).find(|path| bad(path)) {
        Some(path) => {
            format!(
                "`{path}` of the model holds a number that is not finite: there is nothing to measure; take another checkpoint"
            )
        }
        None => format!(
            "the cost of sequence {n}{size} is not finite: the weights are, so a number overflows on the way; measure smaller \
             sizes, or another checkpoint"
        ),
    })
}

/// The same sequences once more, for what the best predictions of them cost.
fn optimum(
    task: &dyn Task,
    size: Option<u64>,
    purpose: (Purpose, u64),
    scores: &[Score],
) -> Result<Option<Optimum>, Failure> {
    let (mut sequence, mut pairs) = (Sequence::default(), Vec::with_capacity(scores.len()));
    for (n, score) in (0..).zip(scores) {
        task.sequence(purpose, n, size, &mut sequence)?;
        let Some(best) = task.optimum(&sequence) else { return Ok(None) };
        pairs.push((score.bits, best));
    }
    Ok((!pairs.is_empty()).then(|| Optimum::of(&pairs)))
}

/// The model of a checkpoint, once it is known that all sizes fit.
pub(crate) fn model_for(
    trained: &Trained,
    (sizes, sequences): (&[Option<u64>], Option<usize>),
    threads: usize,
) -> Result<Model<f32>, Failure> {
    let task = &*trained.task;
    for &size in sizes {
        task.steps_for(purpose(size), size)?;
    }
    let settings = &trained.loaded.value.train;
    let most = sizes.iter().copied().flatten().max();
    let what = match most {
        Some(most) => format!("evaluating {} {most}", task.size_name()),
        None => "evaluating these sequences".to_owned(),
    };
    trained.model::<f32>(&what, |cell| {
        let all = sizes.iter().map(|&size| bytes(cell, task, settings, (size, sequences), threads));
        all.filter_map(Result::ok).max().unwrap_or(0)
    })
}

/// The rows as a table.
pub(crate) fn table_of(rows: &[Row], size_name: &str) -> String {
    let (header, cells) = cells(rows, size_name);
    table(&header.iter().map(String::as_str).collect::<Vec<_>>(), &cells, false)
}

/// The names of the table's columns, and a line of it for each row.
pub(crate) fn cells(rows: &[Row], size_name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let loss = rows.first().map_or(Loss::Bits, |row| row.loss);
    let (cost, wrong) = (format!("{} per sequence", loss.unit()), loss.wrong_name());
    let wrong = wrong.map(|wrong| format!("{wrong} per sequence"));
    // a column is there if a row has something to put into it
    let chance = rows.iter().any(|row| row.chance.is_some());
    let optimum = rows.iter().any(|row| row.optimum.is_some());
    let mut header = vec![size_name, "sequences", &cost];
    header.extend(chance.then_some("chance"));
    header.extend(optimum.then_some(["optimum", "above it", "standard error"]).into_iter().flatten());
    header.extend(wrong.as_deref());
    let bits = |x: Option<f64>| x.map_or("-".to_owned(), out::bits);
    let cells = |row: &Row| {
        let size = row.least.map_or(row.length.to_string(), |least| format!("{least}-{}", row.length));
        let mut cells = vec![size, row.sequences.to_string(), out::bits(row.cost)];
        cells.extend(chance.then(|| row.chance.map_or("-".to_owned(), |x| format!("{x:.1}"))));
        if optimum {
            let of = row.optimum;
            cells.extend([of.map(|o| o.bits), of.map(|o| o.above), of.and_then(|o| o.error)].map(bits));
        }
        cells.extend(wrong.as_ref().map(|_| format!("{:.2}", row.wrong)));
        cells
    };
    (header.into_iter().map(str::to_owned).collect(), rows.iter().map(cells).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ntm_tasks::{Copy, DynamicNGrams, RepeatCopy};

    #[test]
    fn costs_in_pairs_give_the_mean_difference_and_its_standard_error() {
        let found = Optimum::of(&[(12.0, 10.0), (25.0, 20.0), (32.0, 30.0)]);
        // differences 2, 5, 2: mean 3, sample deviation sqrt(3), over the root of three
        assert_eq!((found.bits, found.above), (20.0, 3.0));
        assert!((found.error.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(Optimum::of(&[(3.0, 1.0)]), Optimum { bits: 1.0, above: 2.0, error: None });
    }

    #[test]
    fn an_override_of_the_range_of_sizes_is_what_is_measured() {
        let task = RepeatCopy { length: (20, 20), ..RepeatCopy::default() };
        let sizes = |given: &[u64], written: &str| sizes(&task, given, &[written.to_owned()]);
        assert_eq!(sizes(&[], "task.length=(20, 20)"), [Some(20)]);
        assert_eq!(sizes(&[], "task . length.1=20"), [Some(20)]);
        assert_eq!(sizes(&[7], "task.length=(20, 20)"), [Some(7)]);
        assert_eq!(sizes(&[], "task.repeats=(20, 20)"), [Some(10), Some(20)]);
        assert_eq!(sizes(&[], "model.memory.length=3"), [Some(10), Some(20)]);
        assert_eq!(super::sizes(&Copy::default(), &[], &["task=Copy()".into()]), [None]);
    }

    #[test]
    fn a_table_shows_chance_and_what_is_above_the_optimum() {
        let task = DynamicNGrams { length: (1, 30), ..DynamicNGrams::default() };
        let row = |size: Option<u64>, length, least, optimum| Row {
            length,
            least,
            sequences: 100,
            loss: Loss::Bits,
            cost: 21.25,
            wrong: 4.0,
            chance: task.chance_bits(size),
            optimum,
        };
        let optimum = Optimum { bits: 20.0, above: 1.25, error: Some(0.0625) };
        let rows = [row(None, 30, Some(1), Some(optimum)), row(Some(20), 20, None, None)];
        insta::assert_snapshot!(table_of(&rows, task.size_name()), @"
        length  sequences  bits per sequence  chance  optimum  above it  standard error  wrong bits per sequence
        ------  ---------  -----------------  ------  -------  --------  --------------  -----------------------
          1-30        100               21.2    15.5     20.0    1.2500          0.0625                     4.00
            20        100               21.2    20.0        -         -               -                     4.00
        ");
        let json = serde_json::to_string(&rows[0]).unwrap();
        insta::assert_snapshot!(json, @r#"{"length":30,"least":1,"sequences":100,"bits_per_sequence":21.25,"wrong_bits_per_sequence":4.0,"chance_bits_per_sequence":15.5,"optimum_bits_per_sequence":20.0,"bits_above_optimum":1.25,"bits_above_optimum_standard_error":0.0625}"#);
    }
}
