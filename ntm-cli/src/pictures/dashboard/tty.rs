//! The terminal: taken for the dashboard, and given back on every way out.
//!
//! The ways out are the end of the run, an error, a panic on any thread, and the signals that end a program, whose
//! handler calls [`restore`]. Only what cannot be caught leaves the terminal as it is.
use std::io::{self, BufWriter, Stderr, Write, stderr};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, Once, TryLockError};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, IntoCrossterm};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::{Attribute, Colors, Print, ResetColor, SetAttribute, SetColors};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::Rect;

use super::screen;
use super::view::View;

/// Whether the terminal is taken.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether it was away and has to be drawn anew.
static RESUMED: AtomicBool = AtomicBool::new(false);
/// Held while a frame is drawn, so that none is written over what comes after.
static DRAWING: Mutex<()> = Mutex::new(());
static PANICS: Once = Once::new();

/// The terminal behind stderr; one write for each frame.
pub(super) type Screen = Terminal<CrosstermBackend<BufWriter<Stderr>>>;

/// Takes the terminal.
pub(super) fn take() -> io::Result<Screen> {
    PANICS.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            usual(panic);
        }));
    });
    let screen = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stderr())))?;
    enter()?;
    Ok(screen)
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, SeqCst);
    execute!(stderr(), EnterAlternateScreen, Hide).inspect_err(|_| {
        restore();
    })
}

/// Gives the terminal back, if it is taken; whether it was. May be called from any thread at any time.
pub(crate) fn restore() -> bool {
    if !TAKEN.swap(false, SeqCst) {
        return false;
    }
    // a frame on its way is let through; but if this is the thread that draws, it panicked, and nobody else will let go
    for _ in 0..50 {
        match DRAWING.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            _ => break,
        }
    }
    let _ = execute!(stderr(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
    true
}

/// The right to draw; none where the terminal has been given back.
pub(super) fn hold() -> Option<MutexGuard<'static, ()>> {
    let held = DRAWING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    TAKEN.load(SeqCst).then_some(held)
}

/// Whether the program was stopped in between: once after each time.
pub(super) fn resumed() -> bool {
    RESUMED.swap(false, SeqCst)
}

/// Stops the program, as Ctrl-Z does elsewhere, and takes the terminal again when it goes on.
pub(super) fn suspend() {
    #[cfg(unix)]
    {
        if !restore() {
            return;
        }
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        if enter().is_ok() {
            RESUMED.store(true, SeqCst);
        }
    }
}

/// Leaves the last screen where it can be read after the program has ended.
pub(super) fn leave_behind(view: &View) {
    let Ok((width, height)) = ratatui::crossterm::terminal::size() else { return };
    let area = Rect::new(0, 0, width, height.saturating_sub(4));
    let mut buffer = Buffer::empty(area);
    screen::draw(view, area, &mut buffer);
    let mut out = BufWriter::new(stderr().lock());
    // nobody may be reading any more
    let _ = print(&buffer, view.color, &mut out).and_then(|()| out.flush());
}

/// Writes a buffer as lines.
fn print(buffer: &Buffer, color: bool, out: &mut impl Write) -> io::Result<()> {
    for row in buffer.area.rows() {
        for cell in row.columns().filter_map(|place| buffer.cell(place.as_position())) {
            if color {
                execute!(out, SetColors(Colors::new(cell.fg.into_crossterm(), cell.bg.into_crossterm())))?;
            }
            execute!(out, Print(cell.symbol()))?;
        }
        if color {
            execute!(out, ResetColor, SetAttribute(Attribute::Reset))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}
