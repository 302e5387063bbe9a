//! Copy: store a sequence of random vectors and give it back (section 4.1 of the paper).
//!
//! ```text
//! step      0 .. L        L           L + 1 .. 2 L + 1
//! in        vector, 0     0, 1        0, 0
//! target    -             -           the vectors, in order; scored
//! ```
//!
//! The last input channel is the delimiter. Chance costs L x width bits: half of the bits are wrong.
use ntm_core::Sequence;
use ntm_core::random::{Random, bits};
use ntm_core::train::{Task, TaskError};
use rand::RngExt;

/// Random bit vectors, a delimiter, then the same vectors as targets. The size is the length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct Copy {
    /// Bits of a vector.
    pub width: usize,
    /// Shortest and longest sequence in training; both are drawn, and all between, with the same probability.
    pub length: (usize, usize),
}

impl Default for Copy {
    /// The paper's: 8 bits, lengths 1 to 20.
    fn default() -> Self {
        Copy { width: 8, length: (1, 20) }
    }
}

/// Longest sequence that is made: far beyond what has been tried, and its steps still count in a `u32`.
const LONGEST: usize = 1 << 24;

impl Copy {
    /// What is wrong with the settings, if anything: the field, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let (low, high) = self.length;
        if self.width == 0 || self.width > 1 << 16 {
            return Err(("width", format!("{} bits in a vector; must be 1 to 65536", self.width)));
        }
        if low == 0 || low > high || high > LONGEST {
            return Err((
                "length",
                format!(
                    "({low}, {high}) must be (shortest, longest) with 1 <= shortest <= longest <= {LONGEST}"
                ),
            ));
        }
        Ok(())
    }

    fn size(&self, size: Option<u64>) -> Result<usize, TaskError> {
        match size {
            None => Ok(self.length.1),
            Some(size) => usize::try_from(size)
                .ok()
                .filter(|n| (1..=LONGEST).contains(n))
                .ok_or_else(|| TaskError(format!("length {size}: copy takes 1 to {LONGEST}"))),
        }
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
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        let length = match size {
            None => random.random_range(self.length.0..=self.length.1),
            size => self.size(size)?,
        };
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
    fn size_name(&self) -> &'static str {
        "length"
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![10, 20, 30, 50, 120]
    }
}
