//! The thread that draws and listens.
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event;

use super::{Shared, keys, screen, tty};

/// Time between two frames, and how many times longer than drawing one it is at least.
const FRAME_EVERY: Duration = Duration::from_millis(300);
const FRAME_SHARE: u32 = 150;
/// Time between two looks at whether the run has ended.
const GLANCE: Duration = Duration::from_millis(40);

/// Draws until the run has ended, or the terminal has been given back.
pub(super) fn show<B: Backend>(shared: &Shared, mut screen: Terminal<B>, keys: bool) {
    while !shared.ended.load(Relaxed) {
        let began = Instant::now();
        if !draw(shared, &mut screen, keys) {
            return;
        }
        let next = began + FRAME_EVERY.max(began.elapsed() * FRAME_SHARE);
        while !shared.ended.load(Relaxed) {
            let left = next.saturating_duration_since(Instant::now()).min(GLANCE);
            if left.is_zero() || heard(shared, keys, left) {
                break;
            }
        }
    }
    // how it ended
    draw(shared, &mut screen, keys);
}

/// Draws once. False where there is nothing left to draw on.
fn draw<B: Backend>(shared: &Shared, screen: &mut Terminal<B>, keys: bool) -> bool {
    let held = keys.then(tty::hold);
    if held.as_ref().is_some_and(Option::is_none) {
        return false;
    }
    if keys && tty::resumed() && screen.clear().is_err() {
        return false;
    }
    let view = shared.view();
    // a terminal that has gone away stops no run
    screen.draw(|frame| screen::draw(&view, frame.area(), frame.buffer_mut())).is_ok()
}

/// Waits for so long; whether there was something to react to.
fn heard(shared: &Shared, keys: bool, wait: Duration) -> bool {
    if !keys {
        std::thread::park_timeout(wait);
        return false;
    }
    match event::poll(wait) {
        Ok(true) => event::read().is_ok_and(|event| {
            keys::take(&event, shared);
            true
        }),
        Ok(false) => false,
        Err(_) => {
            std::thread::park_timeout(wait);
            false
        }
    }
}
