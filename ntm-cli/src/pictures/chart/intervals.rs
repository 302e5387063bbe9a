//! Rows of points with their intervals, a panel for each quantity.

use super::super::canvas::{self, Anchor, Canvas, Direction, Drawing, Stroke, TEXT};
use super::scale::Scale;
use super::{
    BETWEEN, GAP, LINE, LONGEST_NAME, MARGIN, RIGHT, TICK, colour, columns, cut, paint_columns, paint_lines,
    wrapped,
};

/// Width of what a panel draws in, and height of its rows.
const WIDTH: u32 = 480;
const ROW: u32 = 36;

/// One row: a number and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// What it is of.
    pub name: String,
    /// The number. What is infinite stands at the right end and is called so; where it is not a number there is none.
    pub middle: f64,
    /// Lower end of its interval; where either end is not a number there is none.
    pub low: f64,
    /// Upper end; where it is infinite, the interval goes on beyond the panel.
    pub high: f64,
}

/// One panel of [`intervals()`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    /// What the numbers count.
    pub label: String,
    /// Whether the axis goes by decades.
    pub log: bool,
    /// A number that the others are compared with.
    pub reference: Option<f64>,
    /// One for each name, in the same order in all panels.
    pub rows: Vec<Interval>,
}

/// Draws panels beside each other, a row for each name; the names are those of the first panel.
pub fn intervals(title: &str, panels: &[Intervals], notes: &[String]) -> Drawing {
    let names: Vec<String> = panels
        .first()
        .map_or(vec![], |panel| panel.rows.iter().map(|row| cut(&row.name, LONGEST_NAME)).collect());
    let left = MARGIN + names.iter().map(|name| canvas::text_width(name)).max().unwrap_or(0) + 2 * GAP;
    let each = WIDTH + 2 * BETWEEN;
    let width = left + panels.len().max(1) as u32 * each - 2 * BETWEEN + RIGHT;
    let letters = ((width - 2 * MARGIN) / TEXT) as usize;
    let title = wrapped(title, letters);
    let notes: Vec<String> = notes.iter().flat_map(|note| wrapped(note, letters)).collect();
    let headings: Vec<_> =
        panels.iter().map(|panel| wrapped(&panel.label, (WIDTH / TEXT) as usize)).collect();
    let heading = headings.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let upper = MARGIN + (title.len() as u32 + heading) * LINE + 2 * GAP;
    let height = (names.len().max(1) as u32) * ROW;
    let below = upper + height + TICK + GAP + LINE + GAP;

    let mut canvas = Canvas::new(width, below + notes.len() as u32 * LINE + MARGIN);
    paint_lines(&mut canvas, (MARGIN, MARGIN), &title, canvas::INK);
    for (n, name) in (0..).zip(&names) {
        let place = (left - 2 * GAP, upper + n * ROW + (ROW - TEXT) / 2);
        canvas.text_at(place, name, Anchor::End, Direction::Right, canvas::INK);
    }
    for (n, (panel, lines)) in (0..).zip(panels.iter().zip(&headings)) {
        let x = left + n * each;
        let first = upper - GAP - lines.len() as u32 * LINE;
        paint_lines(&mut canvas, (x, first), lines, canvas::INK);
        paint(&mut canvas, panel, (x, upper), height);
    }
    paint_lines(&mut canvas, (MARGIN, below), &notes, canvas::FAINT);
    canvas.finish()
}

fn paint(canvas: &mut Canvas, panel: &Intervals, corner: (u32, u32), height: u32) {
    let numbers = panel.rows.iter().flat_map(|row| [row.middle, row.low, row.high]).chain(panel.reference);
    let scale = Scale::of(numbers, panel.log);
    paint_columns(canvas, &columns(scale, WIDTH), corner, (WIDTH, height));
    let (left, upper) = (corner.0 as f32, corner.1 as f32);
    let at = |x: f64| left + WIDTH as f32 * scale.place(x) as f32;
    if let Some(reference) = panel.reference.filter(|x| x.is_finite()) {
        let x = at(reference);
        let stroke = Stroke { colour: canvas::FAINT.0, width: 2.0, dashes: &[8.0, 6.0], ..Stroke::default() };
        canvas.line(vec![(x, upper), (x, upper + height as f32)], stroke);
    }
    canvas.frame(corner, (WIDTH, height), canvas::FAINT);
    for (n, row) in panel.rows.iter().enumerate() {
        let y = upper + (n as f32 + 0.5) * ROW as f32;
        let line = || Stroke { colour: colour(0), width: 3.0, title: row.name.clone(), ..Stroke::default() };
        let text_y = y as u32 - TEXT / 2;
        if !row.low.is_nan() && !row.high.is_nan() {
            let (from, to) = (at(row.low), at(row.high));
            let data = vec![(row.low, row.high)];
            canvas.line(vec![(from, y), (to, y)], Stroke { data, ..line() });
            let mut ends = vec![];
            if row.low.is_finite() {
                ends.push(vec![(from, y - 7.0), (from, y + 7.0)]);
            }
            match row.high.is_finite() {
                true => ends.push(vec![(to, y - 7.0), (to, y + 7.0)]),
                // it goes on
                false => ends.push(vec![(to - 8.0, y - 6.0), (to, y), (to - 8.0, y + 6.0)]),
            }
            ends.into_iter().for_each(|points| canvas.line(points, line()));
        }
        match row.middle {
            x if x.is_finite() => canvas.disc((at(x), y), 6.5, colour(0)),
            x if x.is_nan() => canvas.text((corner.0 + GAP, text_y), "-", canvas::FAINT),
            _ => {
                let place = (corner.0 + WIDTH + GAP, text_y);
                canvas.text(place, "inf", canvas::INK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, [middle, low, high]: [f64; 3]) -> Interval {
        Interval { name: name.into(), middle, low, high }
    }

    #[test]
    fn an_interval_stands_where_its_numbers_do() {
        let rows = vec![row("base", [1.0, 0.1, 10.0]), row("other", [10.0, 1.0, 1000.0])];
        let panel = Intervals { label: "bits".into(), log: true, rows, reference: None };
        let svg = intervals("title", &[panel], &[]).svg();
        let of = |data: &str| -> Vec<f64> {
            let line = svg.lines().find(|line| line.contains(data)).unwrap();
            let points = line.split('"').nth(1).unwrap();
            points.split(' ').map(|p| p.split(',').next().unwrap().parse().unwrap()).collect()
        };
        let base = of("data-x=\"0.1\" data-y=\"10\"");
        let other = of("data-x=\"1\" data-y=\"1000\"");
        // two decades and three
        assert!(((other[1] - other[0]) / (base[1] - base[0]) - 1.5).abs() < 1e-3, "{base:?} {other:?}");
    }

    #[test]
    fn what_is_infinite_or_missing_is_told_so() {
        let (inf, none) = (f64::INFINITY, f64::NAN);
        let rows = vec![
            row("fine", [1.0, 0.5, 2.0]),
            row("half", [1.0, 0.5, inf]),
            row("all", [inf, inf, inf]),
            row("one run", [1.5, none, none]),
            row("no value", [none; 3]),
        ];
        let panel = Intervals { label: "final bits".into(), rows, ..Intervals::default() };
        let drawing = intervals("", &[panel.clone(), panel], &["note".into()]);
        let svg = drawing.svg();
        assert_eq!(svg.matches(">inf</text>").count(), 2);
        assert_eq!(svg.matches("<circle").count(), 6);
        drawing.image();
        intervals("", &[], &[]).image();
    }
}
