//! A whole file: a task, a model, and how it is trained.
use super::{BuildError, ModelKind, ModelSite, Named, Precision, TaskKind};
use crate::Model;
use crate::bytes::Bytes;
use crate::train::{OptimizerState, Task, TaskError, TrainSettings, Trainer};
use crate::traits::{Cell, Initial, Needs};
use serde::{Deserialize, Serialize};

/// What a file such as `configs/copy.ron` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// What is learnt: a name of `ntm list tasks` with its settings.
    pub task: Named<TaskKind>,
    /// What learns it: a name of `ntm list models` with its settings.
    pub model: Named<ModelKind>,
    /// How.
    #[serde(default)]
    pub train: TrainSettings,
}

/// What building an experiment takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Numbers that training changes.
    pub parameters: usize,
    /// Steps of the longest training sequence.
    pub steps: usize,
    /// Bytes of one item at one step: state and trace.
    pub step_bytes: u128,
    /// Bytes of a trainer: all that training keeps.
    pub bytes: Bytes,
    /// Further bytes while a checkpoint is written: its tensors, and the file that they become.
    pub saving_bytes: u128,
}

impl Plan {
    /// The most bytes that are taken at a time.
    pub fn most_bytes(&self) -> u128 {
        self.bytes.total().saturating_add(self.saving_bytes)
    }
}

impl Experiment {
    /// Builds the task.
    ///
    /// # Errors
    /// Where a setting is wrong: its path from the root, what was given, what is allowed.
    pub fn task(&self) -> Result<Box<dyn Task>, BuildError> {
        self.task.build::<f32>(&()).map_err(|e| e.under("task"))
    }
    /// Builds the cell for a task, without any numbers.
    ///
    /// # Errors
    /// As [`Experiment::task`].
    pub fn cell<T: Precision>(&self, task: &dyn Task) -> Result<Box<dyn Cell<T>>, BuildError> {
        self.cell_for(task.inputs())
    }
    /// Builds the cell for a number of inputs.
    ///
    /// # Errors
    /// As [`Experiment::task`].
    pub fn cell_for<T: Precision>(&self, inputs: usize) -> Result<Box<dyn Cell<T>>, BuildError> {
        self.model.build::<T>(&ModelSite { inputs }).map_err(|e| e.under("model"))
    }
    /// Builds the model for a task, all numbers zero.
    ///
    /// # Errors
    /// As [`Experiment::task`].
    pub fn model<T: Precision>(&self, task: &dyn Task) -> Result<Model<T>, BuildError> {
        Ok(empty_model(self.cell(task)?, task.outputs()))
    }
    /// Checks all settings, and counts what training would take, without taking it.
    ///
    /// # Errors
    /// As [`Experiment::task`].
    pub fn plan(&self, threads: usize) -> Result<Plan, BuildError> {
        let train = &self.train;
        train.check().map_err(|(field, why)| BuildError::new(field, why).under("train"))?;
        let task = self.task()?;
        let cell = self.cell::<f32>(&*task)?;
        let place = |e: TaskError| BuildError::new("task", e.to_string());
        let steps = task.steps(None).map_err(place)?;
        let outputs = task.outputs() as u128;
        let parameters = cell.parameters();
        let trained: u128 = parameters.iter().filter(|p| p.trained).map(|p| p.numbers() as u128).sum();
        let all =
            trained + parameters.iter().filter(|p| !p.trained).map(|p| p.numbers() as u128).sum::<u128>();
        let largest = parameters.iter().map(|p| p.numbers() as u128).max().unwrap_or(0);
        let output = (cell.outputs() as u128 + 1) * outputs;
        let saved = (all + output) * (1 + OptimizerState::<f32>::slabs(&train.optimizer) as u128);
        let needs = [1, train.chunk].map(|capacity| cell.needs(capacity));
        for Needs { prepared, state, trace, scratch } in needs {
            // what does not fit has been cut to the largest number
            let all =
                [prepared, state, trace, scratch].map(|numbers| numbers as u128 * size_of::<f32>() as u128);
            if all.iter().sum::<u128>() > isize::MAX as u128 {
                let why = "its sizes need more bytes than this machine can address; make the memory, the controller or \
                           train.chunk smaller";
                return Err(BuildError::new("model", why));
            }
        }
        let [one, _] = needs;
        Ok(Plan {
            parameters: usize::try_from(trained + output).unwrap_or(usize::MAX),
            steps,
            step_bytes: (one.state as u128 + one.trace as u128) * size_of::<f32>() as u128,
            bytes: Trainer::bytes(train, &*task, &*cell, threads).map_err(place)?,
            saving_bytes: (2 * saved + largest) * size_of::<f32>() as u128,
        })
    }
}

/// A model with the usual output layer: Xavier weights, biases of zero.
pub(crate) fn empty_model<T: Precision>(cell: Box<dyn Cell<T>>, outputs: usize) -> Model<T> {
    Model::new(cell, outputs, Initial::Xavier(1.0), Initial::Constant(0.0))
}
