//! The shape of a RON text, with the bytes each part covers, and paths through it.

use std::ops::Range;

use super::scanner::{self, Fault, MAX_DEPTH, bare_name, identifier_end, skip_literal, skip_trivia};

/// A value: `1.5`, `Name`, `Name(…)`, `(…)`, `[…]`, `{…}`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The whole value, without the comments around it.
    pub(crate) span: Range<usize>,
    /// The name before the bracket, or the name that is the whole value.
    pub(crate) name: Option<Range<usize>>,
    pub(crate) body: Body,
}

/// What a value holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// Nothing that a path could go into.
    Scalar,
    /// Named fields; also `()` and `Name()`. The number is the place after the bracket.
    Fields(usize, Vec<Field>),
    /// A list, a tuple or the content of a tuple variant.
    Items(Vec<Node>),
    /// A map.
    Entries(Vec<(Node, Node)>),
}

/// A field in its struct.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: Range<usize>,
    pub(crate) value: Node,
}

impl Node {
    /// The shape of a text that holds one value.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let start = skip_attributes(text, 0)?;
        let node = Scan { text }.value(start, 0)?;
        let end = skip_trivia(text, node.span.end)?;
        if end < text.len() {
            let message = format!("the value ends before `{}`", first_chars(&text[end..], 20));
            return Err(Fault::new(end..text.len(), message));
        }
        Ok(node)
    }

    /// Goes through newtype variants, which have no step in a path: `Chain([…])` is its list, `Some(x)` is x.
    pub(crate) fn peel(&self) -> &Self {
        match &self.body {
            Body::Items(items) if self.name.is_some() && items.len() == 1 => items[0].peel(),
            _ => self,
        }
    }

    /// The part one step of a path names.
    pub(crate) fn child(&self, text: &str, step: &str) -> Option<&Self> {
        match &self.peel().body {
            Body::Scalar => None,
            Body::Fields(_, fields) => fields
                .iter()
                .find(|field| bare_name(&text[field.name.clone()]) == step)
                .map(|field| &field.value),
            Body::Items(items) => items.get(step.parse::<usize>().ok()?),
            Body::Entries(entries) => {
                entries.iter().find(|(key, _)| key_text(text, key) == step).map(|(_, value)| value)
            }
        }
    }

    /// Follows a path as far as it is written: where it ends, and how many of its steps led there.
    pub(crate) fn descend<'a, S: AsRef<str>>(&'a self, text: &str, path: &[S]) -> (&'a Self, usize) {
        let mut node = self;
        for (taken, step) in path.iter().enumerate() {
            match node.child(text, step.as_ref()) {
                Some(child) => node = child,
                None => return (node, taken),
            }
        }
        (node, path.len())
    }

    /// The deepest value that covers a place, and its path.
    pub(crate) fn at(&self, text: &str, offset: usize) -> (&Self, Vec<String>) {
        let (mut node, mut path) = (self, Vec::new());
        loop {
            let covers = |node: &Self| node.span.start <= offset && offset <= node.span.end;
            let inside = node.peel();
            let next = match &inside.body {
                Body::Scalar => None,
                Body::Fields(_, fields) => fields
                    .iter()
                    .find(|field| covers(&field.value))
                    .map(|field| (bare_name(&text[field.name.clone()]).to_owned(), &field.value)),
                Body::Items(items) => items
                    .iter()
                    .enumerate()
                    .find(|(_, item)| covers(item))
                    .map(|(i, item)| (i.to_string(), item)),
                Body::Entries(entries) => entries
                    .iter()
                    .find(|(_, value)| covers(value))
                    .map(|(key, value)| (key_text(text, key).to_owned(), value)),
            };
            match next {
                Some((step, child)) => {
                    path.push(step);
                    node = child;
                }
                None if covers(inside) => return (inside, path),
                None => return (node, path),
            }
        }
    }

    /// The names one could step to, for messages.
    pub(crate) fn field_names(&self, text: &str) -> Vec<String> {
        match &self.peel().body {
            Body::Fields(_, fields) => {
                fields.iter().map(|field| bare_name(&text[field.name.clone()]).to_owned()).collect()
            }
            Body::Entries(entries) => entries.iter().map(|(key, _)| key_text(text, key).to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// The value in few words, for messages: `Chain(…)`, `[…]`, `"word"`.
    pub(crate) fn sketch(&self, text: &str) -> String {
        let written = &text[self.span.clone()];
        if written.len() <= 24 && !written.contains('\n') {
            return written.to_owned();
        }
        let name = self.name.clone().map_or("", |name| &text[name]);
        match written.as_bytes().last() {
            Some(b')') => format!("{name}(…)"),
            Some(b']') => "[…]".to_owned(),
            Some(b'}') => "{…}".to_owned(),
            _ => first_chars(written, 24),
        }
    }
}

/// The beginning of a text, on one line.
pub(crate) fn first_chars(text: &str, count: usize) -> String {
    let line = text.lines().next().unwrap_or("");
    let short: String = line.chars().take(count).collect();
    if short.len() < text.trim_end().len() { short + "…" } else { short }
}

/// A map's key as a step of a path is written: a string without its quotes.
fn key_text<'a>(text: &'a str, key: &Node) -> &'a str {
    let written = &text[key.span.clone()];
    written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(written)
}

