//! A task: say a sequence of random vectors backwards.
use ntm_cli::core::prelude::*;
use ntm_cli::core::random::{between, bits};
use serde::{Deserialize, Serialize};

/// `length` vectors of `width` bits, a delimiter, then the vectors from the last to the first. The size is the length.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reverse {
    /// Bits of a vector.
    pub width: usize,
    /// Most vectors in training, where every length from 1 on is as probable.
    pub length: usize,
}

impl Task for Reverse {
    fn inputs(&self) -> usize {
        self.width + 1
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn size_name(&self) -> &'static str {
        "length"
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![self.length as u64, 2 * self.length as u64]
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        match size.unwrap_or(self.length as u64) {
            n @ 1..=1_000_000 => Ok(2 * n as usize + 1),
            n => Err(TaskError(format!("length {n}: reverse takes 1 to 1_000_000"))),
        }
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        let most = self.steps(size)? / 2;
        let (n, w) = (if size.is_some() { most } else { between(random, 1, most) }, self.width);
        to.reset(2 * n + 1, w + 1, w);
        bits(random, &mut to.targets[(n + 1) * w..]);
        for t in 0..n {
            to.inputs[t * (w + 1)..][..w].copy_from_slice(&to.targets[(2 * n - t) * w..][..w]);
        }
        to.inputs[n * (w + 1) + w] = 1.0;
        to.mask[n + 1..].fill(1.0);
        Ok(())
    }
}

impl Build<TaskKind> for Reverse {
    fn build<T: Precision>(&self, (): &()) -> Result<Box<dyn Task>, BuildError> {
        if !(1..=1024).contains(&self.width) {
            return Err(BuildError::new("width", format!("{} bits; must be 1 to 1024", self.width)));
        }
        self.steps(None).map_err(|why| BuildError::new("length", why.to_string()))?;
        Ok(Box::new(self.clone()))
    }
}

#[test]
fn reverse_keeps_its_promises() {
    ntm_cli::core::testkit::task(&Reverse { width: 3, length: 5 });
}
