//! The two parts of a memory's step: what is read in which.
use super::failure::{At, Failure, Promise};
use super::guarded::{Columns, Guarded};
use super::part::{Draw, Values, random, said};
use super::trial::{Asked, Trial};
use super::whole::Whole;
use crate::config::{HeadSite, MemorySite};
use crate::memory::Step;
use crate::traits::{Action, Forward, Memory, Using};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What stands in every output before a step.
const UNWRITTEN: f64 = -123_456.75;
const ITEMS: usize = 2;
const STEPS: usize = 2;

/// Of each read head of a site, whether it acts before the controller. Empty where a head cannot be asked.
pub(super) fn readers(site: &MemorySite<'_>, memory: &dyn Memory<f64>) -> Vec<bool> {
    let (shape, heads) = (memory.shape(), site.heads.len());
    let all = site.heads.iter().enumerate().map(|(head, h)| h.build::<f64>(&HeadSite { shape, head, heads }));
    let Ok(all) = all.collect::<Result<Vec<_>, _>>() else { return vec![] };
    let first = site.arrangement.step == Step::MemoryThenController;
    let readers = all.iter().filter(|h| h.action() == Action::Read);
    readers.map(|h| first || h.using() == Using::Previous).collect()
}

/// Before the controller exactly those outputs are read that `reads_before` names, after it exactly the others; and the
/// named ones are those of the heads that act before it.
pub(super) fn check(at: &At, memory: &dyn Memory<f64>, readers: &[bool]) -> Result<(), Failure> {
    let steps = || declared(memory, readers).and_then(|early| steps(memory, &early));
    let done = catch_unwind(AssertUnwindSafe(steps));
    let done = done.unwrap_or_else(|panic| Err(format!("it panicked: {}", said(&*panic))));
    done.map_err(|what| at.breaks(Promise::Turns, what))
}

fn part(early: bool) -> &'static str {
    if early { "before the controller" } else { "after the controller" }
}

/// Of each output, whether it is read before the controller.
fn declared(memory: &dyn Memory<f64>, readers: &[bool]) -> Result<Vec<bool>, String> {
    let (outputs, turns) = (memory.outputs(), memory.turns());
    let mut early = vec![false; outputs];
    for range in memory.reads_before() {
        if range.start > range.end || range.end > outputs {
            return Err(format!("`reads_before` names outputs {range:?}, of 0..{outputs}"));
        }
        for i in range {
            if std::mem::replace(&mut early[i], true) {
                return Err(format!("`reads_before` names output {i} twice"));
            }
        }
    }
    for (i, &early) in early.iter().enumerate() {
        if !(if early { turns.before } else { turns.after }) {
            let (says, part) = (if early { "names" } else { "does not name" }, part(early));
            return Err(format!("`reads_before` {says} output {i}, but `turns` says nothing is done {part}"));
        }
    }
    // outputs are the vectors read, read head by read head
    let alike = readers.windows(2).all(|pair| pair[0] == pair[1]);
    if !readers.is_empty() && (alike || outputs % readers.len() == 0) {
        for (i, &early) in early.iter().enumerate() {
            let head = i * readers.len() / outputs;
            if early != readers[head] {
                let (acts, says) = (part(readers[head]), part(early));
                return Err(format!(
                    "read head {head} acts {acts}, but by `reads_before` its output {i} is read {says}"
                ));
            }
        }
    }
    Ok(early)
}

/// Runs some steps and looks at the outputs after each part.
fn steps(memory: &dyn Memory<f64>, early: &[bool]) -> Result<(), String> {
    let (whole, turns, numbers) = (Whole(memory), memory.turns(), memory.inputs());
    let trial = Trial {
        cell: &whole,
        memory: Some(memory),
        lengths: vec![STEPS; ITEMS],
        capacity: ITEMS,
        prepared: false,
        asked: Asked::Nobody,
    };
    let params = Values::draw(&trial, Draw::Usual).inputs.swap_remove(0);
    let (needs, mut random) = (memory.needs(ITEMS), random(3));
    let mut state = Guarded::filled("state", needs.state, 0.0);
    memory.start(&params, ITEMS, &mut state);
    for t in 0..STEPS {
        let mut next = Guarded::filled("state after the step", needs.state, 0.0);
        let mut trace = Guarded::filled("trace", needs.trace, 0.0);
        let mut scratch = Guarded::filled("scratch", needs.scratch, 0.0);
        let mut y = Columns::filled("y", early.len(), ITEMS, 0.0);
        (0..ITEMS).for_each(|item| y.item_mut(item).fill(UNWRITTEN));
        let mut step = Forward {
            items: ITEMS,
            capacity: ITEMS,
            params: &params,
            prepared: &[],
            state: &state,
            next: &mut next,
            trace: &mut trace,
            scratch: &mut scratch,
        };
        let mut found = vec![vec![UNWRITTEN; early.len()]; ITEMS];
        for (now, works) in [(true, turns.before), (false, turns.after)] {
            if !works {
                continue;
            }
            let mut x = Columns::filled("x", numbers, ITEMS, 0.0);
            (0..ITEMS).for_each(|i| x.item_mut(i).copy_from_slice(&Draw::Usual.raw(numbers, &mut random)));
            match now {
                true => memory.before(x.mat(), step.again(), y.mat_mut()),
                false => memory.forward(x.mat(), step.again(), y.mat_mut()),
            }
            for (item, found) in found.iter_mut().enumerate() {
                for (i, (y, found)) in y.item(item).iter().zip(&*found).enumerate() {
                    let (written, part) = (y.to_bits() != found.to_bits(), part(now));
                    let what = match early[i] == now {
                        true if !written => format!("should be written {part}, but is not"),
                        true if !y.is_finite() => format!("is {y} {part}"),
                        false if written => format!("should not be written {part}, but is"),
                        _ => continue,
                    };
                    return Err(format!("step {t}, item {item}: output {i} {what}"));
                }
                found.copy_from_slice(y.item(item));
            }
        }
        state = next;
    }
    Ok(())
}
