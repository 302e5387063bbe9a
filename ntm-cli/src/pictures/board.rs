//! How many runs at a time are getting on: on a terminal a moving line for each that runs and one for all of them;
//! elsewhere a line for each that ends, and now and then one for a run that goes on.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::progress::{Choice, LINE_EVERY, Mode, Quiet, Sink, Update, abridge, chosen, describe, duration};

/// Time between two lines about one run that goes on, where lines do not move.
const PLAIN_EVERY: Duration = Duration::from_secs(60);

/// Shows many runs. Jobs on several threads share it.
pub struct Board {
    kind: Kind,
    count: Mutex<Count>,
}

enum Kind {
    Moving { all: MultiProgress, whole: ProgressBar, color: bool },
    Plain,
    Quiet,
}

/// How far the whole is.
struct Count {
    total: usize,
    /// of them ended, also in earlier sittings
    ended: usize,
    failed: usize,
    /// in this sitting
    here: usize,
    began: Instant,
}

impl Count {
    fn told(&self) -> String {
        let mut parts = vec![format!("{} of {} runs", self.ended, self.total)];
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        let each = self.began.elapsed().as_secs_f64() / self.here as f64;
        let left = (self.total - self.ended.min(self.total)) as f64 * each;
        if self.here > 0 {
            parts.extend(duration(left).map(|left| format!("{left} left")));
        }
        parts.join("  ")
    }
}

impl Board {
    /// A board for so many runs, of which some had ended before, some of these by a failure.
    pub fn new(mode: Mode, total: usize, ended: usize, failed: usize) -> Self {
        let count = Count { total, ended, failed, here: 0, began: Instant::now() };
        let kind = match chosen(mode) {
            Choice::Dashboard { color } => {
                let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
                let whole = all.add(bar(color));
                whole.set_length(total as u64);
                whole.set_position(ended as u64);
                whole.set_message(count.told());
                Kind::Moving { all, whole, color }
            }
            // many runs want many lines
            Choice::Line { .. } | Choice::Plain => Kind::Plain,
            Choice::Quiet => Kind::Quiet,
        };
        Board { kind, count: Mutex::new(count) }
    }

    /// The line of a run that begins.
    pub fn job(&self, name: &str) -> Box<dyn Sink> {
        let name: Arc<str> = name.into();
        match &self.kind {
            Kind::Moving { all, whole, color } => {
                let bar = all.insert_before(whole, bar(*color));
                bar.set_message(name.to_string());
                Box::new(Moving { name, bar, last: None })
            }
            Kind::Plain => Box::new(Plain { name, last: Instant::now() }),
            Kind::Quiet => Box::new(Quiet),
        }
    }

    /// A run has ended, with what came of it. On a terminal only failures leave a line.
    pub fn ended(&self, name: &str, words: &str, failed: bool) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        count.ended += 1;
        count.here += 1;
        count.failed += usize::from(failed);
        match &self.kind {
            Kind::Moving { all, whole, .. } => {
                whole.set_position(count.ended as u64);
                whole.set_message(count.told());
                if failed {
                    // nobody may be reading any more
                    let _ = all.println(format!("{name}: {words}"));
                }
            }
            Kind::Plain => line(&format!("{} of {}  {name}: {words}", count.ended, count.total)),
            Kind::Quiet => {}
        }
    }

    /// Takes the moving lines away.
    pub fn finish(&self) {
        if let Kind::Moving { all, whole, .. } = &self.kind {
            whole.finish_and_clear();
            let _ = all.clear();
        }
    }
}

fn bar(color: bool) -> ProgressBar {
    let template = if color { "{bar:12.cyan/238} {wide_msg}" } else { "{bar:12} {wide_msg}" };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style.progress_chars("━╸─"))
}

fn line(text: &str) {
    // one write for the whole line, so that lines of two threads do not mix; nobody may be reading any more
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// A run's moving line.
struct Moving {
    name: Arc<str>,
    bar: ProgressBar,
    last: Option<Instant>,
}

impl Sink for Moving {
    fn update(&mut self, update: &Update) {
        if self.last.is_some_and(|last| last.elapsed() < LINE_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        self.bar.set_length(update.total);
        self.bar.set_message(format!("{}  {}", self.name, abridge(update)));
        self.bar.set_position(update.sequences);
    }

    fn finish(&mut self, _: &str) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        // a run that never began to train has a line too
        self.bar.finish_and_clear();
    }
}

/// A line now and then.
struct Plain {
    name: Arc<str>,
    last: Instant,
}

impl Sink for Plain {
    fn update(&mut self, update: &Update) {
        if self.last.elapsed() < PLAIN_EVERY {
            return;
        }
        self.last = Instant::now();
        line(&format!("{}  {}", self.name, describe(update)));
    }

    fn finish(&mut self, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_told_in_one_line() {
        let began = Instant::now();
        let count = Count { total: 80, ended: 12, failed: 0, here: 0, began };
        assert_eq!(count.told(), "12 of 80 runs");
        let count =
            Count { failed: 2, here: 4, began: began.checked_sub(Duration::from_secs(8)).unwrap(), ..count };
        assert!(count.told().starts_with("12 of 80 runs  2 failed  2m 1"), "{}", count.told());
    }

    #[test]
    fn quiet_boards_take_everything() {
        let board = Board::new(Mode::Quiet, 1, 0, 0);
        let mut job = board.job("base/seed-1");
        job.update(&Update::default());
        job.finish("");
        board.ended("base/seed-1", "solved", false);
        board.finish();
    }
}
