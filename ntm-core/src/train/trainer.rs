//! A training run as a state machine: each call makes one update, and validates when that is due.
use super::clip::euclidean_norm;
use super::{Batcher, OptimizerState, Task, TaskError, TrainSettings};
use crate::buffers::Slab;
use crate::bytes::Bytes;
use crate::engine::{Engine, Evaluator, Exact, Inspection, Score, inspect_scored};
use crate::random::Purpose;
use crate::{Cell, Model, Real, Sequence};

/// Why training could not go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// The task could not give a sequence.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A number became infinite or not a number.
    #[error(
        "the {what} is not finite after {sequences} sequences; {place}. {}",
        match .sequences {
            // nothing has been learnt yet, so that no rate is to blame
            0 => "These are the weights that training began with: look for very large numbers in the data, its mask or \
                  the weights given, and scale them down",
            _ => "Try a lower train.optimizer.rate or a smaller train.clip",
        }
    )]
    NotFinite {
        /// the loss, the gradient or the validation cost
        what: &'static str,
        /// sequences seen before this update
        sequences: u64,
        /// step, sequence (of the training, or of the validation), head and quantity where it first appeared
        place: String,
    },
    /// An update made a parameter or a number of the optimiser infinite or not a number.
    #[error(
        "{what} is not finite after {sequences} sequences: an update was too large. Try a lower train.optimizer.rate or a \
         smaller train.clip"
    )]
    Overflow {
        /// the tensor
        what: String,
        /// sequences seen
        sequences: u64,
    },
}

/// Why a saved run could not be gone on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It does not hold what this trainer keeps between updates.
    #[error(
        "the saved run has {given:?}, and this trainer goes on from {wanted:?}; train with the optimiser that it was saved with"
    )]
    Slabs {
        /// what it holds
        given: Vec<String>,
        /// what it must hold, in any order
        wanted: Vec<String>,
    },
    /// Numbers are of another model.
    #[error(
        "`{name}` of the saved run has {given} numbers, and the model has {wanted}; build the model that it was saved from"
    )]
    Length {
        /// the slab
        name: String,
        /// how many it has
        given: usize,
        /// how many the model has, padding included
        wanted: usize,
    },
}

/// One validation. Costs are in the unit of the task's [`Loss`](crate::Loss): bits, but for `MeanSquare`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Sequences trained on so far.
    pub sequences: u64,
    /// Mean cost of the training sequences since the record before, bits per sequence.
    pub training_bits: f64,
    /// Largest norm of a gradient since the record before.
    pub gradient_norm: f64,
    /// Mean cost of the validation sequences, bits per sequence.
    pub validation_bits: f64,
    /// Mean number of wrong bits of the validation sequences, or what else the loss calls wrong.
    pub validation_wrong_bits: f64,
}

/// All that a run decides with, besides tensors: what a checkpoint must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub struct Numbers {
    /// Sequences trained on so far: the number of the next one.
    pub sequences: u64,
    /// Updates that the optimiser has made.
    pub updates: u64,
    /// Validations in a row below the bar.
    pub streak: u32,
    /// Sequences at the first of them.
    pub streak_began: u64,
    /// Sequences at the first of three validations in a row below the bar.
    pub solved_at: Option<u64>,
    /// Lowest validation cost, bits per sequence.
    pub best_bits: Option<f64>,
    /// Sequences at the lowest validation cost.
    pub best_at: u64,
    /// Since the last validation: sequences, bits, largest gradient norm.
    pub since: (u64, f64, f64),
    /// Sequences at the last validation.
    pub validated_at: u64,
}

/// A run as plain tensors and numbers, to be saved or restored.
#[derive(Clone, Debug)]
pub struct Saved<T> {
    /// What it decides with: counts, streak, best cost.
    pub numbers: Numbers,
    /// Name, and numbers laid out like the parameters.
    pub slabs: Vec<(String, Vec<T>)>,
}

