//! Repeat copy: give a sequence of random vectors back several times, then say that it is over (section 4.2 of the paper).
//!
//! ```text
//! step      0 .. L         L          L + 1         L + 2 .. L + 2 + L R       L + 2 + L R
//! in        vector, 0, 0   0, 1, 0    0, 0, count   0, 0, 0                    0, 0, 0
//! target    -              -          -             the vectors, R times, 0    0, end marker 1
//! ```
//!
//! The last two input channels are the delimiter and the count of repeats, normalised; the last output channel is the end marker. All
//! of the steps from L + 2 on are scored. Chance costs L x R x width bits: the end needs no memory of the vectors.
//!
//! From the paper: vectors, then the count on a channel of its own with mean 0 and variance 1, then the marker after the last
//! repetition. *Derived*: 6 bits (its text says eight, but its parameter counts and the start of its figure 7 say six), and that there
//! is a delimiter. Not known: whether delimiter and count share a step. Here they do not, as in published code that learns the task.
use crate::Curriculum;
use crate::marks::flagged;
use crate::range::{LONGEST, Wrong, asked, check_range, check_width, mean, valid};
use ntm_core::Sequence;
use ntm_core::random::{Purpose, Random, between, bits, stream};
use ntm_core::train::{Mark, Task, TaskError};

/// Random bit vectors, a delimiter and a count, then the vectors that many times and an end marker. The size is the length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct RepeatCopy {
    /// Bits of a vector, 1 to 65_536; each is a channel of inputs and targets.
    pub width: usize,
    /// Fewest and most vectors in training; both are drawn, and all between, with the same probability.
    pub length: (usize, usize),
    /// Fewest and most repeats, in training and wherever a model is measured.
    pub repeats: (usize, usize),
    /// The range of counts over which the count's channel has mean 0 and variance 1: (count - mean) / deviation. It is a setting of its
    /// own so that a trained model can be asked for other `repeats` without a change in what a count looks like.
    pub normalised_over: (usize, usize),
    /// How lengths and repeats come in the course of training.
    pub curriculum: Curriculum,
}

impl Default for RepeatCopy {
    /// The paper's: 6 bits, lengths and repeats 1 to 10.
    fn default() -> Self {
        let all = (1, 10);
        RepeatCopy {
            width: 6,
            length: all,
            repeats: all,
            normalised_over: all,
            curriculum: Curriculum::Uniform,
        }
    }
}

/// Steps beside the vectors and their repetitions: delimiter, count, end.
const MORE: usize = 3;
/// Most repeats: there is room for some vectors then.
const MOST_REPEATS: usize = 1 << 20;

impl RepeatCopy {
    /// What is wrong with the settings, if anything: the field, and why.
    ///
    /// # Errors
    /// The first field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), Wrong> {
        check_width(self.width)?;
        check_range("length", self.length, ["shortest", "longest"], (1, LONGEST))?;
        check_range("repeats", self.repeats, ["fewest", "most"], (1, MOST_REPEATS))?;
        check_range("normalised_over", self.normalised_over, ["fewest", "most"], (1, MOST_REPEATS))?;
        if self.length.1 > self.longest() {
            let (length, repeats) = (self.length.1, self.repeats.1);
            let why = format!(
                "{length} vectors repeated {repeats} times take more than {LONGEST} steps; with these repeats there can be {} vectors",
                self.longest()
            );
            return Err(("length", why));
        }
        self.curriculum.check()
    }

    /// The longest length that can be repeated so often.
    fn longest(&self) -> usize {
        (LONGEST - MORE) / (self.repeats.1.saturating_add(1))
    }

    fn size(&self, size: Option<u64>) -> Result<usize, TaskError> {
        valid(self.check())?;
        match size {
            None => Ok(self.length.1),
            Some(size) => asked("repeat copy", "length", size, (1, self.longest())),
        }
    }

    /// What a count looks like: (count - mean) / deviation over [`normalised_over`](Self::normalised_over), where n counts have
    /// the variance (n^2 - 1) / 12; one count alone is 0.
    pub fn normalised(&self, count: usize) -> f32 {
        let counts = 1.0 + self.normalised_over.1 as f64 - self.normalised_over.0 as f64;
        let deviation = ((counts * counts - 1.0) / 12.0).sqrt();
        let from_mean = count as f64 - mean(self.normalised_over);
        (if deviation > 0.0 { from_mean / deviation } else { from_mean }) as f32
    }

    /// A sequence of the length asked for, or of one in `lengths`.
    fn make(
        &self,
        random: &mut Random,
        size: Option<u64>,
        [lengths, repeats]: [(usize, usize); 2],
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let most = self.size(size)?;
        let length = if size.is_some() { most } else { between(random, lengths.0, lengths.1) };
        let repeats = between(random, repeats.0, repeats.1);
        let (width, inputs, outputs) = (self.width, self.inputs(), self.outputs());
        let answer = length + 2;
        let end = answer + length * repeats;
        to.reset(end + 1, inputs, outputs);
        for vector in to.inputs.chunks_exact_mut(inputs).take(length) {
            bits(random, &mut vector[..width]);
        }
        to.inputs[length * inputs + width] = 1.0;
        to.inputs[(length + 1) * inputs + width + 1] = self.normalised(repeats);
        for (said, target) in to.targets.chunks_exact_mut(outputs).take(end).skip(answer).enumerate() {
            let vector = said % length * inputs;
            target[..width].copy_from_slice(&to.inputs[vector..vector + width]);
        }
        to.targets[end * outputs + width] = 1.0;
        to.mask[answer..].fill(1.0);
        Ok(())
    }
}

