//! A page of runs: what became of each, its curves, how far it carries, what its heads do, and how it was made.
use super::film::Film;
use super::page::{Page, escaped, facts, folded, notice, paragraph, picture, table};
use super::sequences::{Recorded, fit, has_sequences, of_sizes, record};
use super::{Args, Failure, run_of};
use crate::commands::experiment::Trained;
use crate::commands::plot::curves;
use crate::commands::plot::generalisation::{Measured, drawn};
use crate::commands::plot::readings::Readings;
use crate::commands::plot::runs::Group;
use crate::commands::train::{State, Status};
use crate::commands::{measure, out};
use crate::pictures::progress::Working;
use crate::run_directory::{RunDirectory, RunReference};
use crate::run_files::{Environment, read_json};
use ntm_core::Loss;
use ntm_core::config::Registry;

/// What is known of one run.
struct Told {
    name: String,
    shown: String,
    /// its own settings, resolved
    config: Result<String, String>,
    status: Result<Option<Status>, String>,
    environment: Option<Environment>,
    model: Result<OfModel, String>,
}

/// What its trained model says.
struct OfModel {
    checkpoint: String,
    sequences: u64,
    /// names of model and task
    names: (String, String),
    parameters: usize,
    loss: Loss,
    size_name: &'static str,
    rows: Result<Vec<measure::Row>, String>,
    recorded: Recorded,
}

pub(super) fn page(registry: &Registry, args: &Args, groups: &[Group]) -> Result<Page, Failure> {
    let runs: Vec<(&Group, &RunReference)> =
        groups.iter().flat_map(|group| group.runs.iter().map(move |run| (group, run))).collect();
    let several = runs.len() > 1;
    let mut told = vec![];
    for (group, run) in &runs {
        if several {
            out::people(&format!("Looking at {}", path(run).display()));
        }
        told.push(tell(registry, args, group, run, runs.len())?);
    }
    let curves = curves::made(registry, groups, None);
    Ok(match &mut told[..] {
        [one] => page_of_one(one, args, groups, curves),
        all => page_of_several(all, args, groups, curves),
    })
}

fn path(run: &RunReference) -> &std::path::Path {
    match run {
        RunReference::Directory(run) => run.path(),
        RunReference::File(path) => path,
    }
}

/// Looks at a run. What is missing or damaged in it is told in the page; a mistake in the command is an error.
fn tell(
    registry: &Registry,
    args: &Args,
    group: &Group,
    reference: &RunReference,
    parts: usize,
) -> Result<Told, Failure> {
    let shown = path(reference).display().to_string();
    let name = match (group.runs.len() > 1, path(reference).file_name()) {
        (true, Some(own)) => format!("{}/{}", group.name, own.to_string_lossy()),
        _ => group.name.clone(),
    };
    let run = run_of(reference);
    let trained = Trained::open(registry, Some(path(reference)), args.last, &[]);
    let config = match (reference, &run, &trained) {
        (RunReference::Directory(run), ..) => run.config().map_err(|e| e.to_string()),
        (RunReference::File(_), _, Ok(trained)) => Ok(trained.checkpoint.config.clone()),
        (RunReference::File(_), _, Err(e)) => Err(e.message.clone()),
    };
    let status = run.as_ref().map_or(Ok(None), RunDirectory::status).map_err(|e| e.to_string());
    let environment = run.as_ref().and_then(|run| read_json(&run.file("environment.json")).ok());
    let model = match trained {
        Err(e) if matches!(reference, RunReference::File(_)) => return Err(e),
        Err(e) => Err(e.message),
        Ok(trained) => of_model(args, &trained, parts)?,
    };
    Ok(Told { name, shown, config, status, environment, model })
}

