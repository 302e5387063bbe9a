//! Ranges of sizes, both ends included: what is allowed, and what is said where something is not.
use ntm_core::train::TaskError;

/// Longest sequence that is made: far beyond what has been tried, and its steps still count in a `u32`.
pub(crate) const LONGEST: usize = 1 << 24;
/// Most bits of a vector.
pub(crate) const WIDEST: usize = 1 << 16;

/// A field that is wrong, and why.
pub(crate) type Wrong = (&'static str, String);

/// Whether `least <= low <= high <= most`. `names` are what the two ends are called, as in (shortest, longest).
pub(crate) fn check_range(
    field: &'static str,
    (low, high): (usize, usize),
    names: [&str; 2],
    (least, most): (usize, usize),
) -> Result<(), Wrong> {
    if (least..=high).contains(&low) && high <= most {
        return Ok(());
    }
    let [a, b] = names;
    Err((field, format!("({low}, {high}) must be ({a}, {b}) with {least} <= {a} <= {b} <= {most}")))
}

/// Whether a vector can have so many bits.
pub(crate) fn check_width(width: usize) -> Result<(), Wrong> {
    match (1..=WIDEST).contains(&width) {
        true => Ok(()),
        false => Err(("width", format!("{width} bits in a vector; must be 1 to {WIDEST}"))),
    }
}

/// The size asked for, if `task` takes it. `name` is what the size is called.
pub(crate) fn asked(
    task: &str,
    name: &str,
    size: u64,
    (least, most): (usize, usize),
) -> Result<usize, TaskError> {
    let taken = usize::try_from(size).ok().filter(|n| (least..=most).contains(n));
    taken.ok_or_else(|| TaskError(format!("{name} {size}: {task} takes {least} to {most}")))
}

/// Settings that are wrong, said where only the task can say it: to a caller who made one in code and did not check it.
pub(crate) fn valid(checked: Result<(), Wrong>) -> Result<(), TaskError> {
    checked.map_err(|(field, why)| TaskError(format!("{field}: {why}")))
}

/// The mean of whole numbers of a range, each with the same probability.
pub(crate) fn mean((low, high): (usize, usize)) -> f64 {
    (low as f64 + high as f64) / 2.0
}