impl Task for RepeatCopy {
    fn inputs(&self) -> usize {
        self.width + 2
    }
    fn outputs(&self) -> usize {
        self.width + 1
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        let length = self.size(size)?;
        Ok(length + length * self.repeats.1 + MORE)
    }
    fn sequence(
        &self,
        (purpose, seed): (Purpose, u64),
        n: u64,
        size: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let within = [self.length, self.repeats].map(|range| self.curriculum.within(purpose, n, range));
        self.make(&mut stream(purpose, seed, n), size, within, to)
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        self.make(random, size, [self.length, self.repeats], to)
    }
    /// L x R x width, with the mean number of repeats.
    fn chance_bits(&self, size: Option<u64>) -> Option<f64> {
        let length = size.map_or(mean(self.length), |size| size as f64);
        Some(length * mean(self.repeats) * self.width as f64)
    }
    /// The delimiter and the count.
    fn marks(&self, sequence: &Sequence) -> Vec<Mark> {
        let mut marks = flagged(sequence, self.inputs(), &[(self.width, "delimiter")]);
        // a count may be 0 as a number
        let count = marks.first().map(|mark| Mark { step: mark.step + 1, name: "count".into() });
        marks.extend(count);
        marks
    }
    fn trained_sizes(&self) -> Option<(u64, u64)> {
        Some((self.length.0 as u64, self.length.1 as u64))
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![10, 20]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture;
    use crate::tests::{drawn, rows, scored};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Length and repeats, as a reader of the inputs finds them.
    fn heard(task: &RepeatCopy, sequence: &Sequence) -> (usize, usize) {
        let inputs = rows(&sequence.inputs, task.inputs());
        let length = inputs.iter().position(|x| x[task.width] == 1.0).unwrap();
        let count = f64::from(inputs[length + 1][task.width + 1]);
        let (low, high) = task.normalised_over;
        let all: Vec<f64> = (low..=high).map(|n| n as f64).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let variance = all.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / all.len() as f64;
        let repeats = mean + count * if variance > 0.0 { variance.sqrt() } else { 1.0 };
        assert!((repeats - repeats.round()).abs() < 1e-3, "{repeats}");
        (length, repeats.round() as usize)
    }

    proptest! {
        #[test]
        fn targets_are_the_vectors_as_often_as_the_count_says_and_then_the_marker(
            width in 1_usize..5, low in 1_usize..4, more in 0_usize..4, repeats in 1_usize..5, n in 0_u64..1000
        ) {
            let task = RepeatCopy {
                width, length: (low, low + more), repeats: (repeats, repeats + more), ..RepeatCopy::default()
            };
            let sequence = drawn(&task, None, n);
            let (length, times) = heard(&task, &sequence);
            prop_assert!((low..=low + more).contains(&length) && (repeats..=repeats + more).contains(&times));
            // the expected targets by concatenation
            let inputs = rows(&sequence.inputs, width + 2);
            let mut once: Vec<f32> = vec![];
            inputs[..length].iter().for_each(|x| once.extend(x[..width].iter().chain(&[0.0])));
            let mut all = vec![0.0; (length + 2) * (width + 1)];
            all.extend(once.repeat(times));
            all.extend(vec![0.0; width]);
            all.push(1.0);
            prop_assert_eq!(&sequence.targets, &all);
            prop_assert_eq!(scored(&sequence), (length + 2..sequence.steps).collect::<Vec<_>>());
            prop_assert!(inputs[length + 2..].iter().all(|x| x.iter().all(|&x| x == 0.0)), "input after the count");
        }
    }

    #[test]
    fn both_ends_of_lengths_and_of_repeats_are_drawn_and_all_pairs_between() {
        let task = RepeatCopy { length: (2, 4), repeats: (1, 3), ..RepeatCopy::default() };
        let seen: BTreeSet<_> = (0..400).map(|n| heard(&task, &drawn(&task, None, n))).collect();
        let all = (2..=4).flat_map(|length| (1..=3).map(move |repeats| (length, repeats))).collect();
        assert_eq!(seen, all);
    }

    #[test]
    fn counts_of_the_paper_have_mean_0_and_variance_1() {
        let task = RepeatCopy::default();
        let counts: Vec<f64> = (1..=10).map(|n| f64::from(task.normalised(n))).collect();
        let moment = |power| counts.iter().map(|x| x.powi(power)).sum::<f64>() / 10.0;
        assert!(moment(1).abs() < 1e-6 && (moment(2) - 1.0).abs() < 1e-6);
        assert!((counts[9] - (10.0 - 5.5) / 2.8723).abs() < 1e-4);
    }

    #[test]
    fn more_repeats_leave_the_meaning_of_a_count_alone() {
        let task = RepeatCopy { repeats: (20, 20), ..RepeatCopy::default() };
        let sequence = drawn(&task, Some(10), 0);
        assert_eq!(heard(&task, &sequence), (10, 20));
        assert_eq!(sequence.inputs[11 * 8 + 7], RepeatCopy::default().normalised(20));
        assert_eq!(task.chance_bits(Some(10)), Some(1200.0));
    }

    #[test]
    fn chance_is_what_figure_7_begins_with() {
        assert_eq!(RepeatCopy::default().chance_bits(None), Some(181.5));
        assert_eq!(RepeatCopy::default().chance_bits(Some(10)), Some(330.0));
    }

    #[test]
    fn its_picture_shows_vectors_count_repetitions_and_marker() {
        let task = RepeatCopy { repeats: (3, 3), ..RepeatCopy::default() };
        insta::assert_snapshot!("repeat_copy", picture(&task, &drawn(&task, Some(4), 1)));
    }
}
