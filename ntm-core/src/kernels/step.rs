//! A whole step of the memories of all items in one call, for one head that reads and one that writes, which weigh by the
//! paper's chain and act on one version of the memory: [`similarity`](super::similarity::similarity), [`classic`](super::classic::classic) and
//! [`read_write`](super::read_write::read_write) item by item, the same arithmetic.
//!
//! At 128 slots each of the three is some tenth of a microsecond of work, so entering them one by one and looking at
//! their arguments is worth saving.
use super::classic::{ClassicHead, NUMBERS, scratch_for, trace_len, weigh, weigh_vjp};
use super::read_write::{Roles, Writer, act, act_vjp};
use super::similarity::{Key, similar, similar_vjp};
use super::slots::{holds, sums_len};
use super::{Real, kernel};
use crate::Shape;
use crate::buffers::{Mat, MatMut};
use std::slice::from_ref;

/// Which heads do what in a step that is one call, and where the things of an item are.
#[derive(Clone, Debug)]
pub struct Plan {
    shape: Shape,
    keys: Vec<Key>,
    heads: [ClassicHead; 2],
    reader: usize,
    writer: Writer,
    numbers: usize,
    trace: usize,
}

impl Plan {
    /// A plan for items of `numbers` activated numbers, among them the keys, the [`NUMBERS`] of each head and the erase and
    /// add vectors of the writer, none of which overlap, and of `trace` numbers that their heads keep. `keys` are in the
    /// order of the columns of similarity; each of the columns of the weightings is one head's.
    ///
    /// `None` if there are fewer than three slots, if not one head reads and another one writes, or if something lies
    /// outside of an item. Whether writers act together does not matter to one.
    pub fn new(
        shape: Shape,
        keys: &[Key],
        heads: &[ClassicHead],
        roles: Roles<'_>,
        numbers: usize,
        trace: usize,
    ) -> Option<Self> {
        let Shape { slots, width } = shape;
        let (&[reader], &[writer]) = (roles.readers, roles.writers) else { return None };
        let heads: [ClassicHead; 2] = heads.try_into().ok()?;
        let fits = slots >= 3
            && heads.iter().map(|head| head.head).chain([reader, writer.head]).all(|column| column < 2)
            && heads[0].head != heads[1].head
            && reader != writer.head
            && keys.iter().all(|key| holds(numbers, key.at, width))
            && holds(numbers, writer.effect, width.saturating_mul(2))
            && heads.iter().all(|head| {
                let inside =
                    holds(numbers, head.numbers, NUMBERS) && holds(trace, head.trace, trace_len(slots));
                inside && head.key < keys.len()
            });
        fits.then(|| Plan { shape, keys: keys.to_vec(), heads, reader, writer, numbers, trace })
    }
    fn roles(&self) -> Roles<'_> {
        let (readers, writers) = (from_ref(&self.reader), from_ref(&self.writer));
        Roles { readers, writers, together: true }
    }
    /// Numbers of an item in: the memory, its norms, the activated numbers, the weightings, the similarities, the trace.
    fn sizes(&self) -> [usize; 6] {
        let of_slots = |columns: usize| self.shape.slots.saturating_mul(columns);
        let (weightings, similarities) = (of_slots(self.heads.len()), of_slots(self.keys.len()));
        [self.shape.numbers(), self.shape.slots, self.numbers, weightings, similarities, self.trace]
    }
    /// Looks for all items of what both kernels are given.
    #[allow(clippy::too_many_arguments)]
    fn check<T>(
        &self,
        items: usize,
        memory: &[T],
        norms: &[T],
        numbers: &[T],
        previous: &[T],
        weightings: &[T],
        similarity: &[T],
        trace: &[T],
        sums: &[T],
    ) {
        let [size, slots, many, weights, columns, kept] = self.sizes();
        let given = [(memory, size), (norms, slots), (numbers, many), (previous, weights)];
        for (given, each) in
            given.into_iter().chain([(weightings, weights), (similarity, columns), (trace, kept)])
        {
            assert!(given.len() >= items.saturating_mul(each), "an item is missing");
        }
        let columns = self.shape.width.saturating_mul(2).saturating_mul(self.heads.len());
        assert!(sums.len() >= sums_len(columns), "no room for sums");
    }
    fn reads(&self) -> usize {
        self.shape.width
    }
}

/// What an item has of a block.
#[inline(always)]
unsafe fn of<T>(all: &[T], each: usize, item: usize) -> &[T] {
    all.get_unchecked(item * each..(item + 1) * each)
}
#[inline(always)]
unsafe fn of_mut<T>(all: &mut [T], each: usize, item: usize) -> &mut [T] {
    all.get_unchecked_mut(item * each..(item + 1) * each)
}
/// A column of `rows` contiguous numbers, `apart` from one to the next.
#[inline(always)]
unsafe fn column<'a, T: Real>(first: *const T, apart: usize, rows: usize, item: usize) -> &'a [T] {
    std::slice::from_raw_parts(first.add(item * apart), rows)
}
#[inline(always)]
unsafe fn column_mut<'a, T: Real>(first: *mut T, apart: usize, rows: usize, item: usize) -> &'a mut [T] {
    std::slice::from_raw_parts_mut(first.add(item * apart), rows)
}

