//! `ntm export`: what a run holds, for use elsewhere.
use super::experiment::Trained;
use super::{Failure, out};
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
    /// The file to write [default: weights.safetensors in the run; of a checkpoint file, in the working directory]
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
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    match args.what {
        What::Weights => weights(registry, args)?,
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
