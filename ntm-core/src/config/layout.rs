//! RON text for people: what fits on a line stands on one, the rest is broken and indented.

use super::tree::{Body, Node};

/// Lays out a text of one value; `width` is how far a line may go. Comments are not kept: this is for text just
/// written by a program.
pub(crate) fn layout(text: &str, node: &Node, width: usize) -> String {
    let mut out = String::new();
    write(text, node, width, 0, 0, &mut out);
    out
}

const INDENT: usize = 4;

/// `column` is where the value starts, `indent` how far the line is indented that it starts on.
fn write(text: &str, node: &Node, width: usize, indent: usize, column: usize, out: &mut String) {
    let line = one_line(text, node);
    // One more for the comma that may follow.
    if node.body == Body::Scalar || column + line.chars().count() < width {
        out.push_str(&line);
        return;
    }
    if let Some(name) = &node.name {
        out.push_str(&text[name.clone()]);
    }
    // A lone value hugs its brackets: `Chain([` … `])`.
    if let (Body::Items(items), Some(_)) = (&node.body, &node.name)
        && let [item] = items.as_slice()
    {
        out.push('(');
        let name = node.name.clone().map_or(0, |name| name.len());
        write(text, item, width.saturating_sub(1), indent, column + name + 1, out);
        out.push(')');
        return;
    }
    let (open, close) = brackets(text, node);
    out.push(open);
    let inner = indent + INDENT;
    let new_line = |out: &mut String, indent: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    };
    let part = |out: &mut String, label: &str, value: &Node| {
        new_line(out, inner);
        out.push_str(label);
        write(text, value, width, inner, inner + label.chars().count(), out);
        out.push(',');
    };
    match &node.body {
        Body::Scalar => {}
        Body::Fields(_, fields) => {
            for field in fields {
                part(out, &format!("{}: ", &text[field.name.clone()]), &field.value);
            }
        }
        Body::Items(items) => items.iter().for_each(|item| part(out, "", item)),
        Body::Entries(entries) => {
            for (key, value) in entries {
                part(out, &format!("{}: ", one_line(text, key)), value);
            }
        }
    }
    new_line(out, indent);
    out.push(close);
}

/// The value on one line.
pub(crate) fn one_line(text: &str, node: &Node) -> String {
    let parts: Vec<String> = match &node.body {
        Body::Scalar => return text[node.span.clone()].to_owned(),
        Body::Fields(_, fields) => fields
            .iter()
            .map(|field| format!("{}: {}", &text[field.name.clone()], one_line(text, &field.value)))
            .collect(),
        Body::Items(items) => items.iter().map(|item| one_line(text, item)).collect(),
        Body::Entries(entries) => entries
            .iter()
            .map(|(key, value)| format!("{}: {}", one_line(text, key), one_line(text, value)))
            .collect(),
    };
    let name = node.name.clone().map_or("", |name| &text[name]);
    let (open, close) = brackets(text, node);
    format!("{name}{open}{}{close}", parts.join(", "))
}

fn brackets(text: &str, node: &Node) -> (char, char) {
    match text[node.span.clone()].as_bytes().last() {
        Some(b']') => ('[', ']'),
        Some(b'}') => ('{', '}'),
        _ => ('(', ')'),
    }
}
