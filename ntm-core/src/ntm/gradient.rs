//! The gradient of a step, and of the weights over all steps.
use super::Ntm;
use crate::Real;
use crate::buffers::{
    Mat, MatMut, carve, carve_mut, mat, mat_apart_mut, mat_mut, of_item, of_item_mut, places,
};
use crate::kernels::views::{column, column_mut};
use crate::traits::{Backward, Trajectory};

impl<T: Real> Ntm<T> {
    /// Turns the gradient by numbers that were cut into that by those that were not.
    fn raw_vjp(&self, raw: &[T], d_raw: &mut [T]) {
        if let Some(most) = self.raw_clip.map(T::of) {
            for (d, x) in d_raw.iter_mut().zip(raw) {
                if *x <= -most || *x >= most {
                    *d = T::of(0.0);
                }
            }
        }
    }
    pub(super) fn step_vjp(&self, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let (items, capacity) = (s.items, s.capacity);
        let needs = self.controller.needs(capacity);
        let (_, state) = carve(s.state, capacity, self.state_blocks());
        let (_, next) = carve(s.next, capacity, self.state_blocks());
        let ([d_reads, d_carried], d_state) = carve_mut(s.d_state, capacity, self.state_blocks());
        let ([u, _, before, d_before, after, d_after], trace) =
            carve_mut(s.trace, capacity, self.trace_blocks());
        let ([d_hidden, d_u], scratch) = carve_mut(s.scratch, capacity, self.scratch_blocks());
        let (c_state, m_state) = state.split_at(needs.state);
        let (c_next, m_next) = next.split_at(needs.state);
        let (c_d_state, m_d_state) = d_state.split_at_mut(needs.state);
        let (c_trace, m_trace) = trace.split_at_mut(needs.trace);
        let (prepared_heads, prepared) = self.prepared(s.prepared);
        let (each, n, numbers) = (self.reads(), self.hidden(), self.memory.inputs());
        let drives = self.driver.len();
        // what the output layer saw, and what the next step was handed
        for item in 0..items {
            let (h, r) = column(&d_y, item).split_at(self.visible);
            let d_hidden = of_item_mut(d_hidden, n, item);
            d_hidden[..self.visible].copy_from_slice(h);
            d_hidden[self.visible..].fill(T::of(0.0));
            add(of_item_mut(d_reads, each, item), r);
            if self.turns.before {
                add(d_hidden, of_item(d_carried, n, item));
            }
        }
        let mut memory = Backward {
            items,
            capacity,
            params: &s.params[self.memory_at..],
            prepared: &[],
            state: m_state,
            next: m_next,
            trace: m_trace,
            d_state: m_d_state,
            scratch,
        };
        if self.turns.after {
            let (raw, d_raw) = (mat(after, numbers, items), mat_mut(d_after, numbers, items));
            self.memory.backward(raw, memory.again(), mat(d_reads, each, items), Some(d_raw));
            self.raw_vjp(after, &mut d_after[..numbers * items]);
            let d_drives = mat_apart_mut(&mut d_hidden[self.driver.start..], drives, items, n);
            self.heads.backward(s.params, prepared_heads, mat(d_after, numbers, items), true, d_drives);
        }
        let controller = Backward {
            items,
            capacity,
            params: &s.params[self.controller_at..],
            prepared,
            state: c_state,
            next: c_next,
            trace: c_trace,
            d_state: c_d_state,
            scratch: &mut *memory.scratch,
        };
        let (u, d_hidden) = (mat(u, self.inputs + each, items), mat(d_hidden, n, items));
        if d_x.is_none() && !self.turns.before {
            self.controller.backward(u, controller, d_hidden, Some(mat_mut(d_reads, each, items)));
            return;
        }
        let asked = d_x.as_ref().map_or(0, |d| d.nrows());
        self.controller.backward(u, controller, d_hidden, Some(mat_mut(d_u, asked + each, items)));
        if let Some(mut d_x) = d_x {
            for item in 0..items {
                let d_external = &of_item(d_u, asked + each, item)[..asked];
                column_mut(&mut d_x, item).copy_from_slice(d_external);
            }
        }
        // what was read before the controller was read in this step, the rest in the one before
        for item in 0..items {
            let (d_reads, d_seen) =
                (of_item_mut(d_reads, each, item), &of_item(d_u, asked + each, item)[asked..]);
            for range in &self.reads_before {
                add(&mut d_reads[range.clone()], &d_seen[range.clone()]);
            }
        }
        if self.turns.before {
            let (raw, d_raw) = (mat(before, numbers, items), mat_mut(d_before, numbers, items));
            self.memory.before_vjp(raw, memory, mat(d_reads, each, items), d_raw);
            self.raw_vjp(before, &mut d_before[..numbers * items]);
            d_carried.fill(T::of(0.0));
            let d_drove = mat_apart_mut(&mut d_carried[self.driver.start..], drives, items, n);
            self.heads.backward(s.params, prepared_heads, mat(d_before, numbers, items), false, d_drove);
        }
        for item in 0..items {
            let (d_reads, d_seen) =
                (of_item_mut(d_reads, each, item), &of_item(d_u, asked + each, item)[asked..]);
            d_reads.copy_from_slice(d_seen);
            for range in &self.reads_before {
                d_reads[range.clone()].fill(T::of(0.0));
            }
        }
    }
    pub(super) fn collect_all(&self, run: Trajectory<'_, T>, d_params: &mut [T]) {
        let capacity = run.capacity;
        let (needs, m_needs) = (self.controller.needs(capacity), self.memory.needs(capacity));
        let ([u, hidden, before, d_before, after, d_after], trace_end) =
            places(capacity, self.trace_blocks());
        let ([_, carried], state_end) = places(capacity, self.state_blocks());
        let numbers = self.memory.inputs();
        if self.turns.after {
            let drives = run.trace.part(hidden).matrix(self.hidden()).rows(self.driver.clone());
            self.heads.collect(drives, run.trace.part(d_after).matrix(numbers), d_params);
        }
        if self.turns.before {
            let drove = run.state.part(carried).matrix(self.hidden()).rows(self.driver.clone());
            self.heads.collect(drove, run.trace.part(d_before).matrix(numbers), d_params);
        }
        let controller = Trajectory {
            capacity,
            x: run.trace.part(u).matrix(self.inputs + self.reads()),
            state: run.state.part(state_end..state_end + needs.state),
            trace: run.trace.part(trace_end..trace_end + needs.trace),
        };
        self.controller.collect(controller, &mut d_params[self.controller_at..]);
        let memory = Trajectory {
            capacity,
            x: run.trace.part(if self.turns.after { after } else { before }).matrix(numbers),
            state: run.state.part(state_end + needs.state..state_end + needs.state + m_needs.state),
            trace: run.trace.part(trace_end + needs.trace..trace_end + needs.trace + m_needs.trace),
        };
        self.memory.collect(memory, &mut d_params[self.memory_at..]);
    }
}

fn add<T: Real>(to: &mut [T], from: &[T]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
}
