//! The lexical rules of RON, as far as they are needed to find brackets: comments, strings, characters, identifiers.

use std::ops::Range;

/// Longer texts are refused.
pub const MAX_BYTES: usize = 4 << 20;

/// Deeper brackets are refused.
pub const MAX_DEPTH: usize = 96;

/// What is wrong with a text's shape, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// Checks a text's size, the closing of its strings and comments, and the nesting of its brackets, without recursion.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_BYTES {
        let message = format!("the text has {} bytes; at most {MAX_BYTES} are allowed", text.len());
        return Err(Fault::new(0..0, message));
    }
    if text.starts_with('\u{feff}') {
        return Err(Fault::new(0..0, "the text starts with a byte order mark; save it as plain UTF-8"));
    }
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut at = skip_trivia(text, 0)?;
    while let Some(c) = text[at..].chars().next() {
        if let Some(end) = skip_literal(text, at)? {
            at = end;
        } else if let Some(end) = identifier_end(text, at) {
            at = end;
        } else {
            match c {
                '(' | '[' | '{' => {
                    open.push((at, c));
                    if open.len() > MAX_DEPTH {
                        return Err(Fault::new(at..at + 1, too_deep()));
                    }
                }
                ')' | ']' | '}' => match open.pop() {
                    None => return Err(Fault::new(at..at + 1, format!("this `{c}` closes nothing"))),
                    Some((_, bracket)) if closing(bracket) == c => {}
                    Some((from, bracket)) => {
                        let line = 1 + text[..from].matches('\n').count();
                        let message = format!(
                            "this `{c}` does not close the `{bracket}` of line {line}; expected `{}`",
                            closing(bracket)
                        );
                        return Err(Fault::new(at..at + 1, message));
                    }
                },
                _ => {}
            }
            at += c.len_utf8();
        }
        at = skip_trivia(text, at)?;
    }
    match open.pop() {
        None => Ok(()),
        Some((from, bracket)) => Err(Fault::new(from..from + 1, format!("this `{bracket}` is never closed"))),
    }
}

/// What is said of too many brackets inside one another.
pub(crate) fn too_deep() -> String {
    format!("brackets are nested too deeply; at most {MAX_DEPTH} levels are allowed")
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// RON's white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

/// The first place at or after `at` that is neither white space nor comment.
pub(crate) fn skip_trivia(text: &str, mut at: usize) -> Result<usize, Fault> {
    loop {
        let rest = &text[at..];
        if let Some(c) = rest.chars().next().filter(|c| is_space(*c)) {
            at += c.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at = skip_block_comment(text, at)?;
        } else {
            return Ok(at);
        }
    }
}

/// The end of the block comment that starts at `at`; they nest.
pub(crate) fn skip_block_comment(text: &str, at: usize) -> Result<usize, Fault> {
    let bytes = text.as_bytes();
    let (mut level, mut i) = (1_usize, at + 2);
    while level > 0 {
        match bytes.get(i..i + 2) {
            None => return Err(Fault::new(at..at + 2, "this comment is never closed")),
            Some(b"/*") => (level, i) = (level + 1, i + 2),
            Some(b"*/") => (level, i) = (level - 1, i + 2),
            Some(_) => i += 1,
        }
    }
    Ok(i)
}

/// The end of the string or character that starts at `at`, raw and byte ones included, if one does.
pub(crate) fn skip_literal(text: &str, at: usize) -> Result<Option<usize>, Fault> {
    let bytes = text.as_bytes();
    let byte = |i: usize| bytes.get(i).copied();
    let mut i = at;
    if byte(i) == Some(b'b') {
        i += 1;
    }
    match byte(i) {
        Some(quote @ (b'"' | b'\'')) => {
            let mut end = i + 1;
            loop {
                match byte(end) {
                    None => break,
                    Some(b'\\') => end += 2,
                    Some(b) if b == quote => return Ok(Some(end + 1)),
                    Some(b'\n') if quote == b'\'' => break,
                    Some(_) => end += 1,
                }
            }
        }
        Some(b'r') => {
            let hashes = bytes[i + 1..].iter().take_while(|b| **b == b'#').count();
            if byte(i + 1 + hashes) != Some(b'"') {
                return Ok(None);
            }
            let close = format!("\"{}", "#".repeat(hashes));
            let from = i + 2 + hashes;
            if let Some(found) = text[from..].find(&close) {
                return Ok(Some(from + found + close.len()));
            }
        }
        _ => return Ok(None),
    }
    Err(Fault::new(at..i + 1, "this quote is never closed"))
}

/// The end of the identifier that starts at `at`, with its `r#` if it has one.
pub(crate) fn identifier_end(text: &str, at: usize) -> Option<usize> {
    let raw = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let span = |from: usize, part: &dyn Fn(char) -> bool| {
        text[from..].find(|c| !part(c)).map_or(text.len(), |length| from + length)
    };
    if text[at..].starts_with("r#") {
        let end = span(at + 2, &raw);
        return (end > at + 2).then_some(end);
    }
    let first = text[at..].chars().next()?;
    (first.is_alphabetic() || first == '_').then(|| span(at, &plain))
}

/// An identifier without its `r#`.
pub(crate) fn bare_name(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}
