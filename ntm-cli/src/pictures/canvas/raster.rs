//! Shapes as pixels.
//!
//! The edges of lines are as soft as the share of a pixel that they cover; a line covers a pixel once, however often it
//! crosses it.

use std::collections::BTreeMap;

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use image::{Rgb, RgbImage};

use super::{Anchor, Direction, Drawing, LETTER, Point, SCALE, Shape, Stroke, TEXT, WHITE, text_width};

pub(super) fn image(drawing: &Drawing) -> RgbImage {
    let mut page = Page(RgbImage::from_pixel(drawing.width, drawing.height, WHITE));
    for shape in &drawing.shapes {
        match shape {
            Shape::Rectangle { corner, size, colour } => page.fill(*corner, *size, *colour),
            Shape::Cells { corner, cell, columns, colours } => {
                for (row, colours) in (0..).zip(colours.chunks((*columns).max(1))) {
                    for (column, colour) in (0..).zip(colours) {
                        page.fill((corner.0 + column * cell.0, corner.1 + row * cell.1), *cell, *colour);
                    }
                }
            }
            Shape::Text { place, text, anchor, direction, colour } => {
                page.text(*place, text, *anchor, *direction, *colour);
            }
            Shape::Line { points, stroke } => page.line(points, stroke),
            Shape::Band { points, colour, opacity, .. } => page.band(points, *colour, *opacity),
            Shape::Disc { centre, radius, colour } => {
                let stroke = Stroke { colour: *colour, width: 2.0 * radius, ..Stroke::default() };
                page.line(&[*centre, *centre], &stroke);
            }
        }
    }
    page.0
}

struct Page(RgbImage);

