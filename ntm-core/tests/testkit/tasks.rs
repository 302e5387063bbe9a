//! A task with one fault.
use crate::breaks;
use ntm_core::Sequence;
use ntm_core::config::{Build, BuildError, Precision, TaskKind};
use ntm_core::random::{Random, bits};
use ntm_core::testkit::{self, Promise};
use ntm_core::train::{Task, TaskError};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    IgnoresSize,
    LongerThanItSays,
    MuchShorter,
    ScoresNothing,
    ScoresLess,
    NotANumber,
    Refuses,
    Counts,
    Narrow,
    Allocates,
    DrawsAnySize,
    Panics,
}

/// Says what it hears, 1 to 9 steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo(pub(crate) Fault);
static CALLS: AtomicUsize = AtomicUsize::new(0);

impl Task for Echo {
    fn inputs(&self) -> usize {
        3
    }
    fn outputs(&self) -> usize {
        3
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        match size {
            None if self.0 == Fault::MuchShorter => Ok(90),
            None => Ok(9),
            Some(n) if (1..100).contains(&n) => Ok(n as usize),
            Some(n) => Err(TaskError(format!("{n}"))),
        }
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        let mut first = [0.0; 8];
        bits(random, &mut first);
        let some = 1 + first.iter().sum::<f32>() as usize;
        let steps = match size {
            None if self.0 == Fault::LongerThanItSays => some + 1,
            Some(_) if self.0 == Fault::IgnoresSize => self.steps(size)?.min(1),
            Some(_) if self.0 == Fault::DrawsAnySize => self.steps(size).unwrap_or(1),
            None => some,
            Some(_) => self.steps(size)?,
        };
        if self.0 == Fault::Allocates {
            *to = Sequence::default();
        }
        to.reset(steps, if self.0 == Fault::Narrow { 2 } else { 3 }, 3);
        assert!(self.0 != Fault::Panics || steps < 9, "nine is too much");
        bits(random, &mut to.inputs);
        if self.0 == Fault::Counts {
            to.inputs[0] = CALLS.fetch_add(1, Relaxed) as f32;
        }
        if self.0 != Fault::Narrow {
            to.targets.copy_from_slice(&to.inputs);
        }
        if self.0 != Fault::ScoresNothing {
            to.mask.fill(1.0);
        }
        if self.0 == Fault::ScoresLess {
            to.mask[0] = -1.0;
        }
        if self.0 == Fault::NotANumber {
            to.inputs[0] = f32::NAN;
        }
        Ok(())
    }
    fn size_name(&self) -> &'static str {
        "length"
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![4, 20]
    }
}
impl Build<TaskKind> for Echo {
    fn build<T: Precision>(&self, (): &()) -> Result<Box<dyn Task>, BuildError> {
        match self.0 {
            Fault::Refuses => Err(BuildError::new("0", "never")),
            _ => Ok(Box::new(*self)),
        }
    }
}

#[test]
fn every_fault_of_a_task_is_named() {
    testkit::task(&Echo(Fault::None));
    let of = |fault, promise| breaks::<TaskKind, _>(&Echo(fault), promise);
    let found = of(Fault::IgnoresSize, Promise::Size);
    assert!(found.what.contains("the size is ignored") && found.site == "length 20", "{found}");
    let found = of(Fault::LongerThanItSays, Promise::Size);
    assert!(found.what.contains("steps() says at most 9"), "{found}");
    let found = of(Fault::MuchShorter, Promise::Size);
    assert!(found.what.contains("steps() says 90"), "{found}");
    let found = of(Fault::Narrow, Promise::Size);
    assert!(found.what.starts_with("inputs holds"), "{found}");
    of(Fault::DrawsAnySize, Promise::Size);
    of(Fault::ScoresNothing, Promise::Scores);
    let found = of(Fault::ScoresLess, Promise::Scores);
    assert!(found.what == "mask holds -1", "{found}");
    let found = of(Fault::NotANumber, Promise::Finite);
    assert!(found.what == "inputs holds NaN", "{found}");
    of(Fault::Refuses, Promise::Builds);
    of(Fault::Counts, Promise::SameBits);
    of(Fault::Allocates, Promise::Room);
    let found = of(Fault::Panics, Promise::Size);
    assert!(found.what.contains("nine is too much"), "{found}");
}
