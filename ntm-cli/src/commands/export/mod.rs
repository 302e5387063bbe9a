//! `ntm export`: what a run holds, for use elsewhere.
mod curve;
mod tensorboard;

use super::experiment::Trained;
use super::{Failure, out};
use crate::run_directory::RunDirectory;
use curve::Curve;
use ntm_core::checkpoint::write_atomically;
use ntm_core::config::Registry;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct Args {
    /// A run directory or a checkpoint [default: the newest run under runs/]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// What to take out
    #[arg(value_enum)]
    what: What,
    /// The file to write, for tensorboard the folder [default: weights.safetensors, metrics.csv or tensorboard in the run; of a
    /// checkpoint file, weights.safetensors in the working directory]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// The last checkpoint instead of the best
    #[arg(long)]
    last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Weights and config in one safetensors file, which stands wherever a checkpoint may: eval, trace, plot, train --from, import
    Weights,
    /// The learning curve and the config as an event file, in a folder that TensorBoard is pointed to
    Tensorboard,
    /// The learning curve as a table
    Csv,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    match args.what {
        What::Weights => weights(registry, args)?,
        What::Tensorboard => events(args)?,
        What::Csv => table(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What is written, unless it is there: an export never replaces anything.
fn place(args: &Args, run: Option<&Path>, name: &str) -> Result<PathBuf, Failure> {
    let usual = || run.map_or_else(|| name.into(), |run| run.join(name));
    let path = args.out.clone().unwrap_or_else(usual);
    match path.exists() {
        true => Err(Failure::wrong(format!(
            "{} already exists and is left as it is; give another --out, or remove it",
            path.display()
        ))),
        false => Ok(path),
    }
}

fn weights(registry: &Registry, args: &Args) -> Result<(), Failure> {
    let trained = Trained::open(registry, args.run.as_deref(), args.last, &[])?;
    let path = place(args, trained.run.as_ref().map(|run| run.path()), "weights.safetensors")?;
    // another program would be told nothing of a file that is no model
    trained.model::<f32>("this model", |_| 0)?;
    let checkpoint = trained.checkpoint.without_optimizer();
    let sequences = checkpoint.numbers.sequences;
    checkpoint.write(&path)?;
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    let (shown, program) = (path.display(), out::program());
    out::people(&format!(
        "{shown}: weights and config of {} ({}, after {} training sequences). Try next:\n  {program} eval {shown}\n  {program} train --from \
         {shown}",
        trained.name,
        out::bytes(bytes.into()),
        out::count(sequences),
    ));
    Ok(())
}

/// A run's learning curve, whose place is its directory.
fn curve_of(args: &Args) -> Result<(RunDirectory, Curve), Failure> {
    if args.last {
        return Err(Failure::wrong(
            "--last chooses a checkpoint, and a learning curve is not taken from one; leave it out",
        ));
    }
    let run = RunDirectory::open(args.run.as_deref())?;
    let curve = Curve::read(&run)?;
    Ok((run, curve))
}

fn events(args: &Args) -> Result<(), Failure> {
    let (run, curve) = curve_of(args)?;
    let folder = place(args, Some(run.path()), "tensorboard")?;
    let bytes = tensorboard::events(&curve, &run.config()?);
    let shown = folder.display();
    let refused = |e: std::io::Error| {
        Failure::stopped(format!(
            "{shown}: cannot be written: {e}; give another --out, where files may be made"
        ))
    };
    std::fs::create_dir_all(&folder).map_err(refused)?;
    let file = folder.join(tensorboard::NAME);
    write_atomically(&file, &bytes).map_err(refused)?;
    out::people(&format!(
        "{}: {} validations. Look at them with\n  tensorboard --logdir {shown}",
        file.display(),
        out::count(curve.points.len() as u64)
    ));
    Ok(())
}

fn table(args: &Args) -> Result<(), Failure> {
    let (run, curve) = curve_of(args)?;
    let path = place(args, Some(run.path()), "metrics.csv")?;
    let shown = path.display();
    write_atomically(&path, curve.csv().as_bytes()).map_err(|e| {
        Failure::stopped(format!(
            "{shown}: cannot be written: {e}; give another --out, in a folder that is there"
        ))
    })?;
    out::people(&format!("{shown}: {} validations", out::count(curve.points.len() as u64)));
    Ok(())
}
