//! Cutting a file of records back to a checkpoint.
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ntm_core::checkpoint::write_atomically;
use serde::Deserialize;
use serde_json::Value;

use super::json::read_limited;
use super::jsonl::{MAX_LINE, MAX_LINES, bad_line};
use super::{RunError, at};

/// What a [`Cut`] leaves in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many records stayed.
    pub records: usize,
    /// Records beyond the checkpoint that were removed; an unfinished last line is not counted.
    pub dropped: usize,
    /// The `sequences` of the last record that stayed and has it.
    pub sequences: Option<u64>,
}

/// A JSONL file that is to be cut back to a checkpoint, and has not been yet.
#[derive(Debug)]
pub struct Cut {
    path: PathBuf,
    kept: Kept,
    /// where that is not what is there
    text: Option<Vec<u8>>,
}

impl Cut {
    /// What will be left.
    pub fn kept(&self) -> Kept {
        self.kept
    }

    /// Cuts the file: it is replaced whole or not at all.
    ///
    /// # Errors
    ///
    /// What the file system says. The file is then as it was.
    pub fn make(self) -> Result<Kept, RunError> {
        if let Some(text) = self.text {
            write_atomically(&self.path, &text).map_err(at(&self.path))?;
        }
        Ok(self.kept)
    }
}

/// Cuts a JSONL file back to a checkpoint: from the first record on whose field `sequences` is larger than
/// the checkpoint's, everything goes, and so does an unfinished last line. Records without the field go or
/// stay with those before them. What stays, stays byte for byte; the file is replaced whole or not at all.
/// Without a file there is nothing to do.
///
/// # Errors
///
/// As [`cut_jsonl`] and [`Cut::make`]. The file is then as it was.
pub fn truncate_jsonl(path: &Path, upto_sequences: u64) -> Result<Kept, RunError> {
    cut_jsonl(path, upto_sequences)?.make()
}

/// What [`truncate_jsonl`] will do; nothing is changed before [`Cut::make`].
///
/// # Errors
///
/// What the file system says, more than [`MAX_LINES`] bytes, a line of more than [`MAX_LINE`] bytes, or one
/// with its line end that is not a JSON object with a whole number as `sequences`.
pub fn cut_jsonl(path: &Path, upto_sequences: u64) -> Result<Cut, RunError> {
    #[derive(Deserialize)]
    struct Record {
        #[serde(default)]
        sequences: Option<u64>,
    }

    let mut kept = Kept::default();
    let bytes = match read_limited(path, MAX_LINES) {
        Err(RunError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => {
            return Ok(Cut { path: path.to_path_buf(), kept, text: None });
        }
        other => other?,
    };
    let mut text = Vec::new();
    let mut beyond = false;
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii_end().len() > MAX_LINE {
            return Err(RunError::LongLine { path: path.to_path_buf(), line: index + 1, allowed: MAX_LINE });
        }
        if line.trim_ascii().is_empty() {
            if !beyond && line.ends_with(b"\n") {
                text.extend(line);
            }
            continue;
        }
        // as a reader takes it: what is kept can be read, numbers that are too large for JSON's readers included
        let record = serde_json::from_slice::<Value>(line).and_then(Record::deserialize);
        let record = match record {
            Ok(record) => record,
            Err(_) if !line.ends_with(b"\n") => break,
            Err(error) => return Err(bad_line(path, index + 1, &error)),
        };
        beyond |= record.sequences.is_some_and(|sequences| sequences > upto_sequences);
        if beyond {
            kept.dropped += 1;
            continue;
        }
        kept.records += 1;
        kept.sequences = record.sequences.or(kept.sequences);
        text.extend(line);
        if !line.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
    let text = (text != bytes).then_some(text);
    Ok(Cut { path: path.to_path_buf(), kept, text })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::super::JsonLines;
    use super::super::jsonl::tests::path_with;
    use super::*;

    #[test]
    fn nothing_is_cut_before_it_is_said() {
        let (_directory, path) = path_with("{\"sequences\":1}\n{\"sequences\":2}\n");
        let cut = cut_jsonl(&path, 1).unwrap();
        assert_eq!(cut.kept(), Kept { records: 1, dropped: 1, sequences: Some(1) });
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        cut.make().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn resuming_keeps_exactly_what_the_checkpoint_knows() {
        let text = [
            "{\"sequences\":500,\"bits\":1.50}\n",
            "{\"sequences\":1000}\n{\"note\":1}\n",
            "{\"sequences\":1500}\n{\"seq",
        ]
        .concat();
        let kept = |records, dropped, sequences| Kept { records, dropped, sequences };
        for (upto, expected, lines) in [
            (0, kept(0, 4, None), 0),
            (499, kept(0, 4, None), 0),
            (500, kept(1, 3, Some(500)), 1),
            (1000, kept(3, 1, Some(1000)), 3),
            (1499, kept(3, 1, Some(1000)), 3),
            (u64::MAX, kept(4, 0, Some(1500)), 4),
        ] {
            let (_directory, path) = path_with(&text);
            assert_eq!(truncate_jsonl(&path, upto).unwrap(), expected, "up to {upto}");
            let whole: String = text.split_inclusive('\n').take(lines).collect();
            assert_eq!(fs::read_to_string(&path).unwrap(), whole, "up to {upto}");
        }
    }

    #[test]
    fn resuming_gives_the_file_of_an_uninterrupted_run() {
        let directory = tempfile::tempdir().unwrap();
        let record = |i: u64| json!({"sequences": 500 * i, "bits": 1.0 / i as f64});
        let whole = directory.path().join("whole");
        let mut lines = JsonLines::open(&whole).unwrap();
        (1..=9).for_each(|i| lines.push(&record(i)).unwrap());
        let whole = fs::read(whole).unwrap();
        // Killed after any byte that comes after the checkpoint at 1000 sequences.
        let checkpoint = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
        for end in checkpoint - 1..whole.len() {
            let path = directory.path().join("killed");
            fs::write(&path, &whole[..end]).unwrap();
            assert_eq!(truncate_jsonl(&path, 1000).unwrap().sequences, Some(1000));
            let mut lines = JsonLines::open(&path).unwrap();
            (3..=9).for_each(|i| lines.push(&record(i)).unwrap());
            assert_eq!(fs::read(&path).unwrap(), whole, "killed after {end} bytes");
        }
    }

    #[test]
    fn a_damaged_file_is_named_and_left_alone() {
        for text in [
            "{\"sequences\":1}\n???\n{\"sequences\":2}\n",
            "{\"sequences\":-1}\n{\"sequences\":2}\n",
            "{\"sequences\":1}\n???\n",
        ] {
            let (_directory, path) = path_with(text);
            assert!(matches!(truncate_jsonl(&path, 1), Err(RunError::Line { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn without_a_file_there_is_nothing_to_cut() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(truncate_jsonl(&directory.path().join("metrics.jsonl"), 5).unwrap(), Kept::default());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
