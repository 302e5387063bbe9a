//! Slices exactly as long as declared, with canaries on both sides.
use crate::Real;
use crate::buffers::{Mat, MatMut, mat_apart, mat_apart_mut};
use std::ops::{Deref, DerefMut};

/// Canaries on each side: more than any vector that may be stored by mistake.
const GUARD: usize = 32;
/// Numbers between the columns of a batch.
const GAP: usize = 3;

/// A buffer that notices whether anything beside it was written.
#[derive(Clone, Debug)]
pub(super) struct Guarded<T> {
    name: &'static str,
    data: Vec<T>,
    canary: T,
}

impl<T: Real> Guarded<T> {
    /// `len` times `fill`. The canaries depend on `fill`, so that two fills also show who reads beyond the end.
    pub(super) fn filled(name: &'static str, len: usize, fill: f64) -> Self {
        let canary = T::of(-3e9 - 1e6 * fill);
        let mut data = vec![canary; len + 2 * GUARD];
        data[GUARD..GUARD + len].fill(T::of(fill));
        Guarded { name, data, canary }
    }
    /// A copy of `numbers`.
    pub(super) fn of(name: &'static str, numbers: &[T], fill: f64) -> Self {
        let mut made = Guarded::filled(name, numbers.len(), fill);
        made.copy_from_slice(numbers);
        made
    }
    /// What was written beside it, if anything was.
    pub(super) fn intact(&self) -> Result<(), String> {
        let (before, rest) = self.data.split_at(GUARD);
        let (_, after) = rest.split_at(self.len());
        if let Some(i) = before.iter().rposition(|x| *x != self.canary) {
            return Err(format!("`{}`: number {} before its start was overwritten", self.name, GUARD - i));
        }
        match after.iter().position(|x| *x != self.canary) {
            Some(i) => {
                let n = self.len();
                Err(format!("`{}` has {n} numbers, but number {} was overwritten", self.name, n + i))
            }
            None => Ok(()),
        }
    }
}
impl<T> Deref for Guarded<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.data[GUARD..self.data.len() - GUARD]
    }
}
impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let end = self.data.len() - GUARD;
        &mut self.data[GUARD..end]
    }
}

/// The first buffer beside which something was written.
pub(super) fn intact<T: Real>(all: &[&Guarded<T>]) -> Result<(), String> {
    all.iter().try_for_each(|g| g.intact())
}

/// A batch, rows x items, with canaries around it and between its columns.
#[derive(Clone, Debug)]
pub(super) struct Columns<T> {
    data: Guarded<T>,
    rows: usize,
    items: usize,
    canary: T,
}
impl<T: Real> Columns<T> {
    pub(super) fn filled(name: &'static str, rows: usize, items: usize, fill: f64) -> Self {
        let mut data = Guarded::filled(name, items * (rows + GAP), fill);
        let canary = data.canary;
        for column in data.chunks_exact_mut(rows + GAP) {
            column[rows..].fill(canary);
        }
        Columns { data, rows, items, canary }
    }
    pub(super) fn item(&self, item: usize) -> &[T] {
        &self.data[item * (self.rows + GAP)..][..self.rows]
    }
    pub(super) fn item_mut(&mut self, item: usize) -> &mut [T] {
        let rows = self.rows;
        &mut self.data[item * (rows + GAP)..][..rows]
    }
    pub(super) fn mat(&self) -> Mat<'_, T> {
        mat_apart(&self.data, self.rows, self.items, self.rows + GAP)
    }
    pub(super) fn mat_mut(&mut self) -> MatMut<'_, T> {
        mat_apart_mut(&mut self.data, self.rows, self.items, self.rows + GAP)
    }
    pub(super) fn intact(&self) -> Result<(), String> {
        self.data.intact()?;
        let gaps = self.data.chunks_exact(self.rows + GAP).map(|c| &c[self.rows..]);
        match gaps.flatten().any(|x| *x != self.canary) {
            true => Err(format!("`{}` was overwritten between its columns", self.data.name)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_beside_a_slice_is_noticed() {
        let mut buffer = Guarded::<f32>::filled("out", 5, 7.0);
        assert!(buffer.iter().all(|x| *x == 7.0) && buffer.intact().is_ok());
        buffer.data[GUARD + 5] = 1.0;
        assert_eq!(buffer.intact().unwrap_err(), "`out` has 5 numbers, but number 5 was overwritten");
        let mut buffer = Guarded::<f64>::filled("out", 5, 0.0);
        buffer.data[GUARD - 2] = 0.0;
        assert_eq!(buffer.intact().unwrap_err(), "`out`: number 2 before its start was overwritten");
    }

    #[test]
    fn writing_between_columns_is_noticed() {
        let mut batch = Columns::<f32>::filled("y", 4, 2, 0.0);
        batch.mat_mut().fill(2.0);
        assert!(batch.intact().is_ok() && batch.item(1) == [2.0; 4]);
        batch.data[4] = 2.0;
        assert_eq!(batch.intact().unwrap_err(), "`y` was overwritten between its columns");
    }
}
