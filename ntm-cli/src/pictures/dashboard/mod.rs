//! What a run is doing, on the whole screen: how fast it learns, and what its heads do.
//!
//! Three parts that wait for each other as little as they can. The training loop feeds [`Dashboard`], a [`Sink`]: it adds
//! up numbers, and hands them over ten times a second, unless the screen is just being drawn. A thread of its own draws
//! what it finds, a `View`, a few times a second, and listens to keys. `tty` gives the terminal back,
//! whichever way the program ends. What a sequence does inside the model is asked for by the clock, so rarely that
//! finding out takes less than a quarter of a percent of the time.

mod curve;
mod heat;
mod keys;
mod sample;
mod screen;
mod thread;
mod tty;
mod view;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;

use super::progress::{Sample, Sink, Update, Work};
pub(crate) use tty::restore;
use view::{Doing, View};

/// Time between two points that are handed over.
const POINT_EVERY: Duration = Duration::from_millis(100);
/// Time between two samples, and how many times longer than making one it is at least.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
const SAMPLE_SHARE: u32 = 400;

/// What stays the same while a run is shown.
#[derive(Clone, Debug)]
pub struct About {
    /// What is trained on what, as `Ntm on Copy`.
    pub title: String,
    /// More about it, as `17_162 parameters`.
    pub details: String,
    /// Where the run is written.
    pub run: String,
    /// What costs count.
    pub unit: &'static str,
    /// Validation costs below this, three times in a row, solve the task.
    pub solved_below: f64,
    /// Training sequences the run will see at most.
    pub total: u64,
    /// Validations of earlier sittings: sequences seen, training cost, validation cost.
    pub history: Vec<(u64, f64, f64)>,
    /// Called when the person wants to save and quit; called again, to quit at once.
    pub quit: fn(),
}

/// What the loop and the screen share.
#[derive(Debug)]
struct Shared {
    view: Mutex<View>,
    paused: AtomicBool,
    ended: AtomicBool,
    /// which sequence is to be seen
    number: AtomicU64,
    /// whether it is another one than before
    asked: AtomicBool,
    quit: fn(),
}

impl Shared {
    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows a run on the whole screen until it is finished or dropped.
#[derive(Debug)]
pub struct Dashboard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    sum: Sum,
    handed: Instant,
    worked: Instant,
    sampling: Sampling,
    on_terminal: bool,
}

/// Updates since the last point that was handed over.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    updates: u32,
    bits: f64,
    largest_norm: f64,
}

/// When a sample is wanted.
#[derive(Debug)]
struct Sampling {
    next: Instant,
    wanted_at: Instant,
}

impl Dashboard {
    /// On this process's terminal.
    ///
    /// # Errors
    /// If it does not let itself be taken.
    pub(super) fn open(about: About, color: bool) -> io::Result<Self> {
        let terminal = tty::take()?;
        let mut dashboard = Self::new(about, color);
        dashboard.on_terminal = true;
        dashboard.start(terminal, true)
    }

    /// On any screen, without keys.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn on<B: Backend + Send + 'static>(about: About, screen: Terminal<B>) -> io::Result<Self> {
        Self::new(about, true).start(screen, false)
    }

    fn new(about: About, color: bool) -> Self {
        let quit = about.quit;
        let shared = Shared {
            view: Mutex::new(View::new(about, color)),
            paused: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            number: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            quit,
        };
        let now = Instant::now();
        Dashboard {
            shared: Arc::new(shared),
            thread: None,
            sum: Sum::default(),
            handed: now,
            worked: now,
            sampling: Sampling { next: now, wanted_at: now },
            on_terminal: false,
        }
    }

    fn start<B: Backend + Send + 'static>(mut self, screen: Terminal<B>, keys: bool) -> io::Result<Self> {
        let shared = Arc::clone(&self.shared);
        let show = move || thread::show(&shared, screen, keys);
        self.thread = Some(std::thread::Builder::new().name("dashboard".into()).spawn(show)?);
        Ok(self)
    }

    fn close(&mut self) {
        self.shared.ended.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // it fell over and said so, or it is done
            let _ = thread.join();
        }
        if self.on_terminal && restore() {
            let view = self.shared.view();
            if matches!(view.doing, Doing::Failed(_)) {
                tty::leave_behind(&view);
            }
        }
    }
}

impl Sink for Dashboard {
    fn update(&mut self, update: &Update) {
        self.sum.updates += 1;
        self.sum.bits += update.last_bits;
        self.sum.largest_norm = self.sum.largest_norm.max(update.gradient_norm);
        if self.handed.elapsed() < POINT_EVERY {
            return;
        }
        // if it is just being drawn: at the next step
        if let Ok(mut view) = self.shared.view.try_lock() {
            let bits = self.sum.bits / f64::from(self.sum.updates);
            view.take(update, bits, self.sum.largest_norm);
            (self.sum, self.handed) = (Sum::default(), Instant::now());
        }
    }

    fn work(&mut self, work: &Work<'_>) {
        if self.worked.elapsed() < POINT_EVERY {
            return;
        }
        if let Ok(mut view) = self.shared.view.try_lock() {
            // what ends before anybody can read it is not shown
            let shown = matches!(view.doing, Doing::Training | Doing::Validating(..));
            if shown && self.handed.elapsed() > 5 * POINT_EVERY {
                view.doing = Doing::Validating(work.done, work.total);
            }
            self.worked = Instant::now();
        }
    }

    fn wants_sample(&mut self) -> Option<u64> {
        // the sum is empty when something has just been handed over: once in a while, not at every step
        if self.sum.updates > 0
            || !self.shared.asked.swap(false, Relaxed) && Instant::now() < self.sampling.next
        {
            return None;
        }
        self.sampling.wanted_at = Instant::now();
        Some(self.shared.number.load(Relaxed))
    }

    fn sample(&mut self, sample: Sample) {
        let took = self.sampling.wanted_at.elapsed();
        self.sampling.next = Instant::now() + SAMPLE_EVERY.max(took * SAMPLE_SHARE);
        self.shared.view().sample = Some(sample);
    }

    fn paused(&self) -> bool {
        self.shared.paused.load(Relaxed)
    }

    fn failed(&mut self, message: &str) {
        self.shared.view().doing = Doing::Failed(message.to_owned());
    }

    fn finish(&mut self, message: &str) {
        self.close();
        if !message.is_empty() {
            // nobody may be reading any more
            let _ = io::Write::write_all(&mut io::stderr(), format!("{message}\n").as_bytes());
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.close();
    }
}
