//! The end of a run: how well it learnt, what that looks like, and what to try next.
use super::journal::State;
use super::{Args, Session};
use crate::commands::{Failure, measure, out, record};
use crate::pictures::progress::Working;
use crate::pictures::{draw, figure6, save_png};
use crate::run_directory::Checkpoint as Which;
use ntm_core::checkpoint::has_slots;
use ntm_core::random::Purpose;
use ntm_core::train::{Task, Trainer};
use ntm_core::{Model, Sequence};
use serde::Serialize;
use std::process::ExitCode;

/// Steps of a sequence that is drawn: not more than fit side by side on most terminals.
const DRAWN_STEPS: usize = 41;

/// `--json`
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    run: String,
    solved: bool,
    sequences_to_solved: Option<u64>,
    sequences: u64,
    seconds: f64,
    /// lowest validation cost
    bits_per_sequence: Option<f64>,
}

pub(super) fn summary(run: &str, trainer: &Trainer<f32>, seconds: f64) -> Summary {
    let numbers = trainer.numbers();
    Summary {
        run: run.to_owned(),
        solved: numbers.solved_at.is_some(),
        sequences_to_solved: numbers.solved_at,
        sequences: numbers.sequences,
        seconds,
        bits_per_sequence: numbers.best_bits.filter(|bits| bits.is_finite()),
    }
}

pub(super) fn finish(
    args: &Args,
    session: &mut Session,
    trained: u64,
    seconds: f64,
) -> Result<ExitCode, Failure> {
    let Session { trainer, journal, experiment } = session;
    let all_seconds = journal.seconds();
    let run = journal.run().path().to_path_buf();
    let shown = run.display();
    let numbers = *trainer.numbers();
    let decimals = if seconds < 1.0 { 2 } else { 1 };
    let rate = format!(
        "{} sequences in {seconds:.decimals$} s, {} sequences/s",
        out::count(trained),
        out::count((trained as f64 / seconds.max(1e-9)) as u64)
    );
    args.people(&match numbers.solved_at {
        Some(at) => format!("Solved after {} sequences ({rate}).", out::count(at)),
        None => format!("Not solved after {} sequences ({rate}).", out::count(numbers.sequences)),
    });

    let best = numbers.best_bits.is_some();
    let model = chosen(trainer, experiment)?;
    if !args.quiet {
        let settings = trainer.settings();
        let (sizes, threads) = (measure::sizes(trainer.task(), &[], &[]), args.threads.count());
        let given = trainer.task().count(Purpose::Evaluation(0));
        let rows = match given {
            Some(0) => vec![],
            _ => {
                let wanted = (&sizes[..], None);
                let work = Working::new("measuring", measure::total(trainer.task(), wanted), "sequences");
                match measure::rows(&model, trainer.task(), settings, wanted, threads, &|n| work.add(n)) {
                    Ok(rows) => rows,
                    // training has ended well all the same
                    Err(e) => {
                        args.people(&format!("\nnote: {}", e.message));
                        vec![]
                    }
                }
            }
        };
        let which = match numbers.best_bits {
            Some(bits) => format!(
                "the best checkpoint, from after {} sequences ({} {} in validation)",
                out::count(numbers.best_at),
                out::bits(bits),
                trainer.task().loss().unit()
            ),
            None => "the last checkpoint".to_owned(),
        };
        let sequences = if given.is_some() { "the validation file" } else { "new sequences" };
        if !rows.is_empty() {
            args.people(&format!("\nOn {sequences}, with {which}:\n"));
            args.people(&measure::table_of(&rows, trainer.task().size_name()));
        }
    }
    let recording = record::record(
        &model,
        trainer.task().loss(),
        &drawn(trainer.task(), trainer.settings().eval_seed, 0)?,
    );
    args.drawing(&format!("\nOne sequence:\n\n{}", draw(&recording, out::style())));
    let picture = journal.run().file("figure6.png");
    save_png(&figure6(&recording).image(), &picture).map_err(|e| journal.unwritten(e))?;
    journal.status(trainer, State::Finished, None)?;

    let which = if best { Which::Best } else { Which::Last };
    args.people(&format!(
        "\nThe run is in {shown}: config.ron, metrics.jsonl, checkpoints/{which}.safetensors, and\n\
         figure6.png, which draws this sequence as figure 6 of the paper does.\n\n{}",
        next(&shown.to_string(), &model, trainer.task())
    ));
    if args.json {
        out::json(&summary(&shown.to_string(), trainer, all_seconds))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What to try next.
fn next(run: &str, model: &Model<f32>, task: &dyn Task) -> String {
    let larger = task.usual_sizes().into_iter().max().map(|most| most.saturating_mul(2));
    let mut commands: Vec<String> = larger.map(|n| format!("eval {run} --length {n}")).into_iter().collect();
    let tensors = model.tensors();
    let any = |of: fn(&str) -> bool| tensors.iter().any(|tensor| of(&tensor.path));
    // heads, and nothing that is tied to the number of slots
    if any(|path| path.starts_with("heads."))
        && !any(has_slots)
        && task.count(Purpose::Evaluation(0)) != Some(0)
    {
        commands.push(format!("eval {run} model.memory.slots=1024"));
    }
    commands.push(format!("train {run}/config.ron train.seed=2"));
    commands.push(format!("report {run}"));
    out::next_text(&commands)
}

/// The model of the best checkpoint; that of the last one where there was no validation.
fn chosen(trainer: &Trainer<f32>, experiment: &ntm_core::config::Experiment) -> Result<Model<f32>, Failure> {
    let mut model = experiment.model::<f32>(trainer.task()).map_err(Failure::wrong)?;
    let params = if trainer.numbers().best_bits.is_some() { trainer.best() } else { &trainer.model().params };
    model.params.copy_from_slice(params);
    Ok(model)
}

/// A sequence to draw, by its number: of the largest usual size that still fits on a screen, or else of the smallest.
pub(crate) fn drawn(task: &dyn Task, seed: u64, number: u64) -> Result<Sequence, Failure> {
    let sizes = task.usual_sizes();
    let fits = |size: &&u64| task.steps(Some(**size)).is_ok_and(|steps| steps <= DRAWN_STEPS);
    let size = sizes.iter().filter(fits).max().or(sizes.iter().min()).copied();
    let mut sequence = Sequence::default();
    let measured = Purpose::Evaluation(size.unwrap_or(0));
    // without a file to measure on, one that was trained on
    let purpose = if task.count(measured) == Some(0) { Purpose::Training } else { measured };
    let number = task.count(purpose).map_or(number, |count| number % count.max(1));
    task.sequence((purpose, seed), number, size, &mut sequence)?;
    Ok(sequence)
}
