//! A cost curve that stays short however long a run is, and the chart of two.
use ratatui::buffer::Buffer;
use ratatui::layout::{HorizontalAlignment, Rect};
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

use super::screen::Ink;
use super::view::View;
use crate::pictures::progress::thousands;

/// Points of a curve.
const MOST: usize = 512;

/// Points in the order of x. When there are many, neighbours are joined to their mean, and later points are means of as
/// many: room is made once.
#[derive(Debug)]
pub(super) struct Curve {
    points: Vec<(f64, f64)>,
    /// points given to one that is kept
    each: u32,
    open: (u32, f64, f64),
}

impl Default for Curve {
    fn default() -> Self {
        Curve { points: Vec::with_capacity(MOST), each: 1, open: (0, 0.0, 0.0) }
    }
}

impl Curve {
    /// Adds a point; one that is not finite is left out.
    pub(super) fn push(&mut self, x: f64, y: f64) {
        if !y.is_finite() {
            return;
        }
        let (count, sum_x, sum_y) = self.open;
        self.open = (count + 1, sum_x + x, sum_y + y);
        if self.open.0 < self.each {
            return;
        }
        if self.points.len() == MOST {
            for i in 0..MOST / 2 {
                let ((a, b), (c, d)) = (self.points[2 * i], self.points[2 * i + 1]);
                self.points[i] = (0.5 * (a + c), 0.5 * (b + d));
            }
            self.points.truncate(MOST / 2);
            self.each *= 2;
            if self.open.0 < self.each {
                return;
            }
        }
        let count = f64::from(self.open.0);
        self.points.push((self.open.1 / count, self.open.2 / count));
        self.open = (0, 0.0, 0.0);
    }

    pub(super) fn last_x(&self) -> Option<f64> {
        self.points.last().map(|point| point.0)
    }

    /// In decades; what is not above zero is at the lowest that is drawn.
    fn decades(&self) -> Vec<(f64, f64)> {
        self.points.iter().map(|&(x, y)| (x, y.max(LOWEST).log10())).collect()
    }
}

/// The lowest cost that is drawn.
const LOWEST: f64 = 1e-6;

/// Draws the curves of a view, costs on a logarithmic scale.
pub(super) fn draw(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let (training, validation) = (view.training.decades(), view.validation.decades());
    let all = || training.iter().chain(&validation);
    let Some(first) = all().map(|point| point.0).min_by(f64::total_cmp) else {
        return note("comes in a moment", ink, area, buffer);
    };
    let last = all().map(|point| point.0).max_by(f64::total_cmp).unwrap_or(first).max(first + 1.0);
    let from = if view.about.history.is_empty() { 0.0 } else { first };
    let bar = view.about.solved_below.max(LOWEST).log10();
    let lowest = all().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let highest = all().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    // the bar comes into sight when the cost gets near
    let low = if view.about.solved_below > 0.0 && lowest < bar + 1.5 { lowest.min(bar) } else { lowest };
    let (low, high) = (low.floor(), highest.ceil().max(low.floor() + 1.0));
    let decades = (high - low) as usize;
    let rows = usize::from(area.height.saturating_sub(3)).max(1);
    let each = (1..=decades)
        .find(|each| decades.is_multiple_of(*each) && decades / each <= rows.div_ceil(2))
        .unwrap_or(decades);
    let labels =
        (0..=decades / each).map(|n| Line::styled(decade(low as i32 + (n * each) as i32), ink.faint()));
    let bar_line = [(from, bar), (last, bar)];
    let mut sets = vec![];
    if (low..=high).contains(&bar) {
        sets.push(set(&bar_line, Marker::Braille, GraphType::Line, ink.faint()));
    }
    sets.push(set(&training, Marker::Braille, GraphType::Line, ink.training()));
    sets.push(set(
        &validation,
        if ink.color { Marker::Braille } else { Marker::Dot },
        GraphType::Scatter,
        ink.validation(),
    ));
    if ink.color {
        sets.push(set(&validation, Marker::Braille, GraphType::Line, ink.validation()));
    }
    let numbers = [from, last].map(|x| Line::styled(thousands(x), ink.faint()));
    Chart::new(sets)
        .x_axis(Axis::default().bounds([from, last]).labels(numbers).style(ink.faint()))
        .y_axis(
            Axis::default()
                .bounds([low, high])
                .labels(labels)
                .labels_alignment(HorizontalAlignment::Right)
                .style(ink.faint()),
        )
        .legend_position(None)
        .render(area, buffer);
}

fn set<'a>(points: &'a [(f64, f64)], marker: Marker, graph: GraphType, style: Style) -> Dataset<'a> {
    Dataset::default().data(points).marker(marker).graph_type(graph).style(style)
}

/// Ten to a power, as people write it.
fn decade(power: i32) -> String {
    match power {
        0..=5 => format!("{:.0}", 10_f64.powi(power)),
        -4..0 => format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power)),
        _ => format!("1e{power}"),
    }
}

/// A faint line in the middle.
pub(super) fn note(text: &str, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let line = Line::styled(text, ink.faint()).centered();
    let middle = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area };
    line.render(middle, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stays_short_and_keeps_its_means() {
        let mut curve = Curve::default();
        let room = curve.points.capacity();
        for n in 0..100_000 {
            curve.push(f64::from(n), f64::from(n % 2));
        }
        assert!(curve.points.len() <= MOST && curve.points.len() >= MOST / 4, "{}", curve.points.len());
        assert_eq!(curve.points.capacity(), room);
        assert!(curve.points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(curve.points.iter().skip(1).all(|point| (point.1 - 0.5).abs() < 1e-9));
        curve.push(1e6, f64::NAN);
        assert!(curve.points.iter().all(|point| point.1.is_finite()));
    }

    #[test]
    fn decades_are_written_as_people_do() {
        let written: Vec<String> = (-6..=6).map(decade).collect();
        let wanted = [
            "1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1", "10", "100", "1000", "10000", "100000",
            "1e6",
        ];
        assert_eq!(written, wanted);
    }
}
