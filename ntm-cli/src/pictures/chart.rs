//! Lines and bands over a common axis, and intervals side by side.

mod intervals;
mod scale;

use image::Rgb;

use super::canvas::{self, Anchor, Canvas, Direction, Drawing, Stroke, TEXT};
pub use intervals::{Interval, Intervals, intervals};
#[cfg(feature = "terminal")]
pub(crate) use scale::number;
use scale::{Scale, Tick};

/// White around the page; more on the right, where the last number of an axis reaches beyond it.
const MARGIN: u32 = 32;
const RIGHT: u32 = 88;
/// White between things that belong together, and between those that do not.
const GAP: u32 = 8;
const BETWEEN: u32 = 32;
/// What a panel draws in.
const PLOT: (u32, u32) = (960, 400);
/// From one line of text to the next.
const LINE: u32 = TEXT + GAP;
/// Of a legend: the sample of a line, and letters of a name.
const SAMPLE: u32 = 48;
const LONGEST_NAME: usize = 44;
const TICK: u32 = 8;
const SMALL_TICK: u32 = 4;

/// Okabe and Ito's colours (*Color Universal Design*, 2008), which colour-blind readers can tell apart; those that stand out
/// most on white come first.
const COLOURS: [[u8; 3]; 8] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
    [0, 0, 0],
    [240, 228, 66],
];
/// Where there are more lines than colours, they come again with the next of these.
const DASHES: [&[f32]; 3] = [&[], &[14.0, 8.0], &[3.0, 7.0]];

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it counts.
    pub label: String,
    /// Whether it goes by decades. Zeros then stand at its lower end, where they are named.
    pub log: bool,
}

/// How the points of a series are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// A line through them.
    #[default]
    Line,
    /// A line, and each point marked.
    Marked,
    /// Each for itself.
    Points,
    /// Each for itself and hollow: numbers that come from elsewhere.
    Rings,
}

/// One line, and what it is the middle of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend; series of the same name and colour share one entry.
    pub name: String,
    /// Which colour, counted from 0.
    pub colour: usize,
    /// Points x, y by increasing x; one that is not finite parts the line.
    pub line: Vec<(f64, f64)>,
    /// x, low, high by increasing x; what is infinite ends where the axis does.
    pub band: Vec<(f64, f64, f64)>,
    /// How its points are drawn.
    pub look: Look,
}

/// One panel: lines over a common axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What runs to the right.
    pub x: Axis,
    /// What runs upwards; its label is the heading of the panel.
    pub y: Axis,
    /// What is drawn, in this order.
    pub series: Vec<Series>,
}

/// Draws panels above each other, with a title, one legend for all, and notes below.
///
/// Colours are those of Okabe and Ito; bands are of their line's colour, so that what lies below can be seen.
pub fn charts(title: &str, panels: &[Chart], notes: &[String]) -> Drawing {
    let scales: Vec<[Scale; 2]> = panels.iter().map(scales_of).collect();
    let ticks: Vec<Vec<Tick>> = scales.iter().map(|[_, y]| y.ticks(6)).collect();
    let labels = ticks.iter().flatten().filter_map(|tick| tick.label.as_deref());
    let left = MARGIN + labels.map(canvas::text_width).max().unwrap_or(0) + GAP + TICK;
    let width = left + PLOT.0 + RIGHT;
    let columns = ((width - 2 * MARGIN) / TEXT) as usize;
    let (title, notes) = (wrapped(title, columns), notes.iter().flat_map(|note| wrapped(note, columns)));
    let notes: Vec<String> = notes.collect();
    let entries = legend(panels, left, width - MARGIN);
    let legend_lines = entries.last().map_or(0, |entry| entry.line + 1);

    let upper = MARGIN + (title.len() as u32 + legend_lines) * LINE + GAP;
    let each = LINE + PLOT.1 + TICK + GAP + 2 * LINE + BETWEEN;
    let below = upper + panels.len() as u32 * each;
    let notes_height = notes.len() as u32 * LINE;
    let mut canvas = Canvas::new(width, (below + notes_height + MARGIN).saturating_sub(BETWEEN));
    paint_lines(&mut canvas, (MARGIN, MARGIN), &title, canvas::INK);
    for entry in &entries {
        let y = MARGIN + (title.len() as u32 + entry.line) * LINE;
        entry.paint(&mut canvas, y);
    }
    for (n, chart) in panels.iter().enumerate() {
        let corner = (left, upper + n as u32 * each + LINE);
        paint(&mut canvas, chart, (scales[n], &ticks[n]), corner);
    }
    paint_lines(&mut canvas, (MARGIN, below.saturating_sub(BETWEEN) + GAP), &notes, canvas::FAINT);
    canvas.finish()
}

