//! `ntm verify`: is a run made again the same, bit for bit?
use super::experiment::planned;
use super::threads::Threads;
use super::train::records::Order;
use super::train::{State, Status, first_model};
use super::{Failure, out};
use crate::pictures::progress::Working;
use crate::run_directory::{Checkpoint as Which, RunDirectory};
use crate::run_files::{Environment, environment};
use ntm_core::checkpoint::{Checkpoint, Data};
use ntm_core::config::{Registry, Source};
use ntm_core::train::{Numbers, Record, TrainError, TrainSettings, Trainer};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Validations that are made again unless told.
const VALIDATIONS: usize = 5;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  ntm verify runs/copy --sequences 2000     its first 2000 sequences: every record of metrics.jsonl, and checkpoints from there")]
pub(crate) struct Args {
    /// A run directory [default: the newest run under runs/]
    #[arg(value_name = "RUN", value_hint = clap::ValueHint::DirPath)]
    run: Option<PathBuf>,
    /// Sequences to train on again, from the first; all of the run where it has no more [default: up to its fifth validation]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    sequences: Option<u64>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

/// What was made again.
#[derive(Debug, Default, Serialize)]
struct Made {
    run: String,
    same: bool,
    sequences: u64,
    /// of `metrics.jsonl`, compared
    records: usize,
    /// compared as a whole
    checkpoints: Vec<String>,
    /// how it failed again, as it had
    failed: Option<String>,
    /// the first difference, then and now
    difference: Option<String>,
    /// in what the environment differs, then and now
    environment: Vec<String>,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let run = RunDirectory::open(args.run.as_deref())?;
    let made = args.threads.run(|| again(registry, args, &run))??;
    if args.json {
        out::json(&made)?;
    }
    let Some(difference) = &made.difference else {
        out::people(&format!(
            "{}: the first {} sequences again: {} of metrics.jsonl{} came out the same, bit for bit.{}",
            made.run,
            out::count(made.sequences),
            records(made.records),
            made.checkpoints.iter().map(|name| format!(", {name}.safetensors")).collect::<String>(),
            made.failed.as_ref().map_or(String::new(), |e| format!(" Then it failed as it had: {e}.")),
        ));
        out::next(&[format!("report {}", made.run), format!("train {}/config.ron train.seed=2", made.run)]);
        return Ok(ExitCode::SUCCESS);
    };
    let environment = match made.environment.is_empty() {
        true => {
            "Nothing in environment.json differs: the program, the data or the run's own files were changed"
                .into()
        }
        false => {
            format!("What differs in the environment (then -> now):\n  {}", made.environment.join("\n  "))
        }
    };
    Err(Failure::stopped(format!(
        "{}: made again, the run is not the same. {difference}. {environment}",
        made.run
    )))
}

fn records(n: usize) -> String {
    if n == 1 { "1 record".to_owned() } else { format!("{n} records") }
}

/// What a run left that can be compared, by the sequences it was trained on.
struct Left {
    records: Vec<Record>,
    best: Option<Checkpoint>,
    last: Option<Checkpoint>,
    /// after how many sequences and why it failed, if it did
    failed: Option<(u64, String)>,
}

impl Left {
    fn by(run: &RunDirectory) -> Result<Left, Failure> {
        let status = match run.status::<Status>() {
            Ok(status) => status,
            // it is not what is compared
            Err(e) => {
                out::people(&format!("note: {e}"));
                None
            }
        };
        if status.as_ref().is_some_and(|status| status.state == State::Imported) {
            let shown = run.path().display();
            return Err(Failure::wrong(format!(
                "{shown}: holds imported weights: it was not made here, and cannot be again"
            )));
        }
        let checkpoint = |which| {
            let path = run.checkpoint(which);
            path.exists().then(|| Checkpoint::read(path)).transpose()
        };
        // before the records, which are ahead of them in a run that is going on
        let (best, last) = (checkpoint(Which::Best)?, checkpoint(Which::Last)?);
        let records = match run.file("metrics.jsonl").exists() {
            true => run.metrics::<Record>()?.collect::<Result<_, _>>()?,
            false => vec![],
        };
        let failed = status.filter(|status| status.state == State::Failed);
        let failed = failed.and_then(|status| Some((status.sequences, status.message?)));
        Ok(Left { records, best, last, failed })
    }

