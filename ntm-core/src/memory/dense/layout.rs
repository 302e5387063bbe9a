//! Where the things of each head lie within an item, and which heads act together.
use super::Order;
use crate::buffers::ALIGN;
use crate::kernels::similarity::Key;
use crate::traits::{Action, Head};
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
        phases: &[Phase],
    ) -> (Vec<Seat>, Vec<Vec<Field>>) {
        let (mut seats, mut fields) = (vec![], vec![]);
        let (mut at, mut own, mut trace, mut lanes) = (0, 0, 0, [0, 0]);
        for head in heads {
            let addressing = head.addressing();
            let (first, extra) = (addressing.fields(shape), head.fields(shape));
            let (middle, end) = (at + Field::count(&first), at + Field::count(&first) + Field::count(&extra));
            let lane = &mut lanes[(head.action() == Action::Write) as usize];
            let seat = Seat {
                raw: at..end,
                numbers: at..middle,
                own_numbers: middle..end,
                keys: 0..first.iter().filter(|f| f.key.is_some()).count(),
                own: own..own + addressing.own(shape),
                trace: trace..trace + addressing.trace(shape).next_multiple_of(ALIGN),
                lane: *lane,
            };
            *lane += 1;
            (at, own, trace) = (end, seat.own.end, seat.trace.end);
            seats.push(seat);
            fields.push([first, extra].concat());
        }
        // the keys of a phase lie next to each other
        let mut key = 0;
        for &head in phases.iter().flat_map(|p| &p.heads) {
            let count = seats[head].keys.end;
            seats[head].keys = key..key + count;
            key += count;
        }
        (seats, fields)
    }
}

/// Heads that address the same version of the memory.
#[derive(Debug, Default)]
pub(super) struct Phase {
    pub(super) heads: Vec<usize>,
    pub(super) readers: Vec<usize>,
    pub(super) writers: Vec<usize>,
    pub(super) keys: Vec<Key>,
    /// columns of similarity
    pub(super) similarity: Range<usize>,
    /// where the vectors of the first reader and the effects of the first writer start
    pub(super) reads_at: usize,
    pub(super) effects_at: usize,
    /// the version of the memory that it finds; 0 is the state before the step
    pub(super) from: usize,
}

impl Phase {
    pub(super) fn list<T: Real>(heads: &[Box<dyn Head<T>>], order: Order) -> Vec<Phase> {
        let all = || 0..heads.len();
        let by = |action| all().filter(|&h| heads[h].action() == action).collect::<Vec<_>>();
        let groups: Vec<Vec<usize>> = match order {
            Order::ReadThenWrite => vec![all().collect()],
            Order::WriteThenRead => vec![by(Action::Write), by(Action::Read)],
            Order::Listed => all().map(|h| vec![h]).collect(),
        };
        let mut version = 0;
        let mut phases = vec![];
        for group in groups.into_iter().filter(|g| !g.is_empty()) {
            let pick =
                |action| group.iter().copied().filter(|&h| heads[h].action() == action).collect::<Vec<_>>();
            let (readers, writers) = (pick(Action::Read), pick(Action::Write));
            let from = version;
            version += !writers.is_empty() as usize;
            phases.push(Phase { readers, writers, from, heads: group, ..Phase::default() });
        }
        phases
    }

    pub(super) fn seated(self, shape: Shape, seats: &[Seat], fields: &[Vec<Field>]) -> Phase {
        let lane = |heads: &[usize]| heads.first().map_or(0, |&h| seats[h].lane);
        let mut keys = vec![];
        for &head in &self.heads {
            let mut at = seats[head].raw.start;
            for field in &fields[head] {
                keys.extend(field.key.map(|similarity| Key { at, similarity }));
                at += field.count;
            }
        }
        let start = self.heads.first().map_or(0, |&h| seats[h].keys.start);
        Phase {
            similarity: start..start + keys.len(),
            keys,
            reads_at: lane(&self.readers) * shape.width,
            effects_at: lane(&self.writers) * 2 * shape.width,
            ..self
        }
    }
}
