//! Reading and writing RON with our extensions, and the place of what went wrong.

use std::ops::Range;
use std::sync::Arc;

use ron::Options;
use ron::extensions::Extensions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Deserializer, Path, Segment, Track};

use super::kind::Kind;
use super::layout::layout;
use super::named::Erased;
use super::registry::{Factory, Registry};
use super::scanner;
use super::tree::Node;
use super::words::{self, About, Words};

/// The options for reading and for writing.
fn options() -> Options {
    Options::default().with_default_extension(
        Extensions::UNWRAP_VARIANT_NEWTYPES | Extensions::UNWRAP_NEWTYPES | Extensions::IMPLICIT_SOME,
    )
}

/// How far a line of written RON may go.
const WIDTH: usize = 100;

/// Writes a config for people to read, ending in a newline; [`Registry::parse`] reads it back. What fits on a line
/// stands on one line.
///
/// A value RON cannot hold (nested about 40 deep, or whose own `Serialize` fails) gives a comment that says so, which
/// does not parse; [`try_to_ron`] gives the reason as an error.
pub fn to_ron<C: Serialize>(value: &C) -> String {
    try_to_ron(value).unwrap_or_else(|e| format!("// this value cannot be written as RON: {e}\n"))
}

/// As [`to_ron`], for values that may not be writable.
///
/// # Errors
/// If the value holds what RON cannot say, such as a map with keys that are no text.
pub fn try_to_ron<C: Serialize>(value: &C) -> Result<String, ron::Error> {
    let text = compact(value)?;
    Ok(match Node::parse(&text) {
        Ok(node) => layout(&text, &node, WIDTH) + "\n",
        Err(_) => text + "\n",
    })
}

/// RON without any spaces.
pub(crate) fn compact<C: Serialize>(value: &C) -> Result<String, ron::Error> {
    options().to_string(value)
}

/// Settings read from `()`, for a component written without parentheses.
pub(crate) fn empty_settings<K: Kind>(factory: Factory<K>) -> Result<Arc<dyn Erased<K>>, String> {
    let mut ron =
        ron::Deserializer::from_str_with_options("()", &options()).map_err(|e| e.code.to_string())?;
    let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(&mut ron);
    factory(&mut erased).map_err(|e| e.to_string())
}

/// Why a text could not be read. Large, and rare: it is made once before the program ends.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) at: Range<usize>,
    pub(crate) path: Option<String>,
    pub(crate) words: Words,
}

/// Reads a text with a registry in scope.
#[allow(clippy::result_large_err)]
pub(crate) fn read<C: DeserializeOwned>(
    registry: &Registry,
    text: &str,
    directory: Option<&std::path::Path>,
) -> Result<C, Trouble> {
    scanner::check(text).map_err(|fault| Trouble {
        at: fault.at,
        path: None,
        words: fault.message.into(),
    })?;
    let text: Arc<str> = text.into();
    registry.scope_reading(Some(Arc::clone(&text)), directory, || {
        let options = options();
        let mut ron = ron::Deserializer::from_str_with_options(&text, &options)
            .map_err(|e| trouble(&text, &e, None))?;
        let mut track = Track::new();
        match C::deserialize(Deserializer::new(&mut ron, &mut track)) {
            Ok(value) => ron.end().map(|()| value).map_err(|e| trouble(&text, &ron.span_error(e), None)),
            Err(e) => Err(trouble(&text, &ron.span_error(e), Some(&track.path()))),
        }
    })
}

/// Finds what RON's error is about.
fn trouble(text: &str, error: &ron::error::SpannedError, path: Option<&Path>) -> Trouble {
    let (start, end) = (offset(text, error.span.start), offset(text, error.span.end));
    let tree = Node::parse(text);
    let message = error.code.to_string();
    let mut steps = path.map(path_steps);
    if let Some(steps) = &mut steps
        && steps.last().map(String::as_str) == words::unknown_field_of(&message)
    {
        steps.pop();
    }
    // A list's or struct's own error may stand inside one of its parts: `1.5` where an integer ended at `1`.
    if let (Ok(tree), "Expected comma") = (&tree, message.as_str()) {
        let (node, inner) = tree.at(text, end);
        if let Some(words) = words::stopped_inside(text, node, end) {
            return Trouble { at: node.span.clone(), path: Some(inner.join(".")), words };
        }
    }
    let node = match (&tree, &steps) {
        (Ok(tree), Some(steps)) => {
            let (node, taken) = tree.descend(text, steps);
            (taken == steps.len()).then_some(node)
        }
        (Ok(tree), None) => Some(tree),
        (Err(_), _) => None,
    };
    let (words, about) = words::translate(&message, steps.as_deref().unwrap_or(&[]), text, node);
    let here = if start < end && !text[start..end].contains('\n') { start..end } else { end..end };
    let at = match (about, node) {
        (About::Name, _) => here,
        (About::Value, Some(node)) => node.span.clone(),
        (About::Head, Some(node)) => node.name.clone().unwrap_or(node.span.start..node.span.start + 1),
        (About::Here | About::Value | About::Head, _) => match &tree {
            // Our own scan stops right at the slip, RON sometimes after it.
            Err(fault) if about != About::Here || fault.at.start <= end => fault.at.clone(),
            _ => end..end,
        },
    };
    Trouble { at, path: steps.map(|steps| steps.join(".")), words }
}

/// The steps of a path in our form: fields and indexes, no variant names.
fn path_steps(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// RON counts lines and characters; we count bytes.
fn offset(text: &str, position: ron::error::Position) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let line = &text[line_start.min(text.len())..];
    line.char_indices().nth(position.col.saturating_sub(1)).map_or(text.len(), |(i, _)| line_start + i)
}
