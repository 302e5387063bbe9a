//! The gradient of a step of the memory.
use super::{Dense, Turn};
use crate::Real;
use crate::buffers::{Mat, MatMut, carve, carve_mut, of_item, of_item_mut};
use crate::kernels::classic::classic_vjp;
use crate::kernels::read_write::read_write_vjp;
use crate::kernels::similarity::similarity_vjp;
use crate::kernels::step::step_vjp;
use crate::kernels::views::{column, column_mut, packed_mut};
use crate::traits::{Backward, Look, LookGradient};

impl<T: Real> Dense<T> {
    /// The gradient of [`Dense::pass`].
    pub(super) fn pass_vjp(
        &self,
        turn: Turn,
        x: Mat<'_, T>,
        s: Backward<'_, T>,
        d_y: Mat<'_, T>,
        mut d_x: MatMut<'_, T>,
    ) {
        let (shape, slots, width) = (self.shape, self.shape.slots, self.shape.width);
        let [memory, norm, weightings, own] = carve(s.state, s.capacity, self.state_blocks()).0;
        let [memory_next, norm_next, weightings_next, _] = carve(s.next, s.capacity, self.state_blocks()).0;
        let [d_memory, _, d_weightings, d_own] = carve_mut(s.d_state, s.capacity, self.state_blocks()).0;
        let trace = carve_mut(s.trace, s.capacity, self.trace_blocks()).0;
        let [numbers_before, numbers, similarities, traces, effects, mid, mid_norm] = trace;
        let phases = self.phases_of(turn);
        let numbers = if turn == Turn::Before { numbers_before } else { numbers };
        let ([d_new, d_sim, d_effects, chain, sums], flat) = carve_mut(s.scratch, 1, self.scratch_blocks());
        let (heads, size, last) = (self.heads.len(), shape.numbers(), self.between);
        let similarities = &*similarities;
        if let Some(plan) = &self.plan {
            let (new, d) = (weightings_next, d_x.as_view_mut());
            step_vjp(
                plan,
                memory,
                norm,
                numbers,
                weightings,
                similarities,
                traces,
                new,
                d_y,
                d_memory,
                d_weightings,
                d,
                d_sim,
                chain,
                sums,
            );
        }
        let phased = if self.plan.is_some() { 0 } else { s.items };
        for b in 0..phased {
            let numbers = of_item(numbers, self.numbers, b);
            let sim = of_item(similarities, slots * self.keys, b);
            let effects = of_item(effects, self.effects, b);
            let previous = of_item(weightings, slots * heads, b);
            let new = of_item(weightings_next, slots * heads, b);
            let (own, d_own) = (of_item(own, self.own, b), of_item_mut(d_own, self.own, b));
            let traces = of_item_mut(traces, self.trace, b);
            let d_memory = of_item_mut(d_memory, size, b);
            let d_previous = of_item_mut(d_weightings, slots * heads, b);
            let d_numbers = column_mut(&mut d_x, b);
            let d_reads = column(&d_y, b);
            if self.addresses(turn) {
                d_new.copy_from_slice(d_previous);
                d_previous.fill(T::of(0.0));
            }
            if self.split {
                // in each part of the step, only some of the numbers are used
                d_numbers.fill(T::of(0.0));
            }
            for p in phases.iter().rev() {
                let (now, now_norm) = match p.from {
                    0 => (of_item(memory, size, b), of_item(norm, slots, b)),
                    v if v > last => (of_item(memory_next, size, b), of_item(norm_next, slots, b)),
                    v => (
                        of_item(of_item(mid, last * size, b), size, v - 1),
                        of_item(of_item(mid_norm, last * slots, b), slots, v - 1),
                    ),
                };
                let plain = self.effects == 0;
                read_write_vjp(
                    shape,
                    self.roles(p),
                    now,
                    if p.previous { previous } else { new },
                    if plain { numbers } else { effects },
                    &d_reads[p.reads_at..],
                    d_memory,
                    if p.previous { &mut *d_previous } else { &mut *d_new },
                    if plain { &mut *d_numbers } else { &mut *d_effects },
                    sums,
                );
                if !plain {
                    for w in &p.writers {
                        let (head, own) = (&self.heads[w.head], &self.seats[w.head].own_numbers);
                        let (e, a) = d_effects[w.effect..w.effect + 2 * width].split_at(width);
                        head.effect_vjp(&numbers[own.clone()], e, a, &mut d_numbers[own.clone()]);
                    }
                }
                let columns = p.similarity.start * slots..p.similarity.end * slots;
                if p.classic.is_empty() {
                    for &h in p.heads.iter().rev() {
                        let (head, seat) = (&self.heads[h], &self.seats[h]);
                        let keys = seat.keys.start * slots..seat.keys.end * slots;
                        let look = Look {
                            shape,
                            head: h,
                            numbers: &numbers[seat.numbers.clone()],
                            similarity: &sim[keys.clone()],
                            previous,
                            own: &own[seat.own.clone()],
                            memory: now,
                        };
                        let mut d = LookGradient {
                            numbers: &mut d_numbers[seat.numbers.clone()],
                            similarity: &mut d_sim[keys],
                            previous: d_previous,
                            memory: d_memory,
                        };
                        head.addressing().backward(
                            &look,
                            &mut traces[seat.trace.clone()],
                            of_item(new, slots, h),
                            of_item(d_new, slots, h),
                            &mut d_own[seat.own.clone()],
                            &mut d,
                            chain,
                        );
                    }
                } else {
                    classic_vjp(
                        slots,
                        &p.classic,
                        numbers,
                        &sim[columns.clone()],
                        previous,
                        traces,
                        new,
                        d_new,
                        d_previous,
                        &mut d_sim[columns.clone()],
                        d_numbers,
                        chain,
                    );
                }
                similarity_vjp(
                    shape,
                    now,
                    now_norm,
                    numbers,
                    &p.keys,
                    &sim[columns.clone()],
                    &mut d_sim[columns],
                    d_memory,
                    d_numbers,
                    sums,
                );
            }
        }
        // the gradient by activated numbers becomes that by raw numbers
        let numbers = &numbers[..self.numbers * s.items];
        if let Some(d) = packed_mut(&mut d_x) {
            self.activations.vjp(|item| column(&x, item), numbers, d, flat);
        } else {
            for b in 0..s.items {
                let d = column_mut(&mut d_x, b);
                self.activations.vjp(|_| column(&x, b), of_item(numbers, self.numbers, b), d, flat);
            }
        }
    }
}
