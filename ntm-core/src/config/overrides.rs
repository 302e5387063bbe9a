//! Overrides: `path=value`, applied to the text of a config.
//!
//! A path names fields and indexes joined by dots, never variant names; `*` stands for every index. What is written is
//! replaced at its place; what is not is inserted, and if that needs a parent that is left to its default, the parent
//! is first written out from the config as it was read so far.

use std::ops::Range;

use super::Source;
use super::error::ConfigError;
use super::layout;
use super::pieces::{Insert, Spliced};
use super::scanner::{self, skip_block_comment, skip_trivia};
use super::tree::{Body, Field, Node};
use super::words::Words;

/// One override, taken apart; the ranges are bytes of its source.
pub(crate) struct Override {
    source: usize,
    steps: Vec<Range<usize>>,
    value: Range<usize>,
}

/// A config as read so far: its text in full, and the shape of that.
pub(crate) struct Resolved {
    text: String,
    tree: Option<Node>,
}

impl Resolved {
    pub(crate) fn new(text: String) -> Self {
        let tree = Node::parse(&text).ok();
        Self { text, tree }
    }

    /// What stands at a path, if anything does.
    fn get(&self, path: &[String]) -> Option<&Node> {
        let (node, taken) = self.tree.as_ref()?.descend(&self.text, path);
        (taken == path.len()).then_some(node)
    }
}

impl Override {
    /// Takes `path=value` apart and makes it a source of the text.
    pub(crate) fn parse(written: &str, doc: &mut Spliced) -> Result<Self, ConfigError> {
        let number = doc.add_source(Source::new(format!("override {written:?}"), written));
        let source = doc.source(number);
        let fail = |at: Range<usize>, message: &str| Err(ConfigError::at(source, at, None, message));
        let Some(equals) = written.find('=') else {
            return fail(
                0..written.len(),
                "there is no `=`; an override is path=value, such as train.seed=2",
            );
        };
        let path = &written[..equals];
        if path.trim().is_empty() {
            return fail(
                0..equals,
                "the path before `=` is empty; an override is path=value, such as train.seed=2",
            );
        }
        let mut steps = Vec::new();
        let mut start = 0;
        for part in path.split('.') {
            let end = start + part.len();
            let from = start + (part.len() - part.trim_start().len());
            let step = from..from + part.trim().len();
            if step.is_empty() {
                return fail(
                    start..end,
                    "a step of the path is empty; fields and indexes are joined by single dots",
                );
            }
            steps.push(step);
            start = end + 1;
        }
        if written[equals + 1..].trim().is_empty() {
            return fail(equals..equals + 1, "there is no value after `=`");
        }
        let value =
            one_value(written, equals + 1).map_err(|e| ConfigError::at(source, e.at, None, e.message))?;
        Ok(Self { source: number, steps, value })
    }

    /// Edits the text. `resolved` is the config before this override.
    pub(crate) fn apply(&self, doc: &mut Spliced, resolved: &Resolved) -> Result<(), ConfigError> {
        for path in self.paths(doc, resolved)? {
            self.set(doc, resolved, &path)?;
        }
        Ok(())
    }

    /// An error found in the text after this override: told at its place in the override, or at its value.
    pub(crate) fn blame(
        &self,
        doc: &Spliced,
        at: Range<usize>,
        path: Option<String>,
        words: Words,
    ) -> ConfigError {
        let (source, at) = doc.origin(at);
        let at = if source == self.source { at } else { self.value.clone() };
        ConfigError::at(doc.source(self.source), at, path, words)
    }

