//! The same run going on.
use super::journal::{Journal, State, Status, unwritten};
use super::{Args, Session, first_model, introduce};
use crate::commands::experiment::{planned, source};
use crate::commands::{Failure, out};
use crate::run_directory::{Checkpoint as Which, RunDirectory, RunWriter};
use crate::run_files::{RunError, environment};
use ntm_core::Model;
use ntm_core::checkpoint::Checkpoint;
use ntm_core::config::{Difference, Experiment, Registry, Source, differences, to_ron};
use ntm_core::train::{Numbers, Trainer};
use std::path::Path;

/// Opens a run where its last checkpoint stands. `None` if nothing is left to do, which has then been said.
pub(super) fn open(
    registry: &Registry,
    args: &Args,
    run: Option<&Path>,
    config: Option<&Path>,
    overrides: &[String],
) -> Result<Option<Session>, Failure> {
    let threads = args.threads.count();
    let run = RunDirectory::open(run)?;
    let writer = RunWriter::resume(run.path())?;
    let shown = run.path().display().to_string();
    let status = match run.status::<Status>() {
        // it decides nothing that the checkpoint does not know, and is written anew
        Err(e @ (RunError::Json { .. } | RunError::TooLarge { .. })) => {
            args.people(&format!("note: {e}"));
            None
        }
        other => other?,
    };
    if status.as_ref().is_some_and(|status| status.state == State::Imported) {
        return Err(Failure::wrong(format!(
            "{shown}: holds imported weights and no training that could go on; start a new run from them:\n  {} train \
             --from {shown}",
            out::program()
        )));
    }
    let before = Source::new(run.file("config.ron").display().to_string(), run.config()?)
        .beside(run.file("config.ron"));
    let source = config.map_or_else(|| Ok(before.clone()), |config| source(Some(config)).map(|s| s.0))?;
    let (loaded, plan) = planned(registry, &source, overrides, threads)?;
    let experiment = loaded.value.clone();
    let earlier: Experiment = registry.parse(&before)?;
    same_but_for_sequences(&shown, &earlier, &experiment)?;

    let places = [Which::Last, Which::First].map(|which| run.checkpoint(which));
    let path = places.iter().find(|path| path.exists()).unwrap_or(&places[0]).clone();
    let checkpoint = if path.exists() { Some(Checkpoint::read(&path)?) } else { None };
    if let Some(checkpoint) = &checkpoint {
        let named = Source::new(format!("config in {}", path.display()), checkpoint.config.as_str());
        same_but_for_sequences(&shown, &registry.parse(&named)?, &experiment)?;
    }
    let model = match &checkpoint {
        None => first_model(&loaded, None)?,
        Some(_) => {
            let task = experiment.task().map_err(|e| loaded.locate(e))?;
            experiment.model::<f32>(&*task).map_err(|e| loaded.locate(e))?
        }
    };
    let now = environment();
    let changed = run.environment().ok().flatten().map_or(vec![], |before| before.last().differences(&now));
    let task = experiment.task().map_err(|e| loaded.locate(e))?;
    let mut trainer = Trainer::new(experiment.train.clone(), task, model, threads)?;
    if let Some(checkpoint) = &checkpoint {
        let named = |e| {
            let failure = Failure::from(e);
            Failure { message: format!("{}: {}", path.display(), failure.message), ..failure }
        };
        let saved = checkpoint.saved(trainer.model(), &experiment.train.optimizer).map_err(named)?;
        let best = best(registry, &run, &experiment, &saved.numbers)?;
        // one from after the checkpoint is made again, and is the same where the environment is
        let best = best.filter(|(_, later)| !later || changed.is_empty());
        let params = best.as_ref().map(|(model, _)| &model.params[..]);
        trainer.restore(&saved, params).map_err(|e| Failure::stopped(format!("{}: {e}", path.display())))?;
    }

    if trainer.finished() && status.is_some_and(|status| status.state == State::Finished) {
        args.people(&finished(&shown, &trainer));
        if args.json {
            out::json(&super::finish::summary(&shown, &trainer, seconds_of(&run)?))?;
        }
        return Ok(None);
    }
    let metrics = Journal::check(&run, &trainer)?;
    // from here on it is changed
    let text = to_ron(&experiment);
    if text != before.text {
        writer.write_config(&text).map_err(|e| unwritten(&run, e))?;
    }
    if !changed.is_empty() {
        args.people(&format!(
            "note: the run goes on with another environment, and may end in other bits than in the one it had:\n  {}",
            changed.join("\n  ")
        ));
    }
    writer.write_environment(now).map_err(|e| unwritten(&run, e))?;
    introduce(args, &source, &loaded, &plan);
    args.people(&match &checkpoint {
        Some(_) => {
            format!("Going on in {shown} after {} sequences.", out::count(trainer.numbers().sequences))
        }
        None => format!("{shown} has no checkpoint yet: starting it at the beginning."),
    });
    let journal = Journal::begin(writer, metrics, text, trainer.numbers(), args.save_every())
        .map_err(|e| unwritten(&run, e))?;
    if let Some(aside) = journal.aside() {
        args.people(&format!(
            "note: {shown}/timing.jsonl cannot be read and begins anew; what was there is kept as {}",
            aside.display()
        ));
    }
    Ok(Some(Session { trainer, journal, experiment }))
}

