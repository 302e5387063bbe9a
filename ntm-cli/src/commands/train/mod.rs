//! `ntm train`: a new run, or one that goes on.
mod finish;
pub(crate) mod interrupt;
mod journal;
mod pace;
pub(crate) mod records;
mod resume;
#[cfg(test)]
mod tests;

use super::experiment::{Trained, parted_one, planned, source};
use super::threads::Threads;
use super::{Failure, out, record};
use crate::pictures::dashboard::About;
use crate::pictures::progress::{Mode, Sample, Sink, Work, sink};
use crate::run_directory::{Checkpoint as Which, RunDirectory};
use crate::run_files::environment;
pub(super) use finish::drawn;
use journal::{Journal, SAVE_EVERY};
pub(crate) use journal::{State, Status};
use ntm_core::Model;
use ntm_core::checkpoint::Checkpoint;
use ntm_core::config::{Experiment, Loaded, Plan, Registry, Source, to_ron};
use ntm_core::train::{Record, Trainer};
use pace::Pace;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// A config [default: configs/copy.ron, included in the program], and overrides such as train.seed=2
    #[arg(value_name = "CONFIG|path=value", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<String>,
    /// Where the run goes: a new or empty directory [default: runs/NAME, where NAME is the config's]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Go on with a run, the newest one if none is named; train.sequences may be larger than before
    #[arg(long, value_name = "RUN", value_hint = clap::ValueHint::AnyPath, num_args = 0..=1, conflicts_with = "from")]
    resume: Option<Option<PathBuf>>,
    /// Start a new run with the weights of another, with its config if none is given
    #[arg(long, value_name = "RUN")]
    from: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    /// One line of progress instead of the dashboard; without a terminal that is so anyway
    #[arg(long, conflicts_with = "quiet")]
    plain: bool,
    /// No progress and no report, errors only
    #[arg(long)]
    quiet: bool,
    /// One JSON object on stdout at the end
    #[arg(long)]
    json: bool,
    /// Seconds between two checkpoints, which is what a kill can cost; 0 writes one after every update [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    save_every: Option<Duration>,
}

/// Seconds, as somebody writes them.
fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = "must be a number of seconds, at least 0, such as 0.5";
    let seconds: f64 = text.parse().map_err(|_| wanted.to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wanted.to_owned())
}

impl Args {
    fn people(&self, text: &str) {
        if !self.quiet {
            out::people(text);
        }
    }
    fn drawing(&self, text: &str) {
        if !self.quiet {
            out::drawing(text);
        }
    }
    fn save_every(&self) -> Duration {
        self.save_every.unwrap_or(SAVE_EVERY)
    }
    fn mode(&self) -> Mode {
        match (self.quiet, self.plain) {
            (true, _) => Mode::Quiet,
            (_, true) => Mode::Plain,
            _ => Mode::Auto,
        }
    }
}

/// A run, ready to train.
struct Session {
    trainer: Trainer<f32>,
    journal: Journal,
    experiment: Experiment,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let (config, mut overrides) = parted_one(&args.words, "config")?;
    let session = match &args.resume {
        Some(run) => {
            // `--resume train.sequences=1000`: the word after it is an override, and the run is the newest
            let (run, more) = parted_one(
                &run.iter().map(|run| run.to_string_lossy().into_owned()).collect::<Vec<_>>(),
                "run",
            )?;
            overrides.splice(0..0, more);
            match resume::open(registry, args, run.as_deref(), config.as_deref(), &overrides)? {
                Some(session) => session,
                None => return Ok(ExitCode::SUCCESS),
            }
        }
        None => start(registry, args, config.as_deref(), &overrides)?,
    };
    interrupt::listen();
    let about = about(&session)?;
    let watch = Watch { sink: sink(args.mode(), about), stop: &interrupt::wanted };
    args.threads.run(|| train(args, session, watch))?
}

/// Who looks on while a run is trained.
pub(crate) struct Watch<'a> {
    pub(crate) sink: Box<dyn Sink>,
    /// Whether the run is to be saved and left.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// One of many runs, on one thread: what `ntm train --threads 1 --quiet --out DIR` does, or `--resume DIR` if the
