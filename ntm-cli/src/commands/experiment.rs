//! From words on the command line to an experiment: configs, overrides, and runs that are there.
use super::{Failure, memory};
use crate::run_directory::{Checkpoint as Which, RunDirectory, RunReference};
use crate::run_files::{RunError, read_text};
use ntm_core::Model;
use ntm_core::checkpoint::Checkpoint;
use ntm_core::config::{BuildError, Experiment, Loaded, Plan, Precision, Registry, Source};
use ntm_core::train::Task;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The config that is included in the program.
pub(crate) const INCLUDED: &str = include_str!("../../../configs/copy.ron");
/// The name of runs of that config.
const INCLUDED_NAME: &str = "copy";

/// Parts words into paths and overrides: an override has a `=`, and is no file.
pub(crate) fn parted(words: &[String]) -> (Vec<PathBuf>, Vec<String>) {
    let mut paths = vec![];
    let mut overrides = vec![];
    for word in words {
        if word.contains('=') && !Path::new(word).exists() {
            overrides.push(word.clone());
        } else {
            paths.push(PathBuf::from(word));
        }
    }
    (paths, overrides)
}

/// As [`parted`], where at most one path may stand.
pub(crate) fn parted_one(words: &[String], wanted: &str) -> Result<(Option<PathBuf>, Vec<String>), Failure> {
    let (mut paths, overrides) = parted(words);
    if let [_, second, ..] = &paths[..] {
        let second = second.display();
        return Err(Failure::wrong(format!(
            "`{second}`: allowed are one {wanted}, and overrides such as train.seed=2"
        )));
    }
    Ok((paths.pop(), overrides))
}

/// The text of a config, and what runs of it are called.
pub(crate) fn source(config: Option<&Path>) -> Result<(Source, String), Failure> {
    let Some(path) = config else {
        let source = Source::new("configs/copy.ron (included in this program)", INCLUDED);
        return Ok((source, INCLUDED_NAME.to_owned()));
    };
    let shown = path.display();
    let text = read_text(path).map_err(|e| match e {
        RunError::Io { error, .. } if error.kind() == ErrorKind::NotFound => Failure::wrong(format!(
            "{shown}: there is no such file; give a config such as configs/copy.ron, or an override as path=value"
        )),
        RunError::Io { error, .. } if error.kind() == ErrorKind::InvalidData => {
            Failure::wrong(format!("{shown}: is not text ({error}); a config is RON in UTF-8"))
        }
        RunError::Io { .. } if path.is_dir() => Failure::wrong(format!(
            "{shown}: is a directory, and a config is a file (a run's config is {})",
            path.join("config.ron").display()
        )),
        e => Failure::wrong(e),
    })?;
    // a run's own config: another run like it
    let of_run = path.parent().filter(|_| path.file_name().is_some_and(|name| name == "config.ron"));
    let name = of_run.and_then(Path::file_name).or(path.file_stem()).unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    Ok((Source::new(shown.to_string(), text).beside(path), name))
}

/// Reads a config, checks every setting, and compares what training takes with what there is.
pub(crate) fn planned(
    registry: &Registry,
    source: &Source,
    overrides: &[String],
    threads: usize,
) -> Result<(Loaded<Experiment>, Plan), Failure> {
    let loaded = registry.load::<Experiment>(source, overrides)?;
    let plan = loaded.value.plan(threads).map_err(|e| loaded.locate(e))?;
    let smaller = "the sizes of the model, task.length, train.batch or train.validation_sequences";
    memory::require(&format!("training {}", source.name), plan.most_bytes(), smaller)?;
    Ok((loaded, plan))
}

/// A trained model, before its numbers are read.
pub(crate) struct Trained {
    /// What it is called in messages.
    pub(crate) name: String,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) loaded: Loaded<Experiment>,
    pub(crate) task: Box<dyn Task>,
    /// The run, if it was not a single file.
    pub(crate) run: Option<RunDirectory>,
}

impl Trained {
    /// Opens a run's best checkpoint, or its last one if it is wanted or there is no best.
    pub(crate) fn open(
        registry: &Registry,
        run: Option<&Path>,
        last: bool,
        overrides: &[String],
    ) -> Result<Trained, Failure> {
        let (path, run) = match RunDirectory::find(run)? {
            RunReference::File(path) => (path, None),
            RunReference::Directory(run) => {
                let wanted = if last { [Which::Last, Which::Last] } else { [Which::Best, Which::Last] };
                let found = wanted.into_iter().map(|which| run.checkpoint(which)).find(|path| path.exists());
                let none = || {
                    let (run, which) = (run.path().display(), if last { "last " } else { "" });
                    Failure::stopped(format!(
                        "{run}: has no {which}checkpoint yet; train it on with `ntm train --resume {run}`"
                    ))
                };
                (found.ok_or_else(none)?, Some(run))
            }
        };
        let checkpoint = Checkpoint::read(&path)?;
        let name = path.display().to_string();
        let source = Source::new(format!("config in {name}"), checkpoint.config.as_str());
        let loaded = registry.load::<Experiment>(&source, overrides)?;
        let task = loaded.value.task().map_err(|e| loaded.locate(e))?;
        Ok(Trained { name, checkpoint, loaded, task, run })
    }

    /// Builds the model; `room` more bytes are wanted than those of its parameters.
    pub(crate) fn model<T: Precision>(
        &self,
        what: &str,
        room: impl FnOnce(&dyn ntm_core::Cell<T>) -> u128,
    ) -> Result<Model<T>, Failure> {
        let locate = |e: BuildError| self.loaded.locate(e);
        let cell = self.loaded.value.cell::<T>(&*self.task).map_err(locate)?;
        let bytes = memory::of_parameters(&*cell, self.task.outputs()) + room(&*cell);
        memory::require(what, bytes, "the sizes asked for")?;
        let mut model = self.loaded.value.model::<T>(&*self.task).map_err(locate)?;
        self.checkpoint
            .fill(&mut model)
            .map_err(|e| Failure { message: format!("{}: {e}", self.name), ..Failure::from(e) })?;
        Ok(model)
    }
}
