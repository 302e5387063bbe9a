//! A line now and then.
use std::io::Write;
use std::time::{Duration, Instant};

use super::words::{describe, describe_work};
use super::{Sink, Update, Work};

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

    fn work(&mut self, work: &Work) {
        // what is short needs no line
        let last = *self.last.get_or_insert_with(Instant::now);
        if last.elapsed() >= self.every {
            self.line(&describe_work(work));
            self.last = Some(Instant::now());
        }
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::pictures::progress::tests::update;

    fn lines(plain: &Plain<Vec<u8>>) -> Vec<&str> {
        std::str::from_utf8(&plain.writer).unwrap().lines().collect()
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
    fn work_has_lines_only_once_it_has_taken_long() {
        let work = Work { doing: "validating", done: 320, total: 640, of: "sequences" };
        let mut plain = Plain::new(Vec::new(), Duration::from_secs(3_600));
        plain.work(&work);
        assert!(lines(&plain).is_empty());
        plain.every = Duration::ZERO;
        plain.work(&work);
        assert_eq!(lines(&plain), ["validating 320 of 640 sequences"]);
    }
}
