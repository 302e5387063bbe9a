//! Sequences of one's own, from a file.
//!
//! A safetensors file with `inputs` and `targets` (items x steps x channels) and, optionally, `mask` (items x steps): the
//! weight of each step in the loss, 0 where it is not scored. Without a mask every step is scored. Numbers are `F32`,
//! `F64`, `U8` or `BOOL`.
//!
//! An item ends with its last scored step. Steps after it are padding: they could change neither the cost nor a gradient,
//! and are not computed. So items of different length share a file, each padded to the longest, with a mask of zeros there.
//!
//! Training goes through the file in passes; each pass is a permutation of its own, drawn from the seed. Sequence n of
//! training thus depends on (seed, n) alone. Validation and evaluation take the items of the other file in its order.
mod data;
mod items;
mod permutation;

pub use data::{DataFile, Values};
use items::Items;
use ntm_core::config::FilePath;
use ntm_core::random::{Purpose, Random};
use ntm_core::train::{Task, TaskError};
use ntm_core::{Loss, Sequence};
use permutation::Permutation;
use rand::RngExt;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Sequences from files, as `FromFile(inputs: 5, outputs: 2, train: "a.safetensors", validation: "b.safetensors")`.
///
/// Both files may be left out: such a model can be checked, imported, traced and evaluated on files given later, and not
/// trained. A file is read when it is first needed, once, however often the task is built from these settings.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromFile {
    /// Channels of `inputs`: the last axis of that tensor.
    pub inputs: usize,
    /// Channels of `targets`: the last axis of that tensor.
    pub outputs: usize,
    /// The file to train on.
    #[serde(default)]
    pub train: Option<FilePath>,
    /// The file to validate on, and to measure a trained model on.
    #[serde(default)]
    pub validation: Option<FilePath>,
    /// How outputs are compared with targets.
    #[serde(default)]
    pub loss: Loss,
    #[serde(skip)]
    read: Read,
}

/// What was read of the two files. Says nothing of itself: it follows from the settings.
#[derive(Clone, Default)]
struct Read(Arc<[OnceLock<Result<Items, TaskError>>; 2]>);

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Read")
    }
}
impl PartialEq for Read {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Most channels.
const CHANNELS: usize = 1 << 16;

impl FromFile {
    /// A task without files; set [`train`](Self::train) and [`validation`](Self::validation) before it is used.
    pub fn new(inputs: usize, outputs: usize, loss: Loss) -> Self {
        FromFile { inputs, outputs, train: None, validation: None, loss, read: Read::default() }
    }

    /// What is wrong with the settings, if anything: the field, and why. Files are not looked at.
    ///
    /// # Errors
    /// The first field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (field, n) in [("inputs", self.inputs), ("outputs", self.outputs)] {
            if n == 0 || n > CHANNELS {
                return Err((field, format!("{n} channels; must be 1 to {CHANNELS}")));
            }
        }
        Ok(())
    }

    /// The items for a purpose.
    fn items(&self, purpose: Purpose) -> Result<&Items, TaskError> {
        let (at, file) = match purpose {
            Purpose::Training => (0, &self.train),
            _ => (1, &self.validation),
        };
        let Some(file) = file else {
            return Err(TaskError(
                match purpose {
                    Purpose::Training => {
                        "FromFile has no file to train on; give one as task.train=\"FILE.safetensors\""
                    }
                    Purpose::Validation => {
                        "FromFile has no file to validate on; give one as task.validation=\"FILE.safetensors\", or set \
                         train.validate_every=0 to train without validation"
                    }
                    _ => "FromFile has no file to measure on; give one as task.validation=\"FILE.safetensors\"",
                }
                .to_owned(),
            ));
        };
        let read = || Items::read(file.path(), self.inputs, self.outputs, self.loss).map_err(TaskError);
        self.read.0[at].get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn unsized_only(size: Option<u64>) -> Result<(), TaskError> {
        match size {
            None => Ok(()),
            Some(size) => Err(TaskError(format!(
                "length {size}: the sequences of FromFile are as long as they are in their file; leave the length out"
            ))),
        }
    }
}

impl Task for FromFile {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.outputs
    }
    fn loss(&self) -> Loss {
        self.loss
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        Self::unsized_only(size)?;
        let given = [(&self.train, Purpose::Training), (&self.validation, Purpose::Validation)];
        let given = given.into_iter().filter(|(file, _)| file.is_some());
        let mut longest = given.map(|(_, purpose)| self.items(purpose).map(Items::longest));
        longest.try_fold(0, |most, steps| Ok(most.max(steps?)))
    }
    fn steps_for(&self, purpose: Purpose, size: Option<u64>) -> Result<usize, TaskError> {
        Self::unsized_only(size)?;
        self.items(purpose).map(Items::longest)
    }
    fn count(&self, purpose: Purpose) -> Option<u64> {
        Some(self.items(purpose).map_or(0, |items| items.count() as u64))
    }
    fn sequence(
        &self,
        (purpose, seed): (Purpose, u64),
        n: u64,
        size: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        Self::unsized_only(size)?;
        let items = self.items(purpose)?;
        let count = items.count() as u64;
        let item = match purpose {
            Purpose::Training => Permutation::of_pass(count, seed, n / count).at(n % count),
            _ => n % count,
        };
        items.copy(item as usize, to);
        Ok(())
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        Self::unsized_only(size)?;
        let purpose = if self.train.is_some() { Purpose::Training } else { Purpose::Evaluation(0) };
        let items = self.items(purpose)?;
        items.copy(random.random_range(0..items.count()), to);
        Ok(())
    }
    fn size_name(&self) -> &'static str {
        "longest"
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![]
    }
}

#[cfg(test)]
mod tests;
