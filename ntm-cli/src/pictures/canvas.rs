//! Shapes on a page: rectangles, matrices of cells, lines, bands, text. One list of shapes becomes pixels and SVG.

mod raster;
mod svg;

use image::{Rgb, RgbImage};

/// A letter is this many pixels wide and high, before scaling.
const LETTER: u32 = 8;
/// Every letter is drawn this much larger than the font has it.
const SCALE: u32 = 2;
/// Width and height of a letter as drawn.
pub(super) const TEXT: u32 = LETTER * SCALE;

pub(super) const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
pub(super) const INK: Rgb<u8> = Rgb([34, 34, 34]);
pub(super) const FAINT: Rgb<u8> = Rgb([120, 120, 120]);
pub(super) const GRID: Rgb<u8> = Rgb([226, 226, 226]);

/// A place on the page, in pixels from its upper left corner.
pub(super) type Point = (f32, f32);

/// Which way text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From left to right.
    Right,
    /// From below to above, as on the axis at the left of a figure.
    Up,
}

/// Which point of a text its place is, along the way it runs. Letters of an SVG are as wide as its reader's font has
/// them, never wider than those of the image; so what is set to the right is told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line is drawn, and whose it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stroke {
    pub(super) colour: [u8; 3],
    pub(super) width: f32,
    /// Lengths drawn and left out by turns; empty for a whole line.
    pub(super) dashes: &'static [f32],
    /// What an SVG tells of it.
    pub(super) title: String,
    /// The numbers it stands for, kept in an SVG beside their places.
    pub(super) data: Vec<(f64, f64)>,
}

/// What can stand on a page.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Rectangle {
        corner: (u32, u32),
        size: (u32, u32),
        colour: Rgb<u8>,
    },
    /// Row-major.
    Cells {
        corner: (u32, u32),
        cell: (u32, u32),
        columns: usize,
        colours: Vec<Rgb<u8>>,
    },
    Text {
        place: (u32, u32),
        text: String,
        anchor: Anchor,
        direction: Direction,
        colour: Rgb<u8>,
    },
    Line {
        points: Vec<Point>,
        stroke: Stroke,
    },
    /// Between two lines over the same x: x, upper y, lower y.
    Band {
        points: Vec<(f32, f32, f32)>,
        colour: [u8; 3],
        opacity: f32,
        title: String,
    },
    Disc {
        centre: Point,
        radius: f32,
        colour: [u8; 3],
    },
}

/// A finished picture. Image and SVG hold the same shapes at the same places; only the letters are of different fonts,
/// since the image brings its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    width: u32,
    height: u32,
    shapes: Vec<Shape>,
}

impl Drawing {
    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }
    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }
    /// As pixels.
    pub fn image(&self) -> RgbImage {
        raster::image(self)
    }
    /// As SVG: one well-formed document that needs no other file.
    pub fn svg(&self) -> String {
        svg::document(self)
    }
}

/// A white page to draw on; what falls off the page is not drawn.
pub(super) struct Canvas {
    drawing: Drawing,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        Canvas { drawing: Drawing { width, height, shapes: vec![] } }
    }

    pub(super) fn finish(self) -> Drawing {
        self.drawing
    }

    fn add(&mut self, shape: Shape) {
        self.drawing.shapes.push(shape);
    }

    /// Fills a rectangle, given by its upper left corner and its size.
    pub(super) fn fill(&mut self, corner: (u32, u32), size: (u32, u32), colour: Rgb<u8>) {
        self.add(Shape::Rectangle { corner, size, colour });
    }

    /// Fills a matrix of cells of one size, row by row.
    pub(super) fn cells(
        &mut self,
        corner: (u32, u32),
        cell: (u32, u32),
        columns: usize,
        colours: Vec<Rgb<u8>>,
    ) {
        self.add(Shape::Cells { corner, cell, columns, colours });
    }

    /// Draws a frame one pixel thick around a rectangle, on the pixels next to it.
    pub(super) fn frame(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), colour: Rgb<u8>) {
        let (left, upper) = (x.saturating_sub(1), y.saturating_sub(1));
        self.fill((left, upper), (width + 2, 1), colour);
        self.fill((left, y + height), (width + 2, 1), colour);
        self.fill((left, upper), (1, height + 2), colour);
        self.fill((x + width, upper), (1, height + 2), colour);
    }

    /// Writes text to the right; the place is the upper left corner of the space it takes.
    pub(super) fn text(&mut self, place: (u32, u32), text: &str, colour: Rgb<u8>) {
        self.text_at(place, text, Anchor::Start, Direction::Right, colour);
    }

    /// Writes text. Across its way the place is its upper (or left) edge, along it what the anchor says.
    pub(super) fn text_at(
        &mut self,
        place: (u32, u32),
        text: &str,
        anchor: Anchor,
        direction: Direction,
        colour: Rgb<u8>,
    ) {
        self.add(Shape::Text { place, text: text.into(), anchor, direction, colour });
    }

    /// Draws a line through points; round where it turns.
    pub(super) fn line(&mut self, points: Vec<Point>, stroke: Stroke) {
        self.add(Shape::Line { points, stroke });
    }

    /// Fills what lies between two lines, so that what is below it can still be seen.
    pub(super) fn band(&mut self, points: Vec<(f32, f32, f32)>, colour: [u8; 3], opacity: f32, title: &str) {
        self.add(Shape::Band { points, colour, opacity, title: title.into() });
    }

    /// Draws a filled disc.
    pub(super) fn disc(&mut self, centre: Point, radius: f32, colour: [u8; 3]) {
        self.add(Shape::Disc { centre, radius, colour });
    }

    /// Draws an arrow to the right, its shaft `width` long, centred on a line of text at this height.
    pub(super) fn arrow(&mut self, (x, y): (u32, u32), width: u32, colour: Rgb<u8>) {
        let middle = y + TEXT / 2 - 1;
        self.fill((x, middle), (width, 2), colour);
        for back in 0..5 {
            let tip = (x + width).saturating_sub(2 + 2 * back);
            self.fill((tip, middle.saturating_sub(back)), (2, 2 + 2 * back), colour);
        }
    }
}