/// directory holds the run already. What came of it is in its status: a run that failed there is a result, and an
/// error without that is trouble.
pub(crate) fn job(
    registry: &Registry,
    source: &Source,
    overrides: &[String],
    out: &Path,
    watch: Watch<'_>,
) -> Result<ExitCode, Failure> {
    let args = Args { quiet: true, threads: Threads::one(), out: Some(out.to_owned()), ..Args::default() };
    begun_or_resumed(registry, &args, source, overrides, watch)
}

/// The run in the directory of `--out`, which goes on if it is there.
fn begun_or_resumed(
    registry: &Registry,
    args: &Args,
    source: &Source,
    overrides: &[String],
    watch: Watch<'_>,
) -> Result<ExitCode, Failure> {
    let out = args.out.as_deref();
    let session = match RunDirectory::open(out) {
        Ok(_) => match resume::open(registry, args, out, None, &[])? {
            Some(session) => session,
            None => return Ok(ExitCode::SUCCESS),
        },
        Err(_) => new_run(registry, args, (source, ""), overrides, None)?,
    };
    args.threads.run(|| train(args, session, watch))?
}

/// A new run.
fn start(
    registry: &Registry,
    args: &Args,
    config: Option<&Path>,
    overrides: &[String],
) -> Result<Session, Failure> {
    let from = args.from.as_deref().map(|run| Trained::open(registry, Some(run), false, &[])).transpose()?;
    let (source, name) = match (&from, config) {
        (Some(from), None) => {
            let path = from.run.as_ref().map_or(Path::new("from"), RunDirectory::path);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (Source::new(format!("config in {}", from.name), from.checkpoint.config.as_str()), name)
        }
        _ => source(config)?,
    };
    new_run(registry, args, (&source, &name), overrides, from.as_ref())
}

/// A new run of a config's text. Everything that can be wrong is found before anything is written.
fn new_run(
    registry: &Registry,
    args: &Args,
    (source, name): (&Source, &str),
    overrides: &[String],
    from: Option<&Trained>,
) -> Result<Session, Failure> {
    let threads = args.threads.count();
    let (loaded, plan) = planned(registry, source, overrides, threads)?;
    let model = first_model(&loaded, from)?;
    let experiment = loaded.value.clone();
    let task = experiment.task().map_err(|e| loaded.locate(e))?;
    let trainer = Trainer::new(experiment.train.clone(), task, model, threads)?;

    let writer = RunDirectory::create(args.out.as_deref(), name)?;
    let text = to_ron(&experiment);
    if from.is_some() {
        // the config does not say where these weights come from: a run that has one must not go on from drawn ones
        let first = Checkpoint::of_run(&text, trainer.model(), &trainer.save());
        first.write(writer.new_checkpoint(Which::First)?)?;
    }
    writer.write_config(&text)?;
    writer.write_environment(environment())?;
    introduce(args, source, &loaded, &plan);
    if let Some(from) = from {
        args.people(&format!("Starting from the weights in {}.", from.name));
    }
    args.people(&format!("Writing to {}.", writer.path().display()));
    let metrics = Journal::check(&writer, &trainer)?;
    let journal = Journal::begin(writer, metrics, text, trainer.numbers(), args.save_every())?;
    Ok(Session { trainer, journal, experiment })
}

/// The model before training: drawn, or with the weights of another run.
pub(crate) fn first_model(
    loaded: &Loaded<Experiment>,
    from: Option<&Trained>,
) -> Result<Model<f32>, Failure> {
    let experiment = &loaded.value;
    let task = experiment.task().map_err(|e| loaded.locate(e))?;
    let mut model = experiment.model::<f32>(&*task).map_err(|e| loaded.locate(e))?;
    match from {
        Some(from) => from
            .checkpoint
            .fill(&mut model)
            .map_err(|e| Failure { message: format!("{}: {e}", from.name), ..Failure::from(e) })?,
        None => model.draw(experiment.train.seed).map_err(|path| {
            Failure::wrong(format!(
                "`{path}` starts as Given, and nothing gives it; start from a run that has it with --from, or choose \
                 another start"
            ))
        })?,
    }
    Ok(model)
}

fn introduce(args: &Args, source: &Source, loaded: &Loaded<Experiment>, plan: &Plan) {
    let experiment = &loaded.value;
    args.people(&format!(
        "Training {} on {} with {} parameters, for at most {} sequences: {}.",
        experiment.model.name(),
        experiment.task.name(),
        out::count(plan.parameters as u64),
        out::count(experiment.train.sequences),
        source.name,
    ));
}