    /// The paths meant, with every `*` replaced by each index.
    fn paths(&self, doc: &Spliced, resolved: &Resolved) -> Result<Vec<Vec<String>>, ConfigError> {
        let written = Node::parse(doc.text()).ok();
        let mut paths: Vec<Vec<String>> = vec![Vec::new()];
        for (depth, range) in self.steps.iter().enumerate() {
            let step = &doc.source(self.source).text[range.clone()];
            if step != "*" {
                paths.iter_mut().for_each(|path| path.push(step.to_owned()));
                continue;
            }
            let mut longer = Vec::new();
            for path in &paths {
                let here = written.as_ref().map(|tree| tree.descend(doc.text(), path));
                let found = match here {
                    Some((node, taken)) if taken == path.len() => Some((node, doc.text())),
                    _ => resolved.get(path).map(|node| (node, resolved.text.as_str())),
                };
                let Some((node, text)) = found else { return Err(self.missing(doc, resolved, path)) };
                let Body::Items(items) = &node.peel().body else {
                    let message =
                        format!("`*` stands for every index, but this is {}, not a list", node.sketch(text));
                    return Err(self.error(doc, depth, path, message));
                };
                if items.is_empty() {
                    return Err(self.error(
                        doc,
                        depth,
                        path,
                        "`*` stands for every index, but this list is empty",
                    ));
                }
                longer.extend((0..items.len()).map(|i| [path.as_slice(), &[i.to_string()]].concat()));
            }
            paths = longer;
        }
        Ok(paths)
    }

    /// Puts the value at one path.
    fn set(&self, doc: &mut Spliced, resolved: &Resolved, path: &[String]) -> Result<(), ConfigError> {
        // Each round but the last writes out one more step of the path.
        for _ in 0..=path.len() {
            let tree = Node::parse(doc.text()).map_err(|e| {
                doc.error(e.at, None, format!("overrides cannot be applied to this text: {}", e.message))
            })?;
            let (node, taken) = tree.descend(doc.text(), path);
            if taken == path.len() {
                doc.splice(node.span.clone(), self.source, [Insert::Copy(self.value.clone())]);
                return Ok(());
            }
            self.insert(doc, resolved, node.peel(), path, taken)?;
            if taken + 1 == path.len() {
                return Ok(());
            }
        }
        Err(self.error(doc, path.len() - 1, path, "this path cannot be written into the text"))
    }

    /// Writes the first step of the path that is not written, into `node`: the value if it is the last step, else
    /// what stands there in the resolved config.
    fn insert(
        &self,
        doc: &mut Spliced,
        resolved: &Resolved,
        node: &Node,
        path: &[String],
        taken: usize,
    ) -> Result<(), ConfigError> {
        let (parent, step) = (&path[..taken], &path[taken]);
        let text = doc.text();
        let place = match &node.body {
            Body::Items(items) => {
                let message = match (step.parse::<usize>(), items.len()) {
                    (Err(_), _) => format!("this is a list; {step:?} is no index"),
                    (Ok(_), 0) => format!("there is no index {step}; the list is empty"),
                    (Ok(_), n) => format!("there is no index {step}; there are {n} elements, 0 to {}", n - 1),
                };
                return Err(self.error(doc, taken, path, message));
            }
            Body::Entries(_) => {
                let words =
                    Words::unknown(&format!("there is no key {step:?}"), step, node.field_names(text));
                return Err(self.error(doc, taken, path, words));
            }
            Body::Scalar => {
                // A component without parentheses has fields, in the resolved text; `Tanh` and 0.5 have none.
                let open =
                    resolved.get(parent).is_some_and(|full| matches!(full.peel().body, Body::Fields(..)));
                if !open || node.name.is_none() {
                    let message = format!("{} has no fields", node.sketch(text));
                    return Err(self.error(doc, taken, path, message));
                }
                Place { at: node.span.end, comma_at: None, before: "(".to_owned(), after: ")" }
            }
            Body::Fields(start, fields) => Place::among(text, *start, fields),
        };
        let because = self.steps[taken].clone();
        let value = if taken + 1 == path.len() {
            Insert::Copy(self.value.clone())
        } else {
            let Some(full) = resolved.get(&path[..=taken]) else {
                return Err(self.missing(doc, resolved, path));
            };
            Insert::New(layout::one_line(&resolved.text, full), because.clone())
        };
        let inserts = [
            Insert::New(place.before, because.clone()),
            Insert::New(step.clone(), because.clone()),
            Insert::New(": ".to_owned(), because.clone()),
            value,
            Insert::New(place.after.to_owned(), because.clone()),
        ];
        doc.splice(place.at..place.at, self.source, inserts);
        if let Some(at) = place.comma_at {
            doc.splice(at..at, self.source, [Insert::New(",".to_owned(), because)]);
        }
        Ok(())
    }

