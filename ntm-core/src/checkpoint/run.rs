//! A run at rest: weights, optimiser state and all that the trainer decides with, in one [`Archive`].
//!
//! ```text
//! controller.weight_ih …            parameters under their paths, row-major; what is fixed under given.
//! optim.squares.controller.weight_ih …   optimiser state, one tensor per trained parameter
//! ```
//!
//! The text beside the tensors is one line of RON (format, version, numbers), then the resolved config. Nothing but
//! what the seed determines is in it, so runs that did the same have the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::quoted;
use super::{Archive, ArchiveError, Data, Tensor};
use crate::config::{BuildError, ConfigError, Experiment, Loaded, Precision, Registry, Source, empty_model};
use crate::train::{Numbers, Optimizer, Saved};
use crate::{Model, Real, TensorInfo};

/// The format that is written, and the newest that is read.
pub const FORMAT: u32 = 1;

/// What stands before the names of the optimiser's tensors.
const OPTIMIZER: &str = "optim.";
/// The trainer's name for the parameters.
const PARAMS: &str = "params";

/// A checkpoint of a run: a model with its config, and where training stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Version of the program that wrote it.
    pub version: String,
    /// Where training stood when it was written.
    pub numbers: Numbers,
    /// The resolved config, as RON.
    pub config: String,
    /// All tensors by name: weights under their paths, `optim.*`, `given.*`; row-major.
    pub tensors: BTreeMap<String, Tensor>,
}

/// The first line of the text.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    version: String,
    numbers: Numbers,
}

/// Why a checkpoint could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file could not be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It is a file of tensors, but not a checkpoint.
    #[error(
        "{file}: holds no run: {detail}; give a run's checkpoints/last.safetensors or checkpoints/best.safetensors"
    )]
    NotARun {
        /// What it is called.
        file: String,
        /// What is missing.
        detail: String,
    },
    /// It was written by a later version.
    #[error(
        "{file}: has format {given}, this program reads formats up to {FORMAT}; it was written by version {}",
        quoted(.version)
    )]
    Format {
        /// What it is called.
        file: String,
        /// Its format.
        given: u32,
        /// The version that wrote it.
        version: String,
    },
    /// Its config cannot be used here: a component may not be registered.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its tensors are not those of the model.
    #[error("the checkpoint is of another model:{}", list(.0))]
    Tensors(Vec<Mismatch>),
    /// It holds no optimiser state.
    #[error(
        "the checkpoint holds weights only, and training cannot go on from it; `last.safetensors` is made for that"
    )]
    WeightsOnly,
}

