//! Heat maps in cells of a terminal: two rows to a cell where there is colour, shades where there is none.
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::screen::Ink;
use crate::pictures::terminal::{heat, shade};

/// One value of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dot {
    /// there is nothing here
    Blank,
    /// between 0, dark, and 1, bright
    Heat(f32),
    /// a bit on the wrong side, and which it says
    Wrong(bool),
    /// not finite
    Odd,
}

/// What is wrong: a blue that no heat has.
pub(super) const WRONG: Color = Color::Indexed(45);
const ODD: Color = Color::Indexed(160);

/// Rows of a map in one row of cells.
pub(super) fn rows_to_a_cell(ink: Ink) -> usize {
    if ink.color { 2 } else { 1 }
}

/// Columns, or rows, in so many groups of neighbours at most.
pub(super) fn groups(count: usize, most: usize) -> Vec<Range<usize>> {
    let each = count.div_ceil(most.max(1)).max(1);
    (0..count).step_by(each).map(|start| start..(start + each).min(count)).collect()
}

/// Draws `rows` x `columns` values from the upper left corner of an area on, each `wide` cells wide.
pub(super) fn draw(
    (rows, columns, wide): (usize, usize, usize),
    value: impl Fn(usize, usize) -> Dot,
    ink: Ink,
    area: Rect,
    buffer: &mut Buffer,
) {
    let stacked = rows_to_a_cell(ink);
    for (line, y) in (0..rows.div_ceil(stacked)).zip(area.y..area.bottom()) {
        for (n, x) in (0..columns * wide).zip(area.x..area.right()) {
            let column = n / wide;
            let upper = value(line * stacked, column);
            let lower = (stacked == 2 && line * 2 + 1 < rows).then(|| value(line * 2 + 1, column));
            let Some(cell) = buffer.cell_mut((x, y)) else { continue };
            if stacked == 1 {
                cell.set_char(letter(upper));
                continue;
            }
            let lower = lower.unwrap_or(Dot::Blank);
            let style = match (paint(upper), paint(lower)) {
                (None, None) => continue,
                (Some(upper), None) => Style::new().fg(upper),
                (None, Some(lower)) => Style::new().fg(lower),
                (Some(upper), Some(lower)) => Style::new().fg(upper).bg(lower),
            };
            cell.set_char(if upper == Dot::Blank { '▄' } else { '▀' }).set_style(style);
        }
    }
}

fn paint(dot: Dot) -> Option<Color> {
    match dot {
        Dot::Blank => None,
        Dot::Heat(share) => Some(Color::Indexed(heat(share))),
        Dot::Wrong(_) => Some(WRONG),
        Dot::Odd => Some(ODD),
    }
}

fn letter(dot: Dot) -> char {
    match dot {
        Dot::Blank => ' ',
        Dot::Heat(share) => shade(share, true),
        Dot::Wrong(true) => 'X',
        Dot::Wrong(false) => 'x',
        Dot::Odd => '?',
    }
}
