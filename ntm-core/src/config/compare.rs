//! Looking into written configs: what stands at a path, and in what two configs differ.

use super::layout::one_line;
use super::tree::{Body, Node};
use super::words::Words;

/// A place at which two configs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Fields and indexes joined by dots; empty where nothing is alike.
    pub path: String,
    /// What stands there in the first, on one line; `None` if it has no such place.
    pub before: Option<String>,
    /// What stands there in the second.
    pub after: Option<String>,
}

/// The value at a path of a written config, on one line. Only what is written is seen: give it a config as
/// [`to_ron`](super::to_ron) writes it, where every setting is.
///
/// # Errors
///
/// If nothing stands there: how far the path leads, and what there is.
pub fn value_at(text: &str, path: &str) -> Result<String, String> {
    let tree = Node::parse(text).map_err(|fault| fault.message)?;
    let steps: Vec<&str> = path.split('.').collect();
    let (node, taken) = tree.descend(text, &steps);
    if taken == steps.len() {
        return Ok(one_line(text, node));
    }
    let place = match taken {
        0 => String::new(),
        _ => format!("{}: ", steps[..taken].join(".")),
    };
    let names = node.field_names(text);
    let words = match &node.peel().body {
        Body::Fields(..) if !names.is_empty() => {
            let owner = node.peel().name.clone().map(|name| &text[name]);
            Words::unknown_field(owner, steps[taken], names).message
        }
        Body::Items(items) => {
            format!("there is no index {:?}; there are {} elements", steps[taken], items.len())
        }
        _ => format!("{} has no fields", node.sketch(text)),
    };
    Err(format!("{place}{words}"))
}

/// The places at which two written configs differ, as deep as both have the same shape, in the order of the first.
///
/// Texts that are no RON differ as a whole.
pub fn differences(before: &str, after: &str) -> Vec<Difference> {
    let mut found = Vec::new();
    match (Node::parse(before), Node::parse(after)) {
        (Ok(a), Ok(b)) => compare((before, &a), (after, &b), "", &mut found),
        _ if before == after => {}
        _ => found.push(Difference {
            path: String::new(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        }),
    }
    found
}

fn compare(a: (&str, &Node), b: (&str, &Node), path: &str, found: &mut Vec<Difference>) {
    let (one, other) = (one_line(a.0, a.1), one_line(b.0, b.1));
    if one == other {
        return;
    }
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    let names = |(text, node): (&str, &Node)| {
        [node, node.peel()].map(|node| node.name.clone().map(|name| text[name].to_owned()))
    };
    if names(a) == names(b) {
        match (&a.1.peel().body, &b.1.peel().body) {
            (Body::Items(xs), Body::Items(ys)) if xs.len() == ys.len() => {
                for (i, (x, y)) in xs.iter().zip(ys).enumerate() {
                    compare((a.0, x), (b.0, y), &below(&i.to_string()), found);
                }
                return;
            }
            (Body::Fields(_, xs), Body::Fields(_, ys)) => {
                let find = |text: &str, fields: &'_ [super::tree::Field], name: &str| {
                    fields.iter().position(|field| &text[field.name.clone()] == name)
                };
                for x in xs {
                    let name = &a.0[x.name.clone()];
                    match find(b.0, ys, name) {
                        Some(i) => compare((a.0, &x.value), (b.0, &ys[i].value), &below(name), found),
                        None => found.push(Difference {
                            path: below(name),
                            before: Some(one_line(a.0, &x.value)),
                            after: None,
                        }),
                    }
                }
                for y in ys {
                    let name = &b.0[y.name.clone()];
                    if find(a.0, xs, name).is_none() {
                        let after = Some(one_line(b.0, &y.value));
                        found.push(Difference { path: below(name), before: None, after });
                    }
                }
                return;
            }
            _ => {}
        }
    }
    found.push(Difference { path: path.to_owned(), before: Some(one), after: Some(other) });
}

#[cfg(test)]
mod tests {
    use super::{Difference, differences, value_at};

    const TEXT: &str =
        "(model: Ntm(heads: [Read(chain: Chain([Content(), Shift(range: 1)]))], slots: 128), seed: 1)";

    #[test]
    fn a_value_is_found_by_its_path() {
        assert_eq!(value_at(TEXT, "model.slots").unwrap(), "128");
        assert_eq!(value_at(TEXT, "model.heads.0.chain.1.range").unwrap(), "1");
        assert_eq!(value_at(TEXT, "model.heads.0.chain").unwrap(), "Chain([Content(), Shift(range: 1)])");
    }

    #[test]
    fn a_path_that_leads_nowhere_says_where_it_ends() {
        let said = value_at(TEXT, "model.slot").unwrap_err();
        assert!(said.starts_with("model: ") && said.contains("slots"), "{said}");
        assert!(value_at(TEXT, "model.heads.7").unwrap_err().contains("1 elements"));
        assert!(value_at(TEXT, "seed.x").unwrap_err().contains("1 has no fields"));
    }

    #[test]
    fn differences_are_told_as_deep_as_the_shapes_agree() {
        let other = TEXT.replace("range: 1", "range: 2").replace("slots: 128", "slots: 64, width: 20");
        let told = differences(TEXT, &other);
        let difference = |path: &str, before: Option<&str>, after: Option<&str>| Difference {
            path: path.into(),
            before: before.map(Into::into),
            after: after.map(Into::into),
        };
        assert_eq!(
            told,
            [
                difference("model.heads.0.chain.1.range", Some("1"), Some("2")),
                difference("model.slots", Some("128"), Some("64")),
                difference("model.width", None, Some("20")),
            ]
        );
        assert!(differences(TEXT, &TEXT.replace(", ", " ,\n ")).is_empty());
        let shorter = differences(TEXT, &TEXT.replace("Content(), ", ""));
        assert_eq!(shorter[0].path, "model.heads.0.chain");
        assert_eq!(shorter[0].after.as_deref(), Some("Chain([Shift(range: 1)])"));
        let renamed = differences(TEXT, &TEXT.replace("Ntm(", "Other("));
        assert_eq!((renamed.len(), renamed[0].path.as_str()), (1, "model"));
    }
}
