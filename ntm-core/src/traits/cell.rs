//! Anything recurrent.
use super::{Quantity, Shown};
use crate::buffers::{Mat, MatMut, Steps, Track};
use crate::{Operations, Real};
use std::fmt::Debug;
use std::ops::Range;

/// How many numbers a cell wants for a chunk of items: sums of [`block`](crate::buffers::block)s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Copies of parameters in another order, refreshed after each update.
    pub prepared: usize,
    /// Kept per step, and the only thing that a step hands to the next one.
    pub state: usize,
    /// Kept per step for `backward`, which may overwrite it with what `collect` needs.
    pub trace: usize,
    /// Numbers that are free to use within a call and hold nothing between calls.
    pub scratch: usize,
}

/// How a tensor is drawn before training.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Initial {
    /// every number the same
    Constant(f64),
    /// uniform in -x ..= x
    Uniform(f64),
    /// normal with mean 0 and this standard deviation
    Normal(f64),
    /// uniform in +-gain sqrt(6 / (rows + columns)) (Glorot and Bengio 2010)
    Xavier(f64),
    /// uniform in +-gain / sqrt(columns)
    FanIn(f64),
}

impl Initial {
    /// What is wrong with its number, if anything.
    ///
    /// # Errors
    /// Says which number is not allowed, and what would be.
    pub fn check(self) -> Result<(), String> {
        match self {
            Initial::Constant(x) if x.is_finite() => Ok(()),
            Initial::Uniform(x) | Initial::Normal(x) | Initial::Xavier(x) | Initial::FanIn(x)
                if x.is_finite() && x >= 0.0 =>
            {
                Ok(())
            }
            other => Err(format!("{other:?} needs a finite number, at least 0 unless it is a constant")),
        }
    }
}

/// A tensor as the outside knows it: some rows of a parameter under a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name in checkpoints, such as `heads.0.weight`.
    pub path: String,
    /// Which rows of the parameter it is.
    pub rows: Range<usize>,
    /// Its shape outside, row-major; as many numbers as the rows have.
    pub shape: Vec<usize>,
    /// How it is drawn; `None` where its numbers must be given.
    pub initial: Option<Initial>,
    /// Rows of the part that are drawn in another way, such as the bias of a forget gate.
    pub except: Option<(Range<usize>, Initial)>,
}

/// One parameter: rows x columns, column-major, `block(rows * columns, 1)` numbers of the parameter slab.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Number of rows; of a weight, the outputs.
    pub rows: usize,
    /// Number of columns; of a weight, the inputs.
    pub columns: usize,
    /// The tensors that it consists of.
    pub parts: Vec<Part>,
    /// Whether training changes it. What is fixed has a path that starts with `given.`.
    pub trained: bool,
}
impl Parameter {
    /// A parameter known under one path as rows x columns.
    pub fn matrix(path: impl Into<String>, rows: usize, columns: usize, initial: Initial) -> Self {
        let part = Part {
            path: path.into(),
            rows: 0..rows,
            shape: vec![rows, columns],
            initial: Some(initial),
            except: None,
        };
        Parameter { rows, columns, parts: vec![part], trained: true }
    }
    /// A parameter known under one path as a list of numbers, or as `shape`.
    pub fn vector(path: impl Into<String>, shape: &[usize], initial: Initial) -> Self {
        let rows = shape.iter().product();
        let part = Part {
            path: path.into(),
            rows: 0..rows,
            shape: shape.to_vec(),
            initial: Some(initial),
            except: None,
        };
        Parameter { rows, columns: 1, parts: vec![part], trained: true }
    }
    /// Numbers in it.
    pub fn numbers(&self) -> usize {
        self.rows * self.columns
    }
    /// The same with `prefix` before every path.
    pub fn under(mut self, prefix: &str) -> Self {
        for part in &mut self.parts {
            part.path.insert_str(0, prefix);
        }
        self
    }
}

/// What a step has to work with.
#[derive(Debug)]
pub struct Forward<'a, T> {
    /// Items that take part in this step: the first columns of every block.
    pub items: usize,
    /// Items that blocks are laid out for.
    pub capacity: usize,
    /// The cell's parameters, each a block.
    pub params: &'a [T],
    /// What [`Cell::prepare`] made; empty where it was not called.
    pub prepared: &'a [T],
    /// State before the step: [`Needs::state`] numbers, one block for each quantity.
    pub state: &'a [T],
    /// State after the step, to be written.
    pub next: &'a mut [T],
    /// Kept for `backward`: [`Needs::trace`] numbers, to be written.
    pub trace: &'a mut [T],
    /// [`Needs::scratch`] numbers, free to use; what they hold on entry means nothing.
    pub scratch: &'a mut [T],
}

