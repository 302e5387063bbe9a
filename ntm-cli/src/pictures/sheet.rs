//! Panels in columns: matrices of one recorded sequence, with their axes and scales.

mod panel;

use super::canvas::{self, Anchor, Canvas, Direction, Drawing, TEXT};
use super::chart::{colour, wrapped};
use super::slots::Slots;
use image::Rgb;
#[cfg(test)]
pub(super) use panel::BROKEN;
use panel::SEAM;
pub(super) use panel::{Across, Panel, memory, numbers, weightings, weightings_and_vectors};

/// White around the whole figure, between its columns, and between panels above each other.
const MARGIN: u32 = 32;
const BETWEEN_COLUMNS: u32 = 40;
const BETWEEN_PANELS: u32 = 28;
/// White between a panel and the text that belongs to it.
const GAP: u32 = 8;
/// Cells are no larger than this.
const LARGEST_CELL: f32 = 28.0;
/// More steps than this are left out.
const MOST_STEPS: usize = 2_000;

/// A panel, and the upper left corner of its cells.
type Placed<'p, 'a> = (&'p Panel<'a>, (u32, u32));

/// A figure before it is painted: panels in columns, and the measures they share.
pub(super) struct Sheet<'a> {
    title: String,
    /// Steps that have a name.
    marks: Vec<(usize, String)>,
    /// What is said below.
    notes: Vec<String>,
    /// Panels above each other, column by column.
    columns: Vec<Vec<Panel<'a>>>,
    /// About how wide panels are.
    panel_width: f32,
    /// Width of the axis left of each panel.
    gutter: u32,
    /// Width of each column without its axis.
    width: u32,
}

impl<'a> Sheet<'a> {
    /// `title` is followed by how many steps there are, and which slots are shown.
    pub(super) fn new(title: [&str; 2], columns: Vec<Vec<Panel<'a>>>, panel_width: f32) -> Self {
        let panels = || columns.iter().flatten();
        let of_slots = || panels().filter(|panel| panel.of_slots).map(|panel| &panel.rows);
        let time = panels().filter(|panel| panel.across == Across::Time);
        let all_steps = time.map(|panel| panel.grid.columns).max().unwrap_or(0);
        let counted = match all_steps > MOST_STEPS {
            true => format!("first {MOST_STEPS} of {all_steps} steps"),
            false => format!("{all_steps} steps"),
        };
        let title = match of_slots().next() {
            None => format!("{}: {counted}", title[1]),
            Some(slots) => format!("{}: {counted}, {}", title[0], slots.label()),
        };
        let digits = of_slots().map(Slots::digits).max();
        let gutter = digits.map_or(0, |digits| TEXT + GAP + digits as u32 * TEXT + GAP);
        let mut sheet = Sheet { title, marks: vec![], notes: vec![], columns, panel_width, gutter, width: 0 };
        let panels = sheet.columns.iter().flatten();
        let widths = panels.map(|panel| {
            let heading = text(&panel.title) + TEXT + panel.scale_width();
            heading.max(sheet.shown(panel.across) as u32 * sheet.cell(panel.across))
        });
        sheet.width = widths.max().unwrap_or(0);
        sheet
    }

    /// The same with named steps, each drawn as a line where the step begins and a tip above, and with notes below.
    pub(super) fn told(mut self, marks: Vec<(usize, String)>, notes: Vec<String>) -> Self {
        (self.marks, self.notes) = (marks, notes);
        self
    }

    /// The names of the marks, in the order in which they come first.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = vec![];
        for (_, name) in &self.marks {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        names
    }

    /// How many cells panels are wide.
    fn shown(&self, across: Across) -> usize {
        let alike = self.columns.iter().flatten().filter(|panel| panel.across == across);
        alike.map(|panel| panel.grid.columns).max().unwrap_or(0).min(MOST_STEPS)
    }

    /// Width of a cell.
    fn cell(&self, across: Across) -> u32 {
        (self.panel_width / self.shown(across).max(1) as f32).round().clamp(1.0, LARGEST_CELL) as u32
    }

    fn height(&self, panel: &Panel) -> u32 {
        panel.height(self.cell(panel.across))
    }

