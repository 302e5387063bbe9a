//! Random streams, keyed by purpose.
//!
//! ChaCha is counter-based: any stream can be reached at once. So training sequence *n* depends on the seed and on
//! *n* alone, never on batch size, threads or where a run was resumed.
use crate::traits::Initial;
use crate::{Cell, Model, Real};
use rand::{Rng, RngExt, SeedableRng};

/// The generator of every stream.
pub type Random = rand::rngs::ChaCha8Rng;

/// What a stream is for. Streams of different purposes share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// parameters before training
    Parameters,
    /// sequences to train on
    Training,
    /// sequences that choose the best checkpoint and say when a task is solved
    Validation,
    /// sequences that a trained model is measured on; the number is the size asked for
    Evaluation(u64),
}

/// Stream number `n` of a purpose and a seed.
pub fn stream(purpose: Purpose, seed: u64, n: u64) -> Random {
    let (label, extra) = match purpose {
        Purpose::Parameters => (b"ntm params  ", 0),
        Purpose::Training => (b"ntm train   ", 0),
        Purpose::Validation => (b"ntm validate", 0),
        Purpose::Evaluation(size) => (b"ntm evaluate", size),
    };
    let mut key = [0; 32];
    key[..12].copy_from_slice(label);
    key[16..24].copy_from_slice(&seed.to_le_bytes());
    key[24..].copy_from_slice(&extra.to_le_bytes());
    let mut random = Random::from_seed(key);
    random.set_stream(n);
    random
}

/// A stable number for a path (FNV-1a), so that a tensor's draws do not depend on what else a model has.
fn number_of(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut Random) -> f64 {
    let u: f64 = 1.0 - random.random::<f64>();
    let v: f64 = random.random();
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

impl<T: Real> Model<T> {
    /// A model with the usual output layer (Xavier weights, biases of zero), all its numbers drawn from a seed.
    ///
    /// # Errors
    /// As [`Model::draw`].
    pub fn drawn(cell: Box<dyn Cell<T>>, outputs: usize, seed: u64) -> Result<Self, String> {
        let mut model = Model::new(cell, outputs, Initial::Xavier(1.0), Initial::Constant(0.0));
        model.draw(seed)?;
        Ok(model)
    }
    /// Draws every parameter. A tensor's numbers depend on the seed and on its path alone.
    ///
    /// # Errors
    /// The path of a tensor whose numbers must come from a file.
    pub fn draw(&mut self, seed: u64) -> Result<(), String> {
        let mut current: (String, Random) = (String::new(), stream(Purpose::Parameters, seed, 0));
        self.draw_with(|path, initial, [rows, columns]| {
            if current.0 != path {
                current = (path.into(), stream(Purpose::Parameters, seed, number_of(path)));
            }
            let random = &mut current.1;
            let mut uniform = |bound: f64| bound * (2.0 * random.random::<f64>() - 1.0);
            match initial {
                Initial::Constant(x) => x,
                Initial::Uniform(bound) => uniform(bound),
                Initial::Normal(std) => std * normal(random),
                Initial::Xavier(gain) => uniform(gain * (6.0 / (rows + columns) as f64).sqrt()),
                Initial::FanIn(gain) => uniform(gain / (columns as f64).sqrt()),
            }
        })
    }
}

/// A whole number from `low` to `high`, both included, each with the same probability; `low` where `high` is less.
pub fn between(random: &mut Random, low: usize, high: usize) -> usize {
    random.random_range(low..=high.max(low))
}

/// Fills `to` with fair bits, 0 or 1.
pub fn bits(random: &mut Random, to: &mut [f32]) {
    for part in to.chunks_mut(32) {
        let word = random.next_u32();
        for (i, x) in part.iter_mut().enumerate() {
            *x = (word >> i & 1) as f32;
        }
    }
}
