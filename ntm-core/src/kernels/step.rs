//! A whole step of the memories of all items in one call, where all heads weigh by the paper's chain and act on one
//! version of the memory: [`similarity`](super::similarity::similarity), [`classic`](super::classic::classic) and
//! [`read_write`](super::read_write::read_write) item by item, the same arithmetic.
//!
//! At 128 slots each of the three is some tenth of a microsecond of work, so entering them one by one and looking at
//! their arguments is worth saving.
use super::classic::{self, ClassicHead, scratch_for, weigh, weigh_vjp};
use super::read_write::{Roles, act, act_vjp};
use super::similarity::{self, Key, similar, similar_vjp};
use super::slots::sums_len;
use super::{Real, kernel};
use crate::Shape;
use crate::buffers::{Mat, MatMut};

/// Which heads do what, in a step that is one call, and how many numbers an item has.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// size of the memory
    pub shape: Shape,
    /// the keys of all heads, in the order of the columns of similarity
    pub keys: &'a [Key],
    /// every head
    pub heads: &'a [ClassicHead],
    /// what they do; effects are among the activated numbers
    pub roles: Roles<'a>,
    /// activated numbers of an item
    pub numbers: usize,
    /// numbers that an item's heads keep
    pub trace: usize,
}

impl<'a> Plan<'a> {
    /// Whether there are heads, some of them write, and one pass over the memory serves all.
    pub fn fits(&self) -> bool {
        !self.heads.is_empty() && !self.roles.writers.is_empty() && self.roles.fits()
    }
    /// Numbers of an item in: the memory, its norms, the activated numbers, the weightings, the similarities, the trace.
    fn sizes(&self) -> [usize; 6] {
        let slots = self.shape.slots;
        let (weightings, similarities) = (slots * self.heads.len(), slots * self.keys.len());
        [self.shape.numbers(), slots, self.numbers, weightings, similarities, self.trace]
    }
    /// Looks at what the kernels of one item touch, for the first of `items`, and that there is as much for all.
    #[allow(clippy::too_many_arguments)]
    fn check<T>(
        &self,
        items: usize,
        memory: &[T],
        norms: &[T],
        numbers: &[T],
        weightings: [&[T]; 2],
        similarity: &[T],
        trace: &[T],
    ) {
        let Plan { shape, keys, heads, roles, .. } = *self;
        let sizes = self.sizes();
        let given = [memory, norms, numbers, weightings[0], similarity, trace];
        let [memory, norms, numbers, _, similarity, trace] = std::array::from_fn(|i| {
            assert!(given[i].len() >= items * sizes[i], "an item is missing");
            &given[i][..sizes[i]]
        });
        let weightings = weightings.map(|w| {
            assert!(w.len() >= items * sizes[3], "an item's weightings are missing");
            &w[..sizes[3]]
        });
        assert!(self.fits(), "no plan for one pass");
        similarity::check(shape, keys, memory, norms, numbers, similarity);
        classic::check(shape.slots, heads, numbers, similarity, weightings, trace);
        roles.check(shape, weightings[0], numbers);
    }
    fn reads(&self) -> usize {
        self.roles.readers.len() * self.shape.width
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
    /// From the memories and activated numbers to the next memories: writes `similarity` (slots x keys), the heads'
    /// `trace`, `weightings` (slots x heads), `next` with its norms, and the columns of `reads` (width x readers). All but
    /// `reads` have their items one after another. `sums` is scratch of [`sums_len`]`(2 * width * heads)`.
    pub fn step[V, T](
        plan: &'a Plan<'a>, memory: &'a [T], norms: &'a [T], numbers: &'a [T], previous: &'a [T],
        similarity: &'a mut [T], trace: &'a mut [T], weightings: &'a mut [T], next: &'a mut [T],
        next_norms: &'a mut [T], reads: MatMut<'a, T>, sums: &'a mut [T],
    )
    check {
        let items = reads.ncols();
        if items == 0 { return; }
        plan.check(items, memory, norms, numbers, [previous, weightings], similarity, trace);
        assert!(next.len() >= items * plan.shape.numbers() && next_norms.len() >= items * plan.shape.slots);
        assert!(reads.nrows() >= plan.reads() && sums.len() >= sums_len(2 * plan.shape.width * plan.heads.len()));
    }
    run {
        let Plan { shape, keys, heads, roles, .. } = *plan;
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
            act::<T, V>(shape, roles, memory, weightings, numbers, next, next_norms, reads, &mut *sums);
        }
    }
}

kernel! {
    /// Gradient of [`step`], from what it gave. `d_memory` and `d_weightings` turn from the gradients by what is after the
    /// step to those by what was before it; `d_numbers` is written. `d_similarity` (slots x keys), `scratch`
    /// ([`scratch_len`](classic::scratch_len) for each head, of at most [`AT_ONCE`](classic::AT_ONCE)) and `sums` are scratch
    /// for one item.
    pub fn step_vjp[V, T](
        plan: &'a Plan<'a>, memory: &'a [T], norms: &'a [T], numbers: &'a [T], previous: &'a [T],
        similarity: &'a [T], trace: &'a [T], weightings: &'a [T], d_reads: Mat<'a, T>, d_memory: &'a mut [T],
        d_weightings: &'a mut [T], d_numbers: MatMut<'a, T>, d_similarity: &'a mut [T], scratch: &'a mut [T],
        sums: &'a mut [T],
    )
    check {
        let items = d_reads.ncols();
        if items == 0 { return; }
        plan.check(items, memory, norms, numbers, [previous, weightings], similarity, trace);
        let (Plan { shape, keys, heads, .. }, [size, _, _, weights, ..]) = (*plan, plan.sizes());
        assert!(d_memory.len() >= items * size && d_weightings.len() >= items * weights);
        assert!(d_reads.nrows() >= plan.reads() && d_numbers.ncols() == items && d_numbers.nrows() >= plan.numbers);
        assert!(d_similarity.len() >= shape.slots * keys.len());
        assert!(scratch.len() >= scratch_for(shape.slots, heads.len()), "no room to work in");
        assert!(sums.len() >= sums_len(2 * shape.width * heads.len()));
    }
    run {
        let Plan { shape, keys, heads, roles, .. } = *plan;
        let [size, slots, many, weights, columns, kept] = plan.sizes();
        let (mut d_numbers, rows) = (d_numbers, plan.reads());
        let (d_number, d_apart) = (d_numbers.as_mut_ptr(), d_numbers.strides().1);
        let (d_read, apart) = (d_reads.as_ptr(), d_reads.strides().1);
        for b in 0..d_reads.ncols() {
            let (memory, numbers) = (of(memory, size, b), of(numbers, many, b));
            let (weightings, similarity) = (of(weightings, weights, b), of(similarity, columns, b));
            let (d_memory, d_numbers) = (of_mut(d_memory, size, b), column_mut(d_number, d_apart, many, b));
            let d_weightings = of_mut(d_weightings, weights, b);
            act_vjp::<T, V>(
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
