//! Pixels: rectangles, frames, and letters of a bitmap font.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
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

/// Which way text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From left to right.
    Right,
    /// From below to above, as on the axis at the left of a figure.
    Up,
}

/// A white page to draw on; what falls off the page is not drawn.
pub(super) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        Canvas { image: RgbImage::from_pixel(width, height, WHITE) }
    }

    pub(super) fn finish(self) -> RgbImage {
        self.image
    }

    /// Fills a rectangle, given by its upper left corner and its size.
    pub(super) fn fill(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), colour: Rgb<u8>) {
        let (right, lower) = (x.saturating_add(width).min(self.image.width()), y.saturating_add(height));
        for y in y..lower.min(self.image.height()) {
            for x in x..right {
                self.image.put_pixel(x, y, colour);
            }
        }
    }

    /// Draws a frame one pixel thick around a rectangle, on the pixels next to it.
    pub(super) fn frame(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), colour: Rgb<u8>) {
        let (left, upper) = (x.saturating_sub(1), y.saturating_sub(1));
        self.fill((left, upper), (width + 2, 1), colour);
        self.fill((left, y + height), (width + 2, 1), colour);
        self.fill((left, upper), (1, height + 2), colour);
        self.fill((x + width, upper), (1, height + 2), colour);
    }

    /// Writes text; the corner is the upper left one of the space it takes.
    pub(super) fn text(&mut self, (x, y): (u32, u32), text: &str, direction: Direction, colour: Rgb<u8>) {
        let last = text.chars().count().saturating_sub(1) as u32;
        for (place, letter) in (0..).zip(text.chars()) {
            let corner = match direction {
                Direction::Right => (x + place * TEXT, y),
                Direction::Up => (x, y + (last - place) * TEXT),
            };
            self.letter(corner, letter, direction, colour);
        }
    }

    fn letter(&mut self, (x, y): (u32, u32), letter: char, direction: Direction, colour: Rgb<u8>) {
        for (down, bits) in (0..).zip(glyph(letter)) {
            for across in (0..LETTER).filter(|across| bits >> across & 1 == 1) {
                let (right, below) = match direction {
                    Direction::Right => (across, down),
                    Direction::Up => (down, LETTER - 1 - across),
                };
                self.fill((x + right * SCALE, y + below * SCALE), (SCALE, SCALE), colour);
            }
        }
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

/// The eight rows of a letter, lowest bit to the left; a question mark where the font has none.
fn glyph(letter: char) -> [u8; 8] {
    let fonts =
        [BASIC_FONTS.get(letter), LATIN_FONTS.get(letter), GREEK_FONTS.get(letter), BASIC_FONTS.get('?')];
    fonts.into_iter().flatten().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inked(canvas: Canvas) -> Vec<(u32, u32)> {
        let image = canvas.finish();
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
        right.text((0, 0), "Lag", Direction::Right, INK);
        up.text((0, 0), "Lag", Direction::Up, INK);
        let mut turned: Vec<_> = inked(right).into_iter().map(|(x, y)| (y, 47 - x)).collect();
        let mut up = inked(up);
        turned.sort_unstable();
        up.sort_unstable();
        assert_eq!(turned, up);
    }

    #[test]
    fn what_falls_off_the_page_is_not_drawn() {
        let mut canvas = Canvas::new(4, 4);
        canvas.text((0, 0), "long text", Direction::Right, INK);
        canvas.fill((3, 3), (u32::MAX, u32::MAX), INK);
        canvas.arrow((2, 9), 100, INK);
        assert!(inked(canvas).contains(&(3, 3)));
    }

    #[test]
    fn letters_the_font_lacks_are_question_marks() {
        assert_eq!(glyph('漢'), glyph('?'));
        assert_ne!(glyph('é'), glyph('?'));
    }
}
