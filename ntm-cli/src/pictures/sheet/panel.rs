//! One matrix of a figure: its colours, its measures and its scale.

use image::Rgb;

use super::super::canvas::{self, Anchor, Canvas, Direction, TEXT};
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
pub(in super::super) const BROKEN: Rgb<u8> = Rgb([225, 30, 30]);
/// How the numbers of a panel become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Palette {
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

/// What the columns of a panel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Across {
    Time,
    /// The numbers of a slot.
    Width,
}

impl Across {
    pub(super) fn label(self) -> &'static str {
        match self {
            Across::Time => "time",
            Across::Width => "width",
        }
    }
}

/// One matrix of the figure.
pub(in super::super) struct Panel<'a> {
    pub(super) title: String,
    pub(super) grid: &'a Grid,
    pub(super) rows: Slots,
    /// True if the rows are slots, so that their numbers are worth an axis.
    pub(super) of_slots: bool,
    pub(super) palette: Palette,
    pub(super) across: Across,
}

impl Panel<'_> {
    /// Cells are square, but flatter where there would be too much to show, and taller where there is very
    /// little.
    pub(in super::super) fn row_height(&self, cell: u32) -> u32 {
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
        canvas.text((bar + BAR + GAP, y), &bright, canvas::FAINT);
        let left = bar.saturating_sub(GAP);
        canvas.text_at((left, y), &dark, Anchor::End, Direction::Right, canvas::FAINT);
        let colours = (0..BAR).map(|x| self.palette.colour(Some(x as f32 / (BAR - 1) as f32)));
        canvas.cells((bar, y + 1), (1, TEXT - 4), BAR as usize, colours.collect());
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

/// What a model was given or answered, or the vectors of a head: time to the right.
pub(in super::super) fn numbers<'a>(name: &str, grid: &'a Grid) -> Panel<'a> {
    Panel {
        title: title(grid, name),
        grid,
        rows: Slots::all(grid.rows, MOST_ROWS),
        of_slots: false,
        palette: Palette::Viridis,
        across: Across::Time,
    }
}

/// A memory: slots downwards, the numbers of a slot to the right. Of its slots those are shown that the heads use.
pub(in super::super) fn memory<'a>(name: &str, grid: &'a Grid, heads: &[&HeadRecording]) -> Panel<'a> {
    let alike = heads.iter().map(|head| &head.weighting).filter(|weighting| weighting.rows == grid.rows);
    let alike: Vec<&Grid> = alike.collect();
    let rows = match alike.is_empty() {
        true => Slots::all(grid.rows, MOST_ROWS),
        false => Slots::in_use(&alike, SLOT_MARGIN, MOST_ROWS),
    };
    Panel {
        title: title(grid, name),
        grid,
        rows,
        of_slots: true,
        palette: Palette::Viridis,
        across: Across::Width,
    }
}

/// Two panels for each head that reads, or writes.
pub(in super::super) fn weightings_and_vectors<'a>(all: &[&'a HeadRecording], reads: bool) -> Vec<Panel<'a>> {
    let vectors = if reads { "read vectors" } else { "add vectors" };
    let heads = all.iter().filter(|head| head.reads == reads);
    let count = heads.clone().count();
    let both = |(n, (head, weighting)): (usize, (&&'a HeadRecording, Panel<'a>))| {
        [numbers(&numbered(vectors, n, count), &head.vectors), weighting]
    };
    heads.zip(weightings(all, reads)).enumerate().flat_map(both).collect()
}

/// A panel for each head that reads, or writes: where it does.
pub(in super::super) fn weightings<'a>(all: &[&'a HeadRecording], reads: bool) -> Vec<Panel<'a>> {
    let name = if reads { "read weightings" } else { "write weightings" };
    let heads = all.iter().filter(|head| head.reads == reads);
    let count = heads.clone().count();
    let panel = |(n, head): (usize, &&'a HeadRecording)| Panel {
        title: title(&head.weighting, &numbered(name, n, count)),
        grid: &head.weighting,
        rows: Slots::shared(head, all, SLOT_MARGIN, MOST_ROWS),
        of_slots: true,
        palette: Palette::BlackToWhite,
        across: Across::Time,
    };
    heads.enumerate().map(panel).collect()
}

/// A name with the number of a head, where there are several.
fn numbered(name: &str, n: usize, of: usize) -> String {
    if of > 1 { format!("{name} {}", n + 1) } else { name.to_owned() }
}

/// The grid's own title, or a name where it has none; cut if it is long.
fn title(grid: &Grid, name: &str) -> String {
    let title = if grid.title.is_empty() { name } else { &grid.title };
    title.chars().take(LONGEST_TITLE).collect()
}
