//! A step of the memory.
use super::layout::Phase;
use super::{Dense, Turn};
use crate::Real;
use crate::buffers::{Mat, MatMut, carve, carve_mut, of_item, of_item_mut};
use crate::kernels::classic::classic;
use crate::kernels::read_write::{Roles, read_write};
use crate::kernels::similarity::similarity;
use crate::kernels::step::{Plan, step};
use crate::kernels::views::{column_mut, copy};
use crate::traits::{Forward, Look};

impl<T: Real> Dense<T> {
    pub(super) fn roles<'a>(&self, p: &'a Phase) -> Roles<'a> {
        Roles { readers: &p.readers, writers: &p.writers, together: self.writes == super::Writes::Together }
    }

    /// The plan of a step that is one call: one phase of a pair of heads with the paper's chain.
    pub(super) fn planned(&self) -> Option<Plan> {
        let mut phases = self.phases.all();
        let (p, None) = (phases.next()?, phases.next()) else { return None };
        if self.effects > 0 || p.classic.is_empty() {
            return None;
        }
        Plan::new(self.shape, &p.keys, &p.classic, self.roles(p), self.numbers, self.trace)
    }

    /// One part of a step: its phases on all items.
    pub(super) fn pass(&self, turn: Turn, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        let (shape, slots, width) = (self.shape, self.shape.slots, self.shape.width);
        let state = carve(s.state, s.capacity, self.state_blocks()).0;
        let [memory, norm, weightings, own] = state;
        let next = carve_mut(s.next, s.capacity, self.state_blocks()).0;
        let [memory_next, norm_next, weightings_next, own_next] = next;
        let trace = carve_mut(s.trace, s.capacity, self.trace_blocks()).0;
        let [numbers_before, numbers, similarities, traces, effects, mid, mid_norm] = trace;
        let phases = self.phases_of(turn);
        let numbers = if turn == Turn::Before { numbers_before } else { numbers };
        let ([.., sums], _) = carve_mut(s.scratch, 1, self.scratch_blocks());
        copy(&x, numbers);
        self.activations.apply(&mut numbers[..self.numbers * s.items]);
        let (heads, size, last) = (self.heads.len(), shape.numbers(), self.between);
        if let Some(plan) = &self.plan {
            step(
                plan,
                memory,
                norm,
                numbers,
                weightings,
                similarities,
                traces,
                weightings_next,
                memory_next,
                norm_next,
                y,
                sums,
            );
            return;
        }
        for b in 0..s.items {
            let numbers = of_item(numbers, self.numbers, b);
            let sim = of_item_mut(similarities, slots * self.keys, b);
            let effects = of_item_mut(effects, self.effects, b);
            let previous = of_item(weightings, slots * heads, b);
            let new = of_item_mut(weightings_next, slots * heads, b);
            let (own, own_next) = (of_item(own, self.own, b), of_item_mut(own_next, self.own, b));
            let traces = of_item_mut(traces, self.trace, b);
            let reads = column_mut(&mut y, b);
            let mid = of_item_mut(mid, last * size, b);
            let mid_norm = of_item_mut(mid_norm, last * slots, b);
            let before = (of_item(memory, size, b), of_item(norm, slots, b));
            let (after, after_norm) = (of_item_mut(memory_next, size, b), of_item_mut(norm_next, slots, b));
            for p in phases {
                // versions: 0 is the state before, last + 1 the state after, those between are in the trace
                let done = p.from.min(last);
                let (mid, mid_rest) = mid.split_at_mut(done * size);
                let (mid_norm, mid_norm_rest) = mid_norm.split_at_mut(done * slots);
                let (now, now_norm) = match p.from {
                    0 => before,
                    v if v > last => (&*after, &*after_norm),
                    v => (of_item(mid, size, v - 1), of_item(mid_norm, slots, v - 1)),
                };
                let sim = &mut sim[p.similarity.start * slots..p.similarity.end * slots];
                similarity(shape, now, now_norm, numbers, &p.keys, sim);
                if p.classic.is_empty() {
                    for &h in &p.heads {
                        let (head, seat) = (&self.heads[h], &self.seats[h]);
                        let first = p.similarity.start;
                        let look = Look {
                            shape,
                            head: h,
                            numbers: &numbers[seat.numbers.clone()],
                            similarity: &sim
                                [(seat.keys.start - first) * slots..(seat.keys.end - first) * slots],
                            previous,
                            own: &own[seat.own.clone()],
                            memory: now,
                        };
                        head.addressing().forward(
                            &look,
                            &mut own_next[seat.own.clone()],
                            &mut traces[seat.trace.clone()],
                            of_item_mut(new, slots, h),
                        );
                    }
                } else {
                    classic(slots, &p.classic, numbers, sim, previous, traces, new);
                }
                if self.effects > 0 {
                    for w in &p.writers {
                        let (head, own) = (&self.heads[w.head], &self.seats[w.head].own_numbers);
                        let (e, a) = effects[w.effect..w.effect + 2 * width].split_at_mut(width);
                        head.effect(&numbers[own.clone()], e, a);
                    }
                }
                let weightings = if p.previous { previous } else { &*new };
                let effects = if self.effects > 0 { &*effects } else { numbers };
                let (roles, reads) = (self.roles(p), &mut reads[p.reads_at..]);
                if p.writers.is_empty() {
                    read_write(shape, roles, now, weightings, &[], &mut [], &mut [], reads, sums);
                } else if p.from < last {
                    let (to, to_norm) = (&mut mid_rest[..size], &mut mid_norm_rest[..slots]);
                    read_write(shape, roles, now, weightings, effects, to, to_norm, reads, sums);
                } else {
                    // a writer's version is below the last one, so `now` is not what is written
                    let now = if p.from == 0 { before.0 } else { of_item(mid, size, p.from - 1) };
                    read_write(shape, roles, now, weightings, effects, after, after_norm, reads, sums);
                }
            }
        }
        if self.writers == 0 && self.is_last(turn) {
            memory_next[..size * s.items].copy_from_slice(&memory[..size * s.items]);
            norm_next[..slots * s.items].copy_from_slice(&norm[..slots * s.items]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrangement, Order};
    use super::*;
    use crate::heads::{Erase, Read, Write};
    use crate::kernels::classic::{Classic, NUMBERS, trace_len};
    use crate::start::MemoryStart;
    use crate::traits::{Addressing, Head, LookGradient, Using};
    use crate::{Activation, Field, Shape, Similarity};

    const SHAPE: Shape = Shape { slots: 16, width: 3 };

    /// Says that it is the paper's chain, with one number too many where `more`.
    #[derive(Debug)]
    struct Says {
        more: bool,
    }
    impl Addressing<f64> for Says {
        fn fields(&self, shape: Shape) -> Vec<Field> {
            let key = Field::key("key", shape.width, Activation::Linear, Similarity::default());
            vec![key, Field::new("others", NUMBERS + usize::from(self.more), Activation::Linear)]
        }
        fn trace(&self, shape: Shape) -> usize {
            trace_len(shape.slots)
        }
        fn classic(&self) -> Option<Classic> {
            Some(Classic::default())
        }
        fn forward(&self, _: &Look<'_, f64>, _: &mut [f64], _: &mut [f64], _: &mut [f64]) {}
        fn backward(
            &self,
            _: &Look<'_, f64>,
            _: &mut [f64],
            _: &[f64],
            _: &[f64],
            _: &mut [f64],
            _: &mut LookGradient<'_, f64>,
            _: &mut [f64],
        ) {
        }
    }

    fn planned(heads: Vec<Box<dyn Head<f64>>>, order: Order) -> bool {
        let arrangement = Arrangement { order, ..Arrangement::default() };
        Dense::new(SHAPE, heads, arrangement, MemoryStart::Constant(0.0)).plan.is_some()
    }
    fn read(more: bool) -> Box<dyn Head<f64>> {
        Box::new(Read::new(Says { more }))
    }
    fn write(erase: Erase) -> Box<dyn Head<f64>> {
        Box::new(Write { erase, ..Write::new(Says { more: false }) })
    }

    #[test]
    fn a_step_is_one_call_where_a_pair_of_heads_has_the_chain() {
        let own = || write(Erase::Own(Activation::Sigmoid));
        let paper = Order::ReadThenWrite;
        assert!(planned(vec![read(false), own()], paper));
        assert!(planned(vec![own(), read(false)], paper));
        assert!(!planned(vec![read(false), own()], Order::Listed), "two versions of the memory");
        assert!(!planned(vec![read(true), own()], paper), "other numbers");
        assert!(!planned(vec![read(false), write(Erase::Coupled)], paper), "vectors that are no numbers");
        assert!(!planned(vec![read(false)], paper), "nothing is written");
        assert!(!planned(vec![read(false), own(), own()], paper), "more than a pair");
        let before = Read { using: Using::Previous, ..Read::new(Says { more: false }) };
        assert!(!planned(vec![Box::new(before), own()], paper), "a step in two parts");
    }
}