/// What the dashboard says of a run all the time.
fn about(session: &Session) -> Result<About, Failure> {
    let Session { trainer, journal, experiment } = session;
    let (settings, run) = (trainer.settings(), journal.run());
    let tensors = trainer.model().tensors();
    let trained = tensors.iter().filter(|tensor| tensor.trained);
    let parameters = trained.map(|tensor| tensor.shape.iter().product::<usize>() as u64).sum();
    let records = run.metrics::<Record>()?.map_while(Result::ok);
    Ok(About {
        title: format!("{} on {}", experiment.model.name(), experiment.task.name()),
        details: format!("{} parameters, seed {}", out::count(parameters), settings.seed),
        run: run.path().display().to_string(),
        unit: trainer.task().loss().unit(),
        solved_below: settings.solved_below,
        total: settings.sequences,
        history: records.map(|r| (r.sequences, r.training_bits, r.validation_bits)).collect(),
        quit: interrupt::want,
    })
}

/// Time between two looks at a run that waits.
const WAIT: Duration = Duration::from_millis(30);

/// The loop. Runs inside the pool.
fn train(args: &Args, mut session: Session, watch: Watch<'_>) -> Result<ExitCode, Failure> {
    let Session { trainer, journal, .. } = &mut session;
    journal.status(trainer, State::Running, None)?;
    let Watch { mut sink, stop } = watch;
    let first = trainer.numbers().sequences;
    let mut pace = Pace::new(trainer);
    let mut interrupted = false;
    while !trainer.finished() {
        let shown = Mutex::new(&mut sink);
        let validated = AtomicU64::new(0);
        let validating = |more: usize, total: usize| {
            let done = validated.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
            // whoever comes while another one shows has nothing to add
            if let Ok(mut sink) = shown.try_lock() {
                sink.work(&Work { doing: "validating", done, total: total as u64, of: "sequences" });
            }
        };
        let mut advanced = trainer.advance_telling(&validating);
        let now = Instant::now();
        let (due, paused, stopped) = (journal.due(now), sink.paused(), stop());
        if due || paused || stopped || trainer.finished() {
            // what is not finite is not kept
            advanced = advanced.and_then(|record| trainer.check().map(|()| record));
        }
        match advanced {
            Ok(None) => {}
            Ok(Some(record)) => {
                pace.validated(&record);
                journal.record(trainer, &record)?;
            }
            Err(e) => {
                sink.failed(&e.to_string());
                sink.finish("");
                journal.failed(trainer, &e.to_string())?;
                let last = journal.run().checkpoint(Which::Last);
                let kept = if last.exists() {
                    format!("{} is from before.", last.display())
                } else {
                    "It was too early for a checkpoint.".into()
                };
                return Err(Failure::stopped(format!("{e}. {kept}")));
            }
        }
        sink.update(&pace.update(trainer, now));
        if let Some(number) = sink.wants_sample()
            && let Ok(sequence) = drawn(trainer.task(), trainer.settings().eval_seed, number)
        {
            let recording = record::record(trainer.model(), trainer.task().loss(), &sequence);
            sink.sample(Sample { sequences: trainer.numbers().sequences, recording });
        }
        if due {
            journal.save(trainer)?;
        }
        if paused {
            // however long it waits, nothing can be lost
            journal.save(trainer)?;
            let began = Instant::now();
            while sink.paused() && !stop() {
                std::thread::sleep(WAIT);
            }
            pace.waited(began.elapsed());
            journal.waited(began.elapsed());
        }
        if stopped || paused && stop() {
            interrupted = true;
            break;
        }
    }
    let seconds = pace.seconds(Instant::now());
    let saved = journal.save(trainer);
    sink.finish("");
    saved?;
    let trained = trainer.numbers().sequences - first;
    if interrupted && !trainer.finished() {
        journal.status(trainer, State::Interrupted, None)?;
        args.people(&format!(
            "Interrupted after {} sequences, and saved. Go on with\n  {} train --resume {}",
            out::count(trainer.numbers().sequences),
            out::program(),
            journal.run().path().display()
        ));
        if args.json {
            let run = journal.run().path().display().to_string();
            out::json(&finish::summary(&run, trainer, journal.seconds()))?;
        }
        return Ok(ExitCode::from(130));
    }
    finish::finish(args, &mut session, trained, seconds)
}
