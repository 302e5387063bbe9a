//! Near misses, and lists of names as people write them.

/// The known name that was probably meant by a written one: a slip of a finger or two, capitals, or a common beginning.
pub fn near_miss<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&written, &lower);
            let shorter = written.chars().count().min(lower.chars().count());
            let likeness = strsim::jaro_winkler(&written, &lower);
            (distance <= (shorter / 3).max(1) && distance < shorter || likeness >= 0.85)
                .then_some((likeness, name))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listing<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{listing, near_miss};

    #[test]
    fn slips_of_the_finger_are_recognised() {
        let stages = ["Content", "Interpolate", "Shift", "Sharpen"];
        assert_eq!(near_miss("Shfit", stages), Some("Shift"));
        assert_eq!(near_miss("content", stages), Some("Content"));
        assert_eq!(near_miss("Sharp", stages), Some("Sharpen"));
        assert_eq!(near_miss("rte", ["batch", "rate", "seed"]), Some("rate"));
        assert_eq!(near_miss("Transformer", stages), None);
        assert_eq!(near_miss("x", ["y"]), None);
        assert_eq!(near_miss("", stages), None);
    }

    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(listing::<&str>(&[]), "none");
        assert_eq!(listing(&["a", "b", "c"]), "a, b and c");
    }
}