fn scales_of(chart: &Chart) -> [Scale; 2] {
    let points = || chart.series.iter().flat_map(|series| &series.line);
    let bands = || chart.series.iter().flat_map(|series| &series.band);
    let x = points().map(|p| p.0).chain(bands().map(|b| b.0));
    let y = points().map(|p| p.1).chain(bands().flat_map(|b| [b.1, b.2]));
    [Scale::of(x, chart.x.log), Scale::of(y, chart.y.log)]
}

/// One panel; the corner is the upper left one of what it draws in.
fn paint(canvas: &mut Canvas, chart: &Chart, ([x, y], rows): ([Scale; 2], &[Tick]), corner: (u32, u32)) {
    let (left, upper) = corner;
    canvas.text((left, upper - LINE), &chart.y.label, canvas::INK);
    paint_rows(canvas, rows, corner);
    paint_columns(canvas, &columns(x, PLOT.0), corner, PLOT);
    let at = |point: (f64, f64)| {
        let (right, up) = (x.place(point.0), y.place(point.1));
        (left as f32 + PLOT.0 as f32 * right as f32, upper as f32 + PLOT.1 as f32 * (1.0 - up as f32))
    };
    for series in &chart.series {
        let band = series.band.iter().map(|&(x, low, high)| {
            let ((x, lower), (_, upper)) = (at((x, low)), at((x, high)));
            (x, upper, lower)
        });
        let band: Vec<_> = band.collect();
        if band.len() > 1 {
            canvas.band(band, colour(series.colour), 0.22, &format!("{}: interquartile range", series.name));
        }
    }
    for series in &chart.series {
        let finite = |p: (f64, f64)| if p.1.is_finite() { at(p) } else { (f32::NAN, f32::NAN) };
        let points: Vec<_> = series.line.iter().map(|&p| finite(p)).collect();
        let centres = points.iter().zip(&series.line).filter(|(p, _)| p.0.is_finite() && p.1.is_finite());
        match series.look {
            Look::Points | Look::Rings => {
                centres.for_each(|(&centre, &data)| point(canvas, centre, series, vec![data]))
            }
            look => {
                if look == Look::Marked || points.len() == 1 {
                    centres.for_each(|(&centre, _)| canvas.disc(centre, 5.0, colour(series.colour)));
                }
                let (title, data) = (series.name.clone(), series.line.clone());
                canvas.line(points, Stroke { title, data, ..stroke(series.colour) });
            }
        }
    }
    canvas.frame(corner, PLOT, canvas::FAINT);
    let place = (left + PLOT.0 / 2, upper + PLOT.1 + TICK + GAP + LINE);
    canvas.text_at(place, &chart.x.label, Anchor::Middle, Direction::Right, canvas::INK);
}

/// A point that stands for itself, which is a line of no length, so that an SVG keeps its numbers.
fn point(canvas: &mut Canvas, centre: (f32, f32), series: &Series, data: Vec<(f64, f64)>) {
    let ring = series.look == Look::Rings;
    let (title, colour) = (series.name.clone(), colour(series.colour));
    let width = if ring { 15.0 } else { 8.0 };
    canvas.line(vec![centre, centre], Stroke { colour, width, title, data, ..Stroke::default() });
    if ring {
        canvas.disc(centre, 4.5, canvas::WHITE.0);
    }
}

/// Ticks of an axis that runs to the right: as many as have room for their labels.
fn columns(scale: Scale, width: u32) -> Vec<Tick> {
    let fits = |ticks: &[Tick]| {
        let mut free = f64::NEG_INFINITY;
        ticks.iter().filter_map(|tick| Some((tick.at, tick.label.as_deref()?))).all(|(at, label)| {
            let half = f64::from(canvas::text_width(label)) / 2.0;
            let middle = at * f64::from(width);
            let room = middle - half > free;
            free = middle + half + f64::from(TEXT);
            room
        })
    };
    let all = (2..=8).rev().map(|wanted| scale.ticks(wanted));
    let mut last = vec![];
    for ticks in all {
        if fits(&ticks) {
            return ticks;
        }
        last = ticks;
    }
    // not even two fit: the first alone
    let mut labels = 0;
    for tick in &mut last {
        labels += usize::from(tick.label.is_some());
        tick.label.take_if(|_| labels > 1);
    }
    last
}

