//! A recorded sequence as an image, after figure 6 of the 2014 paper.

mod panel;

use image::RgbImage;

use super::canvas::{self, Canvas, Direction, TEXT};
use super::recording::Recording;
use super::slots::Slots;
use panel::{Panel, SEAM, column};

/// White around the whole figure, between its columns, and between panels above each other.
const MARGIN: u32 = 32;
const BETWEEN_COLUMNS: u32 = 40;
const BETWEEN_PANELS: u32 = 28;
/// White between a panel and the text that belongs to it.
const GAP: u32 = 8;
/// Panels are about this wide, but their cells no larger than this.
const PANEL_WIDTH: f32 = 600.0;
const LARGEST_CELL: f32 = 28.0;
/// More steps than this are left out.
const MOST_STEPS: usize = 2_000;

/// Draws a recording as figure 6 of the 2014 paper does.
///
/// Left are the inputs, the vectors that were added to memory and where they were written; right are the
/// outputs, the vectors that were read and where they were read. Time runs to the right in every panel, slots
/// downwards. Only slots in use are shown, with a margin of two, and all heads show the same ones; the figure
/// says which. Further heads follow below. Numbers that are not finite are red.
pub fn figure6(recording: &Recording) -> RgbImage {
    Figure::new(recording).paint()
}

/// A panel, and the upper left corner of its cells.
type Placed<'p, 'a> = (&'p Panel<'a>, (u32, u32));

/// The figure before it is painted: panels in two columns, and the measures they share.
struct Figure<'a> {
    title: String,
    /// Panels above each other, left and right.
    columns: [Vec<Panel<'a>>; 2],
    steps: usize,
    /// Width of a cell.
    cell: u32,
    /// Width of the axis left of each panel.
    gutter: u32,
    /// Width of each column without its axis.
    width: u32,
}

impl<'a> Figure<'a> {
    fn new(recording: &'a Recording) -> Self {
        let heads = recording.writers_then_readers();
        let all_steps = recording.inputs.columns.max(recording.outputs.columns);
        let steps = all_steps.min(MOST_STEPS);
        let columns = [
            column("inputs", &recording.inputs, &heads, false),
            column("outputs", &recording.outputs, &heads, true),
        ];
        let of_slots = || columns.iter().flatten().filter(|panel| panel.of_slots).map(|panel| &panel.rows);
        let counted = match steps < all_steps {
            true => format!("first {steps} of {all_steps} steps"),
            false => format!("{steps} steps"),
        };
        let title = match of_slots().next() {
            None => format!("One sequence: {counted}"),
            Some(slots) => format!("Memory use over one sequence: {counted}, {}", slots.label()),
        };
        let cell = (PANEL_WIDTH / steps.max(1) as f32).round().clamp(1.0, LARGEST_CELL) as u32;
        let digits = of_slots().map(Slots::digits).max();
        let gutter = digits.map_or(0, |digits| TEXT + GAP + digits as u32 * TEXT + GAP);
        let headings = columns.iter().flatten().map(|panel| text(&panel.title) + TEXT + panel.scale_width());
        let width = headings.max().unwrap_or(0).max(steps as u32 * cell);
        Figure { title, columns, steps, cell, gutter, width }
    }

    /// The panels that stand beside each other, from top to bottom.
    fn bands(&self) -> impl Iterator<Item = [Option<&Panel<'a>>; 2]> {
        let [left, right] = &self.columns;
        (0..left.len().max(right.len())).map(|band| [left.get(band), right.get(band)])
    }

    /// Where each panel's cells begin, and the height below the last of them.
    fn places(&self) -> (Vec<Placed<'_, 'a>>, u32) {
        let mut places = Vec::new();
        let mut y = MARGIN + TEXT + BETWEEN_PANELS;
        for band in self.bands() {
            let upper = y + TEXT + GAP;
            let heights = band.iter().flatten().map(|panel| panel.height(self.cell));
            for (panel, x) in band.iter().zip(self.lefts()) {
                places.extend(panel.map(|panel| (panel, (x, upper))));
            }
            y = upper + heights.max().unwrap_or(0) + BETWEEN_PANELS;
        }
        (places, y - BETWEEN_PANELS)
    }

