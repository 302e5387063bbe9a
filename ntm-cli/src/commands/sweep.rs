//! `ntm sweep`: the product of lists of values, from the command line.
use super::ablation::{Kind, MAX_RUNS, Options, Plan, Planner, run as run_plans, slug, variant_name};
use super::experiment::{parted_one, source};
use super::{Failure, ablation};
use crate::run_directory::RUNS;
use ntm_core::config::{Experiment, Registry, split_values};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A config [default: configs/copy.ron, included in the program], and what to run it with: path=a,b for each of
    /// several values, train.seed=1..=10 for a range, path=a for all runs. Commas inside brackets and strings part nothing.
    /// Without --out the runs go to runs/sweeps/NAME, where NAME is made of the config's and of what is varied
    #[arg(value_name = "CONFIG|path=a,b", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<String>,
    #[command(flatten)]
    options: Options,
}

const SEED: &str = "train.seed";

/// A path with the values it takes.
struct Axis {
    path: String,
    values: Vec<String>,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let (config, words) = parted_one(&args.words, "config")?;
    let plan = plan(registry, config.as_deref(), &words, args.options.out.as_deref())?;
    run_plans(registry, &[plan], &args.options)
}

fn plan(
    registry: &Registry,
    config: Option<&Path>,
    words: &[String],
    out: Option<&Path>,
) -> Result<Plan, Failure> {
    let (source, name) = source(config)?;
    let axes = words.iter().map(|word| axis(word)).collect::<Result<Vec<_>, _>>()?;
    for (i, axis) in axes.iter().enumerate() {
        if axes[..i].iter().any(|other| other.path == axis.path) {
            return Err(Failure::wrong(format!(
                "{} is given twice; write all its values in one list: {}=a,b",
                axis.path, axis.path
            )));
        }
    }
    let varied: Vec<&Axis> = axes.iter().filter(|axis| axis.values.len() > 1 && axis.path != SEED).collect();
    if varied.is_empty() && axes.iter().all(|axis| axis.values.len() < 2) {
        return Err(Failure::wrong(
            "there is nothing to sweep: no path has more than one value; write path=a,b or train.seed=1..=10 (or train \
             one run with ntm train)",
        ));
    }
    let count =
        |axes: &[&Axis]| axes.iter().fold(1_u128, |n, axis| n.saturating_mul(axis.values.len() as u128));
    let seed_axis = axes.iter().find(|axis| axis.path == SEED);
    ablation::check_count(
        "the product",
        count(&varied),
        seed_axis.map_or(1, |axis| axis.values.len() as u128),
    )?;

    let base = registry.load::<Experiment>(&source, &[])?.value;
    let given_seeds = seed_axis.map(|axis| seeds(registry, &source, axis)).transpose()?;
    let planner = Planner { registry, source: &source, measure: None, blame_measure: &|e| Failure::wrong(e) };
    let paths: Vec<&str> = varied.iter().map(|axis| axis.path.as_str()).collect();
    let mut variants: Vec<ablation::Variant> = vec![];
    for values in product(&varied) {
        let mut chosen = values.iter();
        let mut overrides = vec![];
        // in the order they were written, since a later one may go into what an earlier one puts there
        for axis in axes.iter().filter(|axis| axis.path != SEED) {
            let value = if axis.values.len() > 1 {
                chosen.next().copied()
            } else {
                axis.values.first().map(String::as_str)
            };
            overrides.extend(value.map(|value| format!("{}={value}", axis.path)));
        }
        let name = if values.is_empty() { "base".to_owned() } else { variant_name(&paths, &values) };
        let seed = given_seeds.as_ref().and_then(|seeds| seeds.first()).map(|seed| format!("{SEED}={seed}"));
        let mut built =
            planner.variant(&name, overrides.iter().cloned().chain(seed).collect(), &Failure::from)?;
        built.overrides = overrides;
        variants.push(built);
    }
    let own_seed = variants.first().map_or(base.train.seed, |variant| variant.experiment.train.seed);
    let seeds = given_seeds.unwrap_or_else(|| vec![own_seed]);
    variants.iter_mut().for_each(|variant| variant.seeds.clone_from(&seeds));
    ablation::check_names(variants.iter().map(|variant| variant.name.as_str()))
        .map_err(|(_, why)| Failure::wrong(why))?;
    let folder = match out {
        Some(out) => out.to_path_buf(),
        None => {
            let ends =
                axes.iter().filter(|axis| axis.values.len() > 1).filter_map(|a| a.path.rsplit('.').next());
            let named = std::iter::once(name.as_str()).chain(ends).collect::<Vec<_>>().join("-");
            Path::new(RUNS).join("sweeps").join(slug(&named).unwrap_or_else(|| "sweep".into()))
        }
    };
    Ok(Plan {
        kind: Kind::Sweep,
        name,
        folder,
        text: words.join("\n"),
        source: source.clone(),
        base,
        variants,
        seeds,
        measure: None,
    })
}