/// Lines of the grid and numbers of an axis that runs to the right.
fn paint_columns(canvas: &mut Canvas, ticks: &[Tick], corner: (u32, u32), (width, height): (u32, u32)) {
    let lower = corner.1 + height;
    for tick in ticks {
        let x = corner.0 + (tick.at * f64::from(width)).round() as u32;
        match &tick.label {
            Some(label) => {
                canvas.fill((x, corner.1), (1, height), canvas::GRID);
                canvas.fill((x, lower), (1, TICK), canvas::FAINT);
                let place = (x, lower + TICK + GAP);
                canvas.text_at(place, label, Anchor::Middle, Direction::Right, canvas::FAINT);
            }
            None => canvas.fill((x, lower), (1, SMALL_TICK), canvas::FAINT),
        }
    }
}

/// Lines of the grid and numbers of an axis that runs upwards.
fn paint_rows(canvas: &mut Canvas, ticks: &[Tick], (left, upper): (u32, u32)) {
    for tick in ticks {
        let y = upper + ((1.0 - tick.at) * f64::from(PLOT.1)).round() as u32;
        match &tick.label {
            Some(label) => {
                canvas.fill((left, y), (PLOT.0, 1), canvas::GRID);
                canvas.fill((left - TICK, y), (TICK, 1), canvas::FAINT);
                let place = (left - TICK - GAP, y.saturating_sub(TEXT / 2 - 1));
                canvas.text_at(place, label, Anchor::End, Direction::Right, canvas::FAINT);
            }
            None => canvas.fill((left - SMALL_TICK, y), (SMALL_TICK, 1), canvas::FAINT),
        }
    }
}

/// An entry of the legend.
struct Entry {
    name: String,
    colour: usize,
    look: Look,
    band: bool,
    line: u32,
    x: u32,
}

impl Entry {
    fn paint(&self, canvas: &mut Canvas, y: u32) {
        let (left, middle) = (self.x as f32, y as f32 + TEXT as f32 / 2.0 - 1.0);
        let right = left + SAMPLE as f32;
        if self.band {
            let ends = [left, right].map(|x| (x, middle - 7.0, middle + 7.0));
            canvas.band(ends.to_vec(), colour(self.colour), 0.22, "");
        }
        match self.look {
            Look::Points | Look::Rings => {
                let sample = Series { look: self.look, colour: self.colour, ..Series::default() };
                point(canvas, ((left + right) / 2.0, middle), &sample, vec![]);
            }
            _ => canvas.line(vec![(left, middle), (right, middle)], stroke(self.colour)),
        }
        canvas.text((self.x + SAMPLE + GAP, y), &self.name, canvas::INK);
    }
}

/// Names of all series, line by line; a single one needs none.
fn legend(panels: &[Chart], left: u32, right: u32) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![];
    for series in panels.iter().flat_map(|chart| &chart.series) {
        let name = cut(&series.name, LONGEST_NAME);
        let known = entries.iter_mut().find(|entry| entry.name == name && entry.colour == series.colour);
        let band = !series.band.is_empty();
        match known {
            Some(entry) => entry.band |= band,
            None => {
                entries.push(Entry { name, colour: series.colour, look: series.look, band, line: 0, x: 0 })
            }
        }
    }
    let (mut line, mut x) = (0, left);
    for entry in &mut entries {
        let width = SAMPLE + GAP + canvas::text_width(&entry.name);
        if x > left && x + width > right {
            (line, x) = (line + 1, left);
        }
        (entry.line, entry.x) = (line, x);
        x += width + BETWEEN;
    }
    entries
}

/// The n-th colour, from 0.
pub(super) fn colour(n: usize) -> [u8; 3] {
    COLOURS[n % COLOURS.len()]
}

fn stroke(n: usize) -> Stroke {
    let dashes = DASHES[n / COLOURS.len() % DASHES.len()];
    Stroke { colour: colour(n), width: 2.5, dashes, ..Stroke::default() }
}

