//! Flat slabs and how they are cut.
//!
//! Everything of one step and one chunk of items is a list of *blocks*. A block is features x items, column-major,
//! and starts on a multiple of [`ALIGN`] numbers, so that vectors and items of different blocks do not share cache
//! lines. A cell says with [`blocks`] how long its slab is and cuts it with [`carve`], in both directions of time.
//!
//! Blocks are laid out for the *capacity* of a chunk. Items are sorted by length, so those still alive at a step are
//! the first columns of every block, and a step works on these only.
use crate::Real;
use nalgebra::{Dyn, MatrixView, MatrixViewMut, U1};
use std::ops::{Deref, DerefMut, Range};

/// A batch: features x items, one contiguous column per item, columns possibly apart.
pub type Mat<'a, T> = MatrixView<'a, T, Dyn, Dyn, U1, Dyn>;
/// A batch that can be written.
pub type MatMut<'a, T> = MatrixViewMut<'a, T, Dyn, Dyn, U1, Dyn>;

/// Blocks start on multiples of this many numbers: a cache line of `f32`.
pub const ALIGN: usize = 16;

/// The first `rows * items` numbers of `data` as rows x items.
pub fn mat<T: Real>(data: &[T], rows: usize, items: usize) -> Mat<'_, T> {
    mat_apart(data, rows, items, rows)
}
/// As [`mat`], to be written.
pub fn mat_mut<T: Real>(data: &mut [T], rows: usize, items: usize) -> MatMut<'_, T> {
    mat_apart_mut(data, rows, items, rows)
}
/// Rows x items with columns `stride` numbers apart.
pub fn mat_apart<T: Real>(data: &[T], rows: usize, items: usize, stride: usize) -> Mat<'_, T> {
    Mat::from_slice_with_strides_generic(data, Dyn(rows), Dyn(items), U1, Dyn(stride))
}
/// As [`mat_apart`], to be written.
pub fn mat_apart_mut<T: Real>(data: &mut [T], rows: usize, items: usize, stride: usize) -> MatMut<'_, T> {
    MatMut::from_slice_with_strides_generic(data, Dyn(rows), Dyn(items), U1, Dyn(stride))
}

/// Length of a block; the largest number there is where it would be larger, so that it is found too large.
#[inline]
pub const fn block(features: usize, items: usize) -> usize {
    match features.saturating_mul(items).checked_next_multiple_of(ALIGN) {
        Some(numbers) => numbers,
        None => usize::MAX,
    }
}
/// Length of a list of blocks; too large as [`block`] is.
#[inline]
pub fn blocks(items: usize, features: &[usize]) -> usize {
    features.iter().map(|&f| block(f, items)).fold(0, usize::saturating_add)
}

/// Where the blocks of a slab are, without their padding, and where the rest of the slab starts.
#[inline]
pub fn places<const K: usize>(items: usize, features: [usize; K]) -> ([Range<usize>; K], usize) {
    let mut places = [const { 0..0 }; K];
    let mut at = 0;
    for (place, f) in places.iter_mut().zip(features) {
        *place = at..at + f * items;
        at += block(f, items);
    }
    (places, at)
}
/// Cuts a slab into blocks; the last slice is what follows them.
#[inline]
pub fn carve<T, const K: usize>(slab: &[T], items: usize, features: [usize; K]) -> ([&[T]; K], &[T]) {
    let (mut out, mut rest) = ([const { &[] as &[T] }; K], slab);
    for (out, f) in out.iter_mut().zip(features) {
        let (head, tail) = rest.split_at(block(f, items));
        (*out, rest) = (&head[..f * items], tail);
    }
    (out, rest)
}
/// As [`carve`], to be written.
#[inline]
pub fn carve_mut<T, const K: usize>(
    slab: &mut [T],
    items: usize,
    features: [usize; K],
) -> ([&mut [T]; K], &mut [T]) {
    let (mut out, mut rest) = (std::array::from_fn(|_| <&mut [T]>::default()), slab);
    for (out, f) in out.iter_mut().zip(features) {
        let (head, tail) = std::mem::take(&mut rest).split_at_mut(block(f, items));
        (*out, rest) = (&mut head[..f * items], tail);
    }
    (out, rest)
}

/// Piece `index` of `each` numbers: what belongs to one item of a block.
#[inline]
pub fn of_item<T>(block: &[T], each: usize, index: usize) -> &[T] {
    &block[index * each..(index + 1) * each]
}
/// As [`of_item`], to be written.
#[inline]
pub fn of_item_mut<T>(block: &mut [T], each: usize, index: usize) -> &mut [T] {
    &mut block[index * each..(index + 1) * each]
}