kernel! {
    /// From the memories and activated numbers of as many items as `reads` has columns to the next memories: writes
    /// `similarity` (slots x keys), the heads' `trace`, `weightings` (slots x heads), `next` with its norms, and the columns
    /// of `reads` (`width` numbers). All but `reads` have their items one after another. `sums`
    /// is scratch of [`sums_len`]`(2 * width * heads)`.
    pub fn step[V, T](
        plan: &'a Plan, memory: &'a [T], norms: &'a [T], numbers: &'a [T], previous: &'a [T],
        similarity: &'a mut [T], trace: &'a mut [T], weightings: &'a mut [T], next: &'a mut [T],
        next_norms: &'a mut [T], reads: MatMut<'a, T>, sums: &'a mut [T],
    )
    check {
        let (items, [size, slots, ..]) = (reads.ncols(), plan.sizes());
        plan.check(items, memory, norms, numbers, previous, weightings, similarity, trace, sums);
        assert!(next.len() >= items.saturating_mul(size) && next_norms.len() >= items.saturating_mul(slots));
        assert!(reads.nrows() >= plan.reads(), "no room for what is read");
    }
    run {
        let (shape, keys, heads, roles) = (plan.shape, &plan.keys[..], &plan.heads[..], plan.roles());
        let [size, slots, many, weights, columns, kept] = plan.sizes();
        let (mut reads, rows) = (reads, plan.reads());
        let (first_read, apart) = (reads.as_mut_ptr(), reads.strides().1);
        for b in 0..reads.ncols() {
            let (memory, numbers) = (of(memory, size, b), of(numbers, many, b));
            let weightings = of_mut(weightings, weights, b);
            let similarity = of_mut(similarity, columns, b);
            similar::<T, V>(shape, memory, of(norms, slots, b), numbers, keys, &mut *similarity);
            weigh::<V>(
                slots, heads, numbers.as_ptr(), similarity.as_ptr(), of(previous, weights, b).as_ptr(),
                of_mut(trace, kept, b).as_mut_ptr(), weightings.as_mut_ptr(),
            );
            let (next, next_norms) = (of_mut(next, size, b), of_mut(next_norms, slots, b));
            let reads = column_mut(first_read, apart, rows, b);
            act::<T, V, true>(shape, roles, memory, weightings, numbers, next, next_norms, reads, &mut *sums);
        }
    }
}

kernel! {
    /// Gradient of [`step`], from what it gave. `d_memory` and `d_weightings` turn from the gradients by what is after the
    /// step to those by what was before it; of `d_numbers` the keys, the heads' numbers and the writer's vectors are written.
    /// `d_similarity` (slots x keys), `scratch` ([`scratch_len`](super::classic::scratch_len) for each head, of at most
    /// [`AT_ONCE`](super::classic::AT_ONCE)) and `sums` are scratch for one item.
    pub fn step_vjp[V, T](
        plan: &'a Plan, memory: &'a [T], norms: &'a [T], numbers: &'a [T], previous: &'a [T],
        similarity: &'a [T], trace: &'a [T], weightings: &'a [T], d_reads: Mat<'a, T>, d_memory: &'a mut [T],
        d_weightings: &'a mut [T], d_numbers: MatMut<'a, T>, d_similarity: &'a mut [T], scratch: &'a mut [T],
        sums: &'a mut [T],
    )
    check {
        let (items, [size, .., weights, columns, _]) = (d_reads.ncols(), plan.sizes());
        plan.check(items, memory, norms, numbers, previous, weightings, similarity, trace, sums);
        assert!(d_memory.len() >= items.saturating_mul(size) && d_weightings.len() >= items.saturating_mul(weights));
        assert!(d_reads.nrows() >= plan.reads(), "a gradient of what is read is missing");
        assert!(d_numbers.ncols() >= items && d_numbers.nrows() >= plan.numbers, "no room for gradients by numbers");
        let room = scratch_for(plan.shape.slots, plan.heads.len());
        assert!(d_similarity.len() >= columns && scratch.len() >= room, "no room to work in");
    }
    run {
        let (shape, keys, heads, roles) = (plan.shape, &plan.keys[..], &plan.heads[..], plan.roles());
        let [size, slots, many, weights, columns, kept] = plan.sizes();
        let (mut d_numbers, rows) = (d_numbers, plan.reads());
        let (d_number, d_apart) = (d_numbers.as_mut_ptr(), d_numbers.strides().1);
        let (d_read, apart) = (d_reads.as_ptr(), d_reads.strides().1);
        for b in 0..d_reads.ncols() {
            let (memory, numbers) = (of(memory, size, b), of(numbers, many, b));
            let (weightings, similarity) = (of(weightings, weights, b), of(similarity, columns, b));
            let (d_memory, d_numbers) = (of_mut(d_memory, size, b), column_mut(d_number, d_apart, many, b));
            let d_weightings = of_mut(d_weightings, weights, b);
            act_vjp::<T, V, true>(
                shape, roles, memory, weightings, numbers, column(d_read, apart, rows, b), &mut *d_memory,
                &mut *d_weightings, &mut *d_numbers, &mut *sums,
            );
            let d = d_weightings.as_mut_ptr();
            weigh_vjp::<V, true>(
                slots, heads, numbers.as_ptr(), similarity.as_ptr(), of(previous, weights, b).as_ptr(),
                of(trace, kept, b).as_ptr(), weightings.as_ptr(), d, d, d_similarity.as_mut_ptr(),
                d_numbers.as_mut_ptr(), scratch.as_mut_ptr(),
            );
            similar_vjp::<T, V>(
                shape, memory, of(norms, slots, b), numbers, keys, similarity, &mut *d_similarity, d_memory,
                d_numbers, &mut *sums,
            );
        }
    }
}
