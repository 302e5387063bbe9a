//! `ntm eval`: what a trained model costs at sizes of one's choice.
use super::experiment::{Trained, parted_one};
use super::threads::Threads;
use super::{Failure, measure, out};
use crate::pictures::progress::Working;
use ntm_core::config::Registry;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run directory or a checkpoint [default: the newest run under runs/], and overrides such as
    /// model.memory.slots=1024
    #[arg(value_name = "RUN|path=value", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<String>,
    /// Sizes to measure, parted by commas [default: the task's usual ones, or the range that an override such as
    /// 'task.length=(1, 20)' sets; sequences from a file have none]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    length: Vec<u64>,
    /// Sequences per size [default: 100; all of a file]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    sequences: Option<u32>,
    /// The last checkpoint instead of the best
    #[arg(long)]
    last: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let (run, overrides) = parted_one(&args.words, "run directory or checkpoint")?;
    let trained = Trained::open(registry, run.as_deref(), args.last, &overrides)?;
    let (task, settings) = (&*trained.task, &trained.loaded.value.train);
    let sizes = measure::sizes(task, &args.length, &overrides);
    let sequences = args.sequences.map(|n| n as usize);
    let (wanted, threads) = ((&sizes[..], sequences), args.threads.count());
    let model = measure::model_for(&trained, wanted, threads)?;
    out::people(&format!(
        "{}, after {} training sequences",
        trained.name,
        out::count(trained.checkpoint.numbers.sequences)
    ));
    let work = Working::new("measuring", measure::total(task, wanted), "sequences");
    let rows =
        args.threads.run(|| measure::rows(&model, task, settings, wanted, threads, &|n| work.add(n)))??;
    drop(work);
    out::people(&measure::table_of(&rows, task.size_name()));
    if args.json {
        out::json(&out::Rows { rows: &rows })?;
    }
    let plot = |kind| out::command(&[&["plot"][..], &words, &["--kind", kind]].concat());
    out::next(&[plot("weights"), plot("generalisation")]);
    Ok(ExitCode::SUCCESS)
}
