//! A whole file: a task, a model, and how it is trained.
use super::{BuildError, ModelKind, ModelSite, Named, Precision, TaskKind};
use crate::Model;
use crate::engine::Engine;
use crate::train::{OptimizerState, Task, TrainSettings, validated};
use crate::traits::{Cell, Initial};
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
    /// Bytes of parameters, gradients and optimiser state.
    pub parameter_bytes: u128,
    /// Bytes of one item at one step: state and trace.
    pub step_bytes: u128,
    /// Bytes of all buffers of training on one thread: parameters, trajectories, batches.
    pub training_bytes: u128,
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
        let steps = task.steps(None).map_err(|e| BuildError::new("task", e.to_string()))?;
        let (inputs, outputs) = (task.inputs() as u128, task.outputs() as u128);
        let parameters = cell.parameters();
        let output = cell.outputs() as u128 * outputs + outputs;
        let count = |trained: bool| {
            let all = parameters.iter().filter(|p| p.trained == trained);
            all.map(|p| p.rows as u128 * p.columns as u128).sum::<u128>()
        };
        let trained = count(true) + output;
        let all = trained + count(false);
        let needs = cell.needs(1);
        let size = size_of::<f32>() as u128;
        let slabs = 2 + OptimizerState::<f32>::slabs(&train.optimizer) as u128;
        let batch = |items: usize| {
            let items = items as u128 * steps as u128;
            items * (inputs + 2 * outputs) * size * 2
        };
        let validation = if train.validate_every > 0 {
            let items = validated(&*task, train.validation_sequences);
            let evaluated = cell.needs(train.chunk.min(items));
            let work = 2 * evaluated.state as u128 + evaluated.trace as u128 + evaluated.scratch as u128;
            batch(items) + work * threads.max(1) as u128 * size
        } else {
            0
        };
        let numbers =
            Engine::<f32>::numbers(&*cell, task.outputs(), train.batch, train.chunk, steps, threads);
        Ok(Plan {
            parameters: usize::try_from(trained).unwrap_or(usize::MAX),
            steps,
            parameter_bytes: all * (slabs + 1) * size,
            step_bytes: (needs.state as u128 + needs.trace as u128) * size,
            training_bytes: all * slabs * size + numbers * size + batch(train.batch) + validation,
        })
    }
}

/// A model with the usual output layer: Xavier weights, biases of zero.
pub(crate) fn empty_model<T: Precision>(cell: Box<dyn Cell<T>>, outputs: usize) -> Model<T> {
    Model::new(cell, outputs, Initial::Xavier(1.0), Initial::Constant(0.0))
}