    /// Whether the axis of a panel stands below it: below the last of those that share it.
    fn ends_axis(column: &[Panel], place: usize) -> bool {
        column.get(place + 1).is_none_or(|below| below.across != column[place].across)
    }

    /// Where each panel's cells begin, and the height below the last of them.
    fn places(&self) -> (Vec<Placed<'_, 'a>>, u32) {
        let mut places = Vec::new();
        let legend = if self.marks.is_empty() { 0 } else { TEXT + GAP };
        let mut y = MARGIN + TEXT + legend + BETWEEN_PANELS;
        let mut end = y;
        for band in 0..self.columns.iter().map(Vec::len).max().unwrap_or(0) {
            let upper = y + TEXT + GAP;
            end = upper;
            let mut axis = 0;
            for (column, x) in self.columns.iter().zip(self.lefts()) {
                let Some(panel) = column.get(band) else { continue };
                places.push((panel, (x, upper)));
                end = end.max(upper + self.height(panel));
                // an axis amid a column needs room; a column that is shorter than others has it
                if Self::ends_axis(column, band) && band + 1 < column.len() {
                    axis = TEXT + GAP;
                }
            }
            y = end + axis + BETWEEN_PANELS;
        }
        (places, end)
    }

    /// Where the panels of each column begin.
    fn lefts(&self) -> Vec<u32> {
        let each = self.gutter + self.width + BETWEEN_COLUMNS;
        (0..self.columns.len() as u32).map(|column| MARGIN + self.gutter + column * each).collect()
    }

    pub(super) fn paint(&self) -> Drawing {
        let (places, lower) = self.places();
        let right = self.lefts().last().map_or(MARGIN, |x| x + self.width);
        let names = self.names();
        let legend: u32 = names.iter().map(|name| 2 * TEXT + text(name) + BETWEEN_COLUMNS).sum();
        let right = right.max(MARGIN + text(&self.title)).max(MARGIN + legend);
        let letters = ((right - MARGIN) / TEXT) as usize;
        let notes: Vec<String> = self.notes.iter().flat_map(|note| wrapped(note, letters)).collect();
        let below = lower + GAP + TEXT;
        let notes_height = match notes.len() as u32 {
            0 => 0,
            lines => GAP + lines * (TEXT + GAP),
        };
        let mut canvas = Canvas::new(right + MARGIN, below + notes_height + MARGIN);
        canvas.text((MARGIN, MARGIN), &self.title, canvas::INK);
        let (mut x, y) = (MARGIN, MARGIN + TEXT + GAP);
        for (n, name) in names.iter().enumerate() {
            tip(&mut canvas, (x + TEXT / 2, y + TEXT - 3), n);
            canvas.text((x + 2 * TEXT, y), name, canvas::INK);
            x += 2 * TEXT + text(name) + BETWEEN_COLUMNS;
        }
        for (line, note) in (0..).zip(&notes) {
            canvas.text((MARGIN, below + 2 * GAP + line * (TEXT + GAP)), note, canvas::FAINT);
        }
        for &(panel, place) in &places {
            self.paint_panel(&mut canvas, panel, place);
        }
        for (column, x) in self.columns.iter().zip(self.lefts()) {
            let of_column = places.iter().filter(|(_, place)| place.0 == x);
            for (n, (panel, (x, y))) in of_column.enumerate() {
                if Self::ends_axis(column, n) {
                    self.paint_axis(&mut canvas, (*x, y + self.height(panel) + GAP), panel.across);
                }
            }
        }
        canvas.finish()
    }