    /// Where the panels of either column begin.
    fn lefts(&self) -> [u32; 2] {
        let left = MARGIN + self.gutter;
        [left, left + self.width + BETWEEN_COLUMNS + self.gutter]
    }

    fn paint(&self) -> RgbImage {
        let (places, lower) = self.places();
        let right = self.lefts()[1] + self.width;
        let right = right.max(MARGIN + text(&self.title));
        let mut canvas = Canvas::new(right + MARGIN, lower + GAP + TEXT + MARGIN);
        canvas.text((MARGIN, MARGIN), &self.title, Direction::Right, canvas::INK);
        for &(panel, place) in &places {
            self.paint_panel(&mut canvas, panel, place);
        }
        for x in self.lefts() {
            let ends = places.iter().filter(|(_, place)| place.0 == x);
            let ends = ends.map(|(panel, place)| place.1 + panel.height(self.cell));
            self.paint_time(&mut canvas, (x, ends.max().unwrap_or(lower) + GAP));
        }
        canvas.finish()
    }

    fn paint_panel(&self, canvas: &mut Canvas, panel: &Panel, (x, y): (u32, u32)) {
        let heading = y - GAP - TEXT;
        canvas.text((x, heading), &panel.title, Direction::Right, canvas::INK);
        panel.paint_scale(canvas, (x + self.width, heading));
        let height = panel.row_height(self.cell);
        let steps = panel.grid.columns.min(self.steps);
        let size = (steps as u32 * self.cell, panel.height(self.cell));
        let (mut upper, mut free) = (y, 0);
        for window in panel.rows.windows() {
            for (place, row) in (0..).zip(&window) {
                for step in 0..steps {
                    let value = panel.grid.peak(row.clone(), step..step + 1);
                    let colour = panel.palette.colour(panel.grid.brightness(value));
                    let corner = (x + step as u32 * self.cell, upper + place * height);
                    canvas.fill(corner, (self.cell, height), colour);
                }
            }
            let window_height = window.len() as u32 * height;
            canvas.frame((x, upper), (size.0, window_height), canvas::FAINT);
            if let (true, Some(first), Some(last)) = (panel.of_slots, window.first(), window.last()) {
                let lower = (upper + window_height).saturating_sub(TEXT);
                for (slot, y) in [(first.start, upper), (last.end - 1, lower)] {
                    let number = slot.to_string();
                    if y >= free {
                        canvas.text((x - GAP - text(&number), y), &number, Direction::Right, canvas::FAINT);
                        free = y + TEXT;
                    }
                }
            }
            upper += window_height + SEAM;
        }
        if panel.of_slots {
            let label = "location";
            let middle = (y + size.1 / 2).saturating_sub(text(label) / 2);
            canvas.text((x - self.gutter, middle), label, Direction::Up, canvas::FAINT);
        }
    }

    /// Draws the axis of time below a column.
    fn paint_time(&self, canvas: &mut Canvas, (x, y): (u32, u32)) {
        let width = self.steps as u32 * self.cell;
        let (label, last) = ("time", self.steps.saturating_sub(1).to_string());
        canvas.text((x, y), "0", Direction::Right, canvas::FAINT);
        let arrow = 3 * TEXT;
        let middle = x + (width / 2).saturating_sub((text(label) + GAP + arrow) / 2);
        if width >= 2 * TEXT + text(label) + GAP + arrow + 2 * text(&last) {
            canvas.text((middle, y), label, Direction::Right, canvas::FAINT);
            canvas.arrow((middle + text(label) + GAP, y), arrow, canvas::FAINT);
        }
        if width >= 2 * TEXT + text(&last) {
            canvas.text((x + width - text(&last), y), &last, Direction::Right, canvas::FAINT);
        }
    }
}

