use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use ntm_core::checkpoint::write_atomically;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{RunError, at};

/// The most bytes that a config, a status or an environment may have: 16 MiB.
pub const MAX_TEXT: u64 = 16 << 20;

/// Writes a value as indented JSON, whole or not at all.
///
/// # Errors
///
/// A value that JSON cannot express, or what the file system says; the old file then stands.
pub fn write_json<S: Serialize + ?Sized>(path: &Path, value: &S) -> Result<(), RunError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| RunError::Unwritable { path: path.to_path_buf(), detail: error.to_string() })?;
    text.push(b'\n');
    write_atomically(path, &text).map_err(at(path))
}

/// Reads what [`write_json`] wrote.
///
/// # Errors
///
/// What the file system says, more than [`MAX_TEXT`] bytes, or text that is not JSON of this type.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, RunError> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| RunError::Json { path: path.to_path_buf(), detail: error.to_string() })
}

/// Reads a text.
///
/// # Errors
///
/// What the file system says, more than [`MAX_TEXT`] bytes, or bytes that are not UTF-8.
pub fn read_text(path: &Path) -> Result<String, RunError> {
    let bytes = read_limited(path, MAX_TEXT)?;
    String::from_utf8(bytes).map_err(|error| at(path)(std::io::Error::new(ErrorKind::InvalidData, error)))
}

/// Opens a file for reading, if it is one.
pub(super) fn open_regular(path: &Path) -> Result<File, RunError> {
    // Asked by path first: opening a pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(at(path))?.is_file() {
        return Err(at(path)(std::io::Error::new(ErrorKind::InvalidInput, "is not a regular file")));
    }
    File::open(path).map_err(at(path))
}

/// Reads a regular file of at most so many bytes.
pub(super) fn read_limited(path: &Path, allowed: u64) -> Result<Vec<u8>, RunError> {
    let file = open_regular(path)?;
    let too_large = |given| RunError::TooLarge { path: path.to_path_buf(), given, allowed };
    let length = file.metadata().map_err(at(path))?.len();
    if length > allowed {
        return Err(too_large(length));
    }
    let mut bytes = Vec::new();
    file.take(allowed + 1).read_to_end(&mut bytes).map_err(at(path))?;
    if bytes.len() as u64 > allowed { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    #[test]
    fn a_value_comes_back_and_is_readable_by_people() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("status.json");
        let value = BTreeMap::from([("sequences".to_owned(), 17)]);
        write_json(&path, &value).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  \"sequences\": 17\n}\n");
        assert_eq!(read_json::<BTreeMap<String, i32>>(&path).unwrap(), value);
    }

    #[test]
    fn a_value_that_json_cannot_express_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("status.json");
        fs::write(&path, "old").unwrap();
        let error = write_json(&path, &BTreeMap::from([((1, 2), 3)])).unwrap_err();
        assert!(matches!(error, RunError::Unwritable { .. }));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("status.json");
        assert!(read_json::<i32>(&path).unwrap_err().to_string().contains("status.json"));
        assert!(read_json::<i32>(directory.path()).unwrap_err().to_string().contains("not a regular file"));
        fs::write(&path, "{").unwrap();
        assert!(read_json::<i32>(&path).unwrap_err().to_string().contains("line 1"));
        fs::write(&path, b"\xff").unwrap();
        assert!(read_text(&path).unwrap_err().to_string().contains("utf-8"));
        fs::write(&path, "12345").unwrap();
        assert!(matches!(read_limited(&path, 4), Err(RunError::TooLarge { given: 5, allowed: 4, .. })));
    }
}
