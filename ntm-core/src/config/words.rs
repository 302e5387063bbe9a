//! RON's messages in the words of a config: what was given, what is allowed, what was probably meant.
//!
//! RON's errors lose their structure where a component's settings are read behind a pointer (`erased-serde` passes
//! text on), so they are recognised by their text. A message not known here is passed on as it is.

use super::near::{listing, near_miss};
use super::scanner::{MAX_DEPTH, bare_name};
use super::tree::{Body, Node};

/// A message, with the parts a program may want.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) message: String,
    pub(crate) given: Option<String>,
    pub(crate) allowed: Vec<String>,
    pub(crate) near: Option<String>,
}

impl From<String> for Words {
    fn from(message: String) -> Self {
        Self { message, ..Self::default() }
    }
}

impl From<&str> for Words {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Words {
    /// `{what}; did you mean …? there are …`.
    pub(crate) fn unknown(what: &str, given: &str, allowed: Vec<String>) -> Self {
        let near = near_miss(given, allowed.iter().map(String::as_str)).map(str::to_owned);
        let hint =
            near.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_else(|| ";".to_owned());
        let there = match allowed.len() {
            0 => "there are none".to_owned(),
            1 => format!("there is only {}", allowed[0]),
            _ => format!("there are {}", listing(&allowed)),
        };
        Self { message: format!("{what}{hint} {there}"), given: Some(given.to_owned()), allowed, near }
    }

    /// A field that its struct, called `owner` if it has a name, does not have.
    pub(crate) fn unknown_field(owner: Option<&str>, given: &str, allowed: Vec<String>) -> Self {
        let what = match owner {
            Some(owner) => format!("{owner} has no field {given:?}"),
            None => format!("there is no field {given:?}"),
        };
        Self::unknown(&what, given, allowed)
    }
}

/// Which part of the text a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The name RON has just read.
    Name,
    /// The value at the path.
    Value,
    /// The beginning of the value at the path, which lacks something.
    Head,
    /// The place RON has come to.
    Here,
}

/// What an unknown component is reported as, in the form RON gives unknown variants.
pub(crate) fn unknown_component(kind: &str, written: &str, known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("{UNKNOWN_COMPONENT}`{written}` of kind `{kind}`, expected one of {}", known.join(", "))
}

/// What is reported of a component without parentheses that cannot do without.
pub(crate) fn bare_component(name: &str, error: &str) -> String {
    match error.strip_prefix(MISSING) {
        Some(_) => format!(
            "{name} has required settings: `{}` is missing; write {name}(…)",
            quoted(error).unwrap_or("")
        ),
        None => format!("{name} needs settings in parentheses; write {name}(…)"),
    }
}

/// Names that fields beside each other have, and which of them: how a memory's heads come together is said in three.
const ELSEWHERE: [(&str, &str); 7] = [
    ("ReadThenWrite", "order"),
    ("WriteThenRead", "order"),
    ("Listed", "order"),
    ("Together", "writes"),
    ("Sequential", "writes"),
    ("ControllerThenMemory", "step"),
    ("MemoryThenController", "step"),
];
const MISSING: &str = "Unexpected missing field named ";
const UNKNOWN_COMPONENT: &str = "Unexpected component named ";
const UNKNOWN_FIELD: &str = "Unexpected field named ";

/// The field an error says is unknown; RON's path ends in it, ours in its struct.
pub(crate) fn unknown_field_of(message: &str) -> Option<&str> {
    message.strip_prefix(UNKNOWN_FIELD).and_then(quoted)
}

/// RON's message in our words, and what it is about. `path` is where it arose, `node` what stands there.
pub(crate) fn translate(message: &str, path: &[String], text: &str, node: Option<&Node>) -> (Words, About) {
    let owner = node.and_then(|node| node.peel().name.clone()).map(|name| bare_name(&text[name]));
    let (what, rest) = message.split_once(", ").unwrap_or((message, ""));
    if let Some(given) = quoted(what) {
        let is = |prefix: &str| message.starts_with(prefix);
        if is(UNKNOWN_FIELD) {
            return (Words::unknown_field(owner, given, all_quoted(rest)), About::Name);
        }
        if is(UNKNOWN_COMPONENT) {
            let kind = what.split_once(" of kind ").and_then(|(_, kind)| quoted(kind)).unwrap_or("component");
            return (
                Words::unknown(&format!("no {kind} is called {given:?}"), given, all_quoted(rest)),
                About::Name,
            );
        }
        if is("Unexpected variant named ") || is("Unexpected enum variant named ") {
            let what = match path.iter().rfind(|step| step.parse::<usize>().is_err()) {
                Some(field) => format!("{field} cannot be {given:?}"),
                None => format!("nothing is called {given:?} here"),
            };
            let mut words = Words::unknown(&what, given, all_quoted(rest));
            if let Some((_, field)) = ELSEWHERE.iter().find(|(name, _)| *name == given) {
                words.message += &format!("; it is {field}: {given}");
            }
            return (words, About::Name);
        }
        if is(MISSING) {
            let message = match owner {
                Some(owner) => format!("{owner} needs a field {given:?}"),
                None => format!("a field {given:?} is missing"),
            };
            return (message.into(), About::Head);
        }
        if is("Unexpected duplicate field named ") {
            return (format!("the field {given:?} is given twice").into(), About::Name);
        }
    }
    if message.starts_with("Exceeded recursion limit") {
        return (
            format!("the values are nested too deeply; brackets may be about {} deep", MAX_DEPTH / 2).into(),
            About::Here,
        );
    }
    if let (Some(owner), Some(Body::Fields(..)), "Expected closing `)`") =
        (owner, node.map(|node| &node.peel().body), message)
    {
        return (format!("{owner} has no settings; write {owner}()").into(), About::Here);
    }
    if let Some(expected) = expected(message) {
        return (mismatch(&expected, text, node), About::Value);
    }
    match syntax(message) {
        Some(words) => (words.into(), About::Here),
        None => (lower_first(message).into(), About::Value),
    }
}