/// Takes `path=a,b` apart.
fn axis(word: &str) -> Result<Axis, Failure> {
    let (path, list) = word.split_once('=').unwrap_or((word, ""));
    let path = path.trim().to_owned();
    let values = split_values(list);
    if values.is_empty() {
        return Err(Failure::wrong(format!(
            "`{word}`: there is no value in this list; write {path}=a,b or a range such as 1..=10"
        )));
    }
    // a range is only left as it is if it is absurd
    let integer = |text: &str| text.trim().replace('_', "").parse::<i128>().is_ok();
    let range = |value: &&String| {
        value.split_once("..").is_some_and(|(a, b)| integer(a) && integer(b.strip_prefix('=').unwrap_or(b)))
    };
    if let Some(range) = values.iter().find(range) {
        return Err(Failure::wrong(format!(
            "`{word}`: {range} has too many values; a sweep has at most {MAX_RUNS} runs"
        )));
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            return Err(Failure::wrong(format!("`{word}`: {value} stands in the list twice")));
        }
    }
    Ok(Axis { path, values })
}

/// Seeds as the config reads them.
fn seeds(registry: &Registry, source: &ntm_core::config::Source, axis: &Axis) -> Result<Vec<u64>, Failure> {
    let seed = |value: &String| -> Result<u64, Failure> {
        match value.parse() {
            Ok(seed) => Ok(seed),
            Err(_) => {
                let written = format!("{SEED}={value}");
                Ok(registry.load::<Experiment>(source, &[written])?.value.train.seed)
            }
        }
    };
    let seeds = axis.values.iter().map(seed).collect::<Result<Vec<_>, _>>()?;
    match seeds.iter().enumerate().find(|(i, seed)| seeds[..*i].contains(seed)) {
        None => Ok(seeds),
        Some((_, seed)) => Err(Failure::wrong(format!("{SEED}: {seed} stands in the list twice"))),
    }
}

/// Every choice of one value of each axis; the last axis changes first.
fn product<'a>(axes: &[&'a Axis]) -> Vec<Vec<&'a str>> {
    axes.iter().fold(vec![vec![]], |choices, axis| {
        let with = |choice: &Vec<&'a str>| {
            let choice = choice.clone();
            axis.values.iter().map(move |value| [choice.as_slice(), &[value.as_str()]].concat())
        };
        choices.iter().flat_map(with).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_has_every_choice_once() {
        let axes = [axis("a=1,2").unwrap(), axis("b=x, y(1, 2)").unwrap()];
        let choices = product(&axes.iter().collect::<Vec<_>>());
        assert_eq!(choices, [["1", "x"], ["1", "y(1, 2)"], ["2", "x"], ["2", "y(1, 2)"]]);
        assert_eq!(product(&[]), [[""; 0]]);
    }

    #[test]
    fn lists_that_cannot_be_meant_are_refused() {
        for (word, said) in [
            ("a=", "no value"),
            ("a= , ", "no value"),
            ("train.seed=5..1", "no value"),
            ("train.seed=1..=1_000_000_000", "too many"),
            ("a=1,1", "twice"),
        ] {
            assert!(axis(word).is_err_and(|e| e.message.contains(said)), "{word}");
        }
    }
}