/// How wide a text is.
fn text(text: &str) -> u32 {
    canvas::text_width(text)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::super::sample;
    use super::panel::BROKEN;
    use super::*;

    /// The colours in the middle of cells: of the n-th panel in order of bands, left before right, at a row
    /// and a step.
    fn cells(recording: &Recording) -> impl Fn(usize, u32, u32) -> Rgb<u8> {
        let figure = Figure::new(recording);
        let image = figure.paint();
        move |panel, row, step| {
            let (places, _) = figure.places();
            let (panel, (x, y)) = &places[panel];
            let height = panel.row_height(figure.cell);
            *image.get_pixel(x + step * figure.cell + figure.cell / 2, y + row * height + height / 2)
        }
    }

    fn red_pixels(image: &RgbImage) -> usize {
        image.pixels().filter(|pixel| **pixel == BROKEN).count()
    }

    const ADDED: usize = 2;
    const VECTORS_READ: usize = 3;
    const WRITTEN: usize = 4;
    const READ: usize = 5;

    #[test]
    fn weightings_are_white_where_a_head_looks_and_black_elsewhere() {
        let recording = sample::copy(20);
        let cell = cells(&recording);
        for n in 0..20 {
            assert_eq!(cell(WRITTEN, n, n), Rgb([230; 3]), "written at step {n}");
            assert_eq!(cell(READ, n, 21 + n), Rgb([230; 3]), "read at step {}", 21 + n);
        }
        assert_eq!(cell(WRITTEN, 15, 3), Rgb([0; 3]));
    }

    #[test]
    fn what_is_read_looks_like_what_was_added() {
        let recording = sample::copy(10);
        let cell = cells(&recording);
        for (row, step) in [(0, 0), (3, 7), (19, 9)] {
            assert_eq!(cell(ADDED, row, step), cell(VECTORS_READ, row, 11 + step));
        }
    }

    #[test]
    fn one_cell_is_one_colour_without_interpolation() {
        let recording = sample::copy(20);
        let figure = Figure::new(&recording);
        let (places, _) = figure.places();
        let image = figure.paint();
        let (panel, (x, y)) = &places[0];
        let height = panel.row_height(figure.cell);
        let colours: std::collections::HashSet<_> = (0..figure.cell)
            .flat_map(|right| (0..height).map(move |down| (right, down)))
            .map(|(right, down)| *image.get_pixel(x + right, y + down))
            .collect();
        assert_eq!(colours.len(), 1);
    }

    #[test]
    fn the_title_says_which_slots_are_shown() {
        let recording = sample::copy(20);
        let figure = Figure::new(&recording);
        assert_eq!(figure.title, "Memory use over one sequence: 41 steps, slots 0-23 of 128");
    }

    #[test]
    fn more_heads_are_more_panels() {
        let mut recording = sample::copy(8);
        let one = figure6(&recording);
        recording.heads.push(recording.heads[0].clone());
        let two = figure6(&recording);
        assert_eq!(one.width(), two.width());
        assert!(two.height() > one.height() + 200);
        assert_eq!(Figure::new(&recording).columns.map(|panels| panels.len()), [3, 5]);
    }

    #[test]
    fn heads_over_memories_of_different_size_have_slots_of_their_own() {
        let mut recording = sample::copy(8);
        let weighting = &mut recording.heads[0].weighting;
        weighting.rows = 30;
        weighting.values.truncate(30 * weighting.columns);
        assert_eq!(red_pixels(&figure6(&recording)), 0);
    }

    #[test]
    fn red_is_for_numbers_that_are_not_finite_only() {
        let mut recording = sample::copy(8);
        assert_eq!(red_pixels(&figure6(&recording)), 0);
        recording.outputs.values[0] = f32::NAN;
        assert_ne!(red_pixels(&figure6(&recording)), 0);
    }

    #[test]
    fn short_long_and_empty_sequences_make_a_picture_of_bounded_size() {
        for length in [1, 2, 130, 1_500] {
            let image = figure6(&sample::copy(length));
            assert!(image.width() < 5_000 && image.height() < 2_500, "{:?}", image.dimensions());
        }
        let empty = sample::grid("", 0, 0, (0.0, 0.0), |_, _| 0.0);
        let mut recording = sample::copy(3);
        recording.heads[0].weighting = empty.clone();
        recording.heads[1].vectors.values.clear();
        recording.inputs = empty;
        figure6(&recording);
    }
}
