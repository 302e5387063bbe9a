//! Copy: store a sequence of random vectors and give it back (section 4.1 of the paper).
//!
//! ```text
//! step      0 .. L        L           L + 1 .. 2 L + 1
//! in        vector, 0     0, 1        0, 0
//! target    -             -           the vectors, in order; scored
//! ```
//!
//! The last input channel is the delimiter. Chance costs L x width bits: half of the bits are wrong.
use crate::Curriculum;
use crate::marks::flagged;
use crate::range::{LONGEST, Wrong, asked, check_range, check_width, mean, valid};
use ntm_core::Sequence;
use ntm_core::random::{Purpose, Random, between, bits, stream};
use ntm_core::train::{Mark, Task, TaskError};

/// Random bit vectors, a delimiter, then the same vectors as targets. The size is the length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Copy {
    /// Bits of a vector, 1 to 65_536; each is a channel of inputs and targets.
    pub width: usize,
    /// Shortest and longest sequence in training; both are drawn, and all between, with the same probability.
    pub length: (usize, usize),
    /// How lengths come in the course of training.
    pub curriculum: Curriculum,
}

impl Default for Copy {
    /// The paper's: 8 bits, lengths 1 to 20.
    fn default() -> Self {
        Copy { width: 8, length: (1, 20), curriculum: Curriculum::Uniform }
    }
}

impl Copy {
    /// What is wrong with the settings, if anything: the field, and why.
    ///
    /// # Errors
    /// The first field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), Wrong> {
        check_width(self.width)?;
        check_range("length", self.length, ["shortest", "longest"], (1, LONGEST))?;
        self.curriculum.check()
    }

    fn size(&self, size: Option<u64>) -> Result<usize, TaskError> {
        valid(self.check())?;
        match size {
            None => Ok(self.length.1),
            Some(size) => asked("copy", "length", size, (1, LONGEST)),
        }
    }

    /// A sequence of the length asked for, or of one in `within`.
    fn make(
        &self,
        random: &mut Random,
        size: Option<u64>,
        within: (usize, usize),
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let most = self.size(size)?;
        let length = if size.is_some() { most } else { between(random, within.0, within.1) };
        let (width, inputs) = (self.width, self.width + 1);
        to.reset(2 * length + 1, inputs, width);
        let answer = (length + 1) * width;
        bits(random, &mut to.targets[answer..]);
        for t in 0..length {
            let vector = &to.targets[answer + t * width..answer + (t + 1) * width];
            to.inputs[t * inputs..t * inputs + width].copy_from_slice(vector);
        }
        to.inputs[length * inputs + width] = 1.0;
        to.mask[length + 1..].fill(1.0);
        Ok(())
    }
}

impl Task for Copy {
    fn inputs(&self) -> usize {
        self.width + 1
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        Ok(2 * self.size(size)? + 1)
    }
    fn sequence(
        &self,
        (purpose, seed): (Purpose, u64),
        n: u64,
        size: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let within = self.curriculum.within(purpose, n, self.length);
        self.make(&mut stream(purpose, seed, n), size, within, to)
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        self.make(random, size, self.length, to)
    }
    /// L x width.
    fn chance_bits(&self, size: Option<u64>) -> Option<f64> {
        let length = size.map_or(mean(self.length), |size| size as f64);
        Some(length * self.width as f64)
    }
    fn size_name(&self) -> &'static str {
        "length"
    }
    /// The delimiter.
    fn marks(&self, sequence: &Sequence) -> Vec<Mark> {
        flagged(sequence, self.inputs(), &[(self.width, "delimiter")])
    }
    fn trained_sizes(&self) -> Option<(u64, u64)> {
        Some((self.length.0 as u64, self.length.1 as u64))
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![10, 20, 30, 50, 120]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture;
    use crate::tests::drawn;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn targets_are_the_vectors_before_the_delimiter(width in 1_usize..9, length in 1_u64..40, n in 0_u64..10_000) {
            let task = Copy { width, ..Copy::default() };
            let sequence = drawn(&task, Some(length), n);
            let mut vectors = sequence.inputs.chunks_exact(width + 1);
            let heard: Vec<&[f32]> = vectors.by_ref().take_while(|x| x[width] == 0.0).map(|x| &x[..width]).collect();
            prop_assert_eq!(heard.len(), length as usize);
            prop_assert_eq!(&sequence.targets[(heard.len() + 1) * width..], &heard.concat());
            prop_assert!(vectors.all(|x| x.iter().all(|&x| x == 0.0)));
        }
    }

    #[test]
    fn chance_is_half_of_the_bits() {
        assert_eq!(Copy::default().chance_bits(None), Some(84.0));
        assert_eq!(Copy::default().chance_bits(Some(120)), Some(960.0));
    }

    #[test]
    fn its_picture_shows_vectors_delimiter_and_copy() {
        let task = Copy::default();
        insta::assert_snapshot!("copy", picture(&task, &drawn(&task, Some(4), 1)));
    }
}