    fn paint_panel(&self, canvas: &mut Canvas, panel: &Panel, (x, y): (u32, u32)) {
        let heading = y - GAP - TEXT;
        canvas.text((x, heading), &panel.title, canvas::INK);
        panel.paint_scale(canvas, (x + self.width, heading));
        let cell = self.cell(panel.across);
        let height = panel.row_height(cell);
        let steps = panel.grid.columns.min(MOST_STEPS);
        let size = (steps as u32 * cell, self.height(panel));
        let (mut upper, mut free) = (y, 0);
        for window in panel.rows.windows() {
            let of_row = |row: &std::ops::Range<usize>| {
                let row = row.clone();
                (0..steps).map(move |step| {
                    let value = panel.grid.peak(row.clone(), step..step + 1);
                    panel.palette.colour(panel.grid.brightness(value))
                })
            };
            canvas.cells((x, upper), (cell, height), steps, window.iter().flat_map(of_row).collect());
            let window_height = window.len() as u32 * height;
            canvas.frame((x, upper), (size.0, window_height), canvas::FAINT);
            if let (true, Some(first), Some(last)) = (panel.of_slots, window.first(), window.last()) {
                let lower = (upper + window_height).saturating_sub(TEXT);
                for (slot, y) in [(first.start, upper), (last.end - 1, lower)] {
                    if y >= free {
                        let place = (x - GAP, y);
                        canvas.text_at(
                            place,
                            &slot.to_string(),
                            Anchor::End,
                            Direction::Right,
                            canvas::FAINT,
                        );
                        free = y + TEXT;
                    }
                }
            }
            upper += window_height + SEAM;
        }
        let names = self.names();
        for (step, name) in
            self.marks.iter().filter(|(step, _)| panel.across == Across::Time && *step < steps)
        {
            let n = names.iter().position(|known| known == name).unwrap_or(0);
            let left = x + *step as u32 * cell;
            canvas.fill((left, y), (1, self.height(panel)), Rgb(colour(n)));
            tip(canvas, (left + cell / 2, y - 2), n);
        }
        if panel.of_slots {
            let place = (x - self.gutter, y + size.1 / 2);
            canvas.text_at(place, "location", Anchor::Middle, Direction::Up, canvas::FAINT);
        }
    }

    /// Draws the axis below a panel.
    fn paint_axis(&self, canvas: &mut Canvas, (x, y): (u32, u32), across: Across) {
        let shown = self.shown(across);
        let width = shown as u32 * self.cell(across);
        let (label, last) = (across.label(), shown.saturating_sub(1).to_string());
        canvas.text((x, y), "0", canvas::FAINT);
        let arrow = 3 * TEXT;
        let middle = x + (width / 2).saturating_sub((text(label) + GAP + arrow) / 2);
        let ends = 2 * text(&last) + text(label);
        if width >= 2 * TEXT + GAP + arrow + ends {
            // the letters of another font end earlier, and the arrow still stands beside them
            let end = (middle + text(label), y);
            canvas.text_at(end, label, Anchor::End, Direction::Right, canvas::FAINT);
            canvas.arrow((middle + text(label) + GAP, y), arrow, canvas::FAINT);
        } else if width >= TEXT + ends {
            canvas.text_at((x + width / 2, y), label, Anchor::Middle, Direction::Right, canvas::FAINT);
        }
        if width >= 2 * TEXT + text(&last) {
            canvas.text_at((x + width, y), &last, Anchor::End, Direction::Right, canvas::FAINT);
        }
    }
}

#[cfg(test)]
impl<'a> Sheet<'a> {
    pub(super) fn title(&self) -> &str {
        &self.title
    }
    /// How many panels each column has.
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.columns.iter().map(Vec::len).collect()
    }
    /// The place in the middle of a cell: of the n-th panel in order of bands, left before right, at a row and a step.
    pub(super) fn middle(&self, panel: usize, row: u32, step: u32) -> (u32, u32) {
        let (panel, (x, y)) = &self.places().0[panel];
        let (cell, height) = (self.cell(panel.across), panel.row_height(self.cell(panel.across)));
        (x + step * cell + cell / 2, y + row * height + height / 2)
    }
    /// Upper left corner and size of the first cell of the first panel.
    pub(super) fn first_cell(&self) -> ((u32, u32), (u32, u32)) {
        let (panel, place) = &self.places().0[0];
        let cell = self.cell(panel.across);
        (*place, (cell, panel.row_height(cell)))
    }
}

/// A tip that points down to a place, in the n-th colour.
fn tip(canvas: &mut Canvas, (x, y): (u32, u32), n: usize) {
    let (x, y) = (x as f32, y as f32);
    let points = [-4.0, 0.0, 4.0].map(|right| (x + right, y - 6.0, if right == 0.0 { y } else { y - 6.0 }));
    canvas.band(points.to_vec(), colour(n), 1.0, "");
}

/// How wide a text is.
fn text(text: &str) -> u32 {
    canvas::text_width(text)
}
