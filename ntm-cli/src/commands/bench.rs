//! `ntm bench`: how fast training goes.
use super::experiment::{parted_one, planned, source};
use super::threads::Threads;
use super::{Failure, memory, out};
use crate::pictures::progress::Working;
use crate::pictures::table;
use ntm_core::config::{Experiment, Registry};
use ntm_core::engine::{Engine, Evaluator};
use ntm_core::kernels::optimizer::sum_of_squares;
use ntm_core::kernels::peak::multiply_add;
use ntm_core::random::Purpose;
use ntm_core::train::{Batcher, OptimizerState, Task, TrainSettings};
use ntm_core::{Model, Operations, Sequence};
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A config [default: configs/copy.ron, included in the program], and overrides
    #[arg(value_name = "CONFIG|path=value", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<String>,
    /// Sizes of the sequences, parted by commas [default: the size that the config trains on, or the
    /// smallest of the task's usual ones where there are several]
    #[arg(long, value_name = "L", value_delimiter = ',')]
    length: Vec<u64>,
    /// Sequences per update, parted by commas [default: train.batch]
    #[arg(long, value_name = "B", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    batch: Vec<u32>,
    /// The forward pass only
    #[arg(long)]
    inference: bool,
    /// Seconds to measure each row for
    #[arg(long, value_name = "S", default_value_t = 2.0, allow_negative_numbers = true)]
    seconds: f64,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, Serialize)]
struct Row {
    length: u64,
    batch: usize,
    threads: usize,
    sequences_per_second: f64,
    /// `null` for a model with a component that does not say how many operations it makes
    gflops: Option<f64>,
    /// what as many threads reach with multiplications and additions alone
    peak_gflops: f64,
    /// the first, divided by the second
    of_peak: Option<f64>,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    if !(args.seconds.is_finite() && args.seconds > 0.0 && args.seconds <= 3600.0) {
        return Err(Failure::wrong(format!("--seconds {}: must be above 0 and at most 3600", args.seconds)));
    }
    let (config, overrides) = parted_one(&args.words, "config")?;
    let (source, _) = source(config.as_deref())?;
    let threads = args.threads.count();
    let (loaded, _) = planned(registry, &source, &overrides, threads)?;
    let experiment = &loaded.value;
    let task = experiment.task().map_err(|e| loaded.locate(e))?;
    let mut model = experiment.model::<f32>(&*task).map_err(|e| loaded.locate(e))?;
    // numbers that must be given cost as much time as any
    let _ = model.draw(experiment.train.seed);
    let lengths = match args.length.is_empty() {
        true => match task.trained_sizes() {
            Some((least, most)) if least == most => vec![Some(most)],
            _ => vec![task.usual_sizes().into_iter().min()],
        },
        false => args.length.iter().copied().map(Some).collect(),
    };
    let batches = match args.batch.is_empty() {
        true => vec![experiment.train.batch],
        false => args.batch.iter().map(|&batch| batch as usize).collect(),
    };
    let all = args.threads.run(|| rayon::broadcast(|_| peak(0.1)).iter().sum::<f64>())?;
    // threads that take turns on a core each find its best
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let peak = all * threads.min(cores) as f64 / threads as f64;
    let mut rows = vec![];
    let work = Working::new("timing", (lengths.len() * batches.len()) as u64, "rows");
    for &length in &lengths {
        for &batch in &batches {
            let steps = task.steps(length)?;
            let extent = TrainSettings { batch, ..experiment.train.clone() }.extent(steps, threads);
            let shown = length.unwrap_or(steps as u64);
            let engine = match args.inference {
                true => {
                    let chunk = extent.chunk.clamp(1, batch);
                    Evaluator::bytes(model.cell(), task.outputs(), chunk, batch.div_ceil(chunk), threads)
                }
                false => Engine::bytes(model.cell(), task.outputs(), extent),
            };
            let bytes = engine + Batcher::<f32>::bytes(&*task, batch, extent.chunk, steps);
            memory::require(
                &format!("a batch of {batch} of {} {shown}", task.size_name()),
                bytes.total(),
                "it",
            )?;
            let timed = |model: &Model<f32>| time(args, experiment, &*task, model, (length, batch, threads));
            let seconds = args.threads.run(|| timed(&model))??;
            let sequences_per_second = batch as f64 / seconds;
            let operations = operations(&model, &*task, experiment.train.seed, length, batch)?;
            let count = |n: Operations| n.forward + if args.inference { 0.0 } else { n.backward };
            let gflops = operations.map(|n| count(n) / seconds * 1e-9);
            let of_peak = gflops.map(|gflops| gflops * 1e9 / peak);
            work.add(1);
            let peak_gflops = peak * 1e-9;
            rows.push(Row {
                length: shown,
                batch,
                threads,
                sequences_per_second,
                gflops,
                peak_gflops,
                of_peak,
            });
        }
    }
    drop(work);
    let header = [task.size_name(), "batch", "threads", "sequences/s", "GFLOP/s", "of peak"];
    let cells = |row: &Row| {
        vec![
            row.length.to_string(),
            row.batch.to_string(),
            row.threads.to_string(),
            format!("{:.0}", row.sequences_per_second),
            row.gflops.map_or("-".into(), |gflops| format!("{gflops:.1}")),
            row.of_peak.map_or("-".into(), |part| format!("{:.0} %", 100.0 * part)),
        ]
    };
    out::people(&table(&header, &rows.iter().map(cells).collect::<Vec<_>>(), false));
    let many = if threads == 1 { "one thread".into() } else { format!("{threads} threads") };
    out::people(&format!(
        "The peak of {many}: {:.0} GFLOP/s, multiplications and additions alone.\n",
        peak * 1e-9
    ));
    if args.json {
        out::json(&out::Rows { rows: &rows })?;
    }
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let with = |first, last: &[&str]| out::command(&[&[first][..], &words, last].concat());
    let mut sizes = task.usual_sizes();
    sizes.truncate(2);
    let sizes = sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let mut further = vec!["--batch", "1,16"];
    if !sizes.is_empty() {
        further.extend(["--length", &sizes]);
    }
    if args.inference {
        further.push("--inference");
    }
    out::next(&[with("bench", &further), with("train", &[])]);
    Ok(ExitCode::SUCCESS)
}

