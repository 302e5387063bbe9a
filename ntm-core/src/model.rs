//! A cell, its output layer and the numbers of both: what is trained, saved and run.
use crate::buffers::{Slab, block};
use crate::traits::{Initial, Parameter, Part};
use crate::{Cell, Linear, Operations, Real};
use std::ops::Range;

/// A tensor of a model as the outside sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorInfo {
    /// Its path, such as `heads.0.weight`.
    pub path: String,
    /// Its shape, row-major, outermost axis first.
    pub shape: Vec<usize>,
    /// Whether training changes it; if not, its path starts with `given.`.
    pub trained: bool,
}

/// Where a parameter lies in the slab.
#[derive(Clone, Debug)]
struct Placed {
    parameter: Parameter,
    range: Range<usize>,
}

/// The tensors of a parameter.
fn infos(parts: &[Part], trained: bool) -> impl Iterator<Item = TensorInfo> {
    parts.iter().map(move |part| TensorInfo { path: part.path.clone(), shape: part.shape.clone(), trained })
}

/// Why a tensor could not be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TensorError {
    /// There is no tensor of this path.
    #[error("the model has no tensor `{0}`")]
    Unknown(String),
    /// The numbers do not fit.
    #[error("`{path}` has shape {given:?} in the file, but {wanted:?} in the model")]
    Shape {
        /// which tensor
        path: String,
        /// its shape in the file
        given: Vec<usize>,
        /// its shape in the model
        wanted: Vec<usize>,
    },
}

/// A cell, a linear output layer and their parameters, all in one slab.
///
/// The output layer is no part of a cell: it runs once over all scored steps.
#[derive(Debug)]
pub struct Model<T: Real> {
    cell: Box<dyn Cell<T>>,
    output: Linear,
    placed: Vec<Placed>,
    output_at: usize,
    /// All parameters, trained or given, each a block.
    pub params: Slab<T>,
}

impl<T: Real> Model<T> {
    /// A model with `outputs` outputs; all its numbers are zero until [`Model::draw`] or [`Model::set`]. `weight` and
    /// `bias` say how the output layer is drawn.
    pub fn new(cell: Box<dyn Cell<T>>, outputs: usize, weight: Initial, bias: Initial) -> Self {
        let output = Linear { inputs: cell.outputs(), outputs };
        let (mut placed, mut at) = (vec![], 0);
        let mut output_at = 0;
        let layers = [cell.parameters(), output.parameters("output", weight, bias)];
        for (i, parameters) in layers.into_iter().enumerate() {
            if i == 1 {
                output_at = at;
            }
            for parameter in parameters {
                let n = parameter.numbers();
                placed.push(Placed { parameter, range: at..at + n });
                at += block(n, 1);
            }
        }
        Model { cell, output, placed, output_at, params: Slab::new(at) }
    }

    /// The cell.
    pub fn cell(&self) -> &dyn Cell<T> {
        &*self.cell
    }
    /// The output layer.
    pub fn output(&self) -> Linear {
        self.output
    }
    /// Where the parameters of the output layer start; before it are the cell's.
    pub fn output_at(&self) -> usize {
        self.output_at
    }
    /// As [`Model::tensors`], of the model that a cell would be part of: nothing is allocated for its numbers.
    #[cfg(all(feature = "checkpoint", feature = "config"))]
    pub(crate) fn tensors_of(cell: &dyn Cell<T>, outputs: usize) -> Vec<TensorInfo> {
        let output = Linear { inputs: cell.outputs(), outputs };
        let zero = Initial::Constant(0.0);
        let parameters = cell.parameters().into_iter().chain(output.parameters("output", zero, zero));
        parameters
            .flat_map(|Parameter { parts, trained, .. }| infos(&parts, trained).collect::<Vec<_>>())
            .collect()
    }
    /// Numbers of all parameters of a model of this cell, each a block.
    pub(crate) fn numbers(cell: &dyn Cell<T>, outputs: usize) -> u128 {
        let output = Linear { inputs: cell.outputs(), outputs };
        let cells = cell.parameters().iter().map(|p| block(p.numbers(), 1) as u128).sum::<u128>();
        cells + output.numbers() as u128
    }
    /// Trained numbers, without padding.
    pub fn count(&self) -> usize {
        self.placed.iter().filter(|p| p.parameter.trained).map(|p| p.range.len()).sum()
    }

    /// Floating-point operations of a sequence of so many steps, of which so many are scored, without the optimiser's;
    /// `None` where a component has not declared its own.
    pub fn operations(&self, steps: usize, scored: usize) -> Option<Operations> {
        let cell = self.cell.operations(0)?;
        Some(cell.times(steps) + self.output.operations(self.output.inputs).times(scored))
    }

