//! Memory, weightings and reads before the first step.
use super::{Dense, Step};
use crate::Activation;
use crate::buffers::{add_columns, block, carve, carve_mut, fill_columns, of_item, of_item_mut};
use crate::kernels::activation::{activate, activate_vjp, softmax};
use crate::kernels::similarity::norms;
use crate::start::{MemoryStart, ReadStart, WeightingStart};
use crate::traits::{Action, Head, Initial, Parameter, Using};
use crate::{Real, Shape};

/// Where the numbers that a memory starts from lie among its parameters.
#[derive(Debug)]
pub(super) struct Starts {
    pub(super) parameters: Vec<Parameter>,
    memory: Source,
    weightings: Vec<Source>,
    /// of the read heads, in list order
    reads: Vec<Source>,
}

/// Where the numbers of one start come from.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    /// all the same
    Constant(f64),
    /// the parameter that starts here
    Parameter(usize),
    /// softmax of the parameter that starts here
    Softmax(usize),
    /// this function of the parameter that starts here
    Through(usize, Activation),
    /// all on the first slot
    First,
}

impl Starts {
    pub(super) fn new<T: Real>(
        shape: Shape,
        heads: &[Box<dyn Head<T>>],
        memory: MemoryStart,
        step: Step,
    ) -> Starts {
        let (mut parameters, mut end) = (vec![], 0);
        let mut place = |mut parameter: Parameter, initial: Option<Initial>, trained: bool| {
            parameter.trained = trained;
            parameter.parts[0].initial = initial;
            let at = end;
            end += block(parameter.numbers(), 1);
            parameters.push(parameter);
            at
        };
        let slots = shape.slots as f64;
        let matrix = |path: &str| Parameter::matrix(path, shape.slots, shape.width, Initial::Constant(0.0));
        let list = |path: String, n: usize| Parameter::vector(path, &[n], Initial::Constant(0.0));
        let memory = match memory {
            MemoryStart::Constant(x) => Source::Constant(x),
            MemoryStart::Learned => {
                let bound = 1.0 / (slots + shape.width as f64).sqrt();
                Source::Parameter(place(matrix("start.memory"), Some(Initial::Uniform(bound)), true))
            }
            MemoryStart::LearnedThrough(function) => {
                Source::Through(place(matrix("start.memory"), Some(Initial::Normal(0.5)), true), function)
            }
            MemoryStart::Drawn(std) => {
                Source::Parameter(place(matrix("given.memory"), Some(Initial::Normal(std)), false))
            }
            MemoryStart::Given => Source::Parameter(place(matrix("given.memory"), None, false)),
        };
        let (mut weightings, mut reads) = (vec![], vec![]);
        for (h, head) in heads.iter().enumerate() {
            let path = |kind: &str, what: &str| format!("{kind}.heads.{h}.{what}");
            weightings.push(match head.weighting_start() {
                WeightingStart::OneHot => Source::First,
                WeightingStart::Zeros => Source::Constant(0.0),
                WeightingStart::Uniform => Source::Constant(1.0 / slots),
                WeightingStart::Learned => {
                    let parameter = list(path("start", "weighting"), shape.slots);
                    Source::Softmax(place(parameter, Some(Initial::Normal(1.0)), true))
                }
                WeightingStart::Given => {
                    Source::Parameter(place(list(path("given", "weighting"), shape.slots), None, false))
                }
            });
            if head.action() != Action::Read {
                continue;
            }
            // where a head reads before the controller, nothing shows before the first step
            if step == Step::MemoryThenController || head.using() == Using::Previous {
                reads.push(Source::Constant(0.0));
                continue;
            }
            let learned = || list(path("start", "read"), shape.width);
            let given = || list(path("given", "read"), shape.width);
            reads.push(match head.read_start() {
                ReadStart::Zeros => Source::Constant(0.0),
                ReadStart::Learned => Source::Parameter(place(learned(), Some(Initial::Normal(0.05)), true)),
                ReadStart::LearnedThrough(function) => {
                    Source::Through(place(learned(), Some(Initial::Normal(0.5)), true), function)
                }
                ReadStart::Drawn(std) => Source::Parameter(place(given(), Some(Initial::Normal(std)), false)),
                ReadStart::Given => Source::Parameter(place(given(), None, false)),
            });
        }
        Starts { parameters, memory, weightings, reads }
    }
}