    /// The error for a path the resolved config does not have.
    fn missing(&self, doc: &Spliced, resolved: &Resolved, path: &[String]) -> ConfigError {
        let Some(tree) = &resolved.tree else {
            return self.error(doc, 0, path, "overrides cannot be applied to this config");
        };
        let (node, taken) = tree.descend(&resolved.text, path);
        let taken = taken.min(path.len().saturating_sub(1));
        let peeled = node.peel();
        let words = match &peeled.body {
            Body::Fields(..) => {
                let owner = peeled.name.clone().map(|name| &resolved.text[name]);
                if owner == Some(path[taken].as_str()) {
                    let message = format!("a path names fields and indexes only; leave out {}", path[taken]);
                    return self.error(doc, taken, path, message);
                }
                Words::unknown_field(owner, &path[taken], node.field_names(&resolved.text))
            }
            _ => format!("{} has no {:?}", node.sketch(&resolved.text), path[taken]).into(),
        };
        self.error(doc, taken, path, words)
    }

    /// An error at one step of the override's path.
    fn error(&self, doc: &Spliced, step: usize, path: &[String], words: impl Into<Words>) -> ConfigError {
        let at = self.steps.get(step).cloned().unwrap_or(0..0);
        let parent = path.get(..step).map(|parent| parent.join("."));
        ConfigError::at(doc.source(self.source), at, parent, words)
    }
}

/// The bytes of the one value that stands after `from`.
fn one_value(text: &str, from: usize) -> Result<Range<usize>, scanner::Fault> {
    let shift = |mut fault: scanner::Fault| {
        fault.at = fault.at.start + from..fault.at.end + from;
        fault
    };
    scanner::check(&text[from..]).map_err(shift)?;
    let node = Node::parse(&text[from..]).map_err(shift)?;
    Ok(node.span.start + from..node.span.end + from)
}

/// Where a new field goes, and what stands around it.
struct Place {
    at: usize,
    /// Where the last field lacks its comma; always before `at`.
    comma_at: Option<usize>,
    before: String,
    after: &'static str,
}

impl Place {
    /// The place after the last field: on a line of its own if that has one, after the comments of that.
    fn among(text: &str, start: usize, fields: &[Field]) -> Self {
        let Some(last) = fields.last() else {
            return Self { at: start, comma_at: None, before: String::new(), after: "" };
        };
        let end = last.value.span.end;
        let line_start = text[..last.name.start].rfind('\n').map_or(0, |i| i + 1);
        let indent = &text[line_start..last.name.start];
        if line_start <= start || !indent.chars().all(char::is_whitespace) {
            return Self { at: end, comma_at: None, before: ", ".to_owned(), after: "" };
        }
        let line_end = if text[..line_start].ends_with("\r\n") { "\r\n" } else { "\n" };
        let next = skip_trivia(text, end).unwrap_or(end);
        let comma = text[next..].starts_with(',');
        let at = end_of_line(text, if comma { next + 1 } else { end });
        Self { at, comma_at: (!comma).then_some(end), before: format!("{line_end}{indent}"), after: "," }
    }
}

/// Past the comments that follow on the same line.
fn end_of_line(text: &str, mut at: usize) -> usize {
    let mut end = at;
    loop {
        let rest = &text[at..];
        if rest.starts_with([' ', '\t']) {
            at += 1;
        } else if rest.starts_with("//") {
            return at + rest.find(['\r', '\n']).unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            match skip_block_comment(text, at) {
                Ok(close) if !text[at..close].contains('\n') => (at, end) = (close, close),
                _ => return end,
            }
        } else {
            return end;
        }
    }
}