/// Past the `#![enable(…)]` lines at the top of a text.
fn skip_attributes(text: &str, at: usize) -> Result<usize, Fault> {
    let mut at = skip_trivia(text, at)?;
    while text[at..].starts_with('#') {
        let Some(end) = text[at..].find(']') else {
            return Err(Fault::new(at..at + 1, "this attribute is never closed"));
        };
        at = skip_trivia(text, at + end + 1)?;
    }
    Ok(at)
}

struct Scan<'a> {
    text: &'a str,
}

impl Scan<'_> {
    /// The value at or after `at`.
    fn value(&self, at: usize, depth: usize) -> Result<Node, Fault> {
        let at = skip_trivia(self.text, at)?;
        if depth > MAX_DEPTH {
            return Err(Fault::new(at..at, scanner::too_deep()));
        }
        if let Some(end) = skip_literal(self.text, at)? {
            return Ok(Node { span: at..end, name: None, body: Body::Scalar });
        }
        if let Some(end) = identifier_end(self.text, at) {
            let open = skip_trivia(self.text, end)?;
            if self.is(open, '(') {
                let (body, close) = self.parenthesis(open, depth)?;
                return Ok(Node { span: at..close, name: Some(at..end), body });
            }
            // `inf..` and the like are no names, but nothing goes into them either.
            return Ok(Node { span: at..end, name: Some(at..end), body: Body::Scalar });
        }
        let (body, end) = match self.text[at..].chars().next() {
            Some('(') => self.parenthesis(at, depth)?,
            Some('[') => {
                let (items, end) = self.separated(at, ']', |from| {
                    let node = self.value(from, depth + 1)?;
                    let end = node.span.end;
                    Ok((node, end))
                })?;
                (Body::Items(items), end)
            }
            Some('{') => {
                let (entries, end) = self.separated(at, '}', |from| {
                    let key = self.value(from, depth + 1)?;
                    let value = self.value(self.colon(key.span.end)?, depth + 1)?;
                    let end = value.span.end;
                    Ok(((key, value), end))
                })?;
                (Body::Entries(entries), end)
            }
            _ => (Body::Scalar, self.word_end(at)),
        };
        if end == at {
            return Err(Fault::new(at..at, "a value is missing here"));
        }
        Ok(Node { span: at..end, name: None, body })
    }

    /// What stands in the parentheses that open at `at`, and where they have closed.
    fn parenthesis(&self, at: usize, depth: usize) -> Result<(Body, usize), Fault> {
        let first = skip_trivia(self.text, at + 1)?;
        if self.is(first, ')') {
            return Ok((Body::Fields(at + 1, Vec::new()), first + 1));
        }
        let named = match identifier_end(self.text, first) {
            Some(end) => self.is(skip_trivia(self.text, end)?, ':'),
            None => false,
        };
        if named {
            let (fields, end) = self.separated(at, ')', |from| {
                let Some(name_end) = identifier_end(self.text, from) else {
                    return Err(Fault::new(from..from, "a field's name is missing here"));
                };
                let value = self.value(self.colon(name_end)?, depth + 1)?;
                let end = value.span.end;
                Ok((Field { name: from..name_end, value }, end))
            })?;
            Ok((Body::Fields(at + 1, fields), end))
        } else {
            let (items, end) = self.separated(at, ')', |from| {
                let node = self.value(from, depth + 1)?;
                let end = node.span.end;
                Ok((node, end))
            })?;
            Ok((Body::Items(items), end))
        }
    }

    /// Parts between the bracket that opens at `at` and `close`, with commas between them.
    fn separated<P>(
        &self,
        at: usize,
        close: char,
        mut part: impl FnMut(usize) -> Result<(P, usize), Fault>,
    ) -> Result<(Vec<P>, usize), Fault> {
        let mut parts = Vec::new();
        let mut from = skip_trivia(self.text, at + 1)?;
        loop {
            if self.is(from, close) {
                return Ok((parts, from + 1));
            }
            let (value, end) = part(from)?;
            parts.push(value);
            from = skip_trivia(self.text, end)?;
            if self.is(from, ',') {
                from = skip_trivia(self.text, from + 1)?;
            } else if !self.is(from, close) {
                return Err(Fault::new(from..from, format!("expected `,` or `{close}`")));
            }
        }
    }

    /// Past the colon at or after `at`.
    fn colon(&self, at: usize) -> Result<usize, Fault> {
        let at = skip_trivia(self.text, at)?;
        if self.is(at, ':') { Ok(at + 1) } else { Err(Fault::new(at..at, "expected `:`")) }
    }

    /// The end of a number, or of whatever else stands there.
    fn word_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let stop = |c: char| {
            c.is_whitespace() || matches!(c, ',' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'')
        };
        let mut length = rest.find(stop).unwrap_or(rest.len());
        for comment in ["//", "/*"] {
            length = rest[..length].find(comment).unwrap_or(length);
        }
        at + length
    }

    fn is(&self, at: usize, c: char) -> bool {
        self.text[at..].starts_with(c)
    }
}