    fn parts(&self) -> impl Iterator<Item = (&Placed, &Part)> {
        self.placed.iter().flat_map(|p| p.parameter.parts.iter().map(move |part| (p, part)))
    }
    fn find(&self, path: &str) -> Result<(&Placed, &Part), TensorError> {
        self.parts().find(|(_, part)| part.path == path).ok_or_else(|| TensorError::Unknown(path.into()))
    }
    /// Every tensor, in the order of the slab.
    pub fn tensors(&self) -> Vec<TensorInfo> {
        self.placed.iter().flat_map(|p| infos(&p.parameter.parts, p.parameter.trained)).collect()
    }
    /// A tensor out of any slab laid out like the parameters (gradients, an optimiser's averages), row-major.
    ///
    /// # Errors
    /// If the model has no such tensor.
    pub fn read(&self, slab: &[T], path: &str) -> Result<Vec<T>, TensorError> {
        let (placed, part) = self.find(path)?;
        let rows = placed.parameter.rows;
        let numbers = &slab[placed.range.clone()];
        let row = |r: usize| (0..placed.parameter.columns).map(move |c| numbers[c * rows + r]);
        Ok(part.rows.clone().flat_map(row).collect())
    }
    /// Writes a tensor, row-major, into any slab laid out like the parameters.
    ///
    /// # Errors
    /// If there is no such tensor, or its shape is another.
    pub fn write(
        &self,
        slab: &mut [T],
        path: &str,
        shape: &[usize],
        numbers: &[T],
    ) -> Result<(), TensorError> {
        let (placed, part) = self.find(path)?;
        if part.shape != shape || numbers.len() != shape.iter().product::<usize>() {
            let (given, wanted) = (shape.to_vec(), part.shape.clone());
            return Err(TensorError::Shape { path: path.into(), given, wanted });
        }
        let (rows, columns) = (placed.parameter.rows, placed.parameter.columns);
        let to = &mut slab[placed.range.clone()];
        for (i, row) in part.rows.clone().enumerate() {
            for c in 0..columns {
                to[c * rows + row] = numbers[i * columns + c];
            }
        }
        Ok(())
    }
    /// A parameter tensor, row-major.
    ///
    /// # Errors
    /// If the model has no such tensor.
    pub fn get(&self, path: &str) -> Result<Vec<T>, TensorError> {
        self.read(&self.params, path)
    }
    /// Writes a parameter tensor, row-major.
    ///
    /// # Errors
    /// As [`Model::write`].
    pub fn set(&mut self, path: &str, shape: &[usize], numbers: &[T]) -> Result<(), TensorError> {
        let mut params = std::mem::replace(&mut self.params, Slab::new(0));
        let done = self.write(&mut params, path, shape, numbers);
        self.params = params;
        done
    }
    /// Puts zeros where a slab laid out like the parameters holds what is not trained, and in its padding.
    pub(crate) fn keep_trained(&self, slab: &mut [T]) {
        for placed in self.placed.iter().filter(|p| !p.parameter.trained) {
            slab[placed.range.clone()].fill(T::of(0.0));
        }
    }
    /// Calls `draw(path, index among the tensor's numbers row-major, how)` for every number and writes what it gives.
    ///
    /// # Errors
    /// The path of a tensor whose numbers must be given.
    pub(crate) fn draw_with(
        &mut self,
        mut draw: impl FnMut(&str, Initial, [usize; 2]) -> f64,
    ) -> Result<(), String> {
        for placed in &self.placed {
            let Parameter { rows, columns, parts, .. } = &placed.parameter;
            for part in parts {
                let initial = part.initial.ok_or_else(|| part.path.clone())?;
                for (i, row) in part.rows.clone().enumerate() {
                    let how = match &part.except {
                        Some((rows, other)) if rows.contains(&i) => *other,
                        _ => initial,
                    };
                    for c in 0..*columns {
                        let x = draw(&part.path, how, [part.rows.len(), *columns]);
                        self.params[placed.range.start + c * rows + row] = T::of(x);
                    }
                }
            }
        }
        Ok(())
    }
    /// A model of another precision with the same numbers; `cell` must have the same parameters.
    pub fn convert<U: Real>(&self, cell: Box<dyn Cell<U>>) -> Model<U> {
        let constant = Initial::Constant(0.0);
        let mut model = Model::new(cell, self.output.outputs, constant, constant);
        for (to, from) in model.params.iter_mut().zip(self.params.iter()) {
            *to = U::of(from.to());
        }
        model
    }
}