fn paint_lines(canvas: &mut Canvas, (x, y): (u32, u32), lines: &[String], colour: Rgb<u8>) {
    for (n, line) in (0..).zip(lines) {
        canvas.text((x, y + n * LINE), line, colour);
    }
}

/// The first letters of a name.
fn cut(name: &str, most: usize) -> String {
    match name.chars().count() > most {
        true => name.chars().take(most.saturating_sub(3)).chain("...".chars()).collect(),
        false => name.to_owned(),
    }
}

/// Words in lines of so many letters.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in text.split_whitespace() {
        let word = cut(word, columns);
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(line: Vec<(f64, f64)>) -> Chart {
        let series = Series { name: "base".into(), line, ..Series::default() };
        Chart { y: Axis { label: "bits".into(), log: true }, series: vec![series], ..Chart::default() }
    }

    #[test]
    fn every_line_is_of_another_look() {
        let looks: Vec<_> = (0..24).map(|n| (stroke(n).colour, stroke(n).dashes.to_vec())).collect();
        for (n, look) in looks.iter().enumerate() {
            assert!(!looks[..n].contains(look), "{n}");
        }
    }

    #[test]
    fn points_are_not_joined_and_keep_their_numbers() {
        let series = |look| Series {
            name: "read off".into(),
            line: vec![(1.0, 2.0), (3.0, 4.0)],
            look,
            ..Series::default()
        };
        for (look, circles) in [(Look::Points, 0), (Look::Rings, 3)] {
            let svg = charts("", &[Chart { series: vec![series(look)], ..Chart::default() }], &[]).svg();
            for data in ["data-x=\"1\" data-y=\"2\"", "data-x=\"3\" data-y=\"4\""] {
                assert_eq!(svg.matches(data).count(), 1, "{svg}");
            }
            // the middle of a ring is white: two points, and one in the legend
            assert_eq!(svg.matches("<circle").count(), circles);
        }
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        assert_eq!(wrapped("one two three  four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("abcdefghijkl mn", 8), ["abcde...", "mn"]);
        assert!(wrapped("", 8).is_empty());
    }

    #[test]
    fn one_legend_serves_all_panels_and_wraps() {
        let name = |n: usize| format!("{n}{}", "x".repeat(20));
        let series = |n| Series { name: name(n), colour: n, line: vec![(0.0, 1.0)], ..Series::default() };
        let panel = Chart { series: (0..9).map(series).collect(), ..Chart::default() };
        let entries = legend(&[panel.clone(), panel], 100, 1100);
        assert_eq!(entries.len(), 9);
        assert!(entries.iter().all(|e| e.x + SAMPLE + GAP + canvas::text_width(&e.name) <= 1100));
        assert_eq!(entries.last().unwrap().line, 4);
    }

    #[test]
    fn labels_of_an_axis_do_not_overlap() {
        for most in [3.0, 20_000.0, 123_456_789.0, 5e14, 1e-7] {
            for width in [960, 420, 120] {
                let ticks = columns(Scale::of([0.0, most].into_iter(), false), width);
                let mut free = f64::NEG_INFINITY;
                for tick in ticks.iter().filter(|tick| tick.label.is_some()) {
                    let half = f64::from(canvas::text_width(tick.label.as_deref().unwrap())) / 2.0;
                    assert!(tick.at * f64::from(width) - half > free, "{most} on {width}: {ticks:?}");
                    free = tick.at * f64::from(width) + half;
                }
            }
        }
    }

    #[test]
    fn a_drawing_has_the_same_bytes_each_time() {
        let draw = || charts("title", &[chart(vec![(0.0, 1.0), (5.0, 0.02), (9.0, 0.0)])], &["note".into()]);
        assert_eq!((draw().svg(), draw().image()), (draw().svg(), draw().image()));
    }

    #[test]
    fn numbers_that_are_not_finite_and_no_numbers_draw_nothing() {
        let broken = vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, f64::INFINITY), (3.0, 1.0), (4.0, 2.0)];
        let drawing = charts("", &[chart(broken), chart(vec![]), Chart::default()], &[]);
        let svg = drawing.svg();
        assert!(!svg.contains("points=\"NaN") && !svg.contains(",NaN"));
        drawing.image();
        charts("", &[], &[]).image();
    }
}
