//! Ctrl-C and a request to terminate: the first ends training after the update at hand, the second ends the program.
use crate::pictures::dashboard;
use std::process::exit;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static WANTED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// From now on a signal is a wish.
pub(crate) fn listen() {
    LISTENING.call_once(|| {
        // without a handler a signal ends the program, and the last checkpoint stands: also good
        let _ = ctrlc::set_handler(want);
    });
}

/// A signal, or the same wish from the keyboard.
pub(crate) fn want() {
    if WANTED.swap(true, Ordering::Relaxed) {
        dashboard::restore();
        exit(130);
    }
}

/// Whether there was a signal.
pub(crate) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}
