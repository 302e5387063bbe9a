//! Where the things of each head lie within an item, and which heads act together.
use super::{Arrangement, Order, Step};
use crate::buffers::ALIGN;
use crate::kernels::classic::{Classic, ClassicHead, NUMBERS, trace_len};
use crate::kernels::read_write::Writer;
use crate::kernels::similarity::Key;
use crate::traits::{Action, Addressing, Head, Using};
use crate::{Field, Real, Shape};
use std::ops::Range;

/// Where the things of one head are, within an item.
#[derive(Debug, Default, Clone)]
pub(super) struct Seat {
    /// all its raw numbers
    pub(super) raw: Range<usize>,
    /// those of its addressing
    pub(super) numbers: Range<usize>,
    /// those of its own
    pub(super) own_numbers: Range<usize>,
    /// columns of similarity
    pub(super) keys: Range<usize>,
    pub(super) own: Range<usize>,
    pub(super) trace: Range<usize>,
    /// its place among the readers, or among the writers
    pub(super) lane: usize,
}

impl Seat {
    pub(super) fn list<T: Real>(
        shape: Shape,
        heads: &[Box<dyn Head<T>>],
        phases: &Phases,
    ) -> (Vec<Seat>, Vec<Vec<Field>>) {
        let (mut seats, mut fields) = (vec![], vec![]);
        let (mut at, mut own, mut trace, mut readers) = (0, 0, 0, 0);
        for head in heads {
            let addressing = head.addressing();
            let (first, extra) = (addressing.fields(shape), head.fields(shape));
            let (middle, end) = (at + Field::count(&first), at + Field::count(&first) + Field::count(&extra));
            let seat = Seat {
                raw: at..end,
                numbers: at..middle,
                own_numbers: middle..end,
                keys: 0..first.iter().filter(|f| f.key.is_some()).count(),
                own: own..own + addressing.own(shape),
                trace: trace..trace + addressing.trace(shape).next_multiple_of(ALIGN),
                lane: readers,
            };
            readers += (head.action() == Action::Read) as usize;
            (at, own, trace) = (end, seat.own.end, seat.trace.end);
            seats.push(seat);
            fields.push([first, extra].concat());
        }
        // the keys of a phase lie next to each other
        let mut key = 0;
        for &head in phases.all().flat_map(|p| &p.heads) {
            let count = seats[head].keys.end;
            seats[head].keys = key..key + count;
            key += count;
        }
        // and so do the effects of its writers, where they are not among the numbers
        for (lane, writer) in phases.all().flat_map(|p| &p.writers).enumerate() {
            seats[writer.head].lane = lane;
        }
        (seats, fields)
    }
}

/// Whether all writers take their erase and add vectors from their numbers, and have as many.
pub(super) fn effects_are_numbers<T: Real>(shape: Shape, heads: &[Box<dyn Head<T>>]) -> bool {
    let plain = |h: &dyn Head<T>| h.effect_is_numbers() && Field::count(&h.fields(shape)) == 2 * shape.width;
    heads.iter().all(|h| h.action() == Action::Read || plain(&**h))
}

/// The settings of an addressing that is the paper's chain and has what goes with it.
fn classic_of<T: Real>(shape: Shape, addressing: &dyn Addressing<T>) -> Option<Classic> {
    let fields = addressing.fields(shape);
    let key_first = fields.first().is_some_and(|f| f.key.is_some() && f.count == shape.width);
    let keys = fields.iter().filter(|f| f.key.is_some()).count();
    let kernel = key_first
        && keys == 1
        && Field::count(&fields) == shape.width + NUMBERS
        && addressing.own(shape) == 0
        && addressing.trace(shape) >= trace_len(shape.slots)
        && shape.slots >= 3;
    addressing.classic().filter(|_| kernel)
}

/// The phases of a step.
#[derive(Debug, Default)]
pub(super) struct Phases {
    /// those before the controller
    pub(super) before: Vec<Phase>,
    /// those after it
    pub(super) after: Vec<Phase>,
}

/// Heads that address, and heads that act on, the same version of the memory.
#[derive(Debug, Default)]
pub(super) struct Phase {
    /// those that make a new weighting
    pub(super) heads: Vec<usize>,
    /// whether its readers and writers act with the weightings of the step before
    pub(super) previous: bool,
    pub(super) readers: Vec<usize>,
    pub(super) writers: Vec<Writer>,
    pub(super) keys: Vec<Key>,
    /// the heads that address, where all of them do so by the paper's chain
    pub(super) classic: Vec<ClassicHead>,
    /// columns of similarity
    pub(super) similarity: Range<usize>,
    /// where the vectors of the first reader start
    pub(super) reads_at: usize,
    /// the version of the memory that it finds; 0 is the state before the step
    pub(super) from: usize,
}

