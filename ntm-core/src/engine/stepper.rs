//! One item, one step at a time, with the state in the caller's hands.
use super::Layout;
use crate::buffers::{Slab, mat, mat_mut};
use crate::traits::{Forward, Quantity, Shown};
use crate::{Model, Real};

/// Runs a model on one item step by step: what a program does with a trained model.
#[derive(Debug)]
pub struct Stepper<T> {
    state: Slab<T>,
    next: Slab<T>,
    trace: Slab<T>,
    scratch: Slab<T>,
    x: Slab<T>,
    y: Slab<T>,
    logits: Slab<T>,
}

impl<T: Real> Stepper<T> {
    /// At the start of a sequence.
    pub fn new(model: &Model<T>) -> Self {
        let layout = Layout::of(model, 1);
        let mut stepper = Stepper {
            state: Slab::new(layout.state),
            next: Slab::new(layout.state),
            trace: Slab::new(layout.trace),
            scratch: Slab::new(layout.scratch),
            x: Slab::new(model.cell().inputs()),
            y: Slab::new(model.output().inputs),
            logits: Slab::new(model.output().outputs),
        };
        stepper.restart(model);
        stepper
    }
    /// Back to the start of a sequence.
    pub fn restart(&mut self, model: &Model<T>) {
        self.state.fill(T::of(0.0));
        model.cell().start(&model.params[..model.output_at()], 1, &mut self.state);
    }
    /// One step: the logits for this input; [`Loss::answer`](crate::Loss::answer) of the task's loss makes answers of
    /// them. An input that is too short is continued with zeros.
    pub fn step(&mut self, model: &Model<T>, input: &[T]) -> &[T] {
        let (cell, output) = (model.cell(), model.output());
        let (params, output_params) = model.params.split_at(model.output_at());
        self.x.fill(T::of(0.0));
        let n = input.len().min(self.x.len());
        self.x[..n].copy_from_slice(&input[..n]);
        let step = Forward {
            items: 1,
            capacity: 1,
            params,
            prepared: &[],
            state: &self.state,
            next: &mut self.next,
            trace: &mut self.trace,
            scratch: &mut self.scratch,
        };
        cell.forward(mat(&self.x, cell.inputs(), 1), step, mat_mut(&mut self.y, output.inputs, 1));
        output.forward(
            output_params,
            mat(&self.y, output.inputs, 1),
            mat_mut(&mut self.logits, output.outputs, 1),
        );
        std::mem::swap(&mut self.state, &mut self.next);
        &self.logits
    }
    /// Shows every quantity of the step just made, under the names of trace files.
    pub fn show(&self, model: &Model<T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let shown = Shown {
            item: 0,
            capacity: 1,
            params: &model.params[..model.output_at()],
            x: &self.x,
            y: &self.y,
            state: &self.next,
            next: &self.state,
            trace: &self.trace,
        };
        model.cell().show(shown, show);
        show(Quantity::list("logits", &self.logits));
    }
}
