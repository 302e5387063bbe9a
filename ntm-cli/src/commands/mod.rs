//! The command line: one file per command.
mod ablate;
mod ablation;
mod bench;
mod check;
mod completions;
mod eval;
mod experiment;
mod export;
mod failure;
mod import;
mod list;
mod measure;
mod memory;
mod out;
mod plot;
mod record;
mod report;
mod summarise;
mod sweep;
mod threads;
mod trace;
mod train;
mod verify;

use clap::{Parser, Subcommand};
use failure::Failure;
use ntm_core::config::Registry;
use ntm_core::kernels::InstructionSet;
use std::ffi::OsString;
use std::process::ExitCode;

/// Where to begin: the end of `ntm help`.
const START: &str = "Start here:
  ntm                                   train on the copy task, and see what it learnt
  ntm eval --length 20,120              how well that works on longer sequences
  ntm report                            what its heads do, step by step, in one HTML file
  ntm check                             every setting, to copy into a file of your own
  ntm train my.ron train.seed=2         train that file, with a setting changed
Every command ends with what to try next; `ntm help COMMAND` has its options; docs/README.md is the guide.";

/// Neural Turing Machines: train, measure, look inside. Without a command: train on the copy task.
#[derive(Debug, Parser)]
#[command(name = "ntm", version, after_help = START)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model, or go on with a run
    Train(train::Args),
    /// Read a config, build its model, count parameters and bytes, and write out every setting
    Check(check::Args),
    /// Measure a trained model on sequences of given sizes that it was not trained on
    Eval(eval::Args),
    /// Write everything that happens inside a trained model to a safetensors file
    Trace(trace::Args),
    /// Draw runs: learning curves, what the heads did, the memory, generalisation, what an ablation found
    Plot(plot::Args),
    /// Put a run, several or an ablation into one HTML file, with a player that shows what the heads do
    Report(report::Args),
    /// Make a run of weights that were trained elsewhere
    Import(import::Args),
    /// Take something out of a run: its weights, for one
    Export(export::Args),
    /// Time training steps
    Bench(bench::Args),
    /// Compare variants of a base over many seeds, from a file
    Ablate(ablate::Args),
    /// Run the product of lists of values
    Sweep(sweep::Args),
    /// Put runs into one table, grouped by a setting
    Summarise(summarise::Args),
    /// Make the first part of a run again, and compare bit for bit
    Verify(verify::Args),
    /// Name the components that may stand in a config
    List(list::Args),
    /// Write completions for a shell
    Completions(completions::Args),
}

/// The command line with the components of a registry: reads the program's arguments and does what they say.
///
/// Exit codes: 0 if the command did its work, 1 if it could not go on, 2 if the command or the config is wrong, 130
/// after Ctrl-C.
pub fn main_with(registry: Registry) -> ExitCode {
    main_with_words(&registry, std::env::args_os())
}

/// As [`main_with`], with other words than the program's arguments; the first is the name of the program.
pub fn main_with_words<W: Into<OsString> + Clone>(
    registry: &Registry,
    words: impl IntoIterator<Item = W>,
) -> ExitCode {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(e) => {
            // help goes to stdout, and whoever closed it needs no more of it
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
    };
    if let Err(e) = InstructionSet::wanted() {
        out::people(&format!("error: {e}"));
        return ExitCode::from(2);
    }
    let done = match cli.command {
        None => train::run(registry, &train::Args::default()),
        Some(Command::Train(args)) => train::run(registry, &args),
        Some(Command::Check(args)) => check::run(registry, &args),
        Some(Command::Eval(args)) => eval::run(registry, &args),
        Some(Command::Trace(args)) => trace::run(registry, &args),
        Some(Command::Plot(args)) => plot::run(registry, &args),
        Some(Command::Report(args)) => report::run(registry, &args),
        Some(Command::Import(args)) => import::run(registry, &args),
        Some(Command::Export(args)) => export::run(registry, &args),
        Some(Command::Bench(args)) => bench::run(registry, &args),
        Some(Command::Ablate(args)) => ablate::run(registry, &args),
        Some(Command::Sweep(args)) => sweep::run(registry, &args),
        Some(Command::Summarise(args)) => summarise::run(registry, &args),
        Some(Command::Verify(args)) => verify::run(registry, &args),
        Some(Command::List(args)) => list::run(registry, &args),
        Some(Command::Completions(args)) => completions::run(&args),
    };
    done.unwrap_or_else(|failure| {
        out::people(&format!("error: {}", failure.message));
        ExitCode::from(failure.code)
    })
}