/// A value of the wrong type.
pub(crate) fn mismatch(expected: &str, text: &str, node: Option<&Node>) -> Words {
    let given = node.map(|node| node.sketch(text));
    let message = match &given {
        Some(given) => format!("expected {expected}, found {given}"),
        None => format!("expected {expected}"),
    };
    Words { message, given, ..Words::default() }
}

/// What RON wants where it stopped within or right after a value, and so did not get a comma: `1.5` for an integer,
/// `Tanh()` for a variant that holds nothing.
pub(crate) fn stopped_inside(text: &str, node: &Node, offset: usize) -> Option<Words> {
    let written = &text[node.span.clone()];
    let name = node.name.clone().filter(|name| name.end <= offset && name.end < node.span.end);
    if let Some(name) = name {
        let name = &text[name];
        let message = match &node.body {
            Body::Fields(_, fields) if fields.is_empty() => {
                format!("{name} is written without parentheses here")
            }
            _ => format!("{name} takes no values here; write {name} alone"),
        };
        return Some(Words { message, given: Some(node.sketch(text)), ..Words::default() });
    }
    let inside = node.body == Body::Scalar && node.span.start < offset && offset < node.span.end;
    let number = written.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
    (inside && number).then(|| mismatch("a whole number", text, Some(node)))
}

/// What a value should have been.
fn expected(message: &str) -> Option<String> {
    let known = match message {
        "Expected opening `[`" => "a list, such as [1, 2]",
        "Expected opening `{`" => "a map, such as {\"name\": value}",
        "Expected boolean" => "true or false",
        "Expected char" => "a character in single quotes",
        "Expected float" => "a number",
        "Unexpected underscore in float" => "a number without `_`, since it is no integer",
        "Expected integer" | "Unexpected leading underscore in a number" => "a whole number",
        "Integer is out of bounds" => "a whole number, at least 0 and not too large",
        "Expected string" => "a text in double quotes",
        "Expected byte string" => "a byte string, such as b\"…\"",
        "Expected option" => "Some(…) or None",
        "Expected unit" => "()",
        "Expected identifier" => "a name, such as Name(…)",
        "Expected opening `(`" => "values in parentheses",
        _ => {
            if message.starts_with("Expected opening `(` for struct")
                || message.starts_with("Expected only opening `(`")
            {
                return Some("fields in parentheses, without a name before them".to_owned());
            }
            if message.starts_with("Expected struct ") {
                return Some(format!("fields in parentheses, or {} before them", quoted(message)?));
            }
            if message.starts_with("Found invalid std identifier") {
                return Some("fields with their names, such as name: value".to_owned());
            }
            if message.starts_with("Invalid digit") {
                return Some("a whole number".to_owned());
            }
            // "Expected X but found Y instead": Y is what stands there.
            let (expected, _) = message.strip_prefix("Expected ")?.split_once(" but found ")?;
            return Some(expected.to_owned());
        }
    };
    Some(known.to_owned())
}

/// What is wrong with the writing rather than with a value.
fn syntax(message: &str) -> Option<&'static str> {
    Some(match message {
        "Expected comma" => "expected a comma or the closing bracket here",
        "Expected colon" => "expected `:` after the field's name",
        "Expected closing `]`" => "expected `]` here",
        "Expected closing `)`" => "expected `)` here",
        "Expected closing `}`" => "expected `}` here",
        "Unexpected end of RON" => "the text ends too early",
        "Non-whitespace trailing characters" => "nothing may follow the value, but this does",
        _ => return None,
    })
}

/// The first part in backquotes.
fn quoted(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('`')?;
    rest.split_once('`').map(|(name, _)| bare_name(name))
}

/// Every part in backquotes.
fn all_quoted(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(|name| bare_name(name).to_owned()).collect()
}

/// RON's own messages start with a capital letter, ours and those of settings are left alone.
fn lower_first(message: &str) -> String {
    const OF_RON: [&str; 6] = ["Expected ", "Unexpected ", "Invalid ", "Found ", "Unclosed ", "No RON "];
    if OF_RON.iter().any(|start| message.starts_with(start)) {
        message[..1].to_lowercase() + &message[1..]
    } else {
        message.to_owned()
    }
}
