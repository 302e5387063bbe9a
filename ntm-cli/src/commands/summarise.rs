//! `ntm summarise`: runs side by side, or grouped by one of their settings.
use super::ablation::{Format, Group, Member, RunResult, Summary, times};
use super::{Failure, out};
use crate::run_directory::RunDirectory;
use crate::run_files::at;
use ntm_core::config::{Experiment, Registry, Source, value_at};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directories, or directories with runs somewhere below [default: the newest run under runs/]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Group the runs by the value at this path of their configs, such as model.memory.slots; may be given more than once
    #[arg(long, value_name = "PATH")]
    by: Vec<String>,
    /// How the table is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The table of times instead of that of results
    #[arg(long)]
    times: bool,
}

/// Directories inside each other, at most: more is a loop or a mistake.
const DEEPEST: usize = 32;

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let mut unfinished = vec![];
    let mut found = vec![];
    for run in runs(&args.runs)? {
        match RunResult::read(&run)? {
            Some(result) => found.push((run, result)),
            None => unfinished.push(run.path().display().to_string()),
        }
    }
    if !unfinished.is_empty() {
        const SHOWN: usize = 5;
        let more = unfinished.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        unfinished.truncate(SHOWN);
        out::people(&format!("left out, for they have not ended: {}{more}", unfinished.join(", ")));
    }
    if found.is_empty() {
        return Err(Failure::wrong("none of these runs has ended; there is nothing to summarise"));
    }
    let mut groups: Vec<Group> = vec![];
    let mut missing: Vec<(String, String)> = vec![];
    for (run, result) in found {
        let shown = run.path().display().to_string();
        let text = run.config()?;
        let source = Source::new(run.file("config.ron").display().to_string(), text.as_str());
        let seed = registry.parse::<Experiment>(&source)?.train.seed;
        let mut values = vec![];
        for path in &args.by {
            match value_at(&text, path) {
                Ok(value) => values.push(value),
                Err(why) => {
                    missing.push((path.clone(), format!("{}: {why}", source.name)));
                    values.push("-".into());
                }
            }
        }
        let name = if args.by.is_empty() { shown.clone() } else { values.join(", ") };
        let member = Member { name: shown, seed, result };
        match groups.iter_mut().find(|group| !args.by.is_empty() && group.name == name) {
            Some(group) => group.members.push(member),
            None => groups.push(Group { name, members: vec![member] }),
        }
    }
    let count: usize = groups.iter().map(|group| group.members.len()).sum();
    for path in &args.by {
        let mut of = missing.iter().filter(|(missing, _)| missing == path);
        let number = of.clone().count();
        if let Some((_, why)) = of.next().filter(|_| number == count) {
            return Err(Failure::wrong(format!("--by {path}: no run has it. {why}")));
        }
        if number > 0 {
            out::people(&format!("--by {path}: {number} of {count} runs do not have it, and stand as `-`"));
        }
    }
    groups.sort_by(|a, b| natural(&a.name, &b.name));
    let of = if args.by.is_empty() { "run".to_owned() } else { args.by.join(", ") };
    let text = match args.times {
        true => times(&of, &groups, args.format),
        false => Summary { of, groups, measure: None, base: None }.written(args.format),
    };
    out::result(&text)?;
    let given: Vec<String> = args.runs.iter().map(|run| run.display().to_string()).collect();
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    let mut commands = vec![out::command(&[&["plot"][..], &words].concat())];
    if args.by.is_empty() {
        commands.push(out::command(&[&["summarise"][..], &words, &["--by", "train.seed"]].concat()));
    }
    out::next(&commands);
    Ok(ExitCode::SUCCESS)
}

/// The runs that were asked for, each once, in the order of their paths.
fn runs(given: &[PathBuf]) -> Result<Vec<RunDirectory>, Failure> {
    if given.is_empty() {
        return Ok(vec![RunDirectory::open(None)?]);
    }
    let mut found = vec![];
    for path in given {
        let before = found.len();
        // a name that is wrong is told as by every other command
        if !path.is_dir() {
            found.push(RunDirectory::open(Some(path))?);
            continue;
        }
        below(path, 0, &mut found)?;
        if found.len() == before {
            return Err(Failure::wrong(format!(
                "{}: neither a run nor a directory with runs below; a run has a config.ron",
                path.display()
            )));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|run| seen.insert(run.path().canonicalize().unwrap_or_else(|_| run.path().into())));
    found.sort_by(|a, b| natural(&a.path().to_string_lossy(), &b.path().to_string_lossy()));
    Ok(found)
}

fn below(path: &Path, depth: usize, found: &mut Vec<RunDirectory>) -> Result<(), Failure> {
    if path.join("config.ron").is_file() {
        found.push(RunDirectory::open(Some(path))?);
        return Ok(());
    }
    if depth == DEEPEST {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(at(path))? {
        let entry = entry.map_err(at(path))?;
        // not through links: what they lead to may be above
        if entry.file_type().map_err(at(path))?.is_dir() {
            below(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Numbers inside of names by their size: `seed-2` before `seed-10`, `0.5` before `1e3`.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    if let (Some(x), Some(y)) = (number(a), number(b)) {
        return x.total_cmp(&y).then_with(|| a.cmp(b));
    }
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

/// Digits as numbers (by length, then by digit), and what is between them.
fn parts(text: &str) -> Vec<(bool, usize, &str)> {
    let mut parts = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let part = &rest[..end];
        let number = part.trim_start_matches('0');
        parts.push(if digits { (false, number.len(), number) } else { (true, 0, part) });
        rest = &rest[end..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_sorted_as_people_do() {
        let mut names = [
            "seed-10",
            "seed-2",
            "seed-1",
            "1e-3",
            "0.5",
            "100",
            "20",
            "Lstm(hidden: 100)",
            "Lstm(hidden: 20)",
        ];
        names.sort_by(|a, b| natural(a, b));
        let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
        for pair in [
            ("seed-1", "seed-2"),
            ("seed-2", "seed-10"),
            ("20", "100"),
            ("0.5", "20"),
            ("1e-3", "0.5"),
            ("Lstm(hidden: 20)", "Lstm(hidden: 100)"),
        ] {
            assert!(place(pair.0) < place(pair.1), "{pair:?} in {names:?}");
        }
    }
}
