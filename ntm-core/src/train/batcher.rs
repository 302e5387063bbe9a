//! Draws sequences of a task into batches, always into the same memory.
use super::{Task, TaskError};
use crate::bytes::Bytes;
use crate::engine::{Evaluator, Score};
use crate::random::Purpose;
use crate::sequence::{Batch, Sequence};
use crate::{Model, Real};

/// Chunks that are evaluated at a time.
const EVALUATED: usize = 32;

/// Sequences of a task and the batch that they become.
#[derive(Debug)]
pub struct Batcher<T> {
    sequences: Vec<Sequence>,
    /// The batch drawn last; empty before the first.
    pub batch: Batch<T>,
}

impl<T: Real> Batcher<T> {
    /// Room for `items` sequences of the task, in chunks of `chunk`.
    ///
    /// # Errors
    /// If the task has no such size.
    pub fn new(task: &dyn Task, items: usize, chunk: usize, size: Option<u64>) -> Result<Self, TaskError> {
        Ok(Self::with_steps(task, items, chunk, task.steps(size)?))
    }
    /// Room for `items` sequences of the task of at most `steps` steps.
    pub fn with_steps(task: &dyn Task, items: usize, chunk: usize, steps: usize) -> Self {
        let (inputs, outputs) = (task.inputs(), task.outputs());
        Batcher {
            sequences: (0..items).map(|_| Sequence::with_room(steps, inputs, outputs)).collect(),
            batch: Batch::with_room(items, chunk, steps, inputs, outputs).scored_by(task.loss()),
        }
    }
    /// What such a batcher takes.
    pub fn bytes(task: &dyn Task, items: usize, chunk: usize, steps: usize) -> Bytes {
        let (inputs, outputs) = (task.inputs(), task.outputs());
        let drawn = Sequence::bytes(steps, inputs, outputs).saturating_mul(items as u128);
        Batch::<T>::bytes(items, chunk, steps, inputs, outputs)
            + Bytes { sequences: drawn, ..Bytes::default() }
    }
    /// Draws sequences `first ..` of a purpose: as many as there is room for, or `items` if that is less.
    ///
    /// # Errors
    /// If the task has no such size.
    pub fn draw(
        &mut self,
        task: &dyn Task,
        size: Option<u64>,
        (purpose, seed): (Purpose, u64),
        first: u64,
        items: usize,
    ) -> Result<(), TaskError> {
        let items = items.min(self.sequences.len());
        for (sequence, n) in self.sequences[..items].iter_mut().zip(first..) {
            task.sequence((purpose, seed), n, size, sequence)?;
        }
        self.batch.fill(&self.sequences[..items]);
        Ok(())
    }
    /// The sequences drawn last.
    pub fn sequences(&self) -> &[Sequence] {
        &self.sequences
    }
}

/// Scores of the first `count` sequences of a purpose and size. On several threads only inside a rayon pool.
///
/// # Errors
/// If the task has no such size.
pub fn evaluate<T: Real>(
    model: &Model<T>,
    task: &dyn Task,
    size: Option<u64>,
    purpose: (Purpose, u64),
    count: usize,
    chunk: usize,
    threads: usize,
) -> Result<Vec<Score>, TaskError> {
    evaluate_telling(model, task, size, purpose, count, chunk, threads, &|_| {})
}

/// As [`evaluate`]; whenever a chunk is done, `ended` is told how many sequences it held, from the thread that it ran on.
///
/// # Errors
/// If the task has no such size.
#[allow(clippy::too_many_arguments)] // those of `evaluate`, and one more
pub fn evaluate_telling<T: Real>(
    model: &Model<T>,
    task: &dyn Task,
    size: Option<u64>,
    purpose: (Purpose, u64),
    count: usize,
    chunk: usize,
    threads: usize,
    ended: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Score>, TaskError> {
    let most = (chunk * EVALUATED).min(count.max(1));
    let mut batcher = Batcher::with_steps(task, most, chunk, task.steps_for(purpose.0, size)?);
    let mut evaluator = Evaluator::new(model, batcher.batch.chunk(), EVALUATED, threads);
    let (mut all, mut some, mut done) = (Vec::with_capacity(count), vec![], 0);
    while done < count {
        let items = most.min(count - done);
        batcher.draw(task, size, purpose, done as u64, items)?;
        evaluator.run_telling(model, &batcher.batch, &mut some, ended);
        all.extend_from_slice(&some);
        done += items;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use rand::RngExt;

    /// Sequences of one number, drawn.
    #[derive(Debug)]
    struct One;
    impl Task for One {
        fn inputs(&self) -> usize {
            1
        }
        fn outputs(&self) -> usize {
            1
        }
        fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
            size.map_or(Ok(1), |size| Err(TaskError(format!("{size}"))))
        }
        fn draw(&self, random: &mut Random, _: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
            to.reset(1, 1, 1);
            to.inputs[0] = random.random();
            Ok(())
        }
    }

    #[test]
    fn sequences_are_those_of_their_numbers_however_they_are_cut_into_batches() {
        let drawn = |first: u64, items: usize, room: usize| -> Vec<f32> {
            let mut batcher = Batcher::<f32>::new(&One, room, 2, None).unwrap();
            batcher.draw(&One, None, (Purpose::Training, 3), first, items).unwrap();
            assert_eq!(batcher.batch.items, items.min(room));
            batcher.sequences()[..items.min(room)].iter().map(|sequence| sequence.inputs[0]).collect()
        };
        let all = drawn(0, 7, 7);
        assert_eq!(drawn(0, 9, 7), all, "no more than there is room for");
        assert_eq!([drawn(0, 4, 4), drawn(4, 3, 7)].concat(), all);
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(Batcher::<f32>::new(&One, 1, 1, Some(5)).is_err());
    }
}
