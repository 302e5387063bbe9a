//! How a training run is getting on: one moving line on a terminal, a line now and then elsewhere, or
//! nothing.
//!
//! The trainer feeds a [`Sink`] and knows nothing of terminals; [`sink`] chooses one. Everything goes to
//! stderr, and a reader that went away is no reason to stop a run: what cannot be written is dropped.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines of [`Plain`] that [`sink`] makes.
pub const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Where a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Update {
    /// Training sequences seen so far.
    pub sequences: u64,
    /// Training sequences the run will see at most.
    pub total: u64,
    /// Training sequences per second, lately.
    pub sequences_per_second: f64,
    /// What costs count; bits where it is empty.
    pub unit: &'static str,
    /// Training cost per sequence in that unit, lately.
    pub bits_per_sequence: f64,
    /// The last validation cost per sequence, once there is one.
    pub validation: Option<f64>,
    /// Seconds to the end of the run, once that can be told.
    pub seconds_left: Option<f64>,
}

/// Something that shows how a run is getting on.
pub trait Sink: Send {
    /// Shows where the run is. It is cheap to call after every step: what comes too soon is not even
    /// formatted.
    fn update(&mut self, update: &Update);

    /// Ends the showing, with a last message to leave behind; an empty one leaves nothing.
    fn finish(&mut self, message: &str);
}

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A moving line if stderr is a terminal, plain lines if not.
    #[default]
    Auto,
    /// Plain lines, on a terminal too.
    Plain,
    /// Nothing.
    Quiet,
}

/// The sink for a mode and for what stderr is. `NO_COLOR` takes the colours, and `TERM=dumb` the movement.
pub fn sink(mode: Mode) -> Box<dyn Sink> {
    match chosen(mode) {
        Choice::Line { color } => Box::new(Line::new(color)),
        Choice::Plain => Box::new(Plain::new(io::stderr(), PLAIN_EVERY)),
        Choice::Quiet => Box::new(Quiet),
    }
}

/// What it is to be on this process's stderr.
pub(super) fn chosen(mode: Mode) -> Choice {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    choose(mode, io::stderr().is_terminal() && !dumb, !no_color)
}

/// Which sink it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Line { color: bool },
    Plain,
    Quiet,
}

fn choose(mode: Mode, can_move: bool, color: bool) -> Choice {
    match mode {
        Mode::Quiet => Choice::Quiet,
        Mode::Auto if can_move => Choice::Line { color },
        Mode::Auto | Mode::Plain => Choice::Plain,
    }
}

/// Time between two movements of [`Line`], short enough to look alive.
pub(super) const LINE_EVERY: Duration = Duration::from_millis(80);

/// One moving line with a bar, for a terminal.
#[derive(Debug)]
pub struct Line {
    bar: ProgressBar,
    last: Option<Instant>,
}

impl Line {
    /// A line on stderr, with or without colour.
    pub fn new(color: bool) -> Self {
        Self::on(ProgressDrawTarget::stderr(), color)
    }

    fn on(target: ProgressDrawTarget, color: bool) -> Self {
        let template = if color { "{bar:12.cyan/238} {wide_msg}" } else { "{bar:12} {wide_msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style.progress_chars("━╸─"));
        Line { bar, last: None }
    }
}

impl Sink for Line {
    fn update(&mut self, update: &Update) {
        if self.last.is_some_and(|last| last.elapsed() < LINE_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        self.bar.set_length(update.total);
        self.bar.set_message(abridge(update));
        self.bar.set_position(update.sequences);
    }

    fn finish(&mut self, message: &str) {
        self.bar.finish_and_clear();
        if !message.is_empty() {
            let _ = writeln!(io::stderr(), "{message}");
        }
    }
}

/// A line now and then, for a log file or a pipe.
#[derive(Debug)]
pub struct Plain<W> {
    writer: W,
    every: Duration,
    last: Option<Instant>,
    /// An update that came too soon after the last line; `finish` writes it.
    held: Option<Update>,
}

impl<W: Write + Send> Plain<W> {
    /// Writes the first update at once, later ones not sooner than `every` after the line before, and the
    /// last one.
    pub fn new(writer: W, every: Duration) -> Self {
        Plain { writer, every, last: None, held: None }
    }

