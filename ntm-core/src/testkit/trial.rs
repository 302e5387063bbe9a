//! A cell at work: several steps of several items, in the order in which the engine runs it.
use super::guarded::{Columns, Guarded, intact};
use super::part::{Draw, How, Input, Part, Run};
use crate::Real;
use crate::buffers::{Track, block, of_item, of_item_mut};
use crate::random::Random;
use crate::traits::{Backward, Cell, Forward, Memory, Trajectory};
use std::ops::Range;

/// Of how many inputs the gradient is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `None` is passed
    Nobody,
    /// all of them
    All,
    /// the last few
    Last(usize),
}

/// A cell on items of the given lengths, longest first. In go parameters and inputs, out come outputs, and what counts
/// before the first step: as the cell's output, or as read from a memory. Inputs and outputs are item by item, step by step.
pub(super) struct Trial<'a, T: Real> {
    pub(super) cell: &'a dyn Cell<T>,
    pub(super) memory: Option<&'a dyn Memory<T>>,
    pub(super) lengths: Vec<usize>,
    pub(super) capacity: usize,
    pub(super) prepared: bool,
    pub(super) asked: Asked,
}

/// A step as it was made: the state before it and its trace.
struct Made<T> {
    state: Guarded<T>,
    trace: Guarded<T>,
    x: Columns<T>,
}

impl<T: Real> Trial<'_, T> {
    /// Where step `t` of an item is, in a list of `each` numbers per step.
    pub(super) fn place(&self, item: usize, t: usize, each: usize) -> Range<usize> {
        let before: usize = self.lengths[..item].iter().sum();
        (before + t) * each..(before + t + 1) * each
    }
    fn columns(&self) -> usize {
        self.lengths.iter().sum()
    }
    fn asked(&self) -> usize {
        match self.asked {
            Asked::Nobody => 0,
            Asked::All => self.cell.inputs(),
            Asked::Last(k) => k.min(self.cell.inputs()),
        }
    }
    fn live(&self) -> Vec<u32> {
        let steps = self.lengths.first().copied().unwrap_or(0);
        (0..steps).map(|t| self.lengths.iter().filter(|&&l| l > t).count() as u32).collect()
    }
    /// A list of this step's columns.
    fn batch(
        &self,
        name: &'static str,
        list: &[T],
        t: usize,
        live: usize,
        rows: usize,
        fill: f64,
    ) -> Columns<T> {
        let mut made = Columns::filled(name, rows, live, fill);
        for item in 0..live {
            made.item_mut(item).copy_from_slice(&list[self.place(item, t, rows)]);
        }
        made
    }
    /// Pieces one after another, with gaps, as `collect` sees them.
    fn track<'b>(pieces: impl Iterator<Item = &'b Guarded<T>>, stride: usize, fill: f64) -> Guarded<T> {
        let mut all = vec![];
        for piece in pieces {
            let end = all.len() + stride;
            all.extend_from_slice(piece);
            all.resize(end, T::of(fill));
        }
        Guarded::of("trajectory", &all, fill)
    }
    /// Gradient of a trajectory: the gradient by the inputs, and parameter gradients onto `d_params`.
    fn back(
        &self,
        params: &Guarded<T>,
        prepared: &Guarded<T>,
        (steps, last): (&mut [Made<T>], &Guarded<T>),
        d_outputs: &[Vec<T>],
        d_params: &mut Guarded<T>,
        fill: f64,
    ) -> Result<Vec<T>, String> {
        let (cell, capacity, live) = (self.cell, self.capacity, self.live());
        let (inputs, outputs, asked) = (cell.inputs(), cell.outputs(), self.asked());
        let needs = cell.needs(capacity);
        let mut d_inputs = vec![T::of(0.0); self.columns() * inputs];
        let mut d_state = Guarded::filled("gradient of state", needs.state, 0.0);
        for t in (0..live.len()).rev() {
            let items = live[t] as usize;
            let d_y = self.batch("gradient of y", &d_outputs[0], t, items, outputs, fill);
            let mut scratch = Guarded::filled("scratch", needs.scratch, fill);
            let mut d_x = Columns::filled("gradient of x", asked, items, fill);
            let (now, after) = steps[t..].split_at_mut(1);
            let step = Backward {
                items,
                capacity,
                params,
                prepared,
                state: &now[0].state,
                next: after.first().map_or(last, |s| &s.state),
                trace: &mut now[0].trace,
                d_state: &mut d_state,
                scratch: &mut scratch,
            };
            let wanted = (self.asked != Asked::Nobody).then(|| d_x.mat_mut());
            cell.backward(now[0].x.mat(), step, d_y.mat(), wanted);
            intact(&[&now[0].trace, &d_state, &scratch])?;
            d_x.intact()?;
            for item in 0..items {
                let to = &mut d_inputs[self.place(item, t, inputs)];
                to[inputs - asked..].copy_from_slice(d_x.item(item));
            }
        }
        cell.start_vjp(params, capacity, &d_state, d_params);
        let x: Vec<Guarded<T>> = steps
            .iter()
            .enumerate()
            .map(|(t, step)| {
                let mut x = Guarded::filled("x", capacity * inputs, fill);
                for item in 0..live[t] as usize {
                    of_item_mut(&mut x, inputs, item).copy_from_slice(step.x.item(item));
                }
                x
            })
            .collect();
        let strides = [capacity * inputs, needs.state + 16, needs.trace + 16];
        let x = Self::track(x.iter(), strides[0], fill);
        let states = Self::track(steps.iter().map(|s| &s.state), strides[1], fill);
        let traces = Self::track(steps.iter().map(|s| &s.trace), strides[2], fill);
        let run = Trajectory {
            capacity,
            x: Track::new(&x, capacity * inputs, strides[0], &live, capacity).matrix(inputs),
            state: Track::new(&states, needs.state, strides[1], &live, capacity),
            trace: Track::new(&traces, needs.trace, strides[2], &live, capacity),
        };
        cell.collect(run, d_params);
        Ok(d_inputs)
    }
}

