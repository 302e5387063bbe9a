//! A task: say a sequence of random vectors backwards.
use ntm_cli::core::prelude::*;
use ntm_cli::core::random::{between, bits};
use serde::{Deserialize, Serialize};

/// Vectors of 4 bits, a delimiter, then the vectors from the last to the first. The size is their number; 1 to 6 in training.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reverse {}
ntm_cli::core::buildable!(Reverse: TaskKind);

impl Task for Reverse {
    fn inputs(&self) -> usize {
        5
    }
    fn outputs(&self) -> usize {
        4
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        match size.unwrap_or(6) {
            n @ 1..=1_000_000 => Ok(2 * n as usize + 1),
            n => Err(TaskError(format!("length {n}: reverse takes 1 to 1_000_000"))),
        }
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        let most = self.steps(size)? / 2;
        let n = if size.is_some() { most } else { between(random, 1, most) };
        to.reset(2 * n + 1, 5, 4);
        bits(random, &mut to.targets[(n + 1) * 4..]);
        for t in 0..n {
            to.inputs[t * 5..t * 5 + 4].copy_from_slice(&to.targets[(2 * n - t) * 4..][..4]);
        }
        to.inputs[n * 5 + 4] = 1.0;
        to.mask[n + 1..].fill(1.0);
        Ok(())
    }
}

#[test]
fn reverse_keeps_its_promises() {
    ntm_cli::core::testkit::task(&Reverse {});
}
