//! `ntm plot`: pictures of runs, each as SVG and as PNG, and their numbers as CSV.
pub(crate) mod curves;
pub(crate) mod generalisation;
pub(crate) mod intervals;
mod looks;
mod paper;
pub(crate) mod readings;
pub(crate) mod runs;
mod sorting;
mod spread;

use super::experiment::parted;
use super::threads::Threads;
use super::{Failure, out};
use crate::pictures::{Drawing, save};
use crate::run_directory::RunReference;
use ntm_core::config::Registry;
use runs::Group;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where pictures of several runs go unless told.
const PLOTS: &str = "plots";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directories, checkpoints, or folders of runs such as those of an ablation [default: the newest run under runs/];
    /// and overrides such as model.memory.slots=1024, for the kinds that run a model
    #[arg(value_name = "RUN|path=value", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<String>,
    /// What to draw
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// The folder that the pictures go to; those of the same kind there are replaced [default: the run or folder given;
    /// plots/ for several and for checkpoints]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// weights, memory, paper: the size of the sequence [default: the largest usual one that is easily read].
    /// generalisation: sizes, parted by commas [default: the task's usual ones]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    length: Vec<u64>,
    /// weights, memory, paper: a file with the sequence, `inputs` of steps x channels; of several items the first
    #[arg(long, value_name = "FILE", conflicts_with_all = ["length", "seed"])]
    inputs: Option<PathBuf>,
    /// weights, memory, paper: the sequence is drawn from this seed [default: train.eval_seed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// generalisation: sequences per size [default: 100; all of a file]. paper, of priority sort: sequences that are fitted
    /// [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    sequences: Option<u32>,
    /// curves, generalisation: a CSV file of numbers read off another figure, `group,sequences,bits`, drawn as rings
    #[arg(long, value_name = "FILE")]
    readings: Option<PathBuf>,
    /// The last checkpoint instead of the best
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Costs in training and validation against sequences seen; seeds of a variant as a band
    #[default]
    Curves,
    /// What every head did over one sequence, as figure 6 of the paper draws it
    Weights,
    /// The memory at a few steps of one sequence
    Memory,
    /// As the paper draws its task: figure 6 (copy), 9 (repeat copy), 12 (associative recall), 15 (N-grams), 17 (priority sort)
    Paper,
    /// Costs at sizes that were not trained
    Generalisation,
    /// What an ablation found: a row for each variant, from the folder's summary.json
    Intervals,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Curves => "curves",
            Kind::Weights => "weights",
            Kind::Memory => "memory",
            Kind::Paper => "paper",
            Kind::Generalisation => "generalisation",
            Kind::Intervals => "intervals",
        }
    }
}

/// A picture, and the numbers in it as CSV where it has any.
pub(crate) struct Made {
    pub(crate) drawing: Drawing,
    pub(crate) table: Option<String>,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let (paths, overrides) = parted(&args.words);
    fitting(args, &overrides)?;
    let (made, folder) = match args.kind {
        Kind::Intervals => intervals::made(&paths)?,
        Kind::Weights | Kind::Memory | Kind::Paper => {
            let run = match &paths[..] {
                [] => None,
                [one] => Some(one.as_path()),
                [_, second, ..] => {
                    return Err(Failure::wrong(format!(
                        "`{}`: --kind {} draws one run at a time",
                        second.display(),
                        args.kind.name()
                    )));
                }
            };
            looks::made(registry, args, run, &overrides)?
        }
        Kind::Curves | Kind::Generalisation => {
            let groups = runs::groups(&paths)?;
            let made = match args.kind {
                Kind::Curves => curves::made(registry, &groups, args.readings.as_deref())?,
                _ => generalisation::made(registry, args, &groups, &overrides)?,
            };
            (made, usual_folder(&paths, &groups))
        }
    };
    let folder = args.out.clone().unwrap_or(folder);
    std::fs::create_dir_all(&folder).map_err(|e| {
        Failure::wrong(format!("{}: cannot be made a folder: {e}; give another --out", folder.display()))
    })?;
    let mut files = made.drawing.save(&folder, args.kind.name())?.to_vec();
    if let Some(table) = made.table {
        let path = folder.join(format!("{}.csv", args.kind.name()));
        save(table.as_bytes(), &path)?;
        files.push(path);
    }
    let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    out::people(&files.join("\n"));
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let plot = |kind: Kind| out::command(&[&["plot"][..], &words, &["--kind", kind.name()]].concat());
    out::next(&match args.kind {
        Kind::Curves if paths.len() > 1 => vec![plot(Kind::Generalisation)],
        Kind::Curves => vec![plot(Kind::Weights), plot(Kind::Generalisation)],
        Kind::Weights => vec![plot(Kind::Memory)],
        Kind::Memory | Kind::Paper => vec![plot(Kind::Weights)],
        Kind::Generalisation | Kind::Intervals => {
            vec![
                out::command(&[&["plot"][..], &words].concat()),
                out::command(
                    &["summarise"]
                        .iter()
                        .copied()
                        .chain(words.iter().copied().filter(|word| !word.contains('=')))
                        .collect::<Vec<_>>(),
                ),
            ]
        }
    });
    Ok(ExitCode::SUCCESS)
}

/// Options mean something for the kind.
fn fitting(args: &Args, overrides: &[String]) -> Result<(), Failure> {
    let looks = matches!(args.kind, Kind::Weights | Kind::Memory | Kind::Paper);
    let measures = args.kind == Kind::Generalisation;
    let (one, any) = ("weights, memory and paper", "weights, memory, paper and generalisation");
    let misplaced = [
        ("--inputs", args.inputs.is_some() && !looks, one),
        ("--seed", args.seed.is_some() && !looks, one),
        ("--length", !args.length.is_empty() && !looks && !measures, any),
        (
            "--sequences",
            args.sequences.is_some() && !measures && args.kind != Kind::Paper,
            "generalisation and paper",
        ),
        (
            "--readings",
            args.readings.is_some() && !measures && args.kind != Kind::Curves,
            "curves and generalisation",
        ),
        ("--last", args.last && !looks && !measures, any),
        ("path=value", !overrides.is_empty() && !looks && !measures, any),
    ];
    if let Some((option, _, kinds)) = misplaced.iter().find(|(_, wrong, _)| *wrong) {
        let kind = args.kind.name();
        return Err(Failure::wrong(format!("{option} is for --kind {kinds}, and this is --kind {kind}")));
    }
    if looks && args.length.len() > 1 {
        return Err(Failure::wrong("--length takes one size here: one sequence is drawn"));
    }
    Ok(())
}

/// A run's own directory, or the folder that was given.
fn usual_folder(paths: &[PathBuf], groups: &[Group]) -> PathBuf {
    let only = match (paths, groups) {
        ([one], _) if one.is_dir() => Some(one.as_path()),
        ([], [Group { runs, .. }]) => runs.first().and_then(directory),
        _ => None,
    };
    only.map_or_else(|| PLOTS.into(), Path::to_path_buf)
}

fn directory(run: &RunReference) -> Option<&Path> {
    match run {
        RunReference::Directory(run) => Some(run.path()),
        RunReference::File(_) => None,
    }
}

/// A line of CSV; cells that need it are quoted.
fn csv(cells: &[String]) -> String {
    let quoted = |cell: &String| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
