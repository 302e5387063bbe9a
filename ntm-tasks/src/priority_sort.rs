//! Priority sort: give back the vectors with the highest priorities, the highest first (section 4.5 of the paper).
//!
//! ```text
//! step      0 .. N                 N          N + 1 .. N + 1 + K
//! in        vector, priority, 0    0, 0, 1    0, 0, 0
//! target    -                      -          the K vectors of the highest priorities, highest first; scored
//! ```
//!
//! The last two input channels are the priority, uniform in -1 to 1, and the delimiter. Of equal priorities the earlier vector comes
//! first. Chance costs K x width bits.
//!
//! From the paper: 20 vectors, of which 16 come back. *Derived* from where its figure 18 starts: 8 bits. Not known: the direction
//! (here the highest first, as in all that came after it) and whether there is a delimiter (here there is, as in published code).
use crate::Curriculum;
use crate::marks::flagged;
use crate::range::{LONGEST, Wrong, asked, check_range, check_width, valid};
use ntm_core::Sequence;
use ntm_core::random::{Purpose, Random, between, bits, stream};
use ntm_core::train::{Mark, Task, TaskError};
use rand::RngExt;

/// Random bit vectors with priorities, a delimiter, then the vectors in order of priority. The size is the number of vectors in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct PrioritySort {
    /// Bits of a vector, 1 to 65_536; each is a channel of inputs and targets.
    pub width: usize,
    /// Fewest and most vectors in training; both are drawn, and all between, with the same probability.
    pub vectors: (usize, usize),
    /// Vectors that come back, those of the highest priorities; all of them where there are fewer.
    pub answers: usize,
    /// How numbers of vectors come in the course of training.
    pub curriculum: Curriculum,
}

impl Default for PrioritySort {
    /// The paper's: 20 vectors of 8 bits, 16 of them back.
    fn default() -> Self {
        PrioritySort { width: 8, vectors: (20, 20), answers: 16, curriculum: Curriculum::Uniform }
    }
}

/// Most vectors: twice as many steps still count in a `u32`, and an `f32` tells all their numbers apart.
const MOST: usize = LONGEST / 2 - 1;

impl PrioritySort {
    /// What is wrong with the settings, if anything: the field, and why.
    ///
    /// # Errors
    /// The first field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), Wrong> {
        check_width(self.width)?;
        check_range("vectors", self.vectors, ["fewest", "most"], (1, MOST))?;
        if self.answers == 0 || self.answers > MOST {
            return Err(("answers", format!("{} vectors back; must be 1 to {MOST}", self.answers)));
        }
        self.curriculum.check()
    }

    fn size(&self, size: Option<u64>) -> Result<usize, TaskError> {
        valid(self.check())?;
        match size {
            None => Ok(self.vectors.1),
            Some(size) => asked("priority sort", "vectors", size, (1, MOST)),
        }
    }

    /// A sequence of as many vectors as asked for, or of a number `within`.
    fn make(
        &self,
        random: &mut Random,
        size: Option<u64>,
        within: (usize, usize),
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let most = self.size(size)?;
        let vectors = if size.is_some() { most } else { between(random, within.0, within.1) };
        let (width, inputs, answers) = (self.width, self.inputs(), self.answers.min(vectors));
        to.reset(vectors + 1 + answers, inputs, width);
        for vector in to.inputs.chunks_exact_mut(inputs).take(vectors) {
            bits(random, &mut vector[..width]);
            vector[width] = random.random_range(-1.0_f32..=1.0);
        }
        to.inputs[vectors * inputs + width + 1] = 1.0;
        // targets that are not scored hold the order while it is made: nothing is allocated in training
        let (order, said) = to.targets.split_at_mut((vectors + 1) * width);
        let order = &mut order[..vectors];
        order.iter_mut().enumerate().for_each(|(i, number)| *number = i as f32);
        let priority = |vector: f32| to.inputs[vector as usize * inputs + width];
        order.sort_unstable_by(|&a, &b| priority(b).total_cmp(&priority(a)).then(a.total_cmp(&b)));
        for (target, &vector) in said.chunks_exact_mut(width).zip(&*order) {
            let vector = vector as usize * inputs;
            target.copy_from_slice(&to.inputs[vector..vector + width]);
        }
        order.fill(0.0);
        to.mask[vectors + 1..].fill(1.0);
        Ok(())
    }
}

