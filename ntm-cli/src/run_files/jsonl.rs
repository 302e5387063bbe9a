use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use ntm_core::disk;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::ser::Formatter;

use super::json::open_regular;
use super::{RunError, at};

/// The most bytes that one line of a JSONL file may have: 1 MiB.
pub const MAX_LINE: usize = 1 << 20;
/// The most bytes that a JSONL file may have: 1 GiB. More are not written, so that a run can always go on.
pub const MAX_LINES: u64 = 1 << 30;

/// Appends records to a file, one JSON object per line.
///
/// Each line goes to the system in one write, so a killed process leaves at most the last one unfinished;
/// nothing is kept back in the program. The bytes are those of the record: no time, no counter. One writer at
/// a time, which the lock of the run directory sees to.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
    length: u64,
    line: Vec<u8>,
}

impl JsonLines {
    /// Opens a file for appending, and creates it if there is none.
    ///
    /// A last line that a killed process left unfinished is removed; one that only lacks its line end gets
    /// it.
    ///
    /// # Errors
    ///
    /// What the file system says, or an unfinished last line of more than [`MAX_LINE`] bytes: that is no such
    /// file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let path = path.into();
        let mut file = open_or_create(&path).map_err(at(&path))?;
        let length = mend(&mut file, &path).map_err(at(&path))?;
        Ok(JsonLines { path, file, length, line: Vec::new() })
    }

    /// Appends one record.
    ///
    /// # Errors
    ///
    /// A record that JSON cannot express, a number that is not finite among it (and `null`, which such a number
    /// would become, whatever it stands for), one that takes more than [`MAX_LINE`] bytes, or what the file
    /// system says. The file then still ends after the record before.
    pub fn push<S: Serialize + ?Sized>(&mut self, record: &S) -> Result<(), RunError> {
        self.line.clear();
        record
            .serialize(&mut serde_json::Serializer::with_formatter(&mut self.line, WithoutNull))
            .map_err(|error| RunError::Unwritable { path: self.path.clone(), detail: error.to_string() })?;
        if self.line.len() > MAX_LINE {
            let detail = format!("the record takes {} bytes of {MAX_LINE} allowed", self.line.len());
            return Err(RunError::Unwritable { path: self.path.clone(), detail });
        }
        self.line.push(b'\n');
        if self.length + self.line.len() as u64 > MAX_LINES {
            let detail = format!(
                "the file has {} bytes of {MAX_LINES} allowed; let there be fewer records, by a larger \
                 train.validate_every",
                self.length
            );
            return Err(RunError::Unwritable { path: self.path.clone(), detail });
        }
        if let Err(error) = disk::append(&mut self.file, &self.path, &self.line) {
            // The first error is the one to tell; the next opening would mend the line as well.
            let _ = disk::cut(&self.file, &self.path, self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(at(&self.path)(error));
        }
        self.length += self.line.len() as u64;
        Ok(())
    }

    /// Waits until all records are on the disk. Done before a checkpoint is written, it keeps the records
    /// from ending before the checkpoint after a power cut.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn sync(&self) -> Result<(), RunError> {
        disk::sync(&self.file, &self.path).map_err(at(&self.path))
    }
}

/// JSON without `null`: no reader takes it for a number, and a number that is not finite would become it.
struct WithoutNull;

impl Formatter for WithoutNull {
    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        Err(io::Error::new(ErrorKind::InvalidInput, "a number of the record is not finite"))
    }
}

/// A file to write to; a new one is in its directory after a power cut too.
fn open_or_create(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let file = disk::create(path)?;
            disk::sync_directory(disk::directory_of(path)).map(|()| file)
        }
        other => other,
    }
}