/// A tensor on which a checkpoint and a model disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The model needs it.
    Missing {
        /// its path
        path: String,
        /// its shape in the model
        wanted: Vec<usize>,
    },
    /// The model has no use for it.
    Extra {
        /// its path
        path: String,
        /// its shape in the checkpoint
        given: Vec<usize>,
    },
    /// The shapes differ.
    Shape {
        /// its path
        path: String,
        /// its shape in the checkpoint
        given: Vec<usize>,
        /// its shape in the model
        wanted: Vec<usize>,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Missing { path, wanted } => {
                write!(f, "`{path}` has shape {wanted:?} in the model, but is not in the checkpoint")
            }
            Mismatch::Extra { path, given } => {
                write!(f, "`{path}` has shape {given:?} in the checkpoint, but is not in the model")
            }
            Mismatch::Shape { path, given, wanted } => {
                write!(f, "`{path}` has shape {given:?} in the checkpoint, but {wanted:?} in the model")?;
                if given.first() != wanted.first() && has_slots(path) {
                    f.write_str(
                        ", and since it has a number for every slot, it cannot be run with other slots",
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// Whether the first axis of the tensor of this path is the slots of a memory: such a model runs with as many slots
/// as it was trained with, and no others.
pub fn has_slots(path: &str) -> bool {
    let starts = path.strip_prefix("start.").or_else(|| path.strip_prefix("given."));
    starts.is_some_and(|rest| rest == "memory" || rest.ends_with(".weighting"))
}

fn list(mismatches: &[Mismatch]) -> String {
    const SHOWN: usize = 6;
    let mut all: String = mismatches.iter().take(SHOWN).map(|m| format!("\n  {m}")).collect();
    if mismatches.len() > SHOWN {
        all += &format!("\n  and {} more", mismatches.len() - SHOWN);
    }
    all
}

impl Checkpoint {
    /// A model's weights: `params` is laid out like the model's own.
    pub fn of_weights<T: Real>(config: &str, model: &Model<T>, params: &[T], numbers: Numbers) -> Self
    where
        Data: From<Vec<T>>,
    {
        let mut tensors = BTreeMap::new();
        add(&mut tensors, model, "", params, |_| true);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Checkpoint { version, numbers, config: config.to_owned(), tensors }
    }

    /// A run that can go on.
    pub fn of_run<T: Real>(config: &str, model: &Model<T>, saved: &Saved<T>) -> Self
    where
        Data: From<Vec<T>>,
    {
        let mut checkpoint = Self::of_weights(config, model, &model.params, saved.numbers);
        for (name, slab) in saved.slabs.iter().filter(|(name, _)| name != PARAMS) {
            add(&mut checkpoint.tensors, model, &format!("{name}."), slab, |info| info.trained);
        }
        checkpoint
    }

    /// What is left without optimiser state: the weights and the config, to be run, looked into, imported or started from. It says
    /// still where training stood.
    #[must_use]
    pub fn without_optimizer(mut self) -> Self {
        self.tensors.retain(|name, _| !name.starts_with(OPTIMIZER));
        self
    }

    /// The checkpoint as an archive: equal checkpoints give equal bytes.
    pub fn to_archive(&self) -> Archive {
        self.clone().into_archive()
    }
    /// As [`Checkpoint::to_archive`], without a copy of the tensors.
    pub fn into_archive(self) -> Archive {
        let head = Head { format: FORMAT, version: self.version, numbers: self.numbers };
        // of numbers, names and texts RON can write everything
        let head = ron::to_string(&head).unwrap_or_default();
        Archive { tensors: self.tensors, metadata: Some(format!("{head}\n{}", self.config)) }
    }

    /// The checkpoint in an archive, which is called `file` in messages.
    ///
    /// # Errors
    /// If it is not one.
    pub fn from_archive(archive: Archive, file: &str) -> Result<Self, CheckpointError> {
        let not = |detail: String| CheckpointError::NotARun { file: file.to_owned(), detail };
        let text = archive.metadata.ok_or_else(|| not("there are tensors only".into()))?;
        let (head, config) = text.split_once('\n').ok_or_else(|| not("its text has no config".into()))?;
        #[derive(Deserialize)]
        struct Format {
            format: u32,
            version: String,
        }
        let bad =
            |e: ron::error::SpannedError| not(format!("its text begins with something else ({})", e.code));
        let Format { format, version } = ron::from_str(head).map_err(bad)?;
        if format > FORMAT {
            return Err(CheckpointError::Format { file: file.to_owned(), given: format, version });
        }
        let Head { numbers, .. } = ron::from_str(head).map_err(bad)?;
        numbers.check().map_err(|why| not(format!("the numbers in its text cannot be: {why}")))?;
        Ok(Checkpoint { version, numbers, config: config.to_owned(), tensors: archive.tensors })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`Archive::read`] and [`Checkpoint::from_archive`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        Self::from_archive(Archive::read(path)?, &path.display().to_string())
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// As [`Archive::write`].
    pub fn write(self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        Ok(self.into_archive().write(path)?)
    }

    /// The experiment, with overrides.
    ///
    /// # Errors
    /// If a component is not registered, or an override does not fit.
    pub fn experiment(
        &self,
        registry: &Registry,
        overrides: &[String],
    ) -> Result<Loaded<Experiment>, CheckpointError> {
        let source = Source::new("the checkpoint's config", self.config.as_str());
        Ok(registry.load(&source, overrides)?)
    }

    /// The trained model with its experiment, ready to step: all that a program needs.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ntm_core::checkpoint::Checkpoint;
    /// use ntm_core::engine::Stepper;
    ///
    /// let registry = ntm_core::config::register(Default::default()); // and those of other crates
    /// let checkpoint = Checkpoint::read("runs/copy/checkpoints/best.safetensors")?;
    /// let (_experiment, model) = checkpoint.model::<f32>(&registry)?;
    /// let mut stepper = Stepper::new(&model);
    /// let mut state = stepper.start();
    /// let _logits = stepper.step(&mut state, &[1.0; 9])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Checkpoint::experiment`] and [`Checkpoint::fill`].
    pub fn model<T: Precision>(
        &self,
        registry: &Registry,
    ) -> Result<(Experiment, Model<T>), CheckpointError> {
        let loaded = self.experiment(registry, &[])?;
        let place = |e: BuildError| CheckpointError::Config(loaded.locate(e));
        let task = loaded.value.task().map_err(place)?;
        let cell = loaded.value.cell::<T>(&*task).map_err(place)?;
        // whatever its config says of sizes, no more is allocated than the file has numbers for
        self.fits(&Model::tensors_of(&*cell, task.outputs()))?;
        let mut model = empty_model(cell, task.outputs());
        self.fill(&mut model)?;
        Ok((loaded.value, model))
    }

    /// Gives a model its numbers.
    ///
    /// # Errors
    /// Every tensor on which the two disagree; the model is then in no useful state.
    pub fn fill<T: Real>(&self, model: &mut Model<T>) -> Result<(), CheckpointError> {
        let infos = model.tensors();
        self.fits(&infos)?;
        let mut params = std::mem::replace(&mut model.params, crate::buffers::Slab::new(0));
        let mismatches = self.write_tensors(model, "", infos.iter(), &mut params);
        model.params = params;
        if mismatches.is_empty() { Ok(()) } else { Err(CheckpointError::Tensors(mismatches)) }
    }

    /// Compares the weights with those that a model has, without a model.
    fn fits(&self, infos: &[TensorInfo]) -> Result<(), CheckpointError> {
        let mut mismatches = vec![];
        for TensorInfo { path, shape, .. } in infos {
            let (path, wanted) = (path.clone(), shape.clone());
            match self.tensors.get(&path) {
                None => mismatches.push(Mismatch::Missing { path, wanted }),
                Some(Tensor { shape, .. }) if *shape != wanted => {
                    mismatches.push(Mismatch::Shape { path, given: shape.clone(), wanted });
                }
                Some(_) => {}
            }
        }
        let known: BTreeSet<&str> = infos.iter().map(|info| info.path.as_str()).collect();
        let weights = self.tensors.iter().filter(|(name, _)| !name.starts_with(OPTIMIZER));
        let others = weights.filter(|(name, _)| !known.contains(name.as_str()));
        mismatches
            .extend(others.map(|(path, t)| Mismatch::Extra { path: path.clone(), given: t.shape.clone() }));
        if mismatches.is_empty() { Ok(()) } else { Err(CheckpointError::Tensors(mismatches)) }
    }

    /// The run as a trainer of this model, with this optimiser, takes it.
    ///
    /// # Errors
    /// As [`Checkpoint::fill`]; if there is no optimiser state, or another than what this optimiser keeps.
    pub fn saved<T: Real>(
        &self,
        model: &Model<T>,
        optimizer: &Optimizer,
    ) -> Result<Saved<T>, CheckpointError> {
        if !self.tensors.keys().any(|name| name.starts_with(OPTIMIZER)) {
            return Err(CheckpointError::WeightsOnly);
        }
        let infos = model.tensors();
        self.fits(&infos)?;
        let slab = |prefix: &str, which: fn(&TensorInfo) -> bool| {
            let mut slab = vec![T::of(0.0); model.params.len()];
            let mismatches =
                self.write_tensors(model, prefix, infos.iter().filter(|info| which(info)), &mut slab);
            (slab, mismatches)
        };
        let (params, mut mismatches) = slab("", |_| true);
        let mut slabs = vec![(PARAMS.to_owned(), params)];
        for name in optimizer.keeps() {
            let (slab, missing) = slab(&format!("{OPTIMIZER}{name}."), |info| info.trained);
            mismatches.extend(missing);
            slabs.push((format!("{OPTIMIZER}{name}"), slab));
        }
        let trained: BTreeSet<&str> =
            infos.iter().filter(|info| info.trained).map(|info| info.path.as_str()).collect();
        let known = |name: &str| {
            let kept = name.strip_prefix(OPTIMIZER).and_then(|name| name.split_once('.'));
            kept.is_some_and(|(slab, path)| optimizer.keeps().contains(&slab) && trained.contains(path))
        };
        let others = self.tensors.iter().filter(|(name, _)| name.starts_with(OPTIMIZER) && !known(name));
        mismatches
            .extend(others.map(|(path, t)| Mismatch::Extra { path: path.clone(), given: t.shape.clone() }));
        match mismatches.is_empty() {
            true => Ok(Saved { numbers: self.numbers, slabs }),
            false => Err(CheckpointError::Tensors(mismatches)),
        }
    }

    /// Writes tensors into a slab laid out like the parameters; gives those that do not fit.
    fn write_tensors<'a, T: Real>(
        &self,
        model: &Model<T>,
        prefix: &str,
        infos: impl Iterator<Item = &'a TensorInfo>,
        slab: &mut [T],
    ) -> Vec<Mismatch> {
        let mut mismatches = vec![];
        for info in infos {
            let path = format!("{prefix}{}", info.path);
            let wanted = info.shape.clone();
            let Some(tensor) = self.tensors.get(&path) else {
                mismatches.push(Mismatch::Missing { path, wanted });
                continue;
            };
            let written = model.write(slab, &info.path, &tensor.shape, &numbers(&tensor.data));
            if written.is_err() {
                mismatches.push(Mismatch::Shape { path, given: tensor.shape.clone(), wanted });
            }
        }
        mismatches
    }
}

/// Adds the tensors in a slab laid out like the parameters.
fn add<T: Real>(
    tensors: &mut BTreeMap<String, Tensor>,
    model: &Model<T>,
    prefix: &str,
    slab: &[T],
    which: impl Fn(&TensorInfo) -> bool,
) where
    Data: From<Vec<T>>,
{
    for info in model.tensors().into_iter().filter(which) {
        // the model knows its own tensors
        if let Ok(numbers) = model.read(slab, &info.path) {
            tensors.insert(format!("{prefix}{}", info.path), Tensor::new(info.shape, numbers));
        }
    }
}

/// Numbers in the model's precision.
fn numbers<T: Real>(data: &Data) -> Vec<T> {
    match data {
        Data::F32(data) => data.iter().map(|&x| T::of(f64::from(x))).collect(),
        Data::F64(data) => data.iter().map(|&x| T::of(x)).collect(),
        Data::U64(data) => data.iter().map(|&x| T::of(x as f64)).collect(),
    }
}
