//! Looking on while files are changed.
use super::Change;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Observer = Arc<dyn Fn(Change<'_>) -> io::Result<()> + Send + Sync>;

/// How many there are, so that nobody waits for the list when there are none.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static WATCHED: Mutex<Vec<(usize, PathBuf, Observer)>> = Mutex::new(Vec::new());

/// Looks on until it is dropped.
pub struct Watched(usize);

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watched({})", self.0)
    }
}

/// Calls `observer` before each change to `directory` or below it, from whichever thread makes it. Where it gives an error
/// the change is not made and has failed with that.
#[must_use]
pub fn watch(
    directory: &Path,
    observer: impl Fn(Change<'_>) -> io::Result<()> + Send + Sync + 'static,
) -> Watched {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let entry = (number, directory.to_path_buf(), Arc::new(observer) as Observer);
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    COUNT.fetch_add(1, Ordering::SeqCst);
    Watched(number)
}

impl Drop for Watched {
    fn drop(&mut self) {
        WATCHED.lock().unwrap_or_else(PoisonError::into_inner).retain(|(number, ..)| *number != self.0);
        COUNT.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) fn about_to(change: Change<'_>) -> io::Result<()> {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    let path = match change {
        Change::CreateDirectory(path) | Change::Create(path) | Change::Append(path, _) => path,
        Change::Cut(path, _) | Change::Sync(path) | Change::Rename(_, path) => path,
        Change::Remove(path) | Change::SyncDirectory(path) => path,
    };
    let observers: Vec<Observer> = {
        let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        let all = watched.iter().filter(|(_, directory, _)| path.starts_with(directory));
        all.map(|(.., observer)| observer.clone()).collect()
    };
    observers.iter().try_for_each(|observer| observer(change))
}
