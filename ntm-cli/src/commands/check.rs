//! `ntm check`: is a config right, what does it take, and what does it say in full?
use super::experiment::{parted, planned, source};
use super::train::records::most_bytes;
use super::{Failure, out};
use ntm_core::bytes::Bytes;
use ntm_core::config::{Registry, to_ron};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configs [default: configs/copy.ron, included in the program], and overrides for all of them such as model.memory.slots=64
    #[arg(value_name = "CONFIG|path=value", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<String>,
    /// Threads that training would use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let (paths, overrides) = parted(&args.words);
    let configs: Vec<_> = match paths.is_empty() {
        true => vec![None],
        false => paths.iter().map(|path| Some(path.as_path())).collect(),
    };
    let many = configs.len() > 1;
    let threads = usize::from(args.threads);
    for config in configs {
        let (source, _) = source(config)?;
        let (loaded, plan) = planned(registry, &source, &overrides, threads)?;
        let experiment = &loaded.value;
        let Bytes { parameters, state, trace, scratch, sequences } = plan.bytes;
        let [parameters, state, trace, scratch, sequences, saving] =
            [parameters, state, trace, scratch, sequences, plan.saving_bytes].map(out::bytes);
        out::people(&format!(
            "{}: {} on {}, {} parameters; {} per step of a sequence\n{} for training on {}: {parameters} for parameters \
             with gradients and optimiser, {state} state, {trace} trace, {scratch} scratch, {sequences} sequences, {saving} \
             while a checkpoint is written\n{} of metrics.jsonl at most",
            source.name,
            experiment.model.name(),
            experiment.task.name(),
            out::count(plan.parameters as u64),
            out::bytes(plan.step_bytes),
            out::bytes(plan.most_bytes()),
            if threads == 1 { "one thread".into() } else { format!("{threads} threads") },
            out::bytes(most_bytes(&experiment.train).into()),
        ));
        let name = if many { format!("// {}\n", source.name) } else { String::new() };
        out::result(&(name + &to_ron(experiment)))?;
    }
    let first = paths.first().map(|path| path.display().to_string());
    let words: Vec<&str> = first.iter().chain(&overrides).map(String::as_str).collect();
    let with = |name| out::command(&[&[name][..], &words].concat());
    out::next(&[with("train"), with("bench")]);
    Ok(ExitCode::SUCCESS)
}
