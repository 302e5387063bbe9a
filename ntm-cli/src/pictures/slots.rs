//! Which slots of a memory a picture shows.

use std::ops::Range;

use super::recording::{Grid, HeadRecording};

/// A slot counts as used once a weighting on it exceeds this, or half the strongest weighting if that is
/// less.
const USED: f32 = 0.1;
/// Unused slots between two windows that are shown rather than left out.
const NARROW_GAP: usize = 3;
/// More windows than this are merged, nearest first.
const MOST_WINDOWS: usize = 3;

/// The slots a picture shows: one or a few contiguous windows, cut into rows of one or more slots each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slots {
    windows: Vec<Range<usize>>,
    per_row: usize,
    of: usize,
}

impl Slots {
    /// The slots that any of the weightings ever uses, with `margin` slots around them, in at most
    /// `most_rows` rows.
    pub(super) fn in_use(weightings: &[&Grid], margin: usize, most_rows: usize) -> Self {
        let of = weightings.iter().map(|grid| grid.rows).max().unwrap_or(0);
        let peaks =
            |slot: usize| weightings.iter().map(move |grid| grid.peak(slot..slot + 1, 0..grid.columns));
        let threshold = USED.min(0.5 * (0..of).flat_map(peaks).fold(f32::NAN, f32::max));
        let used = (0..of).filter(|&slot| peaks(slot).any(|peak| peak.is_nan() || peak > threshold));
        let mut windows =
            gather(used.map(|slot| slot.saturating_sub(margin)..(slot + margin + 1).min(of)), NARROW_GAP);
        if windows.is_empty() {
            windows.push(0..of);
        }
        let mut gap = NARROW_GAP;
        while windows.len() > MOST_WINDOWS {
            gap += 1;
            windows = gather(windows.into_iter(), gap);
        }
        let rows =
            |per_row: usize| windows.iter().map(|window| window.len().div_ceil(per_row)).sum::<usize>();
        let most_rows = most_rows.max(MOST_WINDOWS);
        let mut per_row = 1;
        while rows(per_row) > most_rows {
            per_row += 1;
        }
        Slots { windows, per_row, of }
    }

    /// The slots that this head uses, or any other with a memory of the same size, so that their paths can be
    /// compared.
    pub(super) fn shared(
        head: &HeadRecording,
        heads: &[&HeadRecording],
        margin: usize,
        most_rows: usize,
    ) -> Self {
        let alike =
            heads.iter().map(|other| &other.weighting).filter(|grid| grid.rows == head.weighting.rows);
        Slots::in_use(&alike.collect::<Vec<_>>(), margin, most_rows)
    }

    /// All `of` slots, in at most `most_rows` rows.
    pub(super) fn all(of: usize, most_rows: usize) -> Self {
        let whole = 0..of;
        Slots { windows: vec![whole], per_row: of.div_ceil(most_rows.max(1)).max(1), of }
    }

    /// The rows of each window; a row is a range of slots.
    pub(super) fn windows(&self) -> Vec<Vec<Range<usize>>> {
        let row = |start: usize, end: usize| start..(start + self.per_row).min(end);
        let rows = |window: &Range<usize>| {
            window.clone().step_by(self.per_row).map(|start| row(start, window.end)).collect()
        };
        self.windows.iter().map(rows).collect()
    }

    /// How many digits the number of the last slot has.
    pub(super) fn digits(&self) -> usize {
        self.of.saturating_sub(1).to_string().len()
    }

    /// How many slots share a row.
    pub(super) fn per_row(&self) -> usize {
        self.per_row
    }

    /// Which slots these are, as `slots 0-21 of 128`.
    pub(super) fn label(&self) -> String {
        if self.of == 0 {
            return "no slots".into();
        }
        let name = |window: &Range<usize>| match window.len() {
            1 => window.start.to_string(),
            _ => format!("{}-{}", window.start, window.end - 1),
        };
        let names: Vec<_> = self.windows.iter().map(name).collect();
        let one = matches!(&self.windows[..], [window] if window.len() == 1);
        format!("{} {} of {}", if one { "slot" } else { "slots" }, names.join(", "), self.of)
    }
}

/// Joins ranges, which come in order, wherever `gap` or fewer numbers lie between two of them.
fn gather(ranges: impl Iterator<Item = Range<usize>>, gap: usize) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end + gap => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A weighting of one step with the given strengths at the given slots.
    fn weighting(slots: usize, strengths: &[(usize, f32)]) -> Grid {
        let mut values = vec![0.0; slots];
        strengths.iter().for_each(|&(slot, strength)| values[slot] = strength);
        Grid { title: String::new(), rows: slots, columns: 1, values, range: (0.0, 1.0) }
    }

    #[test]
    fn only_slots_in_use_are_shown() {
        let slots = Slots::in_use(&[&weighting(128, &[(4, 0.9), (5, 0.5), (6, 0.05)])], 0, 24);
        assert_eq!(slots.label(), "slots 4-5 of 128");
        assert_eq!(slots.windows(), [[4..5, 5..6]]);
    }

    #[test]
    fn heads_share_a_window_so_that_their_paths_can_be_compared() {
        let slots = Slots::in_use(&[&weighting(32, &[(4, 0.9)]), &weighting(32, &[(7, 0.9)])], 0, 24);
        assert_eq!(slots.label(), "slots 4-7 of 32");
    }

    #[test]
    fn the_margin_stops_at_the_ends_of_memory() {
        let slots = Slots::in_use(&[&weighting(10, &[(1, 1.0), (9, 1.0)])], 2, 24);
        assert_eq!(slots.label(), "slots 0-9 of 10");
    }

    #[test]
    fn far_slots_are_windows_of_their_own_but_never_many() {
        let two = Slots::in_use(&[&weighting(128, &[(0, 1.0), (90, 1.0), (91, 1.0)])], 0, 24);
        assert_eq!(two.label(), "slots 0, 90-91 of 128");
        let many: Vec<_> = (0..12).map(|n| (n * 10, 1.0)).collect();
        assert!(Slots::in_use(&[&weighting(128, &many)], 0, 24).windows().len() <= MOST_WINDOWS);
    }

    #[test]
    fn too_many_slots_share_rows_and_none_is_lost() {
        let slots = Slots::in_use(&[&weighting(100, &[(0, 1.0), (1, 0.4), (99, 1.0)])], 60, 24);
        let rows = slots.windows().concat();
        assert!(rows.len() <= 24 && slots.per_row() == 5);
        assert_eq!(rows.into_iter().flatten().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_blurred_weighting_shows_all_slots() {
        let uniform: Vec<_> = (0..128).map(|slot| (slot, 1.0 / 128.0)).collect();
        assert_eq!(Slots::in_use(&[&weighting(128, &uniform)], 0, 24).label(), "slots 0-127 of 128");
    }

    #[test]
    fn a_slot_with_a_weighting_that_is_not_finite_is_shown() {
        let broken = weighting(9, &[(2, 1.0), (7, f32::NAN)]);
        assert_eq!(Slots::in_use(&[&broken], 0, 24).label(), "slots 2, 7 of 9");
        assert_eq!(Slots::in_use(&[&weighting(3, &[(0, f32::NAN)])], 0, 24).label(), "slot 0 of 3");
    }

    #[test]
    fn no_weighting_at_all_is_no_error() {
        assert_eq!(Slots::in_use(&[], 2, 24).label(), "no slots");
        assert_eq!(Slots::in_use(&[&weighting(3, &[])], 0, 24).label(), "slots 0-2 of 3");
    }
}
