//! What can go wrong, told with its place.

use std::fmt;
use std::ops::Range;

use super::Source;
use super::words::Words;

/// Marks a path that is beside a component.
const OUTSIDE: char = '^';

/// An error found while building a component: it knows the path to the setting at fault, not the text.
///
/// The path is relative to the component that found it; [`under`](Self::under) extends it on the way up, and
/// [`Loaded::locate`](super::Loaded::locate) turns it into a place in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{message}", path, if path.is_empty() { "" } else { ": " })]
pub struct BuildError {
    /// Fields and indexes joined by dots, such as `addressing.2.range`; empty for the component itself.
    pub path: String,
    /// What is wrong, what was given and what is allowed.
    pub message: String,
}

impl BuildError {
    /// An error at a field of the component being built; an empty path is the component itself.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// Says that the path is not within the component but beside it: the next [`under`](Self::under) adds nothing.
    /// For a component that builds what its neighbours hold, as a memory does with the heads.
    #[must_use]
    pub fn outside(mut self) -> Self {
        self.path.insert(0, OUTSIDE);
        self
    }

    /// The same error seen from outside, where the component stands at `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: impl fmt::Display) -> Self {
        if let Some(path) = self.path.strip_prefix(OUTSIDE) {
            self.path = path.to_string();
            return self;
        }
        let prefix = prefix.to_string();
        self.path = match (prefix.is_empty(), self.path.is_empty()) {
            (true, _) => self.path,
            (false, true) => prefix,
            (false, false) => format!("{prefix}.{}", self.path),
        };
        self
    }
}

/// A config that cannot be used: where, what was given, what is allowed.
///
/// Displayed, it is one message followed by the line at fault with a mark under the place:
///
/// ```text
/// copy.ron:3:12: train: there is no field "rte"; did you mean "rate"? there are batch, rate and seed
///   |
/// 3 |     train: (rte: 1e-4),
///   |             ^^^
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    source: String,
    position: Option<(usize, usize)>,
    path: Option<String>,
    words: Words,
    line: String,
    /// Characters of `line` to mark.
    mark: Range<usize>,
}

impl ConfigError {
    /// An error at the bytes `at` of a text.
    pub(crate) fn at(
        source: &Source,
        at: Range<usize>,
        path: Option<String>,
        words: impl Into<Words>,
    ) -> Self {
        let text = &source.text;
        let start = floor(text, at.start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let column = text[line_start..start].chars().count();
        let end = floor(text, at.end.clamp(start, (line_start + line.len()).max(start)));
        let width = text[start..end].chars().count().max(1);
        let number = 1 + text[..line_start].matches('\n').count();
        let (line, mark) = window(line, column..column + width);
        let path = path.filter(|path| !path.is_empty());
        let position = Some((number, column + 1));
        Self(Box::new(Details {
            source: source.name.clone(),
            position,
            path,
            words: words.into(),
            line,
            mark,
        }))
    }

    /// An error of a text as a whole.
    pub(crate) fn whole(source: &Source, words: impl Into<Words>) -> Self {
        let (source, words) = (source.name.clone(), words.into());
        Self(Box::new(Details { source, position: None, path: None, words, line: String::new(), mark: 0..0 }))
    }

    /// The file, the `override "path=value"` or whatever the text was called.
    pub fn source_name(&self) -> &str {
        &self.0.source
    }

    /// The line in the source, from 1.
    pub fn line(&self) -> Option<usize> {
        self.0.position.map(|position| position.0)
    }

    /// The column in the line, in characters, from 1.
    pub fn column(&self) -> Option<usize> {
        self.0.position.map(|position| position.1)
    }

    /// Fields and indexes joined by dots, such as `model.heads.0.addressing.2.range`, if they are known.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.words.message
    }

    /// What stands in the text, if that is what is wrong.
    pub fn given(&self) -> Option<&str> {
        self.0.words.given.as_deref()
    }

    /// The names that may stand there, if they are few and known.
    pub fn allowed(&self) -> &[String] {
        &self.0.words.allowed
    }

    /// The allowed name that was probably meant.
    pub fn near_miss(&self) -> Option<&str> {
        self.0.words.near.as_deref()
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        // An override is one line and quoted in its own name; the mark says where.
        let quoted = !self.line.is_empty() && self.source.contains(&self.line.escape_debug().to_string());
        if let Some((line, column)) = self.position.filter(|_| !quoted) {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(path) = &self.path {
            write!(f, ": {path}")?;
        }
        write!(f, ": {}", self.words.message)?;
        if let Some((number, _)) = self.position.filter(|_| !self.line.trim().is_empty()) {
            let number = number.to_string();
            let gutter = " ".repeat(number.len());
            let (indent, mark) = (" ".repeat(self.mark.start), "^".repeat(self.mark.len()));
            write!(f, "\n{gutter} |\n{number} | {}\n{gutter} | {indent}{mark}", self.line)?;
        }
        Ok(())
    }
}

/// The largest character boundary up to `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// A line fit to print: control characters blanked, and of a long line only what surrounds the mark.
fn window(line: &str, mark: Range<usize>) -> (String, Range<usize>) {
    const WIDTH: usize = 100;
    let chars: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.len() <= WIDTH {
        return (chars.into_iter().collect(), mark);
    }
    let start = mark.start.saturating_sub(WIDTH / 2).min(chars.len() - WIDTH);
    let end = start + WIDTH;
    let mut shown: String = chars[start..end].iter().collect();
    let mut lead = 0;
    if start > 0 {
        shown.insert(0, '…');
        lead = 1;
    }
    if end < chars.len() {
        shown.push('…');
    }
    let from = (mark.start - start).min(WIDTH);
    let to = (mark.end - start).clamp(from + 1, WIDTH + 1);
    (shown, from + lead..to + lead)
}
