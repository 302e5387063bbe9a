//! One sequence run through a model, as matrices to look at.

use std::ops::Range;

/// A matrix of numbers to look at; columns are time steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// What the matrix is called; pictures choose a name of their own where this is empty.
    pub title: String,
    /// How many numbers there are at each step: channels, slots or the width of a vector.
    pub rows: usize,
    /// How many steps there are.
    pub columns: usize,
    /// The numbers, `rows` x `columns`, row-major.
    pub values: Vec<f32>,
    /// The values shown darkest and brightest; what lies outside is shown like the nearer of the two.
    pub range: (f32, f32),
}

/// One sequence run through a model.
///
/// All grids and the mask have the same number of steps. Where they do not, what is missing counts as not a
/// number.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What the model was given.
    pub inputs: Grid,
    /// What it should have answered.
    pub targets: Grid,
    /// What it answered.
    pub outputs: Grid,
    /// Whether each output is a bit, right or wrong; if not, it is near to its target or far from it.
    pub bits: bool,
    /// The steps whose outputs are scored.
    pub mask: Vec<bool>,
    /// What each head did, in the order of the model; empty for a model without a memory.
    pub heads: Vec<HeadRecording>,
}

/// What one head did during a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadRecording {
    /// The head's name, such as `heads.0 read`.
    pub name: String,
    /// True of a head that reads, false of one that writes.
    pub reads: bool,
    /// Where the head looked when it read or wrote: slots x steps. A head with `using: Previous` looks with the weighting of
    /// the step before, at the first step with that of the start.
    pub weighting: Grid,
    /// What was read, or what was added: width x steps.
    pub vectors: Grid,
}

impl Grid {
    /// The number at a row and a step; not a number where there is none.
    pub fn at(&self, row: usize, column: usize) -> f32 {
        if row >= self.rows || column >= self.columns {
            return f32::NAN;
        }
        self.values.get(row * self.columns + column).copied().unwrap_or(f32::NAN)
    }

    /// Where a value lies between darkest (0) and brightest (1); `None` if it is not finite.
    pub fn brightness(&self, value: f32) -> Option<f32> {
        let (dark, bright) = self.range;
        let share = (value - dark) / (bright - dark);
        match value.is_finite() {
            false => None,
            true if share.is_finite() => Some(share.clamp(0.0, 1.0)),
            true => Some(if value > dark { 1.0 } else { 0.0 }),
        }
    }

    /// The largest number of a rectangle, so that drawing it in one cell hides nothing strong; one number
    /// that is not finite makes the whole rectangle so. An empty rectangle is not a number.
    pub(super) fn peak(&self, rows: Range<usize>, columns: Range<usize>) -> f32 {
        let mut peak = f32::NEG_INFINITY;
        for row in rows {
            for column in columns.clone() {
                let value = self.at(row, column);
                if !value.is_finite() {
                    return f32::NAN;
                }
                peak = peak.max(value);
            }
        }
        if peak.is_finite() { peak } else { f32::NAN }
    }

    /// The value halfway between darkest and brightest, which parts zeros from ones.
    pub(super) fn middle(&self) -> f32 {
        0.5 * (self.range.0 + self.range.1)
    }
}

impl Recording {
    /// The numbers of the scored steps.
    pub(super) fn scored(&self) -> Vec<usize> {
        self.mask.iter().enumerate().filter_map(|(step, scored)| scored.then_some(step)).collect()
    }

    /// The heads that write, then the heads that read: the order in which a memory is used.
    pub(super) fn writers_then_readers(&self) -> Vec<&HeadRecording> {
        let of = |reads| self.heads.iter().filter(move |head| head.reads == reads);
        of(false).chain(of(true)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(values: &[f32], columns: usize, range: (f32, f32)) -> Grid {
        let rows = values.len() / columns;
        Grid { title: String::new(), rows, columns, values: values.to_vec(), range }
    }

    #[test]
    fn values_are_row_major_and_missing_ones_are_not_numbers() {
        let grid = grid(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, (0.0, 1.0));
        assert_eq!(grid.at(1, 0), 4.0);
        assert!(grid.at(2, 0).is_nan());
        assert!(grid.at(0, 3).is_nan());
    }

    #[test]
    fn brightness_runs_over_the_range_and_stops_at_its_ends() {
        let grid = grid(&[], 1, (-1.0, 1.0));
        assert_eq!(grid.brightness(-1.0), Some(0.0));
        assert_eq!(grid.brightness(0.0), Some(0.5));
        assert_eq!(grid.brightness(7.0), Some(1.0));
        assert_eq!(grid.brightness(f32::NAN), None);
        assert_eq!(grid.brightness(f32::INFINITY), None);
    }

    #[test]
    fn an_empty_range_is_a_threshold() {
        let grid = grid(&[], 1, (0.5, 0.5));
        assert_eq!(grid.brightness(0.5), Some(0.0));
        assert_eq!(grid.brightness(0.6), Some(1.0));
    }

    #[test]
    fn pooling_never_hides_a_value_that_is_not_finite() {
        let grid = grid(&[0.1, 0.9, f32::NAN, 0.2], 2, (0.0, 1.0));
        assert_eq!(grid.peak(0..1, 0..2), 0.9);
        assert!(grid.peak(0..2, 0..2).is_nan());
        assert!(grid.peak(0..0, 0..2).is_nan());
    }
}
