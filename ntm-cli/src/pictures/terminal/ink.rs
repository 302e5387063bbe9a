//! One line of a drawing: characters, their colours, and how wide they are.

use super::Style;

/// Shades from nothing to full, for terminals with block characters and for those without.
const BLOCKS: [char; 6] = [' ', '·', '░', '▒', '▓', '█'];
const ASCII: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// Colours of the 256: white letters, and the red of what is wrong.
const WHITE: u8 = 231;
const RED: u8 = 160;

/// Letter and background colour, as numbers of the 256.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Paint {
    letter: Option<u8>,
    paper: Option<u8>,
}

/// A line being drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    text: String,
    columns: usize,
    paint: Paint,
}

impl Line {
    /// A line that starts with some text.
    pub(super) fn new(text: &str) -> Self {
        let mut line = Line::default();
        line.text(text);
        line
    }

    /// Adds text in the terminal's own colours.
    pub(super) fn text(&mut self, text: &str) {
        text.chars().for_each(|letter| self.letter(letter, Paint::default()));
    }

    /// Adds a mark for something wrong: a letter, on red where there is colour.
    pub(super) fn mark(&mut self, letter: char, style: Style) {
        let alarm = Paint { letter: Some(WHITE), paper: Some(RED) };
        self.letter(letter, if style.color { alarm } else { Paint::default() });
    }

    /// Adds a cell as bright as told; `None` is a value that is not finite.
    pub(super) fn cell(&mut self, brightness: Option<f32>, style: Style) {
        match brightness {
            None => self.mark('?', style),
            Some(share) if style.color => self.letter(' ', Paint { letter: None, paper: Some(heat(share)) }),
            Some(share) => self.letter(shade(share, style.unicode), Paint::default()),
        }
    }

    /// Adds two cells, one above the other, in one half block; without a lower one its half stays as the
    /// terminal is.
    pub(super) fn halves(&mut self, upper: Option<f32>, lower: Option<Option<f32>>, style: Style) {
        match (upper, lower) {
            (Some(upper), None) => self.letter('▀', Paint { letter: Some(heat(upper)), paper: None }),
            (Some(upper), Some(Some(lower))) => {
                self.letter('▀', Paint { letter: Some(heat(upper)), paper: Some(heat(lower)) });
            }
            _ => self.mark('?', style),
        }
    }

    /// Adds another line to the end of this one.
    pub(super) fn append(&mut self, other: Line) {
        if self.paint != Paint::default() {
            self.text.push_str("\x1b[0m");
        }
        self.text.push_str(&other.text);
        (self.columns, self.paint) = (self.columns + other.columns, other.paint);
    }

    fn letter(&mut self, letter: char, paint: Paint) {
        if paint != self.paint {
            self.text.push_str("\x1b[0");
            paint.letter.iter().for_each(|colour| self.text.push_str(&format!(";38;5;{colour}")));
            paint.paper.iter().for_each(|colour| self.text.push_str(&format!(";48;5;{colour}")));
            self.text.push('m');
            self.paint = paint;
        }
        self.text.push(letter);
        self.columns += 1;
    }

    /// How many columns of the screen the line takes.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Adds blanks up to a width, in the terminal's own colours.
    pub(super) fn pad(&mut self, columns: usize) {
        self.text(&" ".repeat(columns.saturating_sub(self.columns)));
    }

    /// The finished text, which leaves the terminal in its own colours.
    pub(super) fn finish(mut self) -> String {
        if self.paint != Paint::default() {
            self.text.push_str("\x1b[0m");
        }
        self.text
    }
}

/// The character for a brightness.
pub(in crate::pictures) fn shade(share: f32, unicode: bool) -> char {
    let ramp: &[char] = if unicode { &BLOCKS } else { &ASCII };
    let last = ramp.len() - 1;
    ramp.get((share * last as f32).round() as usize).copied().unwrap_or(' ')
}

/// The colour for a brightness: black through violet and orange to pale yellow, the nearest of the 256.
pub(in crate::pictures) fn heat(share: f32) -> u8 {
    let wanted = colorous::INFERNO.eval_continuous(f64::from(share));
    let step = |value: u8| match value {
        0..=47 => (0, 0),
        48..=114 => (1, 95),
        _ => ((value - 35) / 40, 55 + 40 * ((value - 35) / 40)),
    };
    let [(red, r), (green, g), (blue, b)] = [step(wanted.r), step(wanted.g), step(wanted.b)];
    let distance = |r: u8, g: u8, b: u8| {
        let apart = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        apart(r, wanted.r) + apart(g, wanted.g) + apart(b, wanted.b)
    };
    let mean = (u16::from(wanted.r) + u16::from(wanted.g) + u16::from(wanted.b)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey_value = 8 + 10 * grey;
    match distance(grey_value, grey_value, grey_value) < distance(r, g, b) {
        true => 232 + grey,
        false => 16 + 36 * red + 6 * green + blue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_run_from_black_to_pale_yellow() {
        assert_eq!([heat(0.0), heat(1.0)], [16, 229]);
        let shades: std::collections::BTreeSet<u8> = (0..=100).map(|n| heat(n as f32 / 100.0)).collect();
        assert!(shades.len() >= 16, "only {shades:?}");
    }

    #[test]
    fn a_line_counts_what_is_seen_and_cleans_up() {
        let style = Style { color: true, width: 80, unicode: true };
        let mut line = Line::new("ab");
        line.cell(Some(0.0), style);
        line.cell(Some(0.0), style);
        assert_eq!(line.columns(), 4);
        assert_eq!(line.finish(), "ab\x1b[0;48;5;16m  \x1b[0m");
    }
}
