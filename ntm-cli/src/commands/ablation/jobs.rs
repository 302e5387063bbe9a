//! Runs on all cores: each on one thread, the next one as soon as one ends.
use super::evaluation;
use super::plan::{Plan, Variant};
use super::results::{Outcome, RunResult};
use crate::commands::{Failure, out, train};
use crate::pictures::board::Board;
use crate::run_directory::RunDirectory;
use ntm_core::config::Registry;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// One run that is to be made, gone on with, or measured.
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) variant: &'a Variant,
    pub(super) seed: u64,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What it is called while it runs.
    pub(super) name: String,
}

/// What came of the jobs: as many results as jobs, `None` for those that did not end.
pub(super) struct Ended {
    pub(super) results: Vec<Option<RunResult>>,
    /// What the first job met that could not go on, though nothing was wrong with its numbers: a full disk. The others
    /// were then saved.
    pub(super) trouble: Option<Failure>,
}

/// Runs the jobs in order, `at_a_time` of them. After a signal, or if one cannot go on, those that run are saved and no
/// other is begun.
pub(super) fn run(registry: &Registry, jobs: &[Job<'_>], at_a_time: usize, board: &Board) -> Ended {
    let next = AtomicUsize::new(0);
    let halted = AtomicBool::new(false);
    let trouble: Mutex<Option<Failure>> = Mutex::default();
    let results: Vec<Mutex<Option<RunResult>>> = jobs.iter().map(|_| Mutex::default()).collect();
    let stop = || halted.load(Ordering::Relaxed) || train::interrupt::wanted();
    let halt = |failure: Failure| {
        halted.store(true, Ordering::Relaxed);
        trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    };
    let work = || {
        while !stop() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(place) else { return };
            match one(registry, job, board, &stop) {
                Ok(None) => return,
                Ok(Some(result)) => {
                    board.ended(&job.name, &told(&result), result.outcome == Outcome::Failed);
                    *results[place].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
                Err(failure) => {
                    halt(Failure { message: format!("{}: {}", job.name, failure.message), ..failure })
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for number in 0..at_a_time.min(jobs.len()) {
            let named = std::thread::Builder::new().name(format!("job {number}"));
            if let Err(e) = named.spawn_scoped(scope, work) {
                halt(Failure::stopped(format!("a thread for a job cannot be started: {e}")));
            }
        }
    });
    let results = results.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ended {
        results: results.collect(),
        trouble: trouble.into_inner().unwrap_or_else(PoisonError::into_inner),
    }
}

/// Trains a run to its end and measures it. `None` if it was to stop before.
fn one(
    registry: &Registry,
    job: &Job<'_>,
    board: &Board,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<RunResult>, Failure> {
    let mut found = found(job)?;
    if found.is_none() {
        let overrides = [job.variant.overrides.as_slice(), &[format!("train.seed={}", job.seed)]].concat();
        let watch = train::Watch { sink: board.job(&job.name), stop };
        let trained = train::job(registry, &job.plan.source, &overrides, &job.path, watch);
        found = self::found(job)?;
        // a run whose numbers are not finite ends with a failure and a status that says so: a result
        if !found.as_ref().is_some_and(RunResult::failed) {
            trained?;
        }
    }
    let Some(result) = found else { return Ok(None) };
    if result.failed() {
        return Ok(Some(result));
    }
    let measured = evaluation::take(registry, &job.path, job.plan.measure)?;
    Ok(Some(RunResult { measured, ..result }))
}

/// What the run's directory says came of it.
fn found(job: &Job<'_>) -> Result<Option<RunResult>, Failure> {
    if !job.path.join("config.ron").exists() {
        return Ok(None);
    }
    RunResult::read_whole(&RunDirectory::open(Some(&job.path))?)
}

/// What came of a run, in a few words.
fn told(result: &RunResult) -> String {
    let bits = result.last_bits.map(|bits| format!(", {} bits", out::bits(bits))).unwrap_or_default();
    match result.outcome {
        Outcome::Solved => format!("solved after {} sequences", out::count(result.solved_at.unwrap_or(0))),
        Outcome::NotSolved => format!("not solved after {} sequences{bits}", out::count(result.sequences)),
        Outcome::Failed => format!("failed: {}", result.message.as_deref().unwrap_or("no reason was kept")),
    }
}