    fn line(&mut self, text: &str) {
        // One write for the whole line, so that lines of two processes do not mix; nobody may be reading any
        // more.
        let _ = self.writer.write_all(format!("{text}\n").as_bytes());
        let _ = self.writer.flush();
    }
}

impl<W: Write + Send> Sink for Plain<W> {
    fn update(&mut self, update: &Update) {
        if self.last.is_some_and(|last| last.elapsed() < self.every) {
            self.held = Some(*update);
            return;
        }
        self.line(&describe(update));
        (self.last, self.held) = (Some(Instant::now()), None);
    }

    fn finish(&mut self, message: &str) {
        if let Some(update) = self.held.take() {
            self.line(&describe(&update));
        }
        if !message.is_empty() {
            self.line(message);
        }
    }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Sink for Quiet {
    fn update(&mut self, _: &Update) {}

    fn finish(&mut self, _: &str) {}
}

/// An update in full, for a log.
pub(super) fn describe(update: &Update) -> String {
    let count = format!("{} of {}", thousands(update.sequences as f64), thousands(update.total as f64));
    line_of(update, count, " per sequence", " sequences/s")
}

/// An update in so few words that it fits beside the bar in 80 columns.
pub(super) fn abridge(update: &Update) -> String {
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
fn short(bits: f64) -> String {
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
pub(super) fn duration(seconds: f64) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn update(sequences: u64) -> Update {
        Update {
            sequences,
            total: 200_000,
            unit: "bits",
            sequences_per_second: 1_234.4,
            bits_per_sequence: 0.4567,
            validation: Some(12.34),
            seconds_left: Some(184.2),
        }
    }

    fn lines(plain: &Plain<Vec<u8>>) -> Vec<&str> {
        std::str::from_utf8(&plain.writer).unwrap().lines().collect()
    }

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
    fn the_first_update_is_written_at_once_and_the_last_one_always() {
        let mut plain = Plain::new(Vec::new(), Duration::from_secs(3_600));
        (1..=5).for_each(|n| plain.update(&update(n)));
        assert_eq!(lines(&plain).len(), 1);
        plain.finish("solved");
        let lines = lines(&plain);
        assert!(lines[0].starts_with("1 of") && lines[1].starts_with("5 of"), "{lines:?}");
        assert_eq!(lines[2..], ["solved"]);
    }

    #[test]
    fn no_update_is_written_twice() {
        let mut plain = Plain::new(Vec::new(), Duration::ZERO);
        (1..=3).for_each(|n| plain.update(&update(n)));
        plain.finish("");
        assert_eq!(lines(&plain).len(), 3);
    }

    #[test]
    fn a_closed_pipe_stops_nothing() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let mut plain = Plain::new(Closed, Duration::ZERO);
        plain.update(&update(1));
        plain.finish("done");
    }

    #[test]
    fn a_moving_line_takes_any_numbers() {
        let mut line = Line::on(ProgressDrawTarget::hidden(), true);
        let odd =
            Update { bits_per_sequence: f64::NAN, seconds_left: Some(f64::INFINITY), ..Update::default() };
        for update in [odd, update(300_000), update(7)] {
            line.last = None;
            line.update(&update);
        }
        line.finish("");
    }

    #[test]
    fn lines_move_on_a_terminal_only_and_quiet_is_quiet() {
        assert_eq!(choose(Mode::Auto, true, true), Choice::Line { color: true });
        assert_eq!(choose(Mode::Auto, true, false), Choice::Line { color: false });
        assert_eq!(choose(Mode::Auto, false, true), Choice::Plain);
        assert_eq!(choose(Mode::Plain, true, true), Choice::Plain);
        assert_eq!(choose(Mode::Quiet, true, true), Choice::Quiet);
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
}