/// Sees to it that the file ends with a line end, stands there, and gives its length.
fn mend(file: &mut File, path: &Path) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(MAX_LINE as u64 + 1);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    file.by_ref().take(MAX_LINE as u64 + 1).read_to_end(&mut end)?;
    let unfinished = match end.iter().rposition(|&byte| byte == b'\n') {
        Some(line_end) => &end[line_end + 1..],
        None if start == 0 => &end[..],
        None => {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "ends in a line that is too long for a record",
            ));
        }
    };
    if unfinished.is_empty() {
        return file.seek(SeekFrom::End(0));
    }
    // Only of an object can one say that it is complete: 12 may have been going to be 123.
    if unfinished.ends_with(b"}") && serde_json::from_slice::<Value>(unfinished).is_ok() {
        file.seek(SeekFrom::End(0))?;
        disk::append(file, path, b"\n")?;
    } else {
        disk::cut(file, path, length - unfinished.len() as u64)?;
    }
    file.seek(SeekFrom::End(0))
}

/// Reads the records of a JSONL file one after the other. Iteration ends at the first error.
///
/// Empty lines are passed over. A last line without its line end that is not a record is taken for one that was
/// being written and left out; that is normal while a run is going on.
#[derive(Debug)]
pub struct JsonLinesReader<T> {
    path: PathBuf,
    file: BufReader<File>,
    bytes: Vec<u8>,
    line: usize,
    done: bool,
    records: PhantomData<fn() -> T>,
}

/// Opens a JSONL file for reading.
///
/// # Errors
///
/// What the file system says. Later, from the iterator: a line of more than [`MAX_LINE`] bytes, or one with its
/// line end that is not a record of this type.
pub fn read_jsonl<T: DeserializeOwned>(path: impl Into<PathBuf>) -> Result<JsonLinesReader<T>, RunError> {
    let path = path.into();
    let file = BufReader::new(open_regular(&path)?);
    Ok(JsonLinesReader { path, file, bytes: Vec::new(), line: 0, done: false, records: PhantomData })
}

impl<T: DeserializeOwned> JsonLinesReader<T> {
    fn step(&mut self) -> Result<Option<T>, RunError> {
        loop {
            self.bytes.clear();
            self.line += 1;
            let limit = MAX_LINE as u64 + 1;
            let read =
                (&mut self.file).take(limit).read_until(b'\n', &mut self.bytes).map_err(at(&self.path))?;
            if read == 0 {
                return Ok(None);
            }
            if self.bytes.len() > MAX_LINE && self.bytes.last() != Some(&b'\n') {
                return Err(RunError::LongLine {
                    path: self.path.clone(),
                    line: self.line,
                    allowed: MAX_LINE,
                });
            }
            if self.bytes.trim_ascii().is_empty() {
                continue;
            }
            return match serde_json::from_slice(&self.bytes) {
                Ok(record) => Ok(Some(record)),
                Err(_) if !self.bytes.ends_with(b"\n") => Ok(None),
                Err(error) => Err(bad_line(&self.path, self.line, &error)),
            };
        }
    }
}

