//! Where a head looked, slots downwards and time to the right.

use std::ops::Range;

use super::super::slots::Slots;
use super::block::Block;
use super::ink::Line;
use super::{HeadRecording, Style};

/// A head whose weighting never exceeds this is blurred, and its title says how strong it gets.
const WEAK: f32 = 0.5;
/// Lines between two slot numbers, and columns between two step numbers.
const SLOT_NUMBERS: usize = 5;
const STEP_NUMBERS: usize = 5;

/// The panel of one head.
pub(super) fn panel(head: &HeadRecording, slots: &Slots, mask: &[bool], style: Style) -> Block {
    let grid = &head.weighting;
    let gutter = slots.digits().max("time".len());
    let steps = steps(grid.columns, style.width - gutter - 2);
    let mut title = vec![head.name.clone(), slots.label()];
    if slots.per_row() > 1 {
        title.push(format!("{} to a row", slots.per_row()));
    }
    let peak = grid.peak(0..grid.rows, 0..grid.columns);
    if peak < WEAK {
        title.push(format!("strongest {peak:.3}"));
    }
    if let Some(first) = steps.first().filter(|first| first.len() > 1) {
        title.push(format!("{} steps to a column", first.len()));
    }
    let half_blocks = style.color && style.unicode;
    let brightness =
        |row: &Range<usize>, steps: &Range<usize>| grid.brightness(grid.peak(row.clone(), steps.clone()));
    let mut lines = Vec::new();
    for (window, rows) in slots.windows().iter().enumerate() {
        if window > 0 {
            lines.push(Line::new(&format!(
                "{:>gutter$} {}",
                "",
                signs(style).left_out.repeat(steps.len() + 1)
            )));
        }
        for (n, pair) in rows.chunks(if half_blocks { 2 } else { 1 }).enumerate() {
            let number = if n % SLOT_NUMBERS == 0 { pair[0].start.to_string() } else { String::new() };
            let mut line = Line::new(&format!("{number:>gutter$} {}", signs(style).wall));
            for column in &steps {
                let upper = brightness(&pair[0], column);
                match half_blocks {
                    true => line.halves(upper, pair.get(1).map(|row| brightness(row, column)), style),
                    false => line.cell(upper, style),
                }
            }
            lines.push(line);
        }
    }
    lines.push(axis(gutter, &steps, mask, style));
    lines.push(step_numbers(gutter, &steps));
    Block::new(&title, lines, style.width)
}

/// What the shades mean.
pub(super) fn legend(style: Style) -> Line {
    let mut shades = Line::new("weighting 0 [");
    for n in 0..10 {
        if style.color || !style.unicode || n % 2 == 0 || n == 9 {
            shades.cell(Some(n as f32 / 9.0), style);
        }
    }
    shades.text("] 1");
    shades
}

/// What the thick part of the time axis means, if there is one.
pub(super) fn axis_legend(mask: &[bool], style: Style) -> Option<Line> {
    mask.contains(&true).then(|| Line::new(&format!("{} scored steps", signs(style).scored.repeat(2))))
}

/// The steps in each column: one, or as few as let all of them fit.
fn steps(count: usize, columns: usize) -> Vec<Range<usize>> {
    let each = count.div_ceil(columns.max(1)).max(1);
    (0..count).step_by(each).map(|start| start..(start + each).min(count)).collect()
}

/// The line below the slots: thick where steps are scored.
fn axis(gutter: usize, steps: &[Range<usize>], mask: &[bool], style: Style) -> Line {
    let signs = signs(style);
    let is_scored = |steps: &Range<usize>| steps.clone().any(|step| mask.get(step) == Some(&true));
    let mut line = Line::new(&format!("{:>gutter$} {}", "", signs.corner));
    steps.iter().for_each(|steps| line.text(if is_scored(steps) { signs.scored } else { signs.floor }));
    line
}

/// The numbers of some steps, each below the column where it starts.
fn step_numbers(gutter: usize, steps: &[Range<usize>]) -> Line {
    let mut line = Line::new(&format!("{:>gutter$}  ", "time"));
    let end = line.columns() + steps.len();
    for (column, steps) in steps.iter().enumerate().step_by(STEP_NUMBERS) {
        let number = steps.start.to_string();
        let place = gutter + 2 + column;
        let free = column == 0 || line.columns() < place;
        if free && place + number.len() <= end {
            line.pad(place);
            line.text(&number);
        }
    }
    line
}

/// The lines around a panel.
struct Signs {
    wall: &'static str,
    corner: &'static str,
    floor: &'static str,
    scored: &'static str,
    left_out: &'static str,
}

fn signs(style: Style) -> Signs {
    match style.unicode {
        true => Signs { wall: "│", corner: "└", floor: "─", scored: "━", left_out: "╌" },
        false => Signs { wall: "|", corner: "+", floor: "-", scored: "=", left_out: "~" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_in_exactly_one_column() {
        assert_eq!(steps(3, 10), [0..1, 1..2, 2..3]);
        assert_eq!(steps(7, 3), [0..3, 3..6, 6..7]);
        assert!(steps(0, 3).is_empty());
    }

    #[test]
    fn step_numbers_never_touch() {
        let line = step_numbers(4, &steps(30_000, 3_000)).finish();
        assert!(line.starts_with("time  0    50   100"));
        assert!(line.ends_with("9950") || line.split_whitespace().count() > 100);
    }
}
