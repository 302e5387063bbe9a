//! One item, one step at a time, with the state in the caller's hands.
use super::Layout;
use super::names::Names;
use crate::buffers::{Slab, mat, mat_mut};
use crate::traits::{Forward, Quantity, Shown};
use crate::{Model, Real};

/// Why a step could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The input is not as long as the model's.
    #[error("the input holds {given} numbers, but the model takes {wanted} at each step")]
    Input {
        /// numbers given
        given: usize,
        /// numbers that the model takes
        wanted: usize,
    },
    /// The state is of another model.
    #[error(
        "the state holds {given} numbers, but this model's holds {wanted}: it is of another model; \
         Stepper::start gives one of this model"
    )]
    State {
        /// numbers given
        given: usize,
        /// numbers of this model's state
        wanted: usize,
    },
}

/// Runs a model on one item step by step: what a program does with a trained model.
///
/// The stepper keeps nothing from one step to the next. The state is the caller's, a plain list of numbers: a copy of it
/// is a place to come back to, several of them are several sequences side by side, and it may be saved like any other
/// list.
///
/// ```
/// # use ntm_core::{Model, Recurrent, engine::Stepper, traits::Initial};
/// # fn demonstrate(model: &Model<f32>) -> Result<(), ntm_core::engine::StepError> {
/// let mut stepper = Stepper::new(model);
/// let mut state = stepper.start();
/// stepper.step(&mut state, &[1.0, 0.0, 0.0])?;
/// let here = state.clone();
/// let first = stepper.step(&mut state, &[0.0, 1.0, 0.0])?.to_vec();
/// state = here; // and once more from there
/// assert_eq!(stepper.step(&mut state, &[0.0, 1.0, 0.0])?, first);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stepper<'m, T: Real> {
    model: &'m Model<T>,
    /// of the step just made, for [`Stepper::show`]
    before: Slab<T>,
    after: Slab<T>,
    trace: Slab<T>,
    scratch: Slab<T>,
    x: Slab<T>,
    y: Slab<T>,
    logits: Slab<T>,
}

impl<'m, T: Real> Stepper<'m, T> {
    /// Room for the steps of a model.
    pub fn new(model: &'m Model<T>) -> Self {
        let layout = Layout::of(model, 1);
        Stepper {
            model,
            before: Slab::new(layout.state),
            after: Slab::new(layout.state),
            trace: Slab::new(layout.trace),
            scratch: Slab::new(layout.scratch),
            x: Slab::new(model.cell().inputs()),
            y: Slab::new(model.output().inputs),
            logits: Slab::new(model.output().outputs),
        }
    }
    /// The state before the first step of a sequence.
    pub fn start(&self) -> Vec<T> {
        let mut state = vec![T::of(0.0); self.before.len()];
        self.model.cell().start(&self.model.params[..self.model.output_at()], 1, &mut state);
        state
    }
    /// One step: the logits for this input, and `state` is then the one after it;
    /// [`Loss::answer`](crate::Loss::answer) of the task's loss makes answers of them. Allocates nothing.
    ///
    /// # Errors
    /// If the input or the state is not as long as the model's; the state is then as it was.
    pub fn step(&mut self, state: &mut [T], input: &[T]) -> Result<&[T], StepError> {
        let (cell, output) = (self.model.cell(), self.model.output());
        let (given, wanted) = (input.len(), self.x.len());
        if given != wanted {
            return Err(StepError::Input { given, wanted });
        }
        let (given, wanted) = (state.len(), self.before.len());
        if given != wanted {
            return Err(StepError::State { given, wanted });
        }
        let (params, output_params) = self.model.params.split_at(self.model.output_at());
        self.x.copy_from_slice(input);
        self.before.copy_from_slice(state);
        let step = Forward {
            items: 1,
            capacity: 1,
            params,
            prepared: &[],
            state: &self.before,
            next: &mut self.after,
            trace: &mut self.trace,
            scratch: &mut self.scratch,
        };
        cell.forward(mat(&self.x, cell.inputs(), 1), step, mat_mut(&mut self.y, output.inputs, 1));
        output.forward(
            output_params,
            mat(&self.y, output.inputs, 1),
            mat_mut(&mut self.logits, output.outputs, 1),
        );
        state.copy_from_slice(&self.after);
        Ok(&self.logits)
    }
    /// Shows every quantity of the step just made, under the names of trace files.
    pub fn show(&self, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let shown = Shown {
            item: 0,
            capacity: 1,
            params: &self.model.params[..self.model.output_at()],
            x: &self.x,
            y: &self.y,
            state: &self.before,
            next: &self.after,
            trace: &self.trace,
        };
        let mut names = Names::default();
        self.model.cell().show(shown, &mut |q| show(names.own(q)));
        show(Quantity::list("logits", &self.logits));
    }
}