/// The model at the lowest validation cost, if there was one, and whether it is from after the checkpoint, which has these numbers:
/// `best` is written first, and a run can be killed before `last` is.
fn best(
    registry: &Registry,
    run: &RunDirectory,
    experiment: &Experiment,
    numbers: &Numbers,
) -> Result<Option<(Model<f32>, bool)>, Failure> {
    let path = run.checkpoint(Which::Best);
    let (shown, program) = (path.display(), out::program());
    let instead = format!(
        "nothing was changed. Put it back from a copy, or start a new run from the last weights:\n  {program} train --from {}",
        run.checkpoint(Which::Last).display()
    );
    if !path.exists() {
        return match numbers.best_bits {
            None => Ok(None),
            Some(bits) => Err(Failure::stopped(format!(
                "{shown}: is not there, and the run was at its best, {} bits per sequence, after {} sequences; {instead}",
                out::bits(bits),
                out::count(numbers.best_at)
            ))),
        };
    }
    let checkpoint = Checkpoint::read(&path)?;
    let named = Source::new(format!("config in {shown}"), checkpoint.config.as_str());
    let mut of: Experiment = registry.parse(&named)?;
    of.train.sequences = experiment.train.sequences;
    let found = differences(&to_ron(&of), &to_ron(experiment));
    if !found.is_empty() {
        return Err(Failure::wrong(format!(
            "{shown}: is the best checkpoint of another run; {instead}\nWhat differs (there -> in this run):{}",
            lines(&found)
        )));
    }
    let given = &checkpoint.numbers;
    let bits = |numbers: &Numbers| numbers.best_bits.map(f64::to_bits);
    let own = given.best_at == numbers.best_at && bits(given) == bits(numbers);
    let later = given.best_at > numbers.sequences
        && given.best_bits.is_some_and(|bits| numbers.best_bits.is_none_or(|before| bits < before));
    if given.best_at != given.sequences || given.best_bits.is_none() || !(own || later) {
        let said = |numbers: &Numbers| match numbers.best_bits {
            Some(bits) => format!("{bits} after {} sequences", out::count(numbers.best_at)),
            None => "nowhere".to_owned(),
        };
        return Err(Failure::stopped(format!(
            "{shown}: is not this run's best checkpoint: it says that the cost was lowest, {}, and last.safetensors says {}; \
             {instead}",
            said(given),
            said(numbers)
        )));
    }
    let task = experiment.task().map_err(Failure::wrong)?;
    let mut model = experiment.model::<f32>(&*task).map_err(Failure::wrong)?;
    let fill = checkpoint.fill(&mut model).map_err(Failure::from);
    fill.map_err(|failure| Failure { message: format!("{shown}: {}", failure.message), ..failure })?;
    Ok(Some((model, !own)))
}

/// What there is to say of a finished run, and how it could be trained all the same.
fn finished(run: &str, trainer: &Trainer<f32>) -> String {
    let numbers = trainer.numbers();
    let seen = out::count(numbers.sequences);
    match numbers.solved_at {
        Some(at) if trainer.settings().stop_when_solved => format!(
            "{run} is finished: solved after {}, ended after {seen} sequences. To train beyond that, start a new run \
             from it:\n  {} train --from {run} train.stop_when_solved=false",
            out::count(at),
            out::program()
        ),
        _ => format!(
            "{run} is finished, after {seen} sequences. To train it on, give it more:\n  {} train --resume {run} \
             train.sequences={}",
            out::program(),
            numbers.sequences.saturating_mul(2)
        ),
    }
}

fn seconds_of(run: &RunDirectory) -> Result<f64, Failure> {
    Ok(run.status::<Status>()?.map_or(0.0, |status| status.seconds))
}

/// A run that goes on is the same run: only its end may be moved further away.
fn same_but_for_sequences(run: &str, before: &Experiment, now: &Experiment) -> Result<(), Failure> {
    let (given, allowed) = (now.train.sequences, before.train.sequences);
    if given < allowed {
        return Err(Failure::wrong(format!(
            "{run}: train.sequences is {given}, and the run was made for {allowed}; --resume takes as many or more"
        )));
    }
    let mut same = now.clone();
    same.train.sequences = allowed;
    let found = differences(&to_ron(before), &to_ron(&same));
    if found.is_empty() {
        return Ok(());
    }
    let lines = lines(&found);
    Err(Failure::wrong(format!(
        "{run}: --resume goes on with the same run, and only train.sequences may be larger; other settings want a new \
         run (with --from {run} it starts from these weights). What differs (there -> asked for):{lines}",
    )))
}

/// Differences, a line each.
fn lines(found: &[Difference]) -> String {
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "(nothing)".into());
    found.iter().map(|d| format!("\n  {}: {} -> {}", d.path, word(&d.before), word(&d.after))).collect()
}