/// Sequences of a validation: those wanted, or all that there are.
fn validated(task: &dyn Task, wanted: usize) -> usize {
    let all =
        task.count(Purpose::Validation).map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    wanted.min(all.max(1))
}

/// Validations in a row below the bar that make a task solved.
const STREAK: u32 = 3;

/// A task, a model and all that training it takes.
#[derive(Debug)]
pub struct Trainer<T: Real> {
    settings: TrainSettings,
    task: Box<dyn Task>,
    model: Model<T>,
    engine: Engine<T>,
    optimizer: OptimizerState<T>,
    batcher: Batcher<T>,
    validation: Option<Validation<T>>,
    /// best parameters so far
    best: Slab<T>,
    numbers: Numbers,
    last: LastUpdate,
}

/// What the last update met; not part of a run's state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LastUpdate {
    /// Mean cost of its sequences before the update, bits per sequence; 0 before the first update.
    pub bits: f64,
    /// Euclidean norm of the gradient of their mean loss, before clipping; 0 before the first update.
    pub gradient_norm: f64,
}

#[derive(Debug)]
struct Validation<T> {
    batcher: Batcher<T>,
    evaluator: Evaluator<T>,
    scores: Vec<Score>,
}

impl<T: Real> Trainer<T> {
    /// Lays out everything for training on `threads` threads; call [`Trainer::advance`] inside a rayon pool of as many.
    ///
    /// # Errors
    /// If the task has no longest sequence.
    pub fn new(
        settings: TrainSettings,
        task: Box<dyn Task>,
        model: Model<T>,
        threads: usize,
    ) -> Result<Self, TaskError> {
        let (batch, chunk) = (settings.batch, settings.chunk);
        let steps = task.steps(None)?;
        // a task that has nothing to train on says so before anything begins
        let mut batcher = Batcher::new(&*task, batch, chunk, None)?;
        batcher.draw(&*task, None, (Purpose::Training, settings.seed), 0, 1)?;
        let validation = if settings.validate_every > 0 {
            let items = validated(&*task, settings.validation_sequences);
            let mut batcher = Batcher::new(&*task, items, chunk, None)?;
            batcher.draw(&*task, None, (Purpose::Validation, settings.eval_seed), 0, items)?;
            let chunks = batcher.batch.chunks().len();
            let evaluator = Evaluator::new(&model, batcher.batch.chunk(), chunks, threads);
            Some(Validation { batcher, evaluator, scores: Vec::with_capacity(items) })
        } else {
            None
        };
        Ok(Trainer {
            engine: Engine::new(&model, settings.extent(steps, threads)),
            optimizer: OptimizerState::new(&settings.optimizer, model.params.len()),
            batcher,
            best: model.params.clone(),
            numbers: Numbers::default(),
            last: LastUpdate::default(),
            validation,
            settings,
            task,
            model,
        })
    }

    /// What the model of this cell and its trainer take.
    ///
    /// # Errors
    /// If the task has no longest sequence.
    pub fn bytes(
        settings: &TrainSettings,
        task: &dyn Task,
        cell: &dyn Cell<T>,
        threads: usize,
    ) -> Result<Bytes, TaskError> {
        let (steps, outputs, chunk) = (task.steps(None)?, task.outputs(), settings.chunk);
        let numbers = Model::numbers(cell, outputs);
        let own = Bytes { parameters: 2 * Slab::<T>::bytes(numbers), ..Bytes::default() };
        let mut parts = vec![
            own,
            OptimizerState::<T>::bytes(&settings.optimizer, numbers),
            Engine::bytes(cell, outputs, settings.extent(steps, threads)),
            Batcher::<T>::bytes(task, settings.batch, chunk, steps),
        ];
        if settings.validate_every > 0 {
            let items = validated(task, settings.validation_sequences);
            let capacity = chunk.max(1).min(items.max(1));
            parts.push(Batcher::<T>::bytes(task, items, chunk, steps));
            parts.push(Evaluator::bytes(cell, outputs, capacity, items.div_ceil(capacity), threads));
            let scratch = (items * size_of::<Score>()) as u128;
            parts.push(Bytes { scratch, ..Bytes::default() });
        }
        Ok(parts.into_iter().sum())
    }

