//! Changes to files that must outlast a kill, a full disk and a power cut: one system call each.
//!
//! What a run leaves behind is changed through these functions alone. So a test can look at each change before it is made, let
//! it fail, or work out what a power cut after it would leave: `watch` (feature `testkit`) is called with every
//! [`Change`] below a directory.
//!
//! A power cut leaves of a file what was [synced](sync), and of a directory the names that were there when it was synced
//! ([`sync_directory`]); of the rest it may leave anything. [`write_atomically`](crate::checkpoint::write_atomically) is made of
//! that: write aside, sync, rename, sync the directory.

#[cfg(feature = "testkit")]
mod watched;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

#[cfg(feature = "testkit")]
pub use watched::{Watched, watch};

/// A change that is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// A directory comes to be.
    CreateDirectory(&'a Path),
    /// An empty file comes to be.
    Create(&'a Path),
    /// Bytes join the end of a file.
    Append(&'a Path, &'a [u8]),
    /// A file ends after so many bytes.
    Cut(&'a Path, u64),
    /// The bytes of a file reach the disk.
    Sync(&'a Path),
    /// A file takes the place of another, or a new name.
    Rename(&'a Path, &'a Path),
    /// A file goes.
    Remove(&'a Path),
    /// The names in a directory reach the disk.
    SyncDirectory(&'a Path),
}

#[cfg(feature = "testkit")]
use watched::about_to;

#[cfg(not(feature = "testkit"))]
fn about_to(_: Change<'_>) -> io::Result<()> {
    Ok(())
}

/// A directory with all that are missing above it; each is synced into the one above.
///
/// # Errors
///
/// What the file system says; that something else has the name.
pub fn create_directories(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        create_directories(above)?;
    }
    match create_directory(path) {
        // another process was faster
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// A new directory, synced into the one above.
///
/// # Errors
///
/// What the file system says.
pub fn create_directory(path: &Path) -> io::Result<()> {
    about_to(Change::CreateDirectory(path))?;
    fs::create_dir(path)?;
    sync_directory(directory_of(path))
}

/// A new file, never an existing one or the target of a link.
///
/// # Errors
///
/// What the file system says.
pub fn create(path: &Path) -> io::Result<File> {
    about_to(Change::Create(path))?;
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Writes at the end of a file, which is where it must stand.
///
/// # Errors
///
/// What the file system says; some of the bytes may be there.
pub fn append(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    about_to(Change::Append(path, bytes))?;
    file.write_all(bytes)
}

/// Ends a file after so many bytes.
///
/// # Errors
///
/// What the file system says.
pub fn cut(file: &File, path: &Path, length: u64) -> io::Result<()> {
    about_to(Change::Cut(path, length))?;
    file.set_len(length)
}

/// Waits until the bytes of a file are on the disk.
///
/// # Errors
///
/// What the file system says.
pub fn sync(file: &File, path: &Path) -> io::Result<()> {
    about_to(Change::Sync(path))?;
    file.sync_all()
}

/// Puts a file in another's place.
///
/// # Errors
///
/// What the file system says; both are then as they were.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    about_to(Change::Rename(from, to))?;
    fs::rename(from, to)
}

/// Removes a file.
///
/// # Errors
///
/// What the file system says.
pub fn remove(path: &Path) -> io::Result<()> {
    about_to(Change::Remove(path))?;
    fs::remove_file(path)
}

/// Waits until the names in a directory are on the disk, where the system can do that.
///
/// # Errors
///
/// What the file system says.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    about_to(Change::SyncDirectory(directory))?;
    #[cfg(unix)]
    {
        use ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
        match File::open(directory).and_then(|directory| directory.sync_all()) {
            // Some network file systems cannot sync a directory, and one may write into a directory one may not
            // read.
            Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => Ok(()),
            other => other,
        }
    }
    #[cfg(not(unix))]
    Ok(())
}

/// The directory that a file lies in.
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_come_to_be_from_above_and_once() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a").join("b").join("c");
        create_directories(&path).unwrap();
        create_directories(&path).unwrap();
        assert!(path.is_dir());
    }

    #[test]
    fn a_file_in_the_way_of_a_directory_stays() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("letter");
        fs::write(&file, "dear").unwrap();
        let kind = |path: &Path| create_directories(path).unwrap_err().kind();
        assert_eq!(kind(&file), ErrorKind::AlreadyExists);
        assert_eq!(kind(&file.join("below")), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"dear");
    }
}