/// How wide a text is.
pub(super) fn text_width(text: &str) -> u32 {
    text.chars().count() as u32 * TEXT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inked(canvas: Canvas) -> Vec<(u32, u32)> {
        let image = canvas.finish().image();
        image.enumerate_pixels().filter(|(_, _, pixel)| **pixel != WHITE).map(|(x, y, _)| (x, y)).collect()
    }

    #[test]
    fn frames_lie_around_a_rectangle_and_not_on_it() {
        let mut canvas = Canvas::new(6, 6);
        canvas.frame((2, 2), (2, 2), INK);
        let pixels = inked(canvas);
        assert_eq!(pixels.len(), 12);
        assert!(pixels.iter().all(|&(x, y)| [1, 4].contains(&x) || [1, 4].contains(&y)));
    }

    #[test]
    fn text_running_up_is_the_same_text_turned() {
        let (mut right, mut up) = (Canvas::new(48, 48), Canvas::new(48, 48));
        right.text((0, 0), "Lag", INK);
        up.text_at((0, 48), "Lag", Anchor::Start, Direction::Up, INK);
        let mut turned: Vec<_> = inked(right).into_iter().map(|(x, y)| (y, 47 - x)).collect();
        let mut up = inked(up);
        turned.sort_unstable();
        up.sort_unstable();
        assert_eq!(turned, up);
    }

    #[test]
    fn what_falls_off_the_page_is_not_drawn() {
        let mut canvas = Canvas::new(4, 4);
        canvas.text((0, 0), "long text", INK);
        canvas.fill((3, 3), (u32::MAX, u32::MAX), INK);
        canvas.arrow((2, 9), 100, INK);
        assert!(inked(canvas).contains(&(3, 3)));
    }

    #[test]
    fn anchors_say_which_end_of_a_text_is_placed() {
        let at = |x, anchor| {
            let mut canvas = Canvas::new(96, 16);
            canvas.text_at((x, 0), "HIH", anchor, Direction::Right, INK);
            inked(canvas)
        };
        assert_eq!(at(0, Anchor::Start), at(24, Anchor::Middle));
        assert_eq!(at(0, Anchor::Start), at(48, Anchor::End));
    }

    #[test]
    fn a_whole_pixel_line_covers_whole_pixels() {
        let mut canvas = Canvas::new(20, 9);
        let stroke = Stroke { width: 3.0, ..Stroke::default() };
        canvas.line(vec![(4.5, 4.5), (15.5, 4.5)], stroke);
        let image = canvas.finish().image();
        for y in 3..6 {
            assert_eq!(image.get_pixel(10, y), &Rgb([0, 0, 0]), "{y}");
        }
        assert_eq!((image.get_pixel(10, 1), image.get_pixel(10, 7)), (&WHITE, &WHITE));
    }

    #[test]
    fn a_band_lets_through_what_is_below_it_and_ends_where_it_ends() {
        let mut canvas = Canvas::new(20, 20);
        canvas.band(vec![(5.0, 5.0, 15.0), (15.0, 5.0, 15.0)], [0, 0, 0], 0.5, "");
        let image = canvas.finish().image();
        assert_eq!(image.get_pixel(10, 10), &Rgb([128; 3]));
        for outside in [(4, 10), (15, 10), (10, 4), (10, 15)] {
            assert_eq!(image.get_pixel(outside.0, outside.1), &WHITE, "{outside:?}");
        }
    }

    #[test]
    fn shapes_of_no_number_or_far_away_are_no_trouble() {
        let mut canvas = Canvas::new(8, 8);
        for far in [f32::NAN, f32::INFINITY, -1e30, 1e30] {
            canvas.line(vec![(1.0, 1.0), (far, 4.0), (2.0, far)], Stroke { width: 2.0, ..Stroke::default() });
            canvas.band(vec![(far, 1.0, 2.0), (2.0, far, 3.0)], [0; 3], 0.5, "");
            canvas.disc((far, 2.0), 3.0, [0; 3]);
        }
        let drawing = canvas.finish();
        drawing.image();
        assert!(!drawing.svg().contains("NaN") && !drawing.svg().contains("inf"));
    }
}