impl<T: Real> Part<T> for Trial<'_, T> {
    fn inputs(&self) -> Vec<Input> {
        let (mut at, mut places) = (0, vec![]);
        for parameter in self.cell.parameters() {
            let name = parameter.parts.first().map_or(String::new(), |p| p.path.clone());
            if parameter.trained {
                places.push((at..at + parameter.numbers(), name));
            }
            at += block(parameter.numbers(), 1);
        }
        let each = self.cell.inputs();
        let of_step =
            |item: usize, t: usize| (self.place(item, t, each), format!("x of item {item}, step {t}, "));
        let steps = self.lengths.iter().enumerate().flat_map(|(i, &n)| (0..n).map(move |t| (i, t)));
        vec![
            Input { name: "parameters", len: at, added: true, places },
            Input {
                name: "x",
                len: self.columns() * each,
                added: false,
                places: steps.map(|(item, t)| of_step(item, t)).collect(),
            },
        ]
    }
    fn outputs(&self) -> Vec<(&'static str, usize)> {
        let before = self.cell.outputs() * self.lengths.len();
        let name = if self.memory.is_some() {
            "reads before the first step"
        } else {
            "output before the first step"
        };
        vec![("y", self.columns() * self.cell.outputs()), (name, before)]
    }
    fn draw(&self, draw: Draw, random: &mut Random) -> Vec<Vec<f64>> {
        let mut params = vec![];
        for parameter in self.cell.parameters() {
            let mut numbers = draw.between(parameter.numbers(), random);
            if !parameter.trained {
                // may be a weighting
                let sum = numbers.iter().map(|x| x.abs()).sum::<f64>().max(1e-3);
                numbers.iter_mut().for_each(|x| *x = f64::from((x.abs() / sum) as f32));
            }
            numbers.resize(block(parameter.numbers(), 1), 0.0);
            params.extend(numbers);
        }
        vec![params, draw.raw(self.columns() * self.cell.inputs(), random)]
    }
    fn run(&self, inputs: &[Vec<T>], d_outputs: &[Vec<T>], how: How) -> Result<Run<T>, String> {
        let (cell, capacity, fill, live) = (self.cell, self.capacity, how.fill, self.live());
        let needs = cell.needs(capacity);
        let params = Guarded::of("parameters", &inputs[0], fill);
        let prepared = if self.prepared { needs.prepared } else { 0 };
        let mut prepared = Guarded::filled("prepared", prepared, fill);
        if !prepared.is_empty() {
            cell.prepare(&params, &mut prepared);
        }
        let mut state = Guarded::filled("state", needs.state, 0.0);
        cell.start(&params, capacity, &mut state);
        intact(&[&prepared, &state])?;
        let (rows, mut steps) = (cell.outputs(), vec![]);
        let mut outputs = vec![vec![T::of(0.0); self.columns() * rows], vec![]];
        for (t, &items) in live.iter().enumerate() {
            let items = items as usize;
            let x = self.batch("x", &inputs[1], t, items, cell.inputs(), fill);
            let mut next = Guarded::filled("state after the step", needs.state, fill);
            let mut trace = Guarded::filled("trace", needs.trace, fill);
            let mut scratch = Guarded::filled("scratch", needs.scratch, fill);
            let mut y = Columns::filled("y", rows, items, fill);
            let step = Forward {
                items,
                capacity,
                params: &params,
                prepared: &prepared,
                state: &state,
                next: &mut next,
                trace: &mut trace,
                scratch: &mut scratch,
            };
            cell.forward(x.mat(), step, y.mat_mut());
            intact(&[&next, &trace, &scratch])?;
            y.intact()?;
            for item in 0..items {
                outputs[0][self.place(item, t, rows)].copy_from_slice(y.item(item));
            }
            steps.push(Made { state: std::mem::replace(&mut state, next), trace, x });
        }
        let mut before = Guarded::filled("what counts before the first step", rows * capacity, 0.0);
        match self.memory {
            Some(memory) => memory.start_reads(&params, capacity, &mut before),
            None => {
                for item in 0..capacity {
                    cell.start_output(&params, of_item_mut(&mut before, rows, item));
                }
            }
        }
        before.intact()?;
        outputs[1] = before[..rows * self.lengths.len()].to_vec();
        let mut made = Run { outputs, gradients: vec![] };
        if how.backward {
            let mut d_params = Guarded::filled("gradient of parameters", params.len(), how.base);
            let d_x = self.back(&params, &prepared, (&mut steps, &state), d_outputs, &mut d_params, fill)?;
            let mut d_before = Guarded::filled("gradient of what counts", rows * capacity, 0.0);
            d_before[..d_outputs[1].len()].copy_from_slice(&d_outputs[1]);
            match self.memory {
                Some(memory) => memory.start_reads_vjp(&params, capacity, &d_before, &mut d_params),
                None => {
                    for item in 0..self.lengths.len() {
                        cell.start_output_vjp(of_item(&d_before, rows, item), &mut d_params);
                    }
                }
            }
            d_params.intact()?;
            made.gradients = vec![d_params.to_vec(), d_x];
        }
        Ok(made)
    }
}
