//! What a model learns.
use crate::Loss;
use crate::random::{Purpose, Random, stream};
use crate::sequence::Sequence;
use std::fmt::Debug;

/// A size that a task cannot make sequences of: where, what was given, what is allowed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TaskError(pub String);

/// A step of a sequence that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The step, from 0.
    pub step: usize,
    /// What happens there; steps at which the same happens have the same name.
    pub name: String,
}

/// A source of sequences with their targets and the steps that are scored.
///
/// A sequence is a function of the random stream it is drawn from, and of the size asked for; a task keeps nothing but
/// what it was built with.
pub trait Task: Debug + Send + Sync {
    /// Numbers that go in at each step.
    fn inputs(&self) -> usize;
    /// Numbers that come out at each step.
    fn outputs(&self) -> usize;
    /// Steps of the longest sequence of this size; of all sizes that are trained on where `None`.
    ///
    /// # Errors
    /// If there is no such size.
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError>;
    /// How outputs are compared with targets.
    fn loss(&self) -> Loss {
        Loss::Bits
    }
    /// How many different sequences there are for a purpose; `None` where they do not end. Sequence n of more is n modulo
    /// this again.
    fn count(&self, purpose: Purpose) -> Option<u64> {
        let _ = purpose;
        None
    }
    /// Sequence number `n` of a purpose and a seed, which depends on nothing else: drawn from its own stream, unless the
    /// task's sequences are given.
    ///
    /// # Errors
    /// If there is no such size, or nothing for this purpose.
    fn sequence(
        &self,
        (purpose, seed): (Purpose, u64),
        n: u64,
        size: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        self.draw(&mut stream(purpose, seed, n), size, to)
    }
    /// Steps of the longest sequence of this size for a purpose.
    ///
    /// # Errors
    /// If there is no such size, or nothing for this purpose.
    fn steps_for(&self, purpose: Purpose, size: Option<u64>) -> Result<usize, TaskError> {
        let _ = purpose;
        self.steps(size)
    }
    /// Draws a sequence as in training, or one of the given size. `to` keeps what it has allocated.
    ///
    /// # Errors
    /// If there is no such size.
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError>;
    /// What the size is called, such as `length`.
    fn size_name(&self) -> &'static str {
        "length"
    }
    /// Sizes that a trained model is measured at unless told; none where sequences have no size that could be chosen.
    fn usual_sizes(&self) -> Vec<u64> {
        vec![10, 20, 30, 50, 120]
    }
    /// The least and the largest size in training, both drawn; `None` where sequences have no size.
    fn trained_sizes(&self) -> Option<(u64, u64)> {
        None
    }
    /// Chance level: what a sequence of this size (of the sizes in training where `None`) costs on average, in bits, where nothing that
    /// was shown has been kept but all else is known: one bit for each random bit that is to be said. By formula, so a line in a figure
    /// without any noise. `None` where a task cannot say.
    fn chance_bits(&self, size: Option<u64>) -> Option<f64> {
        let _ = size;
        None
    }
    /// The best predictions that can be made of this very sequence without knowing what it was drawn from: for each step the probability
    /// that each output is 1, steps x outputs. `None` where targets follow from the inputs, and where a task cannot say.
    fn best_predictions(&self, sequence: &Sequence) -> Option<Vec<f64>> {
        let _ = sequence;
        None
    }
    /// What the best predictions cost, in bits: the sum over scored outputs of -log2 of the probability that was given to what came. To be
    /// compared with a model's cost on the same sequences, in pairs: the spread between sequences then cancels. `None` where there are
    /// no [`best_predictions`](Task::best_predictions), so that the best is 0 or not known.
    fn optimum(&self, sequence: &Sequence) -> Option<f64> {
        let best = self.best_predictions(sequence)?;
        let each = self.outputs().max(1);
        let cost = |(n, (one, &target)): (usize, (f64, &f32))| {
            let came = if target >= 0.5 { one } else { 1.0 - one };
            -f64::from(sequence.mask.get(n / each).copied().unwrap_or(0.0)) * came.log2()
        };
        Some(best.into_iter().zip(&sequence.targets).enumerate().map(cost).sum())
    }
    /// Steps of a sequence that a picture of it should name, in the order of steps: delimiters, for example.
    fn marks(&self, sequence: &Sequence) -> Vec<Mark> {
        let _ = sequence;
        vec![]
    }
    /// A sequence like those that a trained model is measured on: number `n` of this size, or of the sizes in training.
    ///
    /// # Errors
    /// If there is no such size.
    fn example(&self, size: Option<u64>, n: u64) -> Result<Sequence, TaskError> {
        let mut sequence = Sequence::default();
        self.sequence((Purpose::Evaluation(size.unwrap_or(0)), 0), n, size, &mut sequence)?;
        Ok(sequence)
    }
}