fn of_model(args: &Args, trained: &Trained, parts: usize) -> Result<Result<OfModel, String>, Failure> {
    let (task, settings) = (&*trained.task, &trained.loaded.value.train);
    let sizes = if has_sequences(task) { measure::sizes(task, &args.length, &[]) } else { vec![] };
    let (wanted, threads) = ((&sizes[..], args.sequences.map(|n| n as usize)), args.threads.count());
    let model = match measure::model_for(trained, wanted, threads) {
        Ok(model) => model,
        // sizes that were asked for and cannot be
        Err(e) if !args.length.is_empty() => return Err(e),
        Err(e) => return Ok(Err(e.message)),
    };
    let work = Working::new("measuring", measure::total(task, wanted), "sequences");
    let rows = match sizes.is_empty() {
        true => Err("its task has no file to measure on; name one with task.validation=\"FILE\" in ntm eval"
            .to_owned()),
        false => args
            .threads
            .run(|| measure::rows(&model, task, settings, wanted, threads, &|n| work.add(n)))?
            .map_err(|e| e.message),
    };
    drop(work);
    let sequences = of_sizes(trained, args);
    if let Some((_, Err(e))) = sequences
        .iter()
        .find(|(title, sequence)| sequence.is_err() && args.inputs.iter().any(|path| path.ends_with(title)))
    {
        return Err(Failure { message: e.message.clone(), code: e.code });
    }
    let mut recorded = record(trained, &model, sequences);
    fit(&mut recorded, parts);
    let experiment = &trained.loaded.value;
    Ok(Ok(OfModel {
        checkpoint: trained.name.clone(),
        sequences: trained.checkpoint.numbers.sequences,
        names: (experiment.model.name().to_owned(), experiment.task.name().to_owned()),
        parameters: model.params.len(),
        loss: task.loss(),
        size_name: task.size_name(),
        rows,
        recorded,
    }))
}

type Curves = Result<crate::commands::plot::Made, Failure>;

fn page_of_one(told: &mut Told, args: &Args, groups: &[Group], curves: Curves) -> Page {
    let mut page = Page::new("Run", &told.name, &verdict(told));
    page.add(&facts(&told.facts()));
    page.contents(&links(&[
        ("what-it-does", "What it does"),
        ("how-it-learnt", "How it learnt"),
        ("how-far-it-carries", "How far it carries"),
        ("how-it-was-made", "How it was made"),
    ]));
    let looks = looks(&mut page, told);
    page.section("what-it-does", "What it does", &looks);
    page.section("how-it-learnt", "How it learnt", &learnt(&told.name, curves));
    page.section("how-far-it-carries", "How far it carries", &carries(&[told], args, groups));
    page.section("how-it-was-made", "How it was made", &told.made());
    page
}

fn page_of_several(told: &mut [Told], args: &Args, groups: &[Group], curves: Curves) -> Page {
    let solved = told.iter().filter(|told| told.solved()).count();
    let verdict = format!("{} runs, of which {solved} solved their task.", told.len());
    let mut page = Page::new("Runs", "Runs side by side", &escaped(&verdict));
    let ids: Vec<String> = (1..=told.len()).map(|n| format!("run-{n}")).collect();
    let mut places = links(&[
        ("runs", "What became of them"),
        ("how-they-learnt", "How they learnt"),
        ("how-far-they-carry", "How far they carry"),
    ]);
    places.extend(ids.iter().zip(told.iter()).map(|(id, told)| (id.clone(), told.name.clone())));
    page.contents(&places);
    let row = |told: &Told| {
        let [(_, ended, _), (_, cost, _), (_, sequences, _), ..] = told.facts();
        vec![told.name.clone(), told.state().1, ended, sequences, cost]
    };
    let rows: Vec<Vec<String>> = told.iter().map(row).collect();
    let header = ["run", "state", "sequences to solved", "sequences", "best validation"];
    page.section("runs", "What became of them", &table(&header, 2, &rows, None));
    page.section("how-they-learnt", "How they learnt", &learnt("all runs", curves));
    let all: Vec<&Told> = told.iter().collect();
    page.section("how-far-they-carry", "How far they carry", &carries(&all, args, groups));
    for (id, told) in ids.iter().zip(told.iter_mut()) {
        let head = format!("<p>{}</p>\n", self::verdict(told));
        let looks = looks(&mut page, told);
        let made = format!("<h3>How it was made</h3>\n{}", told.made());
        page.section(id, &told.name.clone(), &[head, looks, made].concat());
    }
    page
}

fn links(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
}