impl Task for PrioritySort {
    fn inputs(&self) -> usize {
        self.width + 2
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        let vectors = self.size(size)?;
        Ok(vectors + 1 + self.answers.min(vectors))
    }
    fn sequence(
        &self,
        (purpose, seed): (Purpose, u64),
        n: u64,
        size: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let within = self.curriculum.within(purpose, n, self.vectors);
        self.make(&mut stream(purpose, seed, n), size, within, to)
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        self.make(random, size, self.vectors, to)
    }
    /// K x width, K = min(answers, N); its mean over N where sizes differ.
    fn chance_bits(&self, size: Option<u64>) -> Option<f64> {
        self.check().ok()?;
        let (low, high) = size.map_or(self.vectors, |size| {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            (size, size)
        });
        let (answers, counts) = (self.answers.clamp(low, high), (high - low) as f64 + 1.0);
        // below `answers` every vector comes back, from there on that many
        let below = (answers - low) as f64 * (low as f64 + answers as f64 - 1.0) / 2.0;
        let above = (high - answers) as f64 + 1.0;
        let mean = (below + above * self.answers.min(answers) as f64) / counts;
        Some(mean * self.width as f64)
    }
    fn size_name(&self) -> &'static str {
        "vectors"
    }
    /// The delimiter.
    fn marks(&self, sequence: &Sequence) -> Vec<Mark> {
        flagged(sequence, self.inputs(), &[(self.width + 1, "delimiter")])
    }
    fn trained_sizes(&self) -> Option<(u64, u64)> {
        Some((self.vectors.0 as u64, self.vectors.1 as u64))
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![10, 20, 30, 40]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture;
    use crate::tests::{drawn, rows, scored};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn targets_are_those_of_a_real_sort_of_whole_vectors(
            width in 1_usize..9, answers in 1_usize..20, vectors in 1_u64..25, n in 0_u64..10_000
        ) {
            let task = PrioritySort { width, answers, ..PrioritySort::default() };
            let sequence = drawn(&task, Some(vectors), n);
            let inputs = rows(&sequence.inputs, width + 2);
            let end = inputs.iter().position(|x| x[width + 1] == 1.0).unwrap();
            prop_assert_eq!(end, vectors as usize);
            // a stable sort, so that of equal priorities the earlier comes first
            let mut sorted = inputs[..end].to_vec();
            sorted.sort_by(|a, b| b[width].partial_cmp(&a[width]).unwrap());
            let expected: Vec<f32> = sorted.iter().take(answers).flat_map(|x| x[..width].to_vec()).collect();
            prop_assert_eq!(&sequence.targets[(end + 1) * width..], &expected);
            prop_assert!(sequence.targets[..(end + 1) * width].iter().all(|&x| x == 0.0), "scratch is cleared");
            prop_assert_eq!(scored(&sequence), (end + 1..sequence.steps).collect::<Vec<_>>());
            prop_assert!(inputs[..end].iter().all(|x| (-1.0..=1.0).contains(&x[width])));
            prop_assert!(sequence.inputs[(end + 1) * (width + 2)..].iter().all(|&x| x == 0.0));
        }
    }

    #[test]
    fn priorities_are_uniform_from_one_end_to_the_other() {
        let task = PrioritySort::default();
        let mut all: Vec<f32> = vec![];
        for n in 0..500 {
            all.extend(rows(&drawn(&task, None, n).inputs, 10)[..20].iter().map(|x| x[8]));
        }
        all.sort_by(f32::total_cmp);
        let furthest =
            all.iter().enumerate().map(|(i, p)| (p - (2.0 * (i as f32 + 0.5) / 10_000.0 - 1.0)).abs());
        // Kolmogorov and Smirnov: beyond 2 x 1.95 / sqrt(10,000) in one of a thousand cases
        assert!(furthest.fold(0.0, f32::max) < 0.039);
    }

    #[test]
    fn chance_counts_what_comes_back() {
        let task = PrioritySort::default();
        assert_eq!(
            [None, Some(20), Some(40), Some(10)].map(|n| task.chance_bits(n)),
            [128.0, 128.0, 128.0, 80.0].map(Some)
        );
        for (vectors, answers) in [((1, 20), 16), ((3, 9), 2), ((3, 9), 3), ((3, 9), 9), ((3, 9), 30)] {
            let task = PrioritySort { vectors, answers, ..PrioritySort::default() };
            let all: Vec<usize> = (vectors.0..=vectors.1).map(|n| 8 * answers.min(n)).collect();
            let mean = all.iter().sum::<usize>() as f64 / all.len() as f64;
            assert!((task.chance_bits(None).unwrap() - mean).abs() < 1e-9, "{task:?}");
        }
    }

    #[test]
    fn its_picture_shows_priorities_and_vectors_in_their_order() {
        let task = PrioritySort { answers: 4, ..PrioritySort::default() };
        insta::assert_snapshot!("priority_sort", picture(&task, &drawn(&task, Some(6), 1)));
    }
}