    /// How far to go: as far as asked for, and to the first thing that can be compared at least.
    fn until(&self, wanted: Option<u64>) -> Option<u64> {
        let checkpoints = [&self.best, &self.last].into_iter().flatten().map(|c| c.numbers.sequences);
        let kept = self.records.iter().map(|r| r.sequences).chain(checkpoints).filter(|n| *n > 0);
        let all: Vec<u64> = kept.chain(self.failed.as_ref().map(|(at, _)| *at)).collect();
        let (first, end) = (all.iter().min()?, all.iter().max()?);
        let usual = match self.records.get(VALIDATIONS - 1) {
            Some(last) => Some(last.sequences),
            None if self.failed.is_some() => None,
            None => self.records.last().map(|last| last.sequences),
        };
        Some(wanted.or(usual).unwrap_or(*end).clamp(*first, *end))
    }

    /// What is wrong with the records as a whole, whatever they say.
    fn wrong_records(&self, settings: &TrainSettings) -> Option<String> {
        let mut order = Order::of(settings);
        if let Some(why) = self.records.iter().find_map(|record| order.wrong(record.sequences)) {
            return Some(format!("In metrics.jsonl {why}"));
        }
        let Numbers { sequences, validated_at, solved_at, .. } = self.last.as_ref()?.numbers;
        let (known, more): (Vec<u64>, Vec<u64>) =
            self.records.iter().map(|record| record.sequences).partition(|n| *n <= sequences);
        let last = known.last().copied().unwrap_or(0);
        if last != validated_at {
            return Some(format!(
                "metrics.jsonl has a record from after {} sequences as the last one before last.safetensors, which stands \
                 after a validation at {}",
                out::count(last),
                out::count(validated_at)
            ));
        }
        let finished = sequences >= settings.sequences || settings.stop_when_solved && solved_at.is_some();
        more.first().filter(|_| finished).map(|more| {
            format!(
                "metrics.jsonl has a record from after {} sequences, and the run ended after {}",
                out::count(*more),
                out::count(sequences)
            )
        })
    }
}

fn again(registry: &Registry, args: &Args, run: &RunDirectory) -> Result<Made, Failure> {
    let threads = args.threads.count();
    let config = run.file("config.ron");
    let source = Source::new(config.display().to_string(), run.config()?).beside(&config);
    let (loaded, _) = planned(registry, &source, &[], threads)?;
    let left = Left::by(run)?;
    let shown = run.path().display().to_string();
    let end = left.until(args.sequences).ok_or_else(|| {
        Failure::wrong(format!(
            "{shown}: has no record and no checkpoint yet that could be compared; train it on"
        ))
    })?;

    let mut model = first_model(&loaded, None).or_else(|e| match run.checkpoint(Which::First).exists() {
        true => first_model_for(&loaded),
        false => Err(e),
    })?;
    let first = run.checkpoint(Which::First);
    if first.exists() {
        Checkpoint::read(&first)?.fill(&mut model)?;
    }
    let experiment = &loaded.value;
    let task = experiment.task().map_err(|e| loaded.locate(e))?;
    let mut trainer = Trainer::new(experiment.train.clone(), task, model, threads)?;
    let mut made = Made { run: shown, sequences: end, ..Made::default() };
    made.difference = left.wrong_records(&experiment.train);
    let work = Working::new("training again", end, "sequences");
    let mut expected = left.records.iter().peekable();
    let mut order = Order::of(&experiment.train);
    while made.difference.is_none() {
        // the run may have had an end here, and been given more sequences then
        let ended = expected.peek().map(|next| next.sequences).filter(|next| order.ends_at(*next));
        trainer.move_end(ended.unwrap_or(experiment.train.sequences));
        let before = trainer.numbers().sequences;
        let failed_here = left.failed.as_ref().filter(|(at, _)| *at == before && before <= end);
        if failed_here.is_none() && (before >= end || trainer.finished()) {
            break;
        }
        // what is not finite was found here because a checkpoint was due, or else in the next update
        let found =
            trainer.check().err().filter(|e| failed_here.is_some_and(|(_, then)| *then == e.to_string()));
        let record = match found.map_or_else(|| trainer.advance(), Err) {
            Ok(record) => record,
            Err(e) => {
                made.difference = failed(&e, &left);
                made.failed = Some(e.to_string()).filter(|_| made.difference.is_none());
                break;
            }
        };
        if let Some((at, then)) = failed_here {
            made.difference = Some(format!(
                "It failed after {} sequences with {then:?}, and now it goes on",
                out::count(*at)
            ));
            break;
        }
        work.add(usize::try_from(trainer.numbers().sequences - before).unwrap_or(usize::MAX));
        if let Some(now) = record {
            made.records += 1;
            // in order, as it is made
            let _ = order.wrong(now.sequences);
            made.difference = match expected.next() {
                Some(then) => differing(then, &now),
                None if left.last.as_ref().is_some_and(|last| last.numbers.sequences < now.sequences) => None,
                None => {
                    Some(format!("metrics.jsonl has no record at {} sequences", out::count(now.sequences)))
                }
            };
        }
        if made.difference.is_none() {
            made.difference = compare(&left, &trainer, &mut made);
        }
    }
    made.sequences = trainer.numbers().sequences;
    let over = expected.next().filter(|over| made.difference.is_none() && over.sequences <= made.sequences);
    if let Some(over) = over {
        let at = out::count(over.sequences);
        made.difference =
            Some(format!("metrics.jsonl has a record at {at} sequences, and now there is none"));
    }
    made.same = made.difference.is_none();
    if !made.same {
        made.environment = environments(run);
    }
    Ok(made)
}

/// In what this environment differs from the one that the run began in, and from each in which it went on.
fn environments(run: &RunDirectory) -> Vec<String> {
    let now = environment();
    let Some(first) = run.environment().ok().flatten() else {
        return vec!["there is no environment.json that can be read".into()];
    };
    let later = first.later.len();
    let of = |(n, then): (usize, &Environment)| {
        let place = match n {
            _ if later == 0 => String::new(),
            0 => "where it began: ".to_owned(),
            _ if later == 1 => "where it went on: ".to_owned(),
            n => format!("where it went on, {n} of {later}: "),
        };
        then.differences(&now).into_iter().map(move |line| format!("{place}{line}")).collect::<Vec<_>>()
    };
    std::iter::once(&first).chain(&first.later).enumerate().flat_map(of).collect()
}

/// A model whose fixed numbers another run gave: they are filled in from the checkpoint that the run began with.
fn first_model_for(
    loaded: &ntm_core::config::Loaded<ntm_core::config::Experiment>,
) -> Result<ntm_core::Model<f32>, Failure> {
    let task = loaded.value.task().map_err(|e| loaded.locate(e))?;
    Ok(loaded.value.model::<f32>(&*task).map_err(|e| loaded.locate(e))?)
}

/// A run that fails again as it did is the same.
fn failed(e: &TrainError, left: &Left) -> Option<String> {
    let now = e.to_string();
    match &left.failed {
        Some((_, then)) if *then == now => None,
        Some((_, then)) => Some(format!("It failed with {then:?}, and now with {now:?}")),
        None => Some(format!("It fails now, as it did not: {now}")),
    }
}

/// In what two records differ, if they do.
fn differing(then: &Record, now: &Record) -> Option<String> {
    let fields = |r: &Record| {
        [
            ("sequences", r.sequences as f64),
            ("training_bits", r.training_bits),
            ("gradient_norm", r.gradient_norm),
            ("validation_bits", r.validation_bits),
            ("validation_wrong_bits", r.validation_wrong_bits),
        ]
    };
    let mut pairs = fields(then).into_iter().zip(fields(now));
    let ((name, then), (_, found)) = pairs.find(|((_, then), (_, now))| then.to_bits() != now.to_bits())?;
    Some(format!("The record at {} sequences has {name} {then}, and now {found}", out::count(now.sequences)))
}

/// In what a checkpoint from after as many sequences differs from a trainer, if it does.
fn compare(left: &Left, trainer: &Trainer<f32>, made: &mut Made) -> Option<String> {
    let at = trainer.numbers().sequences;
    for (which, then) in [(Which::Best, &left.best), (Which::Last, &left.last)] {
        let Some(then) = then.as_ref().filter(|then| then.numbers.sequences == at) else { continue };
        let numbers: Numbers = *trainer.numbers();
        let now = match which {
            Which::Last => Checkpoint::of_run("", trainer.model(), &trainer.save()),
            _ => Checkpoint::of_weights("", trainer.model(), &trainer.model().params, numbers),
        };
        if let Some(found) = in_tensors(then, &now) {
            return Some(format!("{which}.safetensors, from after {} sequences: {found}", out::count(at)));
        }
        if then.numbers != now.numbers {
            return Some(format!(
                "{which}.safetensors says {:?}, and now that is {:?}",
                then.numbers, now.numbers
            ));
        }
        made.checkpoints.push(which.to_string());
    }
    None
}

/// The first number that differs in two checkpoints.
fn in_tensors(then: &Checkpoint, now: &Checkpoint) -> Option<String> {
    for (name, tensor) in &then.tensors {
        let Some(other) = now.tensors.get(name) else { return Some(format!("`{name}` is no longer there")) };
        let found = match (&tensor.data, &other.data) {
            (Data::F32(a), Data::F32(b)) if tensor.shape == other.shape => {
                let place = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
                place.map(|n| format!("number {n} of `{name}`, row-major, was {:e} and is {:e}", a[n], b[n]))
            }
            _ => Some(format!("`{name}` has another shape or type")),
        };
        if found.is_some() {
            return found;
        }
    }
    let more = now.tensors.keys().find(|name| !then.tensors.contains_key(*name))?;
    Some(format!("`{more}` was not there"))
}