impl Page {
    fn fill(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), colour: Rgb<u8>) {
        let (right, lower) = (x.saturating_add(width).min(self.0.width()), y.saturating_add(height));
        for y in y..lower.min(self.0.height()) {
            for x in x..right {
                self.0.put_pixel(x, y, colour);
            }
        }
    }

    /// Mixes a colour with what is there.
    fn blend(&mut self, (x, y): (u32, u32), colour: [u8; 3], share: f32) {
        if let Some(pixel) = self.0.get_pixel_mut_checked(x, y) {
            for (there, new) in pixel.0.iter_mut().zip(colour) {
                let mixed = f32::from(*there) + share * (f32::from(new) - f32::from(*there));
                *there = mixed.round().clamp(0.0, 255.0) as u8;
            }
        }
    }

    fn text(
        &mut self,
        (x, y): (u32, u32),
        text: &str,
        anchor: Anchor,
        direction: Direction,
        colour: Rgb<u8>,
    ) {
        let width = text_width(text);
        let back = match anchor {
            Anchor::Start => 0,
            Anchor::Middle => width / 2,
            Anchor::End => width,
        };
        for (place, letter) in (0..).zip(text.chars()) {
            let corner = match direction {
                Direction::Right => (x.saturating_sub(back) + place * TEXT, y),
                Direction::Up => (x, (y + back).saturating_sub((place + 1) * TEXT)),
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

    fn line(&mut self, points: &[Point], stroke: &Stroke) {
        let reach = stroke.width / 2.0;
        let (right, lower) = (self.0.width() as f32, self.0.height() as f32);
        let mut covered: BTreeMap<(u32, u32), f32> = BTreeMap::new();
        for (a, b) in dashed(points, stroke.dashes) {
            let span = |a: f32, b: f32, most: f32| {
                let (low, high) = (a.min(b) - reach - 1.0, a.max(b) + reach + 1.0);
                low.clamp(0.0, most) as u32..high.clamp(0.0, most) as u32
            };
            for y in span(a.1, b.1, lower) {
                for x in span(a.0, b.0, right) {
                    let away = distance((x as f32 + 0.5, y as f32 + 0.5), a, b);
                    let share = (reach + 0.5 - away).clamp(0.0, 1.0);
                    if share > 0.0 {
                        let most = covered.entry((y, x)).or_default();
                        *most = most.max(share);
                    }
                }
            }
        }
        for ((y, x), share) in covered {
            self.blend((x, y), stroke.colour, share);
        }
    }

    fn band(&mut self, points: &[(f32, f32, f32)], colour: [u8; 3], opacity: f32) {
        let (right, lower) = (self.0.width() as f32, self.0.height() as f32);
        for pair in points.windows(2) {
            let [(x0, upper0, lower0), (x1, upper1, lower1)] = [pair[0], pair[1]];
            if ![x0, x1, upper0, upper1, lower0, lower1].iter().all(|x| x.is_finite()) || x1 <= x0 {
                continue;
            }
            // a column of pixels belongs to the pair in which its middle lies
            let first = (x0 - 0.5).ceil().clamp(0.0, right) as u32;
            let end = (x1 - 0.5).ceil().clamp(0.0, right) as u32;
            for x in first..end {
                let share = (x as f32 + 0.5 - x0) / (x1 - x0);
                let top = (upper0 + share * (upper1 - upper0)).clamp(0.0, lower);
                let bottom = (lower0 + share * (lower1 - lower0)).clamp(0.0, lower);
                for y in top as u32..bottom.ceil() as u32 {
                    let within = bottom.min(y as f32 + 1.0) - top.max(y as f32);
                    self.blend((x, y), colour, opacity * within.clamp(0.0, 1.0));
                }
            }
        }
    }
}

/// The pieces of a line that are drawn; a place that is no number parts it.
fn dashed(points: &[Point], dashes: &[f32]) -> Vec<(Point, Point)> {
    let whole = points.windows(2).map(|pair| (pair[0], pair[1]));
    let whole = whole.filter(|(a, b)| [a.0, a.1, b.0, b.1].iter().all(|x| x.is_finite() && x.abs() < 1e6));
    if dashes.is_empty() || dashes.iter().any(|length| *length < 0.5) {
        return whole.collect();
    }
    let (mut pieces, mut turn, mut left) = (vec![], 0, dashes[0]);
    for (a, b) in whole {
        let length = ((b.0 - a.0).powi(2) + (b.1 - a.1).powi(2)).sqrt();
        let at = |way: f32| (a.0 + (b.0 - a.0) * way / length, a.1 + (b.1 - a.1) * way / length);
        let mut way = 0.0;
        while way < length {
            let next = (way + left).min(length);
            if turn % 2 == 0 {
                pieces.push((at(way), at(next)));
            }
            left -= next - way;
            // what is left of rounding would not move on
            if left <= 1e-2 {
                turn += 1;
                left = dashes[turn % dashes.len()];
            }
            way = next;
        }
    }
    pieces
}

/// How far a point is from a piece of a line.
fn distance(p: Point, a: Point, b: Point) -> f32 {
    let (x, y) = (b.0 - a.0, b.1 - a.1);
    let square = x * x + y * y;
    let along = if square > 0.0 { ((p.0 - a.0) * x + (p.1 - a.1) * y) / square } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    ((p.0 - a.0 - along * x).powi(2) + (p.1 - a.1 - along * y).powi(2)).sqrt()
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

    #[test]
    fn a_dashed_line_keeps_its_turns_across_corners() {
        let pieces = dashed(&[(0.0, 0.0), (3.0, 0.0), (3.0, 7.0)], &[4.0, 2.0]);
        let expected = [((0.0, 0.0), (3.0, 0.0)), ((3.0, 0.0), (3.0, 1.0)), ((3.0, 3.0), (3.0, 7.0))];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_dashed_line_ends_however_its_lengths_are_rounded() {
        let points: Vec<Point> =
            (0..3000).map(|n| (n as f32 / 3.0, 400.0 / (1.0 + n as f32 / 7.0))).collect();
        for dashes in [&[14.0, 8.0][..], &[3.0, 7.0], &[0.7, 0.9]] {
            let drawn: f32 = dashed(&points, dashes).iter().map(|(a, b)| (b.0 - a.0).hypot(b.1 - a.1)).sum();
            let all: f32 = dashed(&points, &[]).iter().map(|(a, b)| (b.0 - a.0).hypot(b.1 - a.1)).sum();
            let share = dashes[0] / (dashes[0] + dashes[1]);
            assert!((drawn / all - share).abs() < 0.03, "{dashes:?}: {drawn} of {all}");
        }
    }

    #[test]
    fn letters_the_font_lacks_are_question_marks() {
        assert_eq!(glyph('漢'), glyph('?'));
        assert_ne!(glyph('é'), glyph('?'));
    }
}
