//! From plans to tables: looks at what is there, runs what is left, writes what came of it.
use super::folder::{self, Before, told};
use super::jobs::{self, Job};
use super::plan::{BASE, Kind, Plan, require_memory};
use super::results::RunResult;
use super::summary::{Group, Member, Summary, times_table};
use crate::commands::{Failure, out, train};
use crate::pictures::board::Board;
use crate::pictures::progress::Mode;
use crate::run_files::{at, write_json};
use ntm_core::checkpoint::write_atomically;
use ntm_core::config::{Experiment, Registry, to_ron};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// The options of `ablate` and `sweep`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the runs go: a new or empty directory, or that of the same command stopped before
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Runs at a time, each on one thread; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Say what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Plain lines of progress, on a terminal too
    #[arg(long, conflicts_with = "quiet")]
    plain: bool,
    /// No progress and no table, errors only
    #[arg(long)]
    quiet: bool,
    /// One JSON object on stdout at the end
    #[arg(long)]
    json: bool,
}

impl Options {
    fn people(&self, text: &str) {
        if !self.quiet {
            out::people(text);
        }
    }
    fn mode(&self) -> Mode {
        match (self.quiet, self.plain) {
            (true, _) => Mode::Quiet,
            (_, true) => Mode::Plain,
            _ => Mode::Auto,
        }
    }
    fn jobs(&self) -> usize {
        match self.jobs {
            Some(n) => usize::from(n),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// Results by variant and seed.
type Results = Vec<Vec<Option<RunResult>>>;

/// Does what the plans say.
pub(crate) fn run(registry: &Registry, plans: &[Plan], options: &Options) -> Result<ExitCode, Failure> {
    let at_a_time = options.jobs();
    require_memory(plans, at_a_time)?;
    let looked = plans.iter().map(folder::look).collect::<Result<Vec<_>, _>>()?;
    if options.dry_run {
        for (plan, before) in plans.iter().zip(&looked) {
            out::result(&listed(registry, plan, before)?)?;
        }
        options.people("Without --dry-run the same command runs them.");
        return Ok(ExitCode::SUCCESS);
    }
    let _held = plans.iter().map(folder::take).collect::<Result<Vec<_>, _>>()?;
    // again, now that nobody else can change it
    let looked = plans.iter().map(folder::look).collect::<Result<Vec<_>, _>>()?;
    let mut results: Vec<Results> = looked.iter().map(|before| known(before)).collect();

    let mut places = vec![];
    let mut todo = vec![];
    for (p, plan) in plans.iter().enumerate() {
        introduce(options, plan, &results[p], at_a_time);
        if results[p].iter().flatten().any(Option::is_none) {
            folder::forget_tables(&plan.folder)?;
        }
        // a seed of every variant before the next seed: what is there early can be compared
        let most = plan.variants.iter().map(|variant| variant.seeds.len()).max().unwrap_or(0);
        for s in 0..most {
            for (v, (variant, before)) in plan.variants.iter().zip(&results[p]).enumerate() {
                let (Some(&seed), Some(None)) = (variant.seeds.get(s), before.get(s)) else { continue };
                let run = variant.run(seed);
                let name = if plans.len() > 1 { format!("{}/{run}", plan.name) } else { run.clone() };
                todo.push(Job { plan, variant, seed, path: plan.folder.join(run), name });
                places.push((p, v, s));
            }
        }
    }
    let total = plans.iter().map(Plan::runs).sum();
    let before = results.iter().flatten().flatten().flatten();
    let failed = before.filter(|result| result.failed()).count();
    train::interrupt::listen();
    let board = Board::new(options.mode(), total, total - todo.len(), failed);
    let ended = jobs::run(registry, &todo, at_a_time, &board);
    board.finish();
    for ((p, v, s), result) in places.into_iter().zip(ended.results) {
        results[p][v][s] = result;
    }

    let done = results.iter().flatten().flatten().flatten().count();
    if let Some(trouble) = ended.trouble {
        let message = format!(
            "{}\n{done} of {total} runs are finished and stay so; the same command goes on with the others",
            trouble.message
        );
        return Err(Failure { message, code: 1 });
    }
    if done < total {
        options.people(&format!(
            "Interrupted: {done} of {total} runs are finished, and those under way are saved. The same command goes on."
        ));
        if options.json {
            out::json(&json!({ "finished": done, "runs": total, "summaries": [] }))?;
        }
        return Ok(ExitCode::from(130));
    }
    let mut summaries = vec![];
    for (plan, results) in plans.iter().zip(results) {
        summaries.push(conclude(options, plan, results)?);
    }
    if options.json {
        out::json(&json!({ "finished": done, "runs": total, "summaries": summaries }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The results that are there already.
fn known(looked: &[Vec<Before>]) -> Results {
    let result = |before: &Before| match before {
        Before::ToDo => None,
        Before::Done(result) => Some(result.clone()),
    };
    looked.iter().map(|seeds| seeds.iter().map(result).collect()).collect()
}

/// Seeds as people write them.
fn seeds_told(seeds: &[u64]) -> String {
    match seeds {
        [one] => format!("seed {one}"),
        [first, .., last] if seeds.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1])) => {
            format!("seeds {first} to {last}")
        }
        _ => format!("seeds {}", seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// One sentence about all runs.
fn about(plan: &Plan) -> String {
    let variants = match plan.variants.len() {
        1 => "1 variant".to_owned(),
        n => format!("{n} variants"),
    };
    let measure = plan.measure.map(|measure| format!(", compared by {measure}")).unwrap_or_default();
    let own = plan.variants.iter().filter(|variant| variant.seeds != plan.seeds);
    let own: String =
        own.map(|variant| format!(", {:?} with {}", variant.name, seeds_told(&variant.seeds))).collect();
    format!("{} runs: {variants} with {}{own}{measure}", plan.runs(), seeds_told(&plan.seeds))
}

fn introduce(options: &Options, plan: &Plan, results: &Results, at_a_time: usize) {
    let done = results.iter().flatten().flatten().count();
    let done = if done > 0 { format!("; {done} are finished") } else { String::new() };
    options.people(&format!(
        "{}: {}, {} at a time, in {}{done}.",
        plan.name,
        about(plan),
        at_a_time.min(plan.runs()),
        plan.folder.display()
    ));
    let base = plan.base_variant().map(|base| base.config(0));
    for variant in plan.variants.iter().filter(|variant| variant.name != BASE) {
        if base.as_ref() == Some(&variant.config(0)) {
            options.people(&format!(
                "note: variant {:?} resolves to the same config as the base; its runs will be the same",
                variant.name
            ));
        }
    }
}

/// What `--dry-run` prints.
fn listed(registry: &Registry, plan: &Plan, looked: &[Vec<Before>]) -> Result<String, Failure> {
    let mut text = format!("{}: {}, in {}\n", plan.name, about(plan), plan.folder.display());
    let as_written = to_ron(&registry.load::<Experiment>(&plan.source, &[])?.value);
    let base = super::plan::with_seed(&plan.base, plan.base.train.seed);
    for (variant, looked) in plan.variants.iter().zip(looked) {
        let done = looked.iter().filter(|before| matches!(before, Before::Done(_))).count();
        let done = if done > 0 { format!(", {done} of them finished") } else { String::new() };
        let numbers: Vec<String> = variant.seeds.iter().map(|seed| format!("seed-{seed}")).collect();
        let runs = match &numbers[..] {
            [first, _, .., last] => format!("{first} … {last}"),
            other => other.join(", "),
        };
        text += &format!(
            "\n{}: {} in {}/{{{runs}}}{done}\n",
            variant.name,
            match numbers.len() {
                1 => "1 run".to_owned(),
                n => format!("{n} runs"),
            },
            plan.folder.join(&variant.slug).display()
        );
        let is_base = plan.kind == Kind::Ablation && variant.name == BASE;
        let (from, lines) = if is_base {
            (
                plan.source.name.as_str(),
                told(&with_first_seed(plan, &as_written, registry)?, &variant.config(plan.seeds[0])),
            )
        } else {
            let from = if plan.kind == Kind::Ablation { "the base" } else { plan.source.name.as_str() };
            (from, told(&base, &variant.config(plan.base.train.seed)))
        };
        if lines.is_empty() {
            text += &format!("  as {from}\n");
        }
        lines.iter().for_each(|line| text += &format!("  {line}\n"));
    }
    Ok(text)
}

/// The base as its file has it, with the first seed, so that the seed is no difference.
fn with_first_seed(plan: &Plan, as_written: &str, registry: &Registry) -> Result<String, Failure> {
    let source = ntm_core::config::Source::new(plan.source.name.as_str(), as_written);
    Ok(super::plan::with_seed(&registry.parse::<Experiment>(&source)?, plan.seeds[0]))
}

/// Writes the tables of a plan whose runs have all ended, and shows them.
fn conclude(options: &Options, plan: &Plan, results: Results) -> Result<Value, Failure> {
    let group = |(variant, results): (&super::plan::Variant, Vec<Option<RunResult>>)| Group {
        name: variant.name.clone(),
        members: variant
            .seeds
            .iter()
            .zip(results)
            .filter_map(|(&seed, result)| Some(Member { name: variant.run(seed), seed, result: result? }))
            .collect(),
    };
    let groups: Vec<Group> = plan.variants.iter().zip(results).map(group).collect();
    let base = groups.iter().position(|group| plan.kind == Kind::Ablation && group.name == BASE);
    let summary = Summary { of: "variant".into(), groups, measure: plan.measure, base };
    let times = times_table(&summary.of, &summary.groups, true);
    let markdown = summary.markdown(&plan.name, &format!("{}.", about(plan)));
    let write = |name: &str, text: &str| -> Result<(), Failure> {
        let path = plan.folder.join(name);
        Ok(write_atomically(&path, text.as_bytes()).map_err(at(&path))?)
    };
    let json = summary.json();
    write("summary.csv", &summary.csv())?;
    write_json(&plan.folder.join("summary.json"), &json)?;
    write("times.md", &times)?;
    write("summary.md", &markdown)?;
    options.people(&format!(
        "\n{}\n{}",
        summary.table(false),
        times_table(&summary.of, &summary.groups, false)
    ));
    let failures = summary.failures();
    if !failures.is_empty() {
        options.people(&format!("\nFailed runs:\n  {}", failures.join("\n  ")));
    }
    let folder = plan.folder.display().to_string();
    let mut commands = vec![out::command(&["plot", &folder])];
    if plan.kind == Kind::Ablation {
        commands.push(out::command(&["plot", &folder, "--kind", "intervals"]));
    }
    let first = plan.variants.first();
    if let Some((variant, &seed)) = first.and_then(|variant| Some((variant, variant.seeds.first()?))) {
        commands.push(out::command(&["eval", &plan.folder.join(variant.run(seed)).display().to_string()]));
    }
    options.people(&format!(
        "\nThe tables are in {folder}: summary.md (with what the columns mean), summary.csv, summary.json, times.md.\n\n{}",
        out::next_text(&commands)
    ));
    Ok(json!({ "folder": plan.folder.display().to_string(), "summary": json }))
}