/// What the gradient of a step has to work with. The first fields are as in [`Forward`].
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// Items that took part in this step.
    pub items: usize,
    /// Items that blocks are laid out for.
    pub capacity: usize,
    /// The cell's parameters, each a block, in the order of [`Cell::parameters`].
    pub params: &'a [T],
    /// What [`Cell::prepare`] made; empty where it was not called.
    pub prepared: &'a [T],
    /// State before the step.
    pub state: &'a [T],
    /// State after the step.
    pub next: &'a [T],
    /// What `forward` kept; may be overwritten with what `collect` needs.
    pub trace: &'a mut [T],
    /// On entry the gradient by the state after the step, on exit by the state before it.
    pub d_state: &'a mut [T],
    /// [`Needs::scratch`] numbers, free to use; what they hold on entry means nothing.
    pub scratch: &'a mut [T],
}

impl<T> Forward<'_, T> {
    /// The same once more, for a cell that works in several turns.
    pub fn again(&mut self) -> Forward<'_, T> {
        Forward { next: &mut *self.next, trace: &mut *self.trace, scratch: &mut *self.scratch, ..*self }
    }
}
impl<T> Backward<'_, T> {
    /// The same once more, for a cell that works in several turns.
    pub fn again(&mut self) -> Backward<'_, T> {
        Backward {
            trace: &mut *self.trace,
            d_state: &mut *self.d_state,
            scratch: &mut *self.scratch,
            ..*self
        }
    }
}

/// A finished chunk, all steps at once; where not all are kept, a stretch of steps that lie side by side.
#[derive(Clone, Copy, Debug)]
pub struct Trajectory<'a, T> {
    /// Items that blocks are laid out for.
    pub capacity: usize,
    /// The inputs that the cell was given: inputs x items at each step.
    pub x: Steps<'a, T>,
    /// States *before* each step, [`Needs::state`] numbers at each.
    pub state: Track<'a, T>,
    /// Traces as `backward` left them.
    pub trace: Track<'a, T>,
}

/// Anything recurrent: a controller, a memory with its heads, a whole NTM, an LSTM baseline. Cells are made of cells.
///
/// A controller is any cell: there is no trait of its own for it.
pub trait Cell<T: Real>: Debug + Send + Sync {
    /// Length of the input of one item.
    fn inputs(&self) -> usize;
    /// Length of the output of one item.
    fn outputs(&self) -> usize;
    /// Its parameters, in the order in which their blocks lie in `params`.
    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }
    /// Numbers it wants for `capacity` items.
    fn needs(&self, capacity: usize) -> Needs;
    /// Copies parameters into the order that backward products like. Not called where it would not pay (one item);
    /// `prepared` is then empty.
    fn prepare(&self, _params: &[T], _prepared: &mut [T]) {}
    /// Writes the state before the first step. It is zero on entry.
    fn start(&self, _params: &[T], _capacity: usize, _state: &mut [T]) {}
    /// Adds the gradient of [`Cell::start`] to `d_params`.
    fn start_vjp(&self, _params: &[T], _capacity: usize, _d_state: &[T], _d_params: &mut [T]) {}
    /// How many of its outputs, the last ones, are its inner cell state (an LSTM's c): heads may be driven by them, the
    /// output layer does not see them.
    fn cell_outputs(&self) -> usize {
        0
    }
    /// Writes what counts as its output before the first step, of one item (outputs; zero on entry): where heads act
    /// before the controller, the first step needs one. An LSTM gives the h that it starts from.
    fn start_output(&self, _params: &[T], _y: &mut [T]) {}
    /// Adds the gradient of [`Cell::start_output`] to `d_params`.
    fn start_output_vjp(&self, _d_y: &[T], _d_params: &mut [T]) {}
    /// Floating-point operations of one item's step, with the gradient by the last `asked` inputs; `None` where nobody has
    /// counted them.
    fn operations(&self, _asked: usize) -> Option<Operations> {
        None
    }
    /// One step of all items: x (inputs x items) to y (outputs x items), `state` to `next`.
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, y: MatMut<'_, T>);
    /// Gradient of that step. Writes `d_x`, the gradient by the *last* `d_x.nrows()` inputs (`None`: nobody asks), and
    /// turns `d_state`. Leaves in the trace what `collect` needs; touches no parameter gradient.
    fn backward(&self, x: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>);
    /// Adds parameter gradients of the whole trajectory: one product per weight matrix. Where a trajectory is too long
    /// to be kept, its stretches are collected one by one, the last one first; whoever adds the steps from the last to the
    /// first, as [`outer_sum`](crate::kernels::product::outer_sum) does, gets the same bits either way.
    fn collect(&self, _run: Trajectory<'_, T>, _d_params: &mut [T]) {}
    /// Shows the quantities of a step just made, under the names that trace files use (`h`, `c`, `output`, …).
    fn show(&self, _s: Shown<'_, T>, _show: &mut dyn FnMut(Quantity<'_, T>)) {}
}