impl Source {
    /// Writes one item's numbers.
    fn write<T: Real>(&self, params: &[T], to: &mut [T]) {
        match *self {
            Source::Constant(x) => to.fill(T::of(x)),
            Source::Parameter(at) => to.copy_from_slice(&params[at..at + to.len()]),
            Source::Softmax(at) => {
                to.copy_from_slice(&params[at..at + to.len()]);
                softmax(to);
            }
            Source::Through(at, ref function) => {
                to.copy_from_slice(&params[at..at + to.len()]);
                activate(function, to);
            }
            Source::First => {
                to.fill(T::of(0.0));
                to[0] = T::of(1.0);
            }
        }
    }
    /// Adds one item's gradient `d`.
    fn add_vjp<T: Real>(&self, params: &[T], d: &[T], d_params: &mut [T]) {
        match *self {
            Source::Constant(_) | Source::First => {}
            Source::Parameter(at) => add_columns(d, &mut d_params[at..at + d.len()]),
            Source::Through(at, ref function) => {
                let (p, d_p) = (&params[at..at + d.len()], &mut d_params[at..at + d.len()]);
                // a piece at a time, so that nothing is allocated
                for ((p, d), d_p) in p.chunks(64).zip(d.chunks(64)).zip(d_p.chunks_mut(64)) {
                    let (mut y, mut g) = ([T::of(0.0); 64], [T::of(0.0); 64]);
                    let (y, g) = (&mut y[..p.len()], &mut g[..p.len()]);
                    y.copy_from_slice(p);
                    g.copy_from_slice(d);
                    activate(function, y);
                    activate_vjp(function, y, g);
                    add_columns(g, d_p);
                }
            }
            Source::Softmax(at) => {
                let (p, d_p) = (&params[at..at + d.len()], &mut d_params[at..at + d.len()]);
                let top = p.iter().fold(p[0], |a, &b| if b > a { b } else { a });
                let (mut sum, mut dot) = (T::of(0.0), T::of(0.0));
                for (&p, &d) in p.iter().zip(d) {
                    let e = (p - top).exp();
                    sum += e;
                    dot += e * d;
                }
                for ((&p, &d), d_p) in p.iter().zip(d).zip(d_p) {
                    *d_p += (p - top).exp() / sum * (d - dot / sum);
                }
            }
        }
    }
}

impl<T: Real> Dense<T> {
    pub(super) fn start_state(&self, params: &[T], capacity: usize, state: &mut [T]) {
        let shape = self.shape;
        let ([memory, norm, weightings, _], _) = carve_mut(state, capacity, self.state_blocks());
        if capacity == 0 {
            return;
        }
        let (first, others) = memory.split_at_mut(shape.numbers());
        self.starts.memory.write(params, first);
        fill_columns(first, others);
        let (first_norm, other_norms) = norm.split_at_mut(shape.slots);
        norms(shape, first, first_norm);
        fill_columns(first_norm, other_norms);
        let each = shape.slots * self.heads.len();
        let (first, others) = weightings.split_at_mut(each);
        for (h, source) in self.starts.weightings.iter().enumerate() {
            source.write(params, of_item_mut(first, shape.slots, h));
        }
        fill_columns(first, others);
    }

    pub(super) fn start_state_vjp(&self, params: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        let shape = self.shape;
        let ([d_memory, _, d_weightings, _], _) = carve(d_state, capacity, self.state_blocks());
        for item in 0..capacity {
            self.starts.memory.add_vjp(params, of_item(d_memory, shape.numbers(), item), d_params);
            let d = of_item(d_weightings, shape.slots * self.heads.len(), item);
            for (h, source) in self.starts.weightings.iter().enumerate() {
                source.add_vjp(params, of_item(d, shape.slots, h), d_params);
            }
        }
    }

    pub(super) fn write_start_reads(&self, params: &[T], capacity: usize, reads: &mut [T]) {
        let width = self.shape.width;
        for item in 0..capacity {
            let reads = of_item_mut(reads, self.readers * width, item);
            for (lane, source) in self.starts.reads.iter().enumerate() {
                source.write(params, of_item_mut(reads, width, lane));
            }
        }
    }

    pub(super) fn write_start_reads_vjp(
        &self,
        params: &[T],
        capacity: usize,
        d_reads: &[T],
        d_params: &mut [T],
    ) {
        let width = self.shape.width;
        for item in 0..capacity {
            let d_reads = of_item(d_reads, self.readers * width, item);
            for (lane, source) in self.starts.reads.iter().enumerate() {
                source.add_vjp(params, of_item(d_reads, width, lane), d_params);
            }
        }
    }
}