impl Phases {
    pub(super) fn list<T: Real>(heads: &[Box<dyn Head<T>>], arrangement: Arrangement) -> Phases {
        let all = || 0..heads.len();
        let by = |action| all().filter(|&h| heads[h].action() == action).collect::<Vec<_>>();
        let groups: Vec<Vec<usize>> = match arrangement.order {
            Order::ReadThenWrite => vec![all().collect()],
            Order::WriteThenRead => vec![by(Action::Write), by(Action::Read)],
            Order::Listed => all().map(|h| vec![h]).collect(),
        };
        let lane = |h: usize| heads[..h].iter().filter(|h| h.action() == Action::Read).count();
        let mut version = 0;
        let mut phases = |addressing: &[usize], acting: Using, group: &[usize]| {
            let pick = |action| {
                let acts = |h: usize| heads[h].action() == action && heads[h].using() == acting;
                group.iter().copied().filter(|&h| acts(h)).collect::<Vec<_>>()
            };
            let (readers, writers) = (pick(Action::Read), pick(Action::Write));
            let (from, previous) = (version, acting == Using::Previous);
            version += !writers.is_empty() as usize;
            let blank = || Phase { previous, from, ..Phase::default() };
            let mut made = vec![Phase { heads: addressing.to_vec(), ..blank() }];
            // what a phase reads lies side by side, so readers with others between them get phases of their own
            for (i, run) in readers.chunk_by(|&a, &b| lane(b) == lane(a) + 1).enumerate() {
                if i > 0 {
                    made.push(blank());
                }
                made[i].readers = run.to_vec();
            }
            if let Some(end) = made.last_mut() {
                end.writers = writers.into_iter().map(|head| Writer { head, effect: 0 }).collect();
            }
            made.retain(|p| !(p.heads.is_empty() && p.readers.is_empty() && p.writers.is_empty()));
            made
        };
        let mut before: Vec<Phase> = groups.iter().flat_map(|g| phases(&[], Using::Previous, g)).collect();
        let mut after: Vec<Phase> = groups.iter().flat_map(|g| phases(g, Using::Current, g)).collect();
        if arrangement.step == Step::MemoryThenController {
            before.append(&mut after);
        }
        Phases { before, after }
    }
    pub(super) fn all(&self) -> impl Iterator<Item = &Phase> {
        self.before.iter().chain(&self.after)
    }
    pub(super) fn seated<T: Real>(
        self,
        shape: Shape,
        heads: &[Box<dyn Head<T>>],
        seats: &[Seat],
        fields: &[Vec<Field>],
    ) -> Phases {
        let each =
            |list: Vec<Phase>| list.into_iter().map(|p| p.seated(shape, heads, seats, fields)).collect();
        Phases { before: each(self.before), after: each(self.after) }
    }
}

impl Phase {
    fn seated<T: Real>(
        self,
        shape: Shape,
        heads: &[Box<dyn Head<T>>],
        seats: &[Seat],
        fields: &[Vec<Field>],
    ) -> Phase {
        // effects are numbers of the writers, or blocks of their own
        let plain = effects_are_numbers(shape, heads);
        let effect =
            |h: usize| if plain { seats[h].own_numbers.start } else { 2 * seats[h].lane * shape.width };
        let mut keys = vec![];
        for &head in &self.heads {
            let mut at = seats[head].raw.start;
            for field in &fields[head] {
                keys.extend(field.key.map(|similarity| Key { at, similarity }));
                at += field.count;
            }
        }
        let start = self.heads.first().map_or(0, |&h| seats[h].keys.start);
        let classic = |&h: &usize| {
            let (classic, seat) = (classic_of(shape, heads[h].addressing())?, &seats[h]);
            let (numbers, key) = (seat.numbers.start + shape.width, seat.keys.start - start);
            Some(ClassicHead { classic, head: h, numbers, key, trace: seat.trace.start })
        };
        Phase {
            similarity: start..start + keys.len(),
            keys,
            classic: self.heads.iter().map(classic).collect::<Option<_>>().unwrap_or_default(),
            reads_at: self.readers.first().map_or(0, |&h| seats[h].lane * shape.width),
            writers: self.writers.iter().map(|w| Writer { effect: effect(w.head), ..*w }).collect(),
            ..self
        }
    }
}