impl<T: DeserializeOwned> Iterator for JsonLinesReader<T> {
    type Item = Result<T, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.step().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

pub(super) fn bad_line(path: &Path, line: usize, error: &serde_json::Error) -> RunError {
    RunError::Line { path: path.to_path_buf(), line, detail: error.to_string() }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use serde_json::json;

    use super::super::truncate_jsonl;
    use super::*;

    /// A file of these lines, in a folder that lasts as long as it is held.
    pub(in crate::run_files) fn path_with(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    fn read(path: &Path) -> Result<Vec<Value>, RunError> {
        read_jsonl(path)?.collect()
    }

    #[test]
    fn each_record_is_in_the_file_when_push_returns() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        let mut lines = JsonLines::open(&path).unwrap();
        lines.push(&json!({"sequences": 500, "bits": 0.1_f32})).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        lines.push(&json!({"sequences": 1000})).unwrap();
        lines.sync().unwrap();
        assert_eq!(read(&path).unwrap()[1]["sequences"], 1000);
        drop(lines);
        JsonLines::open(&path).unwrap().push(&json!({"sequences": 1500})).unwrap();
        assert_eq!(read(&path).unwrap().len(), 3);
    }

    #[test]
    fn appending_first_mends_what_a_killed_process_left() {
        for (left, expected) in [
            ("", "3\n"),
            ("1\n", "1\n3\n"),
            ("1\n{\"a\":", "1\n3\n"),
            ("{\"a", "3\n"),
            ("1\n{\"a\":2}", "1\n{\"a\":2}\n3\n"),
            ("1\n\0\0\0", "1\n3\n"),
            ("1\n12", "1\n3\n"),
        ] {
            let (_directory, path) = path_with(left);
            JsonLines::open(&path).unwrap().push(&3).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{left:?}");
        }
    }

    #[test]
    fn appending_never_cuts_a_file_that_is_no_jsonl() {
        let (_directory, path) = path_with(&"x".repeat(MAX_LINE + 2));
        assert!(JsonLines::open(&path).unwrap_err().to_string().contains("too long"));
        assert_eq!(fs::read(&path).unwrap().len(), MAX_LINE + 2);
    }

    #[test]
    fn a_record_that_could_not_be_read_is_not_written() {
        let (_directory, path) = path_with("1\n");
        let mut lines = JsonLines::open(&path).unwrap();
        assert!(matches!(lines.push(&"x".repeat(MAX_LINE)), Err(RunError::Unwritable { .. })));
        lines.push(&2).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n");
    }

    #[test]
    fn a_number_that_is_not_finite_is_not_written() {
        let (_directory, path) = path_with("1\n");
        let mut lines = JsonLines::open(&path).unwrap();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let refused = lines.push(&BTreeMap::from([("a", 1.0), ("bits", bad)])).unwrap_err().to_string();
            assert!(refused.contains("not finite"), "{refused}");
        }
        assert!(lines.push(&json!({"a": [{"bits": null}]})).is_err());
        lines.push(&2).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n");
    }

    #[test]
    fn a_file_that_could_not_be_cut_back_any_more_does_not_grow() {
        let (_directory, path) = path_with("");
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        // a hole, which takes no room
        file.seek(SeekFrom::Start(MAX_LINES - 5)).unwrap();
        std::io::Write::write_all(&mut file, b"\n").unwrap();
        let mut lines = JsonLines::open(&path).unwrap();
        lines.push(&12).unwrap();
        let refused = lines.push(&3).unwrap_err().to_string();
        assert!(refused.contains("train.validate_every"), "{refused}");
        assert_eq!(fs::metadata(&path).unwrap().len(), MAX_LINES - 1);
    }

    #[test]
    fn a_reader_leaves_out_an_unfinished_last_line_only() {
        let (_directory, path) = path_with("{\"a\":1}\n\n{\"a\":2}\n{\"a\":");
        assert_eq!(read(&path).unwrap(), [json!({"a": 1}), json!({"a": 2})]);
        let (_directory, path) = path_with("{\"a\":1}\n{\"a\":2}");
        assert_eq!(read(&path).unwrap().len(), 2);
        let (_directory, path) = path_with("{\"a\":1}\n{\"a\":\n{\"a\":2}\n");
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("metrics.jsonl:2:"), "{message}");
        // whoever wrote its line end had finished it
        let (_directory, path) = path_with("{\"a\":1}\n{\"a\":\n");
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("metrics.jsonl:2:"), "{message}");
    }

    #[test]
    fn a_reader_stops_at_a_line_without_end() {
        let (_directory, path) = path_with(&format!("1\n\"{}\"\n", "x".repeat(MAX_LINE)));
        let mut reader = read_jsonl::<Value>(&path).unwrap();
        assert!(reader.next().unwrap().is_ok());
        assert!(matches!(reader.next(), Some(Err(RunError::LongLine { line: 2, .. }))));
        assert!(reader.next().is_none());
    }

    #[test]
    fn the_longest_line_allowed_can_be_written_read_and_kept() {
        let (_directory, path) = path_with("");
        let record = json!({"sequences": 1, "x": "x".repeat(MAX_LINE - 22)});
        assert_eq!(record.to_string().len(), MAX_LINE);
        JsonLines::open(&path).unwrap().push(&record).unwrap();
        JsonLines::open(&path).unwrap().push(&record).unwrap();
        assert_eq!(read(&path).unwrap(), [record.clone(), record]);
        assert_eq!(truncate_jsonl(&path, 1).unwrap().records, 2);
    }
}
