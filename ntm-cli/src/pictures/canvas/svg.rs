//! Shapes as SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use image::Rgb;

use super::{Anchor, Direction, Drawing, LETTER, SCALE, Shape, TEXT};

/// Height of letters: of the usual fonts few letters are then wider than those of the image.
const FONT_SIZE: u32 = TEXT + 1;
/// From the upper edge of a line to where its letters stand.
const BASELINE: u32 = (LETTER - 1) * SCALE;

pub(super) fn document(drawing: &Drawing) -> String {
    let (width, height) = (drawing.width, drawing.height);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, 'Liberation Sans', \
         'DejaVu Sans', sans-serif\" font-size=\"{FONT_SIZE}\">\n<rect width=\"{width}\" height=\"{height}\" \
         fill=\"#ffffff\"/>\n"
    );
    for shape in &drawing.shapes {
        write(&mut out, shape);
    }
    out + "</svg>\n"
}

fn write(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Rectangle { corner: (x, y), size: (width, height), colour } => line(
            out,
            format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\" \
                 shape-rendering=\"crispEdges\"/>",
                hex(colour.0)
            ),
        ),
        Shape::Cells { corner, cell, columns, colours } => cells(out, *corner, *cell, *columns, colours),
        Shape::Text { place: (x, y), text, anchor, direction, colour } => {
            let place = match direction {
                Direction::Right => format!("x=\"{x}\" y=\"{}\"", y + BASELINE),
                Direction::Up => format!("transform=\"translate({} {y}) rotate(-90)\"", x + BASELINE),
            };
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let (fill, text) = (hex(colour.0), escaped(text));
            line(out, format_args!("<text {place}{anchor} fill=\"{fill}\">{text}</text>"));
        }
        Shape::Line { points, stroke } => {
            let list = |of: fn(&(f64, f64)) -> f64| {
                stroke.data.iter().map(|pair| of(pair).to_string()).collect::<Vec<_>>().join(" ")
            };
            let data = match stroke.data.is_empty() {
                true => String::new(),
                false => format!(" data-x=\"{}\" data-y=\"{}\"", list(|d| d.0), list(|d| d.1)),
            };
            let dashes = match stroke.dashes.is_empty() {
                true => String::new(),
                false => format!(
                    " stroke-dasharray=\"{}\"",
                    stroke.dashes.iter().map(f32::to_string).collect::<Vec<_>>().join(" ")
                ),
            };
            // a place that is no number parts the line
            for part in points.split(|p| !place_of(p.0, p.1)).filter(|part| !part.is_empty()) {
                let points: Vec<String> = part.iter().map(|p| format!("{:.2},{:.2}", p.0, p.1)).collect();
                line(
                    out,
                    format_args!(
                        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
                         stroke-linejoin=\"round\" stroke-linecap=\"round\"{dashes}{data}>{}</polyline>",
                        points.join(" "),
                        hex(stroke.colour),
                        stroke.width,
                        titled(&stroke.title)
                    ),
                );
            }
        }
        Shape::Band { points, colour, opacity, title } => {
            for part in points.split(|p| !place_of(p.0, p.1) || !place_of(p.0, p.2)) {
                if part.len() < 2 {
                    continue;
                }
                let upper = part.iter().map(|p| format!("{:.2},{:.2}", p.0, p.1));
                let lower = part.iter().rev().map(|p| format!("{:.2},{:.2}", p.0, p.2));
                let points: Vec<String> = upper.chain(lower).collect();
                line(
                    out,
                    format_args!(
                        "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{opacity}\">{}</polygon>",
                        points.join(" "),
                        hex(*colour),
                        titled(title)
                    ),
                );
            }
        }
        Shape::Disc { centre, radius, colour } => {
            if place_of(centre.0, centre.1) {
                let (x, y, fill) = (centre.0, centre.1, hex(*colour));
                line(
                    out,
                    format_args!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\" fill=\"{fill}\"/>"),
                );
            }
        }
    }
}

/// A path for each colour, with a rectangle for each run of it in a row.
fn cells(out: &mut String, corner: (u32, u32), cell: (u32, u32), columns: usize, colours: &[Rgb<u8>]) {
    let mut paths: BTreeMap<[u8; 3], String> = BTreeMap::new();
    for (row, colours) in (0..).zip(colours.chunks(columns.max(1))) {
        let (mut column, y) = (0, corner.1 + row * cell.1);
        for run in colours.chunk_by(|a, b| a == b) {
            let (x, width) = (corner.0 + column * cell.0, run.len() as u32 * cell.0);
            let path = paths.entry(run[0].0).or_default();
            let _ = write!(path, "M{x} {y}h{width}v{}h-{width}z", cell.1);
            column += run.len() as u32;
        }
    }
    line(out, format_args!("<g shape-rendering=\"crispEdges\">"));
    for (colour, path) in paths {
        line(out, format_args!("<path fill=\"{}\" d=\"{path}\"/>", hex(colour)));
    }
    line(out, format_args!("</g>"));
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    // writing to a string does not fail
    let _ = writeln!(out, "{text}");
}

fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) }
}

/// Whether these are places on some page.
fn place_of(x: f32, y: f32) -> bool {
    [x, y].iter().all(|x| x.is_finite() && x.abs() < 1e6)
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text as XML may hold it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            // no XML document may hold these, not even written as numbers
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Canvas, INK};
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let mut canvas = Canvas::new(9, 9);
        canvas.text((0, 0), "a<b & \"c\"\u{1b}[31m\u{0}", INK);
        let svg = canvas.finish().svg();
        assert!(svg.contains(">a&lt;b &amp; &quot;c&quot;\u{fffd}[31m\u{fffd}</text>"), "{svg}");
    }

    #[test]
    fn a_run_of_one_colour_is_one_rectangle() {
        let mut canvas = Canvas::new(9, 9);
        let (a, b) = (Rgb([0; 3]), Rgb([255; 3]));
        canvas.cells((1, 2), (3, 4), 3, vec![a, a, b, b, b, b]);
        let svg = canvas.finish().svg();
        assert!(svg.contains("<path fill=\"#000000\" d=\"M1 2h6v4h-6z\"/>"), "{svg}");
        assert!(svg.contains("<path fill=\"#ffffff\" d=\"M7 2h3v4h-3zM1 6h9v4h-9z\"/>"), "{svg}");
    }
}