/// What is to be said first, as HTML.
fn verdict(told: &Told) -> String {
    let (class, state) = told.state();
    let what = match &told.model {
        Ok(model) => {
            let (of_model, of_task) = &model.names;
            let parameters = out::count(model.parameters as u64);
            format!(" {of_model} on {of_task}, {parameters} parameters.")
        }
        Err(_) => String::new(),
    };
    let message = match &told.status {
        Ok(Some(Status { message: Some(message), .. })) => notice(message),
        Err(e) => notice(e),
        _ => String::new(),
    };
    format!("<span class=\"state {class}\">{}.</span>{}{message}", escaped(&state), escaped(&what))
}

impl Told {
    fn solved(&self) -> bool {
        matches!(&self.status, Ok(Some(status)) if status.solved)
    }

    /// How it looks, and how it stands.
    fn state(&self) -> (&'static str, String) {
        let status = match &self.status {
            Ok(Some(status)) => status,
            Ok(None) => return ("", "Not begun, or a checkpoint without its run".into()),
            Err(_) => return ("bad", "Its status cannot be read".into()),
        };
        let seen = out::count(status.sequences);
        match (status.state, status.sequences_to_solved) {
            (State::Finished, Some(at)) if status.solved => {
                ("good", format!("Solved after {} sequences", out::count(at)))
            }
            (State::Finished, _) => ("bad", format!("Not solved in {seen} sequences")),
            (State::Failed, _) => ("bad", format!("Failed after {seen} sequences")),
            (State::Interrupted, _) => ("", format!("Interrupted after {seen} sequences")),
            (State::Imported, _) => ("", "Trained elsewhere".into()),
            (State::Running, _) => ("", format!("Still at work, or killed, after {seen} sequences")),
        }
    }

    fn unit(&self) -> &'static str {
        self.model.as_ref().map_or("bits", |model| model.loss.unit())
    }

    /// Numbers to be seen first.
    fn facts(&self) -> [(String, String, String); 5] {
        let status = self.status.as_ref().ok().and_then(Option::as_ref);
        let missing = || "-".to_owned();
        let count = |n: Option<u64>| n.map_or_else(missing, out::count);
        let solved = status.and_then(|status| status.sequences_to_solved);
        let best = status.and_then(|status| status.bits_per_sequence).map_or_else(missing, out::bits);
        let seconds = status.map(|status| status.seconds);
        let rate = status
            .filter(|status| status.seconds > 0.0)
            .map(|status| status.sequences as f64 / status.seconds);
        let model = self.model.as_ref().ok();
        [
            ("Sequences to solved".into(), count(solved), String::new()),
            ("Best validation".into(), best, format!("{} per sequence", self.unit())),
            ("Sequences seen".into(), count(status.map(|status| status.sequences)), String::new()),
            (
                "Training time".into(),
                seconds.map_or_else(missing, |seconds| format!("{seconds:.1} s")),
                rate.map_or_else(String::new, |rate| format!("{} sequences/s", out::count(rate as u64))),
            ),
            (
                "Parameters".into(),
                count(model.map(|model| model.parameters as u64)),
                model.map_or_else(String::new, |model| model.names.0.clone()),
            ),
        ]
    }

    /// Config, environment and where it lies.
    fn made(&self) -> String {
        let mut html = String::new();
        match &self.config {
            Ok(config) => html += &folded("The whole config, every setting written out", config.trim_end()),
            Err(e) => html += &notice(e),
        }
        let mut rows = vec![("run".to_owned(), self.shown.clone())];
        if let Ok(model) = &self.model {
            let at = format!("{}, from after {} sequences", model.checkpoint, out::count(model.sequences));
            rows.push(("checkpoint".into(), at));
        }
        match &self.environment {
            Some(environment) => rows.extend(environment_rows(environment)),
            None => {
                html += &notice(
                    "There is no environment.json that can be read: it is not known where this run was made.",
                )
            }
        }
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name, value]).collect();
        html += &format!("<h3>Environment</h3>\n{}", table(&["what", "which"], 2, &rows, None));
        html
    }
}

