//! What can be seen of a step of the memory.
use super::{Dense, Turn};
use crate::Real;
use crate::buffers::{carve, of_item};
use crate::traits::{Action, Look, Quantity, Shown, Using};

impl<T: Real> Dense<T> {
    pub(super) fn show_step(&self, s: Shown<'_, T>, show: &mut dyn FnMut(Quantity<'_, T>)) {
        let (shape, slots, width) = (self.shape, self.shape.slots, self.shape.width);
        let [memory, _, weightings, _] = carve(s.next, s.capacity, self.state_blocks()).0;
        let [memory_before, _, earlier, own] = carve(s.state, s.capacity, self.state_blocks()).0;
        let trace = carve(s.trace, s.capacity, self.trace_blocks()).0;
        let [before, after, similarities, traces, _, between, _] = trace;
        let (before, after) = if self.has(Turn::After) { (before, after) } else { (before, before) };
        show(Quantity {
            name: "memory".into(),
            shape: vec![slots, width],
            values: of_item(memory, shape.numbers(), s.item),
            column_major: true,
        });
        let after = of_item(after, self.numbers, s.item);
        let weightings = of_item(weightings, slots * self.heads.len(), s.item);
        for (h, (head, seat)) in self.heads.iter().zip(&self.seats).enumerate() {
            let prefix = format!("heads.{h}.");
            let mut show = |q: Quantity<'_, T>| show(q.under(&prefix));
            show(Quantity::list("raw", &s.x[seat.raw.clone()]));
            // what the head did in this step, it may have done with the numbers of the step before
            let did =
                if head.using() == Using::Previous { of_item(before, self.numbers, s.item) } else { after };
            let mut at = seat.raw.start;
            for field in &self.fields[h] {
                let list = field.count > 1 || matches!(field.name, "key" | "erase" | "add");
                let numbers = if at < seat.own_numbers.start { after } else { did };
                let values = &numbers[at..at + field.count];
                let shape = if list { vec![field.count] } else { vec![] };
                show(Quantity { name: field.name.into(), shape, values, column_major: false });
                at += field.count;
            }
            let trace = &of_item(traces, self.trace, s.item)[seat.trace.clone()];
            let weighting = of_item(weightings, slots, h);
            // the version of the memory that it addressed
            let version = self.phases.all().find(|p| p.heads.contains(&h)).map_or(0, |p| p.from);
            let size = shape.numbers();
            let memory = match version {
                0 => of_item(memory_before, size, s.item),
                v if v > self.between => of_item(memory, size, s.item),
                v => of_item(of_item(between, self.between * size, s.item), size, v - 1),
            };
            let look = Look {
                shape,
                head: h,
                numbers: &after[seat.numbers.clone()],
                similarity: &of_item(similarities, slots * self.keys, s.item)
                    [seat.keys.start * slots..seat.keys.end * slots],
                previous: of_item(earlier, slots * self.heads.len(), s.item),
                own: &of_item(own, self.own, s.item)[seat.own.clone()],
                memory,
            };
            head.addressing().show(&look, trace, weighting, &mut show);
            show(Quantity::list("weighting", weighting));
            if head.using() == Using::Previous {
                let acted = of_item(earlier, slots * self.heads.len(), s.item);
                show(Quantity::list("weighting_used", of_item(acted, slots, h)));
            }
            if head.action() == Action::Read {
                show(Quantity::list("read", of_item(s.y, width, seat.lane)));
            }
        }
    }
}
