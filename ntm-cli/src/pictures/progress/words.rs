//! Progress in words, and numbers as they stand in them.
use super::{Update, Work};

/// An update in full, for a log.
pub(in crate::pictures) fn describe(update: &Update) -> String {
    let count = format!("{} of {}", thousands(update.sequences as f64), thousands(update.total as f64));
    line_of(update, count, " per sequence", " sequences/s")
}

/// An update in so few words that it fits beside the bar in 80 columns.
pub(in crate::pictures) fn abridge(update: &Update) -> String {
    let count = format!("{}/{}", thousands(update.sequences as f64), thousands(update.total as f64));
    line_of(update, count, "", "/s")
}

/// Most needed first, for a narrow terminal cuts the end.
fn line_of(update: &Update, count: String, per_sequence: &str, per_second: &str) -> String {
    let unit = if update.unit.is_empty() { "bits" } else { update.unit };
    let mut parts = vec![count, format!("{} {unit}{per_sequence}", short(update.bits_per_sequence))];
    parts.extend(update.validation.map(|bits| format!("validation {}", short(bits))));
    parts.extend(update.seconds_left.and_then(duration).map(|left| format!("{left} left")));
    parts.push(format!("{}{per_second}", thousands(update.sequences_per_second)));
    parts.join("  ")
}

/// A cost with about three digits.
pub(in crate::pictures) fn short(bits: f64) -> String {
    let decimals = match bits.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 4,
    };
    format!("{bits:.decimals$}")
}

/// A count with its digits in groups of three, in the way RON writes numbers; below ten, with one decimal if
/// it has one.
pub(crate) fn thousands(count: f64) -> String {
    if !count.is_finite() || count.abs() < 9.95 && count.fract() != 0.0 {
        return format!("{count:.1}");
    }
    let digits = format!("{count:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let behind = digits.len() - place;
        if place > 0 && behind % 3 == 0 && !grouped.ends_with('-') {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
}

/// `42s`, `3m 05s`, `2h 14m`, `3d 04h`; nothing for what is no duration.
pub(in crate::pictures) fn duration(seconds: f64) -> Option<String> {
    if !(0.0..1e9).contains(&seconds) {
        return None;
    }
    let seconds = seconds.ceil() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    Some(match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m {:02}s", seconds % 60),
        3_600..86_400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {:02}h", hours % 24),
    })
}

/// Work in words: `validating 320 of 640 sequences`.
pub(super) fn describe_work(work: &Work) -> String {
    match work.total {
        // how long it has taken, where nobody knows how long it will
        0 => {
            duration(work.done as f64).map_or(work.doing.to_owned(), |time| format!("{} {time}", work.doing))
        }
        total => format!(
            "{} {} of {} {}",
            work.doing,
            thousands(work.done as f64),
            thousands(total as f64),
            work.of
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::progress::tests::update;

    #[test]
    fn an_update_is_one_readable_line() {
        let line = describe(&update(12_500));
        assert_eq!(
            line,
            "12_500 of 200_000  0.4567 bits per sequence  validation 12.3  3m 05s left  1_234 sequences/s"
        );
        let early = Update { validation: None, seconds_left: None, ..update(0) };
        assert_eq!(describe(&early), "0 of 200_000  0.4567 bits per sequence  1_234 sequences/s");
    }

    #[test]
    fn everything_fits_beside_the_bar_in_80_columns() {
        let line = abridge(&update(112_500));
        assert_eq!(line, "112_500/200_000  0.4567 bits  validation 12.3  3m 05s left  1_234/s");
        assert!("━━━━━━━━━━━━ ".chars().count() + line.chars().count() <= 80);
    }

    #[test]
    fn numbers_are_short_and_grouped() {
        assert_eq!([0.0, 7.0, 0.25, 999.6, 1e6].map(thousands), ["0", "7", "0.2", "1_000", "1_000_000"]);
        assert_eq!([f64::NAN, -1234.0].map(thousands), ["NaN", "-1_234"]);
        assert_eq!([0.00012, 1.0, 84.02, 181.5].map(short), ["0.0001", "1.00", "84.0", "182"]);
        let durations = [0.0, 59.5, 3_599.0, 7_260.0, 277_200.0].map(duration);
        assert_eq!(durations.map(Option::unwrap), ["0s", "1m 00s", "59m 59s", "2h 01m", "3d 05h"]);
        assert_eq!([-1.0, f64::NAN, f64::INFINITY].map(duration), [None, None, None]);
    }

    #[test]
    fn work_is_told_with_its_end_where_it_has_one() {
        let work = Work { doing: "validating", done: 320, total: 6_400, of: "sequences" };
        assert_eq!(describe_work(&work), "validating 320 of 6_400 sequences");
        assert_eq!(describe_work(&Work { total: 0, ..work }), "validating 5m 20s");
    }
}