pub(super) fn environment_rows(environment: &Environment) -> Vec<(String, String)> {
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
    let commit = match environment.dirty {
        Some(true) => format!("{}, with changed files", or(&environment.commit)),
        _ => or(&environment.commit),
    };
    let mut rows = vec![
        ("version", environment.version.clone()),
        ("commit", commit),
        ("processor", or(&environment.cpu)),
        ("instruction set", or(&environment.instruction_set)),
        ("threads of the machine", environment.threads.to_string()),
        ("system", format!("{} on {}", environment.os, environment.arch)),
        ("compiler", or(&environment.rustc)),
        ("target", or(&environment.target)),
    ];
    let mut before = environment;
    for later in &environment.later {
        rows.push(("went on with", before.differences(later).join("; ")));
        before = later;
    }
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The player, and pictures for who has none.
fn looks(page: &mut Page, told: &mut Told) -> String {
    match &told.model {
        Ok(model) => {
            let films = &model.recorded.films;
            let around = model.recorded.around();
            let mut about = String::new();
            if !films.is_empty() {
                about += "Sequences that the model was never trained on, worked on step by step.";
            }
            if films.iter().any(Film::has_heads) {
                about += " A head turns the weighting of the step before into its new one by stages: what looks like its key (content), \
                          how much of that to take (gate), where to move (shift), how sharply (sharpening).";
            }
            let about = if about.is_empty() { about } else { paragraph(&about) };
            about + &page.player(films) + &around
        }
        Err(e) => notice(e),
    }
}

/// The curves, or why there are none.
pub(super) fn learnt(name: &str, curves: Curves) -> String {
    match curves {
        Ok(made) => {
            let about = "Cost per sequence against sequences seen. Training costs are means since the validation before.";
            picture(&made.drawing, &format!("Learning curves of {name}"), about)
        }
        Err(e) => notice(&e.message),
    }
}

/// The table of generalisation, and its picture where there is more than one size.
fn carries(all: &[&Told], args: &Args, groups: &[Group]) -> String {
    let several = all.len() > 1;
    let mut html = String::new();
    let mut kind = None;
    let mut rows = vec![];
    for told in all {
        let model = match &told.model {
            Ok(model) => model,
            Err(e) => {
                html += &notice(&if several { format!("{}: {e}", told.name) } else { e.clone() });
                continue;
            }
        };
        match &model.rows {
            Err(e) => html += &notice(&if several { format!("{}: {e}", told.name) } else { e.clone() }),
            Ok(_) if kind.is_some_and(|kind| kind != (model.loss, model.size_name)) => {
                html +=
                    &notice(&format!("{}: is measured in other units than the runs before it", told.name));
            }
            Ok(of_run) => {
                kind = Some((model.loss, model.size_name));
                rows.push((&told.name, of_run));
            }
        }
    }
    let Some((loss, size_name)) = kind else { return html };
    let every: Vec<measure::Row> = rows.iter().flat_map(|(_, rows)| rows.iter().cloned()).collect();
    let (mut header, mut shown) = measure::cells(&every, size_name);
    if several {
        header.insert(0, "run".to_owned());
        let names = rows.iter().flat_map(|(name, rows)| rows.iter().map(move |_| (*name).clone()));
        shown.iter_mut().zip(names).for_each(|(cells, name)| cells.insert(0, name));
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let about = format!(
        "Means over sequences that neither trained the model nor chose the checkpoint, as ntm eval measures them, with the {} \
         checkpoint.",
        if args.last { "last" } else { "best" }
    );
    html += &paragraph(&about);
    html += &table(&header, usize::from(several), &shown, None);
    let of_group = |group: &Group| {
        let own = all.iter().zip(group_names(groups)).filter(|(_, name)| *name == group.name);
        let own: Vec<&str> = own.map(|(told, _)| &*told.name).collect();
        let of = rows.iter().filter(|(name, _)| own.contains(&name.as_str()));
        let of: Vec<measure::Row> = of.flat_map(|(_, rows)| rows.iter().cloned()).collect();
        Measured { name: group.name.clone(), runs: own.len(), rows: of }
    };
    let measured: Vec<Measured> =
        groups.iter().map(of_group).filter(|group| !group.rows.is_empty()).collect();
    let mut sizes: Vec<u64> = measured.iter().flat_map(|group| &group.rows).map(|row| row.length).collect();
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.len() > 1 {
        let made = drawn(&measured, (loss, size_name), Readings::default(), args.last, false);
        html += &picture(&made.drawing, "Cost by size", "");
    }
    html
}

/// The group of each run, in the order of runs.
fn group_names(groups: &[Group]) -> impl Iterator<Item = &str> {
    groups.iter().flat_map(|group| group.runs.iter().map(move |_| &*group.name))
}
