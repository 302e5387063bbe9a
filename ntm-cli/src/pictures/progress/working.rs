//! Progress of a command that does not train: shown from a thread of its own, so that the work only counts.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::line::LINE_EVERY;
use super::{Mode, Sink, Work, chosen, simple};

/// What takes less needs no progress.
const SHORT: Duration = Duration::from_millis(500);

/// Work under way: a moving line on a terminal, a line now and then elsewhere, nothing for what is short. It
/// ends when this is dropped.
#[derive(Debug)]
pub struct Working {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    doing: String,
    of: &'static str,
    done: AtomicU64,
    total: u64,
    ended: AtomicBool,
}

impl Working {
    /// Work of so many things; of 0 where nobody knows how many.
    pub fn new(doing: impl Into<String>, total: u64, of: &'static str) -> Self {
        Working::on(simple(chosen(Mode::Plain)), SHORT, doing.into(), total, of)
    }

    fn on(mut sink: Box<dyn Sink>, short: Duration, doing: String, total: u64, of: &'static str) -> Self {
        let (done, ended) = (AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { doing, of, done, total, ended });
        let seen = Arc::clone(&shared);
        let show = move || {
            let began = Instant::now();
            while !seen.ended.load(Relaxed) {
                if began.elapsed() >= short {
                    let Shared { doing, of, done, total, .. } = &*seen;
                    let done = if *total > 0 { done.load(Relaxed) } else { began.elapsed().as_secs() };
                    sink.work(&Work { doing, done, total: *total, of });
                }
                std::thread::park_timeout(LINE_EVERY);
            }
            sink.finish("");
        };
        // without a thread there is no progress to see, and the work goes on
        let thread = std::thread::Builder::new().name("progress".into()).spawn(show).ok();
        Working { shared, thread }
    }

    /// So many more are done. From any thread.
    pub fn add(&self, more: usize) {
        self.shared.done.fetch_add(more as u64, Relaxed);
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.shared.ended.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::Update;
    use super::*;

    struct Kept(Arc<Mutex<Vec<String>>>);
    impl Sink for Kept {
        fn update(&mut self, _: &Update) {}
        fn work(&mut self, work: &Work<'_>) {
            self.0.lock().unwrap().push(format!("{} {}/{} {}", work.doing, work.done, work.total, work.of));
        }
        fn finish(&mut self, _: &str) {
            self.0.lock().unwrap().push("end".into());
        }
    }

    #[test]
    fn short_work_shows_nothing_and_long_work_its_count() {
        let kept = Arc::new(Mutex::new(vec![]));
        drop(Working::on(Box::new(Kept(kept.clone())), Duration::from_secs(60), "tracing".into(), 0, ""));
        assert_eq!(*kept.lock().unwrap(), ["end"]);
        kept.lock().unwrap().clear();
        let work = Working::on(Box::new(Kept(kept.clone())), Duration::ZERO, "drawing".into(), 3, "runs");
        work.add(2);
        while !kept.lock().unwrap().contains(&"drawing 2/3 runs".to_owned()) {
            std::thread::yield_now();
        }
        drop(work);
        assert_eq!(kept.lock().unwrap().last().unwrap(), "end");
    }
}
