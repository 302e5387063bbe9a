//! A recorded sequence as text, for a terminal or a README.

mod bits;
mod block;
mod ink;
mod weightings;

use super::recording::{Grid, HeadRecording, Recording};
use super::slots::Slots;

#[cfg(feature = "terminal")]
pub(super) use bits::{Pair, verdict};
#[cfg(feature = "terminal")]
pub(super) use ink::{heat, shade};

/// A weighting takes at most this many rows; more slots share rows.
const MOST_SLOT_ROWS: usize = 24;
/// Narrower terminals than this are drawn for as if they had this many columns.
const NARROWEST: usize = 32;
/// What stands between two explanations of signs.
const LEGEND_GAP: &str = "    ";

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Draw with the terminal's 256 colours; without, shades are characters.
    pub color: bool,
    /// How many columns there are; no line is longer, except that less than 32 counts as 32.
    pub width: usize,
    /// Use block characters; without, everything is ASCII, but for names that are not.
    pub unicode: bool,
}

impl Default for Style {
    /// What a code block in a README shows: 80 columns, block characters, no colour.
    fn default() -> Self {
        Style { color: false, width: 80, unicode: true }
    }
}

/// Draws a recording as lines of text.
///
/// First the targets and the outputs of the scored steps, with every wrong bit marked; then where each head
/// looked, step by step, writing heads first. Only slots in use are drawn, and the heads share them, so that
/// one can see a reading head follow the path of a writing head. Whatever is left out or pooled is said so in
/// the drawing.
pub fn draw(recording: &Recording, style: Style) -> String {
    let style = Style { width: style.width.max(NARROWEST), ..style };
    let heads = recording.writers_then_readers();
    let weightings = |head: &&HeadRecording| {
        let slots = Slots::shared(head, &heads, 0, MOST_SLOT_ROWS);
        weightings::panel(head, &slots, &recording.mask, style)
    };
    let (mut blocks, mut legend) = bits::panels(recording, style);
    let mut lines = block::flow(&blocks, style.width);
    blocks = heads.iter().map(weightings).collect();
    if !blocks.is_empty() {
        lines.push(String::new());
        lines.extend(block::flow(&blocks, style.width));
        legend.push(weightings::legend(style));
        legend.extend(weightings::axis_legend(&recording.mask, style));
    }
    if !legend.is_empty() {
        lines.push(String::new());
        lines.extend(block::wrap(legend, LEGEND_GAP, style.width).into_iter().map(ink::Line::finish));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const ASCII: Style = Style { color: false, width: 80, unicode: false };

    /// The copy task with three bits said wrongly.
    fn mistaken(length: usize) -> Recording {
        let mut recording = sample::copy(length);
        let steps = recording.outputs.columns;
        for (channel, step) in [(0, steps - 1), (3, steps - 3), (7, steps - 6)] {
            let value = &mut recording.outputs.values[channel * steps + step];
            *value = 1.0 - *value;
        }
        recording
    }

    /// Escape codes as readable tags, so that a reviewer sees the colours in the snapshot.
    fn readable(drawing: &str) -> String {
        drawing.replace('\x1b', "␛")
    }

    fn columns(line: &str) -> usize {
        let mut inside = false;
        line.chars()
            .filter(|&c| {
                let visible = !inside && c != '\x1b';
                inside = (inside || c == '\x1b') && c != 'm';
                visible
            })
            .count()
    }

    #[test]
    fn a_copy_shows_the_read_head_on_the_path_of_the_write_head() {
        insta::assert_snapshot!("copy_20", draw(&sample::copy(20), Style::default()));
    }

    #[test]
    fn short_sequences_have_their_heads_side_by_side() {
        insta::assert_snapshot!("copy_10", draw(&sample::copy(10), Style::default()));
    }

    #[test]
    fn wrong_bits_stand_out_in_plain_ascii() {
        let drawing = draw(&mistaken(20), ASCII);
        assert!(drawing.is_ascii());
        assert!(drawing.contains("3 of 160 bits wrong"));
        insta::assert_snapshot!("copy_20_mistaken_ascii", drawing);
    }

    #[test]
    fn colour_draws_two_slots_to_a_line_and_wrong_bits_in_red() {
        let style = Style { color: true, ..Style::default() };
        insta::assert_snapshot!("copy_6_colour", readable(&draw(&mistaken(6), style)));
    }

    #[test]
    fn long_sequences_are_pooled_and_it_is_said() {
        insta::assert_snapshot!("copy_60", draw(&mistaken(60), Style::default()));
    }

    #[test]
    fn two_far_windows_are_parted_by_a_line() {
        let mut recording = sample::copy(8);
        let rotate = |grid: &mut Grid| grid.values.rotate_left(4 * grid.columns);
        recording.heads.iter_mut().for_each(|head| rotate(&mut head.weighting));
        insta::assert_snapshot!("copy_around_the_end_of_memory", draw(&recording, Style::default()));
    }

    #[test]
    fn a_blurred_head_is_said_to_be_weak() {
        let mut recording = sample::copy(8);
        recording.heads[0].weighting.values.fill(1.0 / 128.0);
        recording.heads.truncate(1);
        let drawing = draw(&recording, Style::default());
        for said in ["slots 0-127 of 128", "6 to a row", "strongest 0.008"] {
            assert!(drawing.contains(said), "{said}:\n{drawing}");
        }
    }

    #[test]
    fn targets_that_are_no_bits_are_shaded_without_marks() {
        let mut recording = sample::copy(6);
        recording.targets.values.iter_mut().for_each(|value| *value = 0.3 + 0.4 * *value);
        insta::assert_snapshot!("not_bits", draw(&recording, ASCII));
    }

    #[test]
    fn a_model_without_memory_shows_its_outputs_only() {
        let recording = Recording { heads: Vec::new(), ..mistaken(6) };
        insta::assert_snapshot!("no_heads", draw(&recording, Style::default()));
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        for width in [32, 33, 40, 80, 200] {
            for (color, unicode) in [(false, false), (false, true), (true, false), (true, true)] {
                for length in [1, 3, 20, 200] {
                    let drawing = draw(&mistaken(length.max(5)), Style { color, width, unicode });
                    let longest = drawing.lines().map(columns).max().unwrap();
                    assert!(longest <= width, "{longest} > {width}:\n{drawing}");
                }
            }
        }
    }

    #[test]
    fn without_colour_there_are_no_escape_codes_and_no_trailing_blanks() {
        let drawing = draw(&mistaken(20), Style::default());
        assert!(!drawing.contains('\x1b'));
        assert!(drawing.lines().all(|line| line.trim_end() == line));
    }

    #[test]
    fn numbers_that_are_not_finite_are_question_marks() {
        let mut recording = sample::copy(6);
        recording.heads[0].weighting.values[3] = f32::NAN;
        let last = recording.outputs.values.len() - 1;
        recording.outputs.values[last] = f32::INFINITY;
        let drawing = draw(&recording, Style::default());
        assert_eq!(drawing.matches('?').count(), 2, "{drawing}");
        assert!(drawing.contains("1 of 48 bits wrong"), "{drawing}");
    }

    #[test]
    fn empty_and_ragged_recordings_do_not_panic() {
        let empty = sample::grid("", 0, 0, (0.0, 1.0), |_, _| 0.0);
        let mut recording = Recording {
            bits: true,
            inputs: empty.clone(),
            targets: empty.clone(),
            outputs: empty.clone(),
            mask: vec![true; 3],
            heads: sample::copy(5).heads,
        };
        recording.heads[0].weighting.values.truncate(7);
        recording.heads[1].weighting = empty;
        for color in [false, true] {
            draw(&recording, Style { color, width: 0, unicode: true });
            draw(
                &Recording { mask: Vec::new(), ..recording.clone() },
                Style { color, width: 9, unicode: false },
            );
        }
    }
}
