//! `ntm ablate`: which part matters? A base, named variants of it, seeds; one table.
use super::Failure;
use super::ablation::{Options, plan_of_file, run as run_plans};
use super::experiment::parted;
use crate::run_directory::RUNS;
use ntm_core::config::Registry;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ablation files, and overrides for every variant of them such as train.sequences=1000. Without --out the runs go
    /// to runs/ablations/NAME, where NAME is the file's; with --out DIR to DIR itself, of several files to DIR/NAME
    #[arg(value_name = "FILE|path=value", value_hint = clap::ValueHint::AnyPath, required = true)]
    words: Vec<String>,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let (files, overrides) = parted(&args.words);
    if files.is_empty() {
        return Err(Failure::wrong(
            "there is no ablation file; give one with `base`, `variants` and `seeds`, such as docs/ablations.md shows",
        ));
    }
    let folder = |name: &str| -> PathBuf {
        match &args.options.out {
            None => Path::new(RUNS).join("ablations").join(name),
            Some(out) if files.len() == 1 => out.clone(),
            Some(out) => out.join(name),
        }
    };
    let plans = files.iter().map(|file| plan_of_file(registry, file, &overrides, folder));
    let plans = plans.collect::<Result<Vec<_>, _>>()?;
    let mut folders = BTreeSet::new();
    if let Some(twice) = plans.iter().find(|plan| !folders.insert(&plan.folder)) {
        return Err(Failure::wrong(format!(
            "two files would write to {}; give files of different names, or one at a time with --out",
            twice.folder.display()
        )));
    }
    run_plans(registry, &plans, &args.options)
}
