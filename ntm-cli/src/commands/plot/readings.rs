//! Numbers that were read off somebody else's figure, to be drawn beside runs.
//!
//! ```text
//! # A line like this one stands below the picture: where the numbers are from.
//! group,sequences,bits
//! LSTM,100000,4.8
//! ```
use super::Failure;
use crate::pictures::{Look, Series};
use std::path::Path;

/// What a file of readings holds.
#[derive(Default)]
pub(crate) struct Readings {
    pub(super) notes: Vec<String>,
    /// Name, x, cost.
    points: Vec<(String, f64, f64)>,
}

impl Readings {
    /// None of no file.
    pub(super) fn read(path: Option<&Path>, x: &str) -> Result<Readings, Failure> {
        let mut readings = Readings::default();
        let Some(path) = path else { return Ok(readings) };
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| Failure::wrong(format!("{shown}: {e}")))?;
        let header = format!("group,{x},bits");
        let mut begun = false;
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: &str| Failure::wrong(format!("{shown}:{number}: `{line}`: {what}"));
            if let Some(note) = line.strip_prefix('#') {
                readings.notes.push(note.trim().to_owned());
            } else if !begun {
                begun = line.trim() == header;
                if !begun {
                    return Err(wrong(&format!("the first line that is no `# note` must be `{header}`")));
                }
            } else {
                // a name may hold commas
                let mut cells = line.rsplitn(3, ',');
                let numbers = [cells.next(), cells.next()]
                    .map(|cell| cell?.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0));
                let ([Some(bits), Some(x)], Some(name)) = (numbers, cells.next()) else {
                    return Err(wrong(&format!("must be {header}: a name and two numbers of at least 0")));
                };
                readings.points.push((name.to_owned(), x, bits));
            }
        }
        match readings.points.is_empty() {
            true => Err(Failure::wrong(format!("{shown}: holds no readings: lines of {header} are missing"))),
            false => Ok(readings),
        }
    }

    /// A series for each name, in the colour of the group that is called so, or in the next.
    pub(super) fn series(&self, groups: &[&str]) -> Vec<Series> {
        let mut names: Vec<&str> = vec![];
        for (name, ..) in &self.points {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        let mut next = groups.len();
        let series = |name: &str| {
            let colour = groups.iter().position(|group| *group == name).unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            let of_name = self.points.iter().filter(|point| point.0 == name);
            let line = of_name.map(|&(_, x, bits)| (x, bits)).collect();
            Series { name: format!("{name}, as read"), colour, line, look: Look::Rings, band: vec![] }
        };
        names.into_iter().map(series).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_have_the_colour_of_the_group_of_their_name() {
        let points = [("LSTM", 1.0, 4.0), ("other", 1.0, 2.0), ("LSTM", 2.0, 3.0)];
        let points = points.map(|(name, x, y)| (name.to_owned(), x, y)).to_vec();
        let series = Readings { notes: vec![], points }.series(&["base", "LSTM"]);
        let seen: Vec<_> = series.iter().map(|s| (&*s.name, s.colour, s.line.len())).collect();
        assert_eq!(seen, [("LSTM, as read", 1, 2), ("other, as read", 2, 1)]);
    }
}
