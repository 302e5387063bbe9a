//! A text put together from a file and from overrides, which remembers where each byte came from.

use std::ops::Range;

use super::Source;
use super::error::ConfigError;
use super::words::Words;

/// Part of the text.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    len: usize,
    /// Index into [`Spliced::sources`].
    source: usize,
    from: Origin,
}

/// What a piece is of its source.
#[derive(Debug, Clone, PartialEq)]
enum Origin {
    /// A copy of the bytes that start here.
    Copied(usize),
    /// Text made because of these bytes.
    Because(Range<usize>),
}

/// What to put into the text.
pub(crate) enum Insert {
    /// These bytes of the source.
    Copy(Range<usize>),
    /// New text, for which these bytes of the source are the reason.
    New(String, Range<usize>),
}

/// The text after overrides, and its origins.
#[derive(Debug, Clone)]
pub(crate) struct Spliced {
    text: String,
    pieces: Vec<Piece>,
    /// The file, then the overrides.
    sources: Vec<Source>,
}

impl Spliced {
    pub(crate) fn new(file: Source) -> Self {
        let pieces = vec![Piece { len: file.text.len(), source: 0, from: Origin::Copied(0) }];
        Self { text: file.text.clone(), pieces, sources: vec![file] }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Adds a source to copy from; its number.
    pub(crate) fn add_source(&mut self, source: Source) -> usize {
        self.sources.push(source);
        self.sources.len() - 1
    }

    pub(crate) fn source(&self, number: usize) -> &Source {
        &self.sources[number]
    }

    /// Replaces bytes of the text by parts of a source and text made for it.
    pub(crate) fn splice(
        &mut self,
        at: Range<usize>,
        source: usize,
        inserts: impl IntoIterator<Item = Insert>,
    ) {
        let (mut text, mut pieces) = (String::new(), Vec::new());
        for insert in inserts {
            let (part, from) = match insert {
                Insert::Copy(range) => {
                    (self.sources[source].text[range.clone()].to_owned(), Origin::Copied(range.start))
                }
                Insert::New(part, because) => (part, Origin::Because(because)),
            };
            if !part.is_empty() {
                pieces.push(Piece { len: part.len(), source, from });
                text.push_str(&part);
            }
        }
        let start = self.split(at.start);
        let end = self.split(at.end);
        self.pieces.splice(start..end, pieces);
        self.text.replace_range(at, &text);
    }

    /// Makes a piece start at `at`; its number.
    fn split(&mut self, at: usize) -> usize {
        let mut start = 0;
        for (i, piece) in self.pieces.iter_mut().enumerate() {
            if at <= start {
                return i;
            }
            if at < start + piece.len {
                let head = at - start;
                let mut tail = piece.clone();
                tail.len -= head;
                piece.len = head;
                if let Origin::Copied(from) = &mut tail.from {
                    *from += head;
                }
                self.pieces.insert(i + 1, tail);
                return i + 1;
            }
            start += piece.len;
        }
        self.pieces.len()
    }

    /// Where bytes of the text came from: a source and its bytes.
    pub(crate) fn origin(&self, at: Range<usize>) -> (usize, Range<usize>) {
        let mut start = 0;
        let last = self.pieces.len().saturating_sub(1);
        for (i, piece) in self.pieces.iter().enumerate() {
            if at.start < start + piece.len || i == last {
                return match &piece.from {
                    Origin::Because(because) => (piece.source, because.clone()),
                    Origin::Copied(from) => {
                        let skip = (at.start - start).min(piece.len);
                        let len = at.len().min(piece.len - skip);
                        (piece.source, from + skip..from + skip + len)
                    }
                };
            }
            start += piece.len;
        }
        (0, 0..0)
    }

    /// An error at bytes of the text, told at the place they came from.
    pub(crate) fn error(
        &self,
        at: Range<usize>,
        path: Option<String>,
        words: impl Into<Words>,
    ) -> ConfigError {
        let (source, at) = self.origin(at);
        ConfigError::at(&self.sources[source], at, path, words)
    }
}
