//! The values of a sweep: `0.1,0.2`, `1..=10`, `Lstm(hidden: 100),Mlp(hidden: [100])`.

use super::scanner::{skip_literal, skip_trivia};

/// A range is expanded up to this many values; a longer one is left as written, for the reader to refuse.
pub const MAX_VALUES: u64 = 100_000;

/// The values in a text: separated by commas outside brackets and strings; `a..b` and `a..=b` stand for the integers
/// Rust means by them. Empty parts are left out, so a text without values gives none, as does an empty range.
pub fn split_values(text: &str) -> Vec<String> {
    let mut values = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    while let Some(c) = text[at..].chars().next() {
        // What is wrong inside a value is said when the value is read; here it is a character like any other.
        let past = match skip_literal(text, at) {
            Ok(Some(end)) => end,
            _ => skip_trivia(text, at).unwrap_or(at),
        };
        if past > at {
            at = past;
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                push_value(&mut values, &text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    push_value(&mut values, &text[start..]);
    values
}

fn push_value(values: &mut Vec<String>, text: &str) {
    let text = text.trim();
    match integer_range(text) {
        Some(range) => values.extend(range.map(|n| n.to_string())),
        None if text.is_empty() => {}
        None => values.push(text.to_owned()),
    }
}

fn integer_range(text: &str) -> Option<std::ops::Range<i128>> {
    let (from, to) = text.split_once("..")?;
    let (to, included) = to.strip_prefix('=').map_or((to, 0), |to| (to, 1));
    let integer = |text: &str| text.trim().replace('_', "").parse::<i64>().ok().map(i128::from);
    let (from, to) = (integer(from)?, integer(to)? + included);
    (to - from <= i128::from(MAX_VALUES)).then_some(from..to)
}

#[cfg(test)]
mod tests {
    use super::split_values;

    #[test]
    fn commas_outside_brackets_and_strings_separate() {
        assert_eq!(
            split_values("Lstm(hidden: 100), Mlp(hidden: [7, 5])"),
            ["Lstm(hidden: 100)", "Mlp(hidden: [7, 5])"]
        );
        assert_eq!(
            split_values(r#""a,b", 'x', r#f, {"k": (1, 2)}"#),
            [r#""a,b""#, "'x'", "r#f", r#"{"k": (1, 2)}"#]
        );
        assert_eq!(split_values("',',1"), ["','", "1"]);
        assert_eq!(split_values("1 /* , */, 2"), ["1 /* , */", "2"]);
        assert!(split_values(" , ,").is_empty());
    }

    #[test]
    fn ranges_are_those_of_rust() {
        assert_eq!(split_values("1..4"), ["1", "2", "3"]);
        assert_eq!(split_values("1..=3, 9"), ["1", "2", "3", "9"]);
        assert_eq!(split_values("-1..=1"), ["-1", "0", "1"]);
        assert!(split_values("3..3").is_empty());
        assert_eq!(split_values("(1..4)"), ["(1..4)"]);
        assert_eq!(split_values("1..b"), ["1..b"]);
    }

    #[test]
    fn absurd_ranges_are_not_expanded() {
        assert_eq!(split_values("0..1_000_000_000_000"), ["0..1_000_000_000_000"]);
        assert_eq!(split_values("-9223372036854775808..=9223372036854775807").len(), 1);
        assert_eq!(split_values("0..100000").len(), 100_000);
    }
}
