//! One moving line.
use std::io::{self, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words::{abridge, describe_work};
use super::{Sink, Update, Work};

/// Time between two movements of [`Line`], short enough to look alive.
pub(in crate::pictures) const LINE_EVERY: Duration = Duration::from_millis(80);

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

    fn due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}

impl Sink for Line {
    fn update(&mut self, update: &Update) {
        if self.due() {
            self.bar.set_length(update.total);
            self.bar.set_message(abridge(update));
            self.bar.set_position(update.sequences);
        }
    }

    fn work(&mut self, work: &Work) {
        if self.due() {
            self.bar.set_length(work.total.max(1));
            self.bar.set_message(describe_work(work));
            self.bar.set_position(work.done);
        }
    }

    fn finish(&mut self, message: &str) {
        self.bar.finish_and_clear();
        if !message.is_empty() {
            let _ = writeln!(io::stderr(), "{message}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::progress::tests::update;

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
}