/// The same piece of every step of a trajectory.
#[derive(Clone, Copy, Debug)]
pub struct Track<'a, T> {
    data: &'a [T],
    at: usize,
    len: usize,
    stride: usize,
    live: &'a [u32],
    capacity: usize,
}
impl<'a, T: Copy> Track<'a, T> {
    /// Pieces of `len` numbers, `stride` apart, for as many steps as `live` has numbers: how many of the `capacity`
    /// items take part in each.
    pub fn new(data: &'a [T], len: usize, stride: usize, live: &'a [u32], capacity: usize) -> Self {
        assert!(live.is_empty() || data.len() >= (live.len() - 1) * stride + len);
        assert!(live.iter().all(|&l| l as usize <= capacity));
        Track { data, at: 0, len, stride, live, capacity }
    }
    /// A part of the piece.
    pub fn part(self, r: Range<usize>) -> Self {
        assert!(r.start <= r.end && r.end <= self.len);
        Track { at: self.at + r.start, len: r.end - r.start, ..self }
    }
    /// The piece as `rows` x items at every step.
    pub fn matrix(self, rows: usize) -> Steps<'a, T> {
        assert!(rows * self.capacity <= self.len);
        Steps {
            data: if self.live.is_empty() { &[] } else { &self.data[self.at..] },
            rows,
            items: self.capacity,
            live: self.live,
            item_stride: rows,
            step_stride: self.stride,
        }
    }
}

/// A matrix with rows x (items x steps) columns: what deferred weight gradients are made of.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a, T> {
    data: &'a [T],
    pub(crate) rows: usize,
    pub(crate) items: usize,
    live: &'a [u32],
    pub(crate) item_stride: usize,
    pub(crate) step_stride: usize,
}
impl<'a, T: Copy> Steps<'a, T> {
    /// `columns` columns without gaps: one item each, one step.
    pub fn packed(data: &'a [T], rows: usize, columns: &'a [u32; 1]) -> Self {
        let items = columns[0] as usize;
        assert!(data.len() >= rows * items);
        Steps { data, rows, items, live: columns, item_stride: rows, step_stride: rows * items }
    }
    /// Some of its rows.
    pub fn rows(self, r: Range<usize>) -> Self {
        assert!(r.start <= r.end && r.end <= self.rows);
        let data = if self.live.is_empty() { self.data } else { &self.data[r.start..] };
        Steps { data, rows: r.end - r.start, ..self }
    }
    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.live.len()
    }
    pub(crate) fn as_ptr(&self) -> *const T {
        self.data.as_ptr()
    }
    /// Items at each step; null where it is always all of them.
    pub(crate) fn live_ptr(&self) -> *const u32 {
        if self.live.iter().all(|&l| l as usize == self.items) {
            std::ptr::null()
        } else {
            self.live.as_ptr()
        }
    }
}

/// Numbers that a slab has more than it shows, to start on a cache line.
const SPARE: usize = 64;

/// A zeroed buffer that starts on a cache line.
#[derive(Debug)]
pub struct Slab<T> {
    data: Vec<T>,
    at: usize,
    len: usize,
}
impl<T: Real> Slab<T> {
    /// `len` zeros.
    pub fn new(len: usize) -> Self {
        let data = vec![T::of(0.0); len + SPARE];
        let at = data.as_ptr().align_offset(64).min(63);
        Slab { data, at, len }
    }
    /// Bytes that a slab of this length takes.
    #[cfg(feature = "train")]
    pub(crate) fn bytes(len: u128) -> u128 {
        len.saturating_add(SPARE as u128).saturating_mul(size_of::<T>() as u128)
    }
}
impl<T> Deref for Slab<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.data[self.at..self.at + self.len]
    }
}
impl<T> DerefMut for Slab<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.data[self.at..self.at + self.len]
    }
}
impl<T: Real> Clone for Slab<T> {
    fn clone(&self) -> Self {
        let mut copy = Slab::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

/// A step's stride: an odd number of cache lines, so that steps do not compete for the same cache sets.
pub fn stride(len: usize) -> usize {
    let lines = len.div_ceil(ALIGN);
    (lines + 1 - lines % 2).saturating_mul(ALIGN)
}

/// Adds the columns of a block (features x items) to `sum`: the gradient of a start that all items share.
pub fn add_columns<T: Real>(block: &[T], sum: &mut [T]) {
    for column in block.chunks_exact(sum.len().max(1)) {
        for (s, c) in sum.iter_mut().zip(column) {
            *s += *c;
        }
    }
}
/// Writes the same column to every item of a block.
pub fn fill_columns<T: Copy>(column: &[T], block: &mut [T]) {
    for to in block.chunks_exact_mut(column.len().max(1)) {
        to.copy_from_slice(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_overflow_is_as_large_as_can_be() {
        let large = usize::MAX / 3;
        assert_eq!((block(large, 2), block(3, 5)), ((large * 2).next_multiple_of(ALIGN), 16));
        assert_eq!((block(large, 4), block(usize::MAX - 3, 1)), (usize::MAX, usize::MAX));
        assert_eq!(blocks(1, &[large, large, large, 64]), usize::MAX);
        assert_eq!((stride(usize::MAX), stride(17)), (usize::MAX, 48));
    }
}
