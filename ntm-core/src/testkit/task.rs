//! Tasks.
use super::Checked;
use super::failure::{At, Failure, Promise};
use super::part::{random, said};
use crate::Sequence;
use crate::config::{Build, TaskKind};
use crate::train::Task;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sequences drawn at each size.
const DRAWS: u64 = 40;
/// Sequences drawn until one is nearly as long as a task says.
const MANY: u64 = 2000;

impl Checked for TaskKind {
    fn check<C: Build<TaskKind>>(settings: &C) -> Result<(), Failure> {
        let at = At::new(settings, "as in training");
        let task = settings.build::<f32>(&()).map_err(|e| at.breaks(Promise::Builds, e))?;
        let checks = || -> Result<(), Failure> {
            sequences(&at, &*task, None)?;
            longest(&at, &*task)?;
            refusals(&at, &*task)?;
            let mut sizes = task.usual_sizes();
            sizes.push(1);
            sizes.sort_unstable();
            sizes.dedup();
            sizes.retain(|&s| task.steps(Some(s)).is_ok());
            for &size in &sizes {
                sequences(&at_size(&at, &*task, size), &*task, Some(size))?;
            }
            match sizes[..] {
                [small, .., large] => honoured(&at, &*task, small, large),
                _ => Ok(()),
            }
        };
        match catch_unwind(AssertUnwindSafe(checks)) {
            Ok(done) => done,
            Err(panic) => Err(at.breaks(Promise::Size, format!("it panicked: {}", said(&*panic)))),
        }
    }
}

fn at_size(at: &At, task: &dyn Task, size: u64) -> At {
    At { component: at.component.clone(), site: format!("{} {size}", task.size_name()) }
}

fn draw(at: &At, task: &dyn Task, size: Option<u64>, n: u64, to: &mut Sequence) -> Result<(), Failure> {
    task.draw(&mut random(n), size, to).map_err(|e| at.breaks(Promise::Size, e))
}

/// Every sequence has the declared sizes, is scored, and depends on its stream alone.
fn sequences(at: &At, task: &dyn Task, size: Option<u64>) -> Result<(), Failure> {
    let most = task.steps(size).map_err(|e| at.breaks(Promise::Size, e))?;
    let (inputs, outputs) = (task.inputs(), task.outputs());
    let mut sequence = Sequence::with_room(most, inputs, outputs);
    let places = |s: &Sequence| [s.inputs.as_ptr(), s.targets.as_ptr(), s.mask.as_ptr()];
    let room = places(&sequence);
    for n in 0..DRAWS {
        sequence.inputs.fill(7.0);
        sequence.targets.fill(7.0);
        sequence.mask.fill(7.0);
        draw(at, task, size, n, &mut sequence)?;
        let steps = sequence.steps;
        if steps > most {
            let what = format!("a sequence has {steps} steps, but steps() says at most {most}");
            return Err(at.breaks(Promise::Size, what));
        }
        let lists = [
            ("inputs", &sequence.inputs, inputs),
            ("targets", &sequence.targets, outputs),
            ("mask", &sequence.mask, 1),
        ];
        for (name, list, each) in lists {
            if list.len() != steps * each {
                let what = format!("{name} holds {} numbers, not {steps} steps x {each}", list.len());
                return Err(at.breaks(Promise::Size, what));
            }
            if let Some(x) = list.iter().find(|x| !x.is_finite()) {
                return Err(at.breaks(Promise::Finite, format!("{name} holds {x}")));
            }
        }
        if let Some(x) = sequence.mask.iter().find(|x| **x < 0.0) {
            return Err(at.breaks(Promise::Scores, format!("mask holds {x}")));
        }
        if sequence.mask.iter().all(|x| *x == 0.0) {
            return Err(at.breaks(Promise::Scores, format!("no step of sequence {n} is scored")));
        }
        if places(&sequence) != room {
            return Err(at.breaks(Promise::Room, "a sequence with room for the longest was allocated anew"));
        }
        let mut again = Sequence::default();
        draw(at, task, size, n, &mut again)?;
        if again != sequence {
            let what = format!("stream {n} gave two sequences, of {steps} and {} steps", again.steps);
            return Err(at.breaks(Promise::SameBits, what));
        }
    }
    Ok(())
}

/// What is trained on comes near the length that buffers are laid out for.
fn longest(at: &At, task: &dyn Task) -> Result<(), Failure> {
    let most = task.steps(None).map_err(|e| at.breaks(Promise::Size, e))?;
    let (mut sequence, mut seen) = (Sequence::default(), 0);
    for n in 0..MANY {
        draw(at, task, None, n, &mut sequence)?;
        seen = seen.max(sequence.steps);
        if 4 * seen >= 3 * most {
            return Ok(());
        }
    }
    let what = format!("the longest of {MANY} sequences has {seen} steps, but steps() says {most}");
    Err(at.breaks(Promise::Size, what))
}

/// `steps` and `draw` refuse the same sizes.
fn refusals(at: &At, task: &dyn Task) -> Result<(), Failure> {
    for size in [0, u64::MAX] {
        let steps = task.steps(Some(size));
        if steps.as_ref().is_ok_and(|&n| n > 1 << 16) {
            continue; // possible, but too long to try
        }
        let drawn = task.draw(&mut random(0), Some(size), &mut Sequence::default());
        if steps.is_ok() != drawn.is_ok() {
            let what = format!("steps() gives {steps:?}, draw() gives {drawn:?}");
            return Err(at_size(at, task, size).breaks(Promise::Size, what));
        }
    }
    Ok(())
}

/// A larger size gives other sequences, and longer ones if the task says so.
fn honoured(at: &At, task: &dyn Task, small: u64, large: u64) -> Result<(), Failure> {
    let steps = |size| task.steps(Some(size)).unwrap_or(0);
    let (mut a, mut b) = (Sequence::default(), Sequence::default());
    let (mut longest, mut differ) = (0, false);
    for n in 0..DRAWS {
        draw(at, task, Some(small), n, &mut a)?;
        draw(at, task, Some(large), n, &mut b)?;
        longest = longest.max(b.steps);
        differ |= a != b;
    }
    let at = at_size(at, task, large);
    if !differ {
        let what = format!("the size is ignored: {DRAWS} sequences are those of size {small}");
        return Err(at.breaks(Promise::Size, what));
    }
    if steps(large) > steps(small) && longest <= steps(small) {
        let what = format!("the size is ignored: no sequence is longer than those of size {small}");
        return Err(at.breaks(Promise::Size, what));
    }
    Ok(())
}
