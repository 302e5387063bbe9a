use crate::disk;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Writes a file so that a reader sees either the old content or the new, never a mixture, even after a power
/// cut.
///
/// The bytes go to `.NAME.tmp` in the same directory, are synced, and take the target's place by renaming;
/// then the directory is synced where the system can do that. The temporary name is fixed, so a killed
/// process leaves at most one such file, and the next write replaces it. Two writers of one target at the
/// same time must be kept apart by the caller (a run directory has its lock).
///
/// # Errors
///
/// What the file system says. The old file then stands and the temporary one is removed. (The one exception
/// is a failing sync of the directory: the new content is in place, but may not outlast a power cut.)
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_for(path)?;
    let file = create_anew(&temporary)?;
    let written = fill(file, &temporary, bytes).and_then(|()| disk::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one to tell; a leftover is harmless.
        let _ = disk::remove(&temporary);
        return Err(error);
    }
    disk::sync_directory(disk::directory_of(path))
}

fn fill(mut file: File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    disk::append(&mut file, path, bytes)?;
    disk::sync(&file, path)
}

fn temporary_for(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"));
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".tmp");
    Ok(path.with_file_name(hidden))
}

/// A new file; a leftover of a killed process is removed first.
fn create_anew(path: &Path) -> io::Result<File> {
    match disk::create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            disk::remove(path)?;
            disk::create(path)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names_in(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn new_content_replaces_old_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("status.json");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names_in(directory.path()), ["status.json"]);
    }

    #[test]
    fn the_leftover_of_a_killed_process_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("last");
        fs::write(directory.path().join(".last.tmp"), b"half of a longer fi").unwrap();
        write_atomically(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names_in(directory.path()), ["last"]);
    }

    #[test]
    fn a_failing_rename_leaves_what_stood_there_and_no_temporary() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), b"old").unwrap();
        assert!(write_atomically(&target, b"new").is_err());
        assert_eq!(fs::read(target.join("old")).unwrap(), b"old");
        assert_eq!(names_in(directory.path()), ["target"]);
    }

    #[test]
    fn a_failing_start_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.ron");
        fs::write(&path, b"old").unwrap();
        // Something that is no file stands in the way of the temporary one: the write cannot begin.
        fs::create_dir(directory.path().join(".config.ron.tmp")).unwrap();
        assert!(write_atomically(&path, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_directory_keeps_the_old_file() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("best");
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let written = write_atomically(&path, b"new");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        match written {
            Ok(()) => eprintln!("skipped: this user may write anywhere"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::PermissionDenied);
                assert_eq!(fs::read(&path).unwrap(), b"old");
            }
        }
        assert_eq!(names_in(directory.path()), ["best"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_planted_under_the_temporary_name_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, b"mine").unwrap();
        std::os::unix::fs::symlink(&victim, directory.path().join(".last.tmp")).unwrap();
        write_atomically(&directory.path().join("last"), b"new").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }

    #[test]
    fn a_path_without_a_file_name_is_refused() {
        assert_eq!(write_atomically(Path::new(".."), b"").unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
