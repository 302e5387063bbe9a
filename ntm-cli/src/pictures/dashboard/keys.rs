//! What keys mean.
use std::sync::atomic::Ordering::Relaxed;

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

use super::view::Doing;
use super::{Shared, tty};

/// Does what an event asks for.
pub(super) fn take(event: &Event, shared: &Shared) {
    let Event::Key(key) = event else { return };
    if key.kind == KeyEventKind::Release {
        return;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        // there is no signal while the terminal is ours
        KeyCode::Char('c') if control => quit(shared),
        KeyCode::Char('z') if control => tty::suspend(),
        // other keys with control are nobody's: some terminals say so what was never pressed
        _ if control => {}
        // only Ctrl-C twice is in so much of a hurry
        KeyCode::Char('q') | KeyCode::Esc if shared.view().doing != Doing::Saving => quit(shared),
        KeyCode::Char('p' | ' ') => {
            let paused = !shared.paused.load(Relaxed);
            let mut view = shared.view();
            if matches!(view.doing, Doing::Saving | Doing::Failed(_)) {
                return;
            }
            view.doing = if paused { Doing::Paused } else { Doing::Training };
            shared.paused.store(paused, Relaxed);
        }
        KeyCode::Char('n') => {
            shared.number.fetch_add(1, Relaxed);
            shared.asked.store(true, Relaxed);
        }
        _ => {}
    }
}

fn quit(shared: &Shared) {
    shared.view().doing = Doing::Saving;
    (shared.quit)();
}
