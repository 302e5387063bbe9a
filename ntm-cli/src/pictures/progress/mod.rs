//! How work is getting on: a dashboard, one moving line, a line now and then, or nothing.
//!
//! Whoever works feeds a [`Sink`] and knows nothing of terminals; [`sink`] chooses one. Everything goes to
//! stderr, and a reader that went away is no reason to stop a run: what cannot be written is dropped.

mod line;
mod plain;
mod words;
mod working;

use std::io::{self, IsTerminal};
use std::time::Duration;

use super::Recording;
use super::dashboard::{About, Dashboard};

pub(super) use line::LINE_EVERY;
pub use line::Line;
pub use plain::Plain;
pub(crate) use words::thousands;
pub(super) use words::{abridge, describe, duration, short};
pub use working::Working;

/// Time between two lines of [`Plain`] that [`sink`] makes.
pub const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Where a training run is.
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
    /// Training cost per sequence in that unit, mean since the last validation.
    pub bits_per_sequence: f64,
    /// Training cost per sequence of the last update alone.
    pub last_bits: f64,
    /// Norm of the gradient of the last update, before clipping.
    pub gradient_norm: f64,
    /// The last validation cost per sequence, once there is one.
    pub validation: Option<f64>,
    /// Training sequences seen at that validation.
    pub validated_at: u64,
    /// The lowest validation cost per sequence, once there is one.
    pub best: Option<f64>,
    /// Training sequences seen when the task was solved, once it was.
    pub solved_at: Option<u64>,
    /// Seconds of training, pauses left out.
    pub seconds: f64,
    /// Seconds to the end of the run, once that can be told.
    pub seconds_left: Option<f64>,
}

/// Work with or without a known end, besides training updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work<'a> {
    /// What is done, as `validating`.
    pub doing: &'a str,
    /// How much of it is done; where nobody knows how much there is, seconds.
    pub done: u64,
    /// How much there is; 0 where nobody knows.
    pub total: u64,
    /// Of what, as `sequences`.
    pub of: &'a str,
}

/// A sequence run through the model as it is now.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Training sequences that the model had seen.
    pub sequences: u64,
    /// What happened.
    pub recording: Recording,
}

/// Something that shows how work is getting on, and passes on what the person at the keyboard wants.
pub trait Sink: Send {
    /// Shows where a run is. It is cheap to call after every step: what comes too soon is not even
    /// formatted.
    fn update(&mut self, update: &Update);

    /// Shows work between two updates, such as a validation. As cheap, and nothing for what is short.
    fn work(&mut self, _: &Work<'_>) {}

    /// The number of the sequence that a [`Sample`] is wanted of now, if one is: rarely, by the clock.
    fn wants_sample(&mut self) -> Option<u64> {
        None
    }

    /// Takes the sample that was wanted.
    fn sample(&mut self, _: Sample) {}

    /// Whether training is to wait.
    fn paused(&self) -> bool {
        false
    }

    /// The run failed, and why. [`Sink::finish`] follows.
    fn failed(&mut self, _: &str) {}

    /// Ends the showing, with a last message to leave behind; an empty one leaves nothing.
    fn finish(&mut self, message: &str);
}

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All that a terminal can show if stderr is one, plain lines if not.
    #[default]
    Auto,
    /// One line: moving if stderr is a terminal, a new one now and then if not.
    Plain,
    /// Nothing.
    Quiet,
}

/// The sink of a training run for a mode and for what stderr is. `NO_COLOR` takes the colours, `TERM=dumb` and
/// running in the background the movement.
pub fn sink(mode: Mode, about: About) -> Box<dyn Sink> {
    match chosen(mode) {
        Choice::Dashboard { color } => match Dashboard::open(about, color) {
            Ok(dashboard) => Box::new(dashboard),
            // it said that it is a terminal
            Err(_) => Box::new(Line::new(color)),
        },
        choice => simple(choice),
    }
}

/// A line, lines or nothing.
fn simple(choice: Choice) -> Box<dyn Sink> {
    match choice {
        Choice::Dashboard { color } | Choice::Line { color } => Box::new(Line::new(color)),
        Choice::Plain => Box::new(Plain::new(io::stderr(), PLAIN_EVERY)),
        Choice::Quiet => Box::new(Quiet),
    }
}

/// What it is to be on this process's stderr.
pub(super) fn chosen(mode: Mode) -> Choice {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    choose(mode, io::stderr().is_terminal() && !dumb && in_front(), !no_color)
}

/// Whether the terminal is ours to change: a job in the background that tries is stopped.
#[cfg(unix)]
fn in_front() -> bool {
    rustix::termios::tcgetpgrp(io::stderr()).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn in_front() -> bool {
    true
}

/// Which sink it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Dashboard { color: bool },
    Line { color: bool },
    Plain,
    Quiet,
}

fn choose(mode: Mode, can_move: bool, color: bool) -> Choice {
    match mode {
        Mode::Quiet => Choice::Quiet,
        Mode::Auto if can_move => Choice::Dashboard { color },
        Mode::Plain if can_move => Choice::Line { color },
        Mode::Auto | Mode::Plain => Choice::Plain,
    }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Sink for Quiet {
    fn update(&mut self, _: &Update) {}

    fn finish(&mut self, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::pictures) fn update(sequences: u64) -> Update {
        Update {
            sequences,
            total: 200_000,
            unit: "bits",
            sequences_per_second: 1_234.4,
            bits_per_sequence: 0.4567,
            last_bits: 0.5012,
            gradient_norm: 0.0312,
            validation: Some(12.34),
            validated_at: sequences / 500 * 500,
            best: Some(11.87),
            solved_at: None,
            seconds: sequences as f64 / 1_234.4,
            seconds_left: Some(184.2),
        }
    }

    #[test]
    fn a_terminal_has_a_dashboard_or_one_line_and_quiet_is_quiet() {
        assert_eq!(choose(Mode::Auto, true, true), Choice::Dashboard { color: true });
        assert_eq!(choose(Mode::Auto, true, false), Choice::Dashboard { color: false });
        assert_eq!(choose(Mode::Auto, false, true), Choice::Plain);
        assert_eq!(choose(Mode::Plain, true, true), Choice::Line { color: true });
        assert_eq!(choose(Mode::Plain, false, true), Choice::Plain);
        assert_eq!(choose(Mode::Quiet, true, true), Choice::Quiet);
    }
}
