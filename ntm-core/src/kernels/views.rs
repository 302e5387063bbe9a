//! Columns of a batch as slices: what `nalgebra` knows of a view (rows are contiguous) but does not offer.
use super::Real;
use crate::buffers::{Mat, MatMut};

/// Column `item` of a batch as a slice.
pub fn column<'a, T: Real>(m: &'a Mat<'_, T>, item: usize) -> &'a [T] {
    let (rows, stride) = (m.nrows(), m.strides().1);
    assert!(item < m.ncols(), "item {item} of {}", m.ncols());
    // SAFETY: the rows of a column are contiguous (row stride 1 is in the type) and inside the view
    unsafe { std::slice::from_raw_parts(m.as_ptr().add(item * stride), rows) }
}

/// Column `item` of a batch as a mutable slice.
pub fn column_mut<'a, T: Real>(m: &'a mut MatMut<'_, T>, item: usize) -> &'a mut [T] {
    let (rows, stride) = (m.nrows(), m.strides().1);
    assert!(item < m.ncols(), "item {item} of {}", m.ncols());
    // SAFETY: as above, and `m` is borrowed for as long
    unsafe { std::slice::from_raw_parts_mut(m.as_mut_ptr().add(item * stride), rows) }
}

/// Copies a batch into a block (rows x items, no gaps).
pub fn copy<T: Real>(from: &Mat<'_, T>, to: &mut [T]) {
    let rows = from.nrows();
    if let Some(all) = packed(from) {
        return to[..all.len()].copy_from_slice(all);
    }
    for item in 0..from.ncols() {
        to[item * rows..(item + 1) * rows].copy_from_slice(column(from, item));
    }
}

/// Copies a block (rows x items, no gaps) into a batch.
pub fn copy_to<T: Real>(from: &[T], to: &mut MatMut<'_, T>) {
    let (rows, items) = to.shape();
    if let Some(all) = packed_mut(to) {
        return all.copy_from_slice(&from[..rows * items]);
    }
    for item in 0..items {
        column_mut(to, item).copy_from_slice(&from[item * rows..(item + 1) * rows]);
    }
}

/// All numbers of a batch without gaps between its columns; `None` where there are gaps.
pub(crate) fn packed<'a, T: Real>(m: &'a Mat<'_, T>) -> Option<&'a [T]> {
    let (rows, items) = m.shape();
    if items > 1 && m.strides().1 != rows {
        return None;
    }
    // SAFETY: the columns were just found to follow each other
    Some(unsafe { std::slice::from_raw_parts(m.as_ptr(), rows * items) })
}

/// All numbers of a batch without gaps between its columns; `None` where there are gaps.
pub(crate) fn packed_mut<'a, T: Real>(m: &'a mut MatMut<'_, T>) -> Option<&'a mut [T]> {
    let (rows, items) = m.shape();
    if items > 1 && m.strides().1 != rows {
        return None;
    }
    // SAFETY: the columns were just found to follow each other
    Some(unsafe { std::slice::from_raw_parts_mut(m.as_mut_ptr(), rows * items) })
}
