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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers::{Mat, MatMut};
    use crate::traits::{Backward, Forward, Needs, Parameter};

    fn first(purpose: Purpose, seed: u64, n: u64) -> u64 {
        stream(purpose, seed, n).next_u64()
    }

    #[test]
    fn streams_of_another_purpose_seed_or_number_are_others() {
        let purposes = [
            Purpose::Parameters,
            Purpose::Training,
            Purpose::Validation,
            Purpose::Evaluation(0),
            Purpose::Evaluation(1 << 40),
        ];
        let mut seen = std::collections::BTreeSet::new();
        for purpose in purposes {
            for seed in [0, 1, 1 << 63] {
                for n in [0, 1, u64::MAX] {
                    assert!(seen.insert(first(purpose, seed, n)), "{purpose:?}, seed {seed}, number {n}");
                    assert_eq!(first(purpose, seed, n), first(purpose, seed, n));
                }
            }
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_of_a_bell() {
        let mut random = stream(Purpose::Parameters, 1, 0);
        let drawn: Vec<f64> = (0..100_000).map(|_| normal(&mut random)).collect();
        let mean = |of: fn(f64) -> f64| drawn.iter().map(|x| of(*x)).sum::<f64>() / drawn.len() as f64;
        // standard errors are 0.003, 0.0045, 0.012 and 0.031
        assert!(mean(|x| x).abs() < 0.015);
        assert!((mean(|x| x * x) - 1.0).abs() < 0.02);
        assert!(mean(|x| x.powi(3)).abs() < 0.06);
        assert!((mean(|x| x.powi(4)) - 3.0).abs() < 0.15);
        assert!(drawn.iter().all(|x| x.abs() < 9.0));
    }

    #[test]
    fn whole_numbers_reach_both_ends_and_bits_are_fair() {
        let mut random = stream(Purpose::Training, 1, 0);
        let mut counts = [0; 3];
        (0..3000).for_each(|_| counts[between(&mut random, 4, 6) - 4] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(between(&mut random, 7, 3), 7);

        let mut drawn = [9.0; 3200];
        bits(&mut random, &mut drawn);
        assert!(drawn.iter().all(|bit| [0.0, 1.0].contains(bit)));
        for place in 0..32 {
            let ones = drawn.iter().skip(place).step_by(32).sum::<f32>();
            assert!((25.0..75.0).contains(&ones), "{ones} of 100 at place {place} of a word");
        }
    }

    /// A cell that is nothing but parameters.
    #[derive(Debug)]
    struct Numbers(Vec<Parameter>);
    impl Cell<f64> for Numbers {
        fn inputs(&self) -> usize {
            1
        }
        fn outputs(&self) -> usize {
            1
        }
        fn parameters(&self) -> Vec<Parameter> {
            self.0.clone()
        }
        fn needs(&self, _: usize) -> Needs {
            Needs::default()
        }
        fn forward(&self, _: Mat<'_, f64>, _: Forward<'_, f64>, _: MatMut<'_, f64>) {}
        fn backward(
            &self,
            _: Mat<'_, f64>,
            _: Backward<'_, f64>,
            _: Mat<'_, f64>,
            _: Option<MatMut<'_, f64>>,
        ) {
        }
    }

    fn drawn(initials: &[(&str, Initial)], seed: u64) -> Model<f64> {
        let of = |(path, initial): &(&str, Initial)| Parameter::matrix(*path, 20, 30, *initial);
        Model::drawn(Box::new(Numbers(initials.iter().map(of).collect())), 1, seed).unwrap()
    }

    #[test]
    fn every_way_to_draw_keeps_to_its_bound_and_fills_it() {
        for (initial, bound) in [
            (Initial::Uniform(0.5), 0.5),
            (Initial::Xavier(2.0), 2.0 * (6.0_f64 / 50.0).sqrt()),
            (Initial::FanIn(3.0), 3.0 / 30.0_f64.sqrt()),
        ] {
            let numbers = drawn(&[("a", initial)], 1).get("a").unwrap();
            let (low, high) = numbers.iter().fold((0.0_f64, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x)));
            assert!(-bound <= low && low < -0.97 * bound, "{initial:?}: {low}");
            assert!(0.97 * bound < high && high <= bound, "{initial:?}: {high}");
        }
        assert!(drawn(&[("a", Initial::Constant(0.25))], 1).get("a").unwrap().iter().all(|x| *x == 0.25));
        let normal = drawn(&[("a", Initial::Normal(0.1))], 1).get("a").unwrap();
        let square = normal.iter().map(|x| x * x).sum::<f64>() / normal.len() as f64;
        assert!((square.sqrt() - 0.1).abs() < 0.01, "{square}");
    }

    #[test]
    fn what_a_tensor_is_drawn_as_depends_on_the_seed_and_its_path_alone() {
        let (one, other) = (Initial::Uniform(1.0), Initial::Normal(1.0));
        let alone = drawn(&[("heads.1.weight", one)], 1).get("heads.1.weight").unwrap();
        let beside = drawn(&[("heads.0.weight", other), ("heads.1.weight", one)], 1);
        assert_eq!(alone, beside.get("heads.1.weight").unwrap());
        assert_ne!(alone, drawn(&[("heads.1.weight", one)], 2).get("heads.1.weight").unwrap());
        assert_ne!(alone, drawn(&[("heads.2.weight", one)], 1).get("heads.2.weight").unwrap());
    }
}
