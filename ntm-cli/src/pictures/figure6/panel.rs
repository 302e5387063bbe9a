//! One matrix of a figure: its colours, its measures and its scale.

use image::Rgb;

use super::super::canvas::{self, Canvas, Direction, TEXT};
use super::super::recording::{Grid, HeadRecording};
use super::super::slots::Slots;
use super::{GAP, text};

/// Panels are at most and at least this high, as far as whole pixels allow.
const MOST_HEIGHT: u32 = 420;
const LEAST_HEIGHT: u32 = 24;
/// Cells are at least this high where there is room.
const LEAST_CELL: u32 = 4;
/// The bar that shows a panel's range of colours.
const BAR: u32 = 64;
/// More rows than this share rows.
const MOST_ROWS: usize = 400;
/// Unused slots shown around those in use.
const SLOT_MARGIN: usize = 2;
/// Titles are cut to this many letters.
const LONGEST_TITLE: usize = 28;
/// White between two windows of slots.
pub(super) const SEAM: u32 = 8;
/// The colour of a number that is not finite.
pub(super) const BROKEN: Rgb<u8> = Rgb([225, 30, 30]);
/// How the numbers of a panel become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Palette {
    Viridis,
    BlackToWhite,
}

impl Palette {
    pub(super) fn colour(self, brightness: Option<f32>) -> Rgb<u8> {
        match (self, brightness) {
            (_, None) => BROKEN,
            (Palette::BlackToWhite, Some(share)) => Rgb([(share * 255.0).round() as u8; 3]),
            (Palette::Viridis, Some(share)) => {
                let colour = colorous::VIRIDIS.eval_continuous(f64::from(share));
                Rgb([colour.r, colour.g, colour.b])
            }
        }
    }
}

/// One matrix of the figure.
pub(super) struct Panel<'a> {
    pub(super) title: String,
    pub(super) grid: &'a Grid,
    pub(super) rows: Slots,
    /// True if the rows are slots, so that their numbers are worth an axis.
    pub(super) of_slots: bool,
    pub(super) palette: Palette,
}

impl Panel<'_> {
    /// Cells are square, but flatter where there would be too much to show, and taller where there is very
    /// little.
    pub(super) fn row_height(&self, cell: u32) -> u32 {
        let rows = self.row_count().max(1);
        let most = (MOST_HEIGHT / rows).max(1);
        cell.max(LEAST_CELL).min(most).max(LEAST_HEIGHT.div_ceil(rows))
    }

    fn row_count(&self) -> u32 {
        self.rows.windows().iter().map(|window| window.len() as u32).sum()
    }

    pub(super) fn height(&self, cell: u32) -> u32 {
        let seams = self.rows.windows().len().saturating_sub(1) as u32;
        self.row_count() * self.row_height(cell) + seams * SEAM
    }

    /// Draws the bar of colours with the range it stands for, its right end at the given place.
    pub(super) fn paint_scale(&self, canvas: &mut Canvas, (right, y): (u32, u32)) {
        let [dark, bright] = self.ends();
        let bar = right.saturating_sub(text(&bright) + GAP + BAR);
        canvas.text((bar + BAR + GAP, y), &bright, Direction::Right, canvas::FAINT);
        canvas.text((bar.saturating_sub(GAP + text(&dark)), y), &dark, Direction::Right, canvas::FAINT);
        for x in 0..BAR {
            let colour = self.palette.colour(Some(x as f32 / (BAR - 1) as f32));
            canvas.fill((bar + x, y + 1), (1, TEXT - 4), colour);
        }
        canvas.frame((bar, y + 1), (BAR, TEXT - 4), canvas::FAINT);
    }

    pub(super) fn scale_width(&self) -> u32 {
        let [dark, bright] = self.ends();
        text(&dark) + GAP + BAR + GAP + text(&bright)
    }

    /// The ends of the range of colours, short.
    fn ends(&self) -> [String; 2] {
        let short = |value: f32| {
            let rounded = format!("{value:.2}");
            rounded.trim_end_matches('0').trim_end_matches('.').to_string()
        };
        [short(self.grid.range.0), short(self.grid.range.1)]
    }
}

/// One column of panels: what the model was given or answered, then two panels for each head that reads or
/// writes.
pub(super) fn column<'a>(
    name: &str,
    grid: &'a Grid,
    all: &[&'a HeadRecording],
    reads: bool,
) -> Vec<Panel<'a>> {
    let heads: Vec<&&HeadRecording> = all.iter().filter(|head| head.reads == reads).collect();
    let vectors = if reads { "read vectors" } else { "add vectors" };
    let weightings = if reads { "read weightings" } else { "write weightings" };
    let numbers = |title: String, grid: &'a Grid| Panel {
        title,
        grid,
        rows: Slots::all(grid.rows, MOST_ROWS),
        of_slots: false,
        palette: Palette::Viridis,
    };
    let mut panels = vec![numbers(title(grid, name), grid)];
    for (n, head) in heads.iter().enumerate() {
        let number = if heads.len() > 1 { format!(" {}", n + 1) } else { String::new() };
        panels.push(numbers(title(&head.vectors, &format!("{vectors}{number}")), &head.vectors));
        panels.push(Panel {
            title: title(&head.weighting, &format!("{weightings}{number}")),
            grid: &head.weighting,
            rows: Slots::shared(head, all, SLOT_MARGIN, MOST_ROWS),
            of_slots: true,
            palette: Palette::BlackToWhite,
        });
    }
    panels
}

/// The grid's own title, or a name where it has none; cut if it is long.
fn title(grid: &Grid, name: &str) -> String {
    let title = if grid.title.is_empty() { name } else { &grid.title };
    title.chars().take(LONGEST_TITLE).collect()
}