    /// The model as it is now.
    pub fn model(&self) -> &Model<T> {
        &self.model
    }
    /// The task.
    pub fn task(&self) -> &dyn Task {
        &*self.task
    }
    /// The settings.
    pub fn settings(&self) -> &TrainSettings {
        &self.settings
    }
    /// What the run decides with.
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }
    /// What the last update met, in this sitting.
    pub fn last_update(&self) -> LastUpdate {
        self.last
    }
    /// Parameters at the lowest validation cost, laid out like those of the model.
    pub fn best(&self) -> &[T] {
        &self.best
    }
    /// Whether nothing is left to do.
    pub fn finished(&self) -> bool {
        let solved = self.numbers.solved_at.is_some() && self.settings.stop_when_solved;
        solved || self.numbers.sequences >= self.settings.sequences
    }
    /// Mean training cost since the last validation, bits per sequence.
    pub fn recent_bits(&self) -> f64 {
        let (count, bits, _) = self.numbers.since;
        bits / count.max(1) as f64
    }

    /// Trains to the end; `each` is called after every validation.
    ///
    /// # Errors
    /// As [`Trainer::advance`].
    pub fn run(&mut self, mut each: impl FnMut(&Record)) -> Result<(), TrainError> {
        while !self.finished() {
            if let Some(record) = self.advance()? {
                each(&record);
            }
        }
        self.check()
    }
    /// Whether all that would be saved is finite. A step looks at its loss and its gradient only, and an update can overflow
    /// after that; so this is to be asked before anything is kept. A validation asks by itself.
    ///
    /// # Errors
    /// The first tensor of parameters or optimiser state that holds a number which is not finite.
    pub fn check(&self) -> Result<(), TrainError> {
        // nothing may be allocated here: every validation comes by
        let slabs = self.optimizer.slabs.iter().map(|(name, slab)| ((*name, " of "), &slab[..]));
        let all = [(("", ""), &self.model.params[..]), (("the best", " "), &self.best[..])];
        for ((name, of), slab) in all.into_iter().chain(slabs) {
            if slab.iter().all(|x| x.is_finite()) {
                continue;
            }
            let bad = |path: &str| {
                self.model.read(slab, path).is_ok_and(|numbers| numbers.iter().any(|x| !x.is_finite()))
            };
            let tensors = self.model.tensors();
            let path =
                tensors.iter().map(|tensor| &*tensor.path).find(|path| bad(path)).unwrap_or("a parameter");
            return Err(TrainError::Overflow {
                what: format!("{name}{of}`{path}`"),
                sequences: self.numbers.sequences,
            });
        }
        Ok(())
    }
    /// The model with its parameters at the lowest validation cost; those it has now, where nothing was validated.
    pub fn into_best(mut self) -> Model<T> {
        if self.numbers.best_bits.is_some() {
            self.model.params.copy_from_slice(&self.best);
        }
        self.model
    }

    /// One update, and a validation if one is due. Does nothing once the run is finished.
    ///
    /// # Errors
    /// If a number is not finite. Where that is the loss or the gradient, the parameters are those from before the update.
    pub fn advance(&mut self) -> Result<Option<Record>, TrainError> {
        self.advance_telling(&|_, _| {})
    }

    /// As [`Trainer::advance`]. A validation can take long: whenever a chunk of it is done, `validating` is told how many
    /// sequences it held and of how many in all, from the thread that it ran on.
    ///
    /// # Errors
    /// As [`Trainer::advance`].
    pub fn advance_telling(
        &mut self,
        validating: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Option<Record>, TrainError> {
        if self.finished() {
            return Ok(None);
        }
        let left = self.settings.sequences - self.numbers.sequences;
        let items = self.settings.batch.min(usize::try_from(left).unwrap_or(usize::MAX));
        let purpose = (Purpose::Training, self.settings.seed);
        self.batcher.draw(&*self.task, None, purpose, self.numbers.sequences, items)?;
        let loss = self.engine.gradient(&self.model, &self.batcher.batch);
        let norm = euclidean_norm(self.engine.last_gradient());
        let cost = self.task.loss().cost(loss);
        let summed = self.numbers.since.1 + cost;
        if !summed.is_finite() || !norm.is_finite() {
            let what = if summed.is_finite() { "gradient" } else { "loss" };
            let drawn = &self.batcher.sequences()[..items];
            return Err(self.find_not_finite(what, drawn, ("sequence", self.numbers.sequences)));
        }
        let change = self.settings.clip.change(norm);
        let optimizer = self.settings.optimizer.scaled(self.settings.schedule.factor(self.numbers.sequences));
        self.optimizer.update(&optimizer, change, self.engine.last_gradient(), &mut self.model.params);
        let n = &mut self.numbers;
        n.sequences += items as u64;
        n.updates = self.optimizer.updates;
        self.last = LastUpdate { bits: cost / items.max(1) as f64, gradient_norm: norm };
        n.since = (n.since.0 + items as u64, summed, n.since.2.max(norm));
        let due = self.settings.validate_every > 0
            && (n.sequences - n.validated_at >= self.settings.validate_every
                || n.sequences >= self.settings.sequences);
        if !due {
            return Ok(None);
        }
        self.check()?;
        let record = self.validate(validating);
        match (&self.validation, record) {
            (Some(v), Some(record))
                if !record.validation_bits.is_finite() || !record.validation_wrong_bits.is_finite() =>
            {
                let drawn = &v.batcher.sequences()[..v.batcher.batch.items];
                Err(self.find_not_finite("validation cost", drawn, ("validation sequence", 0)))
            }
            (_, record) => Ok(record),
        }
    }

    fn validate(&mut self, validating: &(dyn Fn(usize, usize) + Sync)) -> Option<Record> {
        let v = self.validation.as_mut()?;
        let items = v.batcher.batch.items;
        v.evaluator.run_telling(&self.model, &v.batcher.batch, &mut v.scores, &|n| validating(n, items));
        let mean = |f: fn(&Score) -> f64| v.scores.iter().map(f).sum::<f64>() / v.scores.len() as f64;
        let n = &mut self.numbers;
        let record = Record {
            sequences: n.sequences,
            training_bits: n.since.1 / n.since.0.max(1) as f64,
            gradient_norm: n.since.2,
            validation_bits: mean(|s| s.bits),
            validation_wrong_bits: mean(|s| s.wrong_bits),
        };
        n.since = (0, 0.0, 0.0);
        n.validated_at = n.sequences;
        if record.validation_bits < self.settings.solved_below {
            if n.streak == 0 {
                n.streak_began = n.sequences;
            }
            n.streak = n.streak.saturating_add(1);
            if n.streak == STREAK && n.solved_at.is_none() {
                n.solved_at = Some(n.streak_began);
            }
        } else {
            n.streak = 0;
        }
        if record.validation_bits.is_finite() && n.best_bits.is_none_or(|best| record.validation_bits < best)
        {
            n.best_bits = Some(record.validation_bits);
            n.best_at = n.sequences;
            self.best.copy_from_slice(&self.model.params);
        }
        Some(record)
    }

    /// Runs sequences again, which are numbered from `first`, with everything kept, and says where a number first was not finite.
    fn find_not_finite(
        &self,
        what: &'static str,
        drawn: &[Sequence],
        (called, first): (&str, u64),
    ) -> TrainError {
        let sequences = self.numbers.sequences;
        let mut place = "it first appears in the sum over the sequences".to_string();
        for (i, sequence) in drawn.iter().enumerate() {
            let found = inspect_scored(
                &self.model,
                self.task.loss(),
                std::slice::from_ref(sequence),
                Exact::default(),
            );
            if let Some(quantity) = first_not_finite(&self.model, &found, sequence.steps) {
                place = format!("it first appears in {quantity} of {called} {}", first + i as u64);
                break;
            }
        }
        TrainError::NotFinite { what, sequences, place }
    }

    /// The run as tensors and numbers.
    pub fn save(&self) -> Saved<T> {
        let optimizer =
            self.optimizer.slabs.iter().map(|(name, slab)| (format!("optim.{name}"), slab.to_vec()));
        let mut slabs = vec![("params".to_string(), self.model.params.to_vec())];
        slabs.extend(optimizer);
        Saved { numbers: self.numbers, slabs }
    }
    /// Goes on from a saved run of the same settings. `best` are the parameters of its best checkpoint; without them its best cost
    /// is forgotten too, and the next validation is the best so far.
    ///
    /// # Errors
    /// If it does not hold exactly what this trainer keeps, or `best` has another length than the parameters; the trainer is then as
    /// it was.
    pub fn restore(&mut self, saved: &Saved<T>, best: Option<&[T]>) -> Result<(), RestoreError> {
        let kept = || self.optimizer.slabs.iter().map(|(name, _)| format!("optim.{name}"));
        let mut wanted: Vec<String> = kept().chain(["params".to_owned()]).collect();
        let mut given: Vec<String> = saved.slabs.iter().map(|(name, _)| name.clone()).collect();
        wanted.sort();
        given.sort();
        if given != wanted {
            return Err(RestoreError::Slabs { given, wanted });
        }
        let numbers = self.best.len();
        let all = saved.slabs.iter().map(|(name, slab)| (name.as_str(), slab.len()));
        let lengths = all.chain(best.map(|best| ("best", best.len())));
        if let Some((name, given)) = lengths.into_iter().find(|(_, length)| *length != numbers) {
            return Err(RestoreError::Length { name: name.to_owned(), given, wanted: numbers });
        }
        self.numbers = saved.numbers;
        self.optimizer.updates = saved.numbers.updates;
        for (name, from) in &saved.slabs {
            let kept = self.optimizer.slabs.iter_mut().find(|(n, _)| *name == format!("optim.{n}"));
            kept.map_or(&mut self.model.params, |(_, slab)| slab).copy_from_slice(from);
        }
        if best.is_none() {
            self.numbers.best_bits = None;
        }
        self.best.copy_from_slice(best.unwrap_or(&self.model.params));
        Ok(())
    }
    /// Moves the end: trains on to this many sequences from now on.
    pub fn move_end(&mut self, sequences: u64) {
        self.settings.sequences = sequences;
    }
    /// Starts from other parameters, laid out like those of the model.
    pub fn start_from(&mut self, params: &[T]) {
        self.model.params.copy_from_slice(params);
        self.best.copy_from_slice(params);
    }
}

/// The first quantity of a single sequence that holds a number that is not finite.
fn first_not_finite<T: Real>(model: &Model<T>, found: &Inspection<T>, steps: usize) -> Option<String> {
    let bad = |xs: &[T]| xs.iter().any(|x| !x.is_finite());
    for t in 0..steps {
        for (name, (_, all)) in &found.trace {
            let each = all.len() / steps.max(1);
            if bad(&all[t * each..(t + 1) * each]) {
                return Some(format!("`{name}` at step {t}"));
            }
        }
    }
    if !found.loss.is_finite() {
        return Some("the loss".into());
    }
    let by_inputs = (0..steps).rev().find_map(|t| {
        let each = found.d_inputs.len() / steps.max(1);
        let d = &found.d_inputs[t * each..(t + 1) * each];
        bad(d).then(|| format!("the gradient at step {t}"))
    });
    by_inputs.or_else(|| {
        let tensors = model.tensors();
        let path = tensors.iter().map(|tensor| &*tensor.path);
        let mut bad =
            path.filter(|path| model.read(&found.gradient, path).is_ok_and(|numbers| bad(&numbers)));
        bad.next().map(|path| format!("the gradient of `{path}`"))
    })
}