/// Of all sequences of the batch, whose steps may differ though their sizes are one; `None` where a component does not say.
fn operations(
    model: &Model<f32>,
    task: &dyn Task,
    seed: u64,
    length: Option<u64>,
    batch: usize,
) -> Result<Option<Operations>, Failure> {
    let (mut sequence, mut sum) = (Sequence::default(), Operations::default());
    for index in 0..batch as u64 {
        task.sequence((Purpose::Training, seed), index, length, &mut sequence)?;
        let scored = sequence.mask.iter().filter(|&&weight| weight != 0.0).count();
        let Some(operations) = model.operations(sequence.steps, scored) else { return Ok(None) };
        sum = sum + operations;
    }
    Ok(Some(sum))
}

/// Median seconds of a step. The same batch every time, all items of one size.
fn time(
    args: &Args,
    experiment: &Experiment,
    task: &dyn Task,
    model: &Model<f32>,
    (length, items, threads): (Option<u64>, usize, usize),
) -> Result<f64, Failure> {
    let settings = &experiment.train;
    let mut batcher = Batcher::<f32>::new(task, items, settings.chunk, length)?;
    batcher.draw(task, length, (Purpose::Training, settings.seed), 0, items)?;
    let batch = &batcher.batch;
    if args.inference {
        let mut evaluator = Evaluator::new(model, batch.chunk(), batch.chunks().len(), threads);
        let mut scores = Vec::with_capacity(items);
        return Ok(median(args.seconds, || evaluator.run(model, batch, &mut scores)));
    }
    let mut params = model.params.clone();
    let mut model = experiment.model::<f32>(task).map_err(Failure::wrong)?;
    std::mem::swap(&mut params, &mut model.params);
    let extent = TrainSettings { batch: items, ..settings.clone() }.extent(task.steps(length)?, threads);
    let mut engine = Engine::new(&model, extent);
    let mut optimizer = OptimizerState::new(&settings.optimizer, model.params.len());
    Ok(median(args.seconds, || {
        engine.gradient(&model, batch);
        let mut squares = 0.0;
        sum_of_squares(engine.last_gradient(), &mut squares);
        let change = settings.clip.change(squares.sqrt());
        optimizer.update(&settings.optimizer, change, engine.last_gradient(), &mut model.params);
    }))
}

/// The most operations per second of this thread: the best of many short measurements, since nothing makes them too fast.
fn peak(seconds: f64) -> f64 {
    let (began, mut best, mut sum) = (Instant::now(), 0.0f64, 0.0);
    while began.elapsed() < Duration::from_secs_f64(seconds) {
        let (now, mut operations) = (Instant::now(), 0.0);
        multiply_add(std::hint::black_box(0.5f32), &mut sum, &mut operations);
        best = best.max(operations / now.elapsed().as_secs_f64());
    }
    std::hint::black_box(sum);
    best
}

/// Times something again and again, warm.
fn median(seconds: f64, mut step: impl FnMut()) -> f64 {
    let warm = Instant::now();
    while warm.elapsed() < Duration::from_secs_f64(seconds.min(1.0) * 0.2) {
        step();
    }
    let (began, budget) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut times = vec![];
    while began.elapsed() < budget || times.len() < 3 {
        let now = Instant::now();
        step();
        times.push(now.elapsed().as_secs_f64());
    }
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
