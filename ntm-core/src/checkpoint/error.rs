use std::io;
use std::path::PathBuf;

use super::{MAX_FILE, MAX_RANK};

/// Why an archive could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Another error, with the file it happened in.
    #[error("{}: {error}", .path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<ArchiveError>,
    },
    /// The file system refused.
    #[error("{error}")]
    Io {
        /// What it said.
        error: io::Error,
    },
    /// The path is a directory or a device.
    #[error(
        "this is not a regular file; give a *.safetensors file, in a run that is \
         checkpoints/last.safetensors or checkpoints/best.safetensors"
    )]
    NotAFile,
    /// There is nothing of that name.
    #[error("there is no such file; give a safetensors file that is there")]
    NoFile,
    /// There are more bytes than one archive may have, or than there is memory.
    #[error(
        "the archive has {given} bytes, and at most {MAX_FILE} are allowed and must fit in memory; split it"
    )]
    TooLarge {
        /// Bytes found, or bytes that would be written.
        given: u64,
    },
    /// The file begins with a length no header can have.
    #[error(
        "this is no safetensors file, or it was cut short: {}; give another file, or write it again",
        beginning(*.given, *.allowed, *.file)
    )]
    HeaderLength {
        /// The length that the first eight bytes state, 0 if there are fewer than eight.
        given: u64,
        /// The largest length possible here.
        allowed: u64,
        /// Bytes in the file.
        file: u64,
    },
    /// The header is not the JSON that the format asks for.
    #[error(
        "the header is not that of a safetensors file: {detail}; allowed is one JSON object from tensor \
         name to dtype, shape and data_offsets; write the file again"
    )]
    Header {
        /// What the parser met, and where.
        detail: String,
    },
    /// A name stands twice in the header.
    #[error("the header names {name} twice, each name is allowed once; write the file again")]
    Duplicate {
        /// The name, quoted.
        name: String,
    },
    /// The element type is not one of ours.
    #[error(
        "tensor {name} has dtype {given}; allowed are F32, F64 and U64; convert it, for example in \
         NumPy with .astype(\"float32\")"
    )]
    Dtype {
        /// The tensor, quoted.
        name: String,
        /// What the file says, quoted.
        given: String,
    },
    /// A shape has too many axes or more elements than can be counted.
    #[error(
        "tensor {name} has {rank} axes of lengths {shape:?}; allowed are {MAX_RANK} axes and a \
         product that can be counted"
    )]
    Shape {
        /// The tensor, quoted.
        name: String,
        /// How many axes it has.
        rank: usize,
        /// Its shape; the first axes only if there are too many.
        shape: Vec<usize>,
    },
    /// Shape and number of elements disagree.
    #[error(
        "tensor {name} of shape {shape:?} needs {needed} {unit}, but has {given}; change the shape or \
         the data"
    )]
    Size {
        /// The tensor, quoted.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What the shape asks for.
        needed: usize,
        /// What is there.
        given: usize,
        /// What is counted: bytes in a file, elements in memory.
        unit: &'static str,
    },
    /// Tensors overlap, run backwards or leave a gap.
    #[error(
        "tensor {name} has data_offsets {given:?}, but must begin at {expected}, where the tensor before it \
         ends, and not end before it begins; write the file again"
    )]
    Offsets {
        /// The tensor, quoted.
        name: String,
        /// Begin and end as the header states them.
        given: (usize, usize),
        /// Where it must begin.
        expected: usize,
    },
    /// The tensors do not end where the file ends.
    #[error(
        "the header describes {described} bytes of tensors, but {given} follow it; the file was cut short \
         or something was appended; take another copy, or the other checkpoint of the run"
    )]
    Length {
        /// Bytes that the header accounts for.
        described: u64,
        /// Bytes that are there.
        given: u64,
    },
    /// The bytes are not those that were written.
    #[error(
        "the checksum in the file is {stored}, that of its content {computed}: the file was damaged or \
         edited since it was written; take another copy, or the other checkpoint of the run"
    )]
    Checksum {
        /// As written in the file.
        stored: String,
        /// As computed now.
        computed: String,
    },
    /// Metadata that claims to be ours does not look as we write it.
    #[error(
        "the metadata claims to be ours, but {detail}; allowed is the single key \"ntm\", first in the \
         file, with text that begins `checksum: ` and eight lower-case hexadecimal digits; the file was \
         damaged or rewritten by another program (to use its tensors all the same, save them without this \
         metadata)"
    )]
    Metadata {
        /// What is different.
        detail: &'static str,
    },
    /// A tensor may not have this name.
    #[error("{name} is not allowed as the name of a tensor, the format uses it itself; choose another")]
    Name {
        /// The name, quoted.
        name: String,
    },
    /// The format crate refused to write.
    #[error(
        "the archive cannot be written as safetensors: {detail}; its names, shapes and text must \
         fit the format"
    )]
    Format {
        /// What it said.
        detail: String,
    },
}

/// Why a file cannot begin as it does.
fn beginning(given: u64, allowed: u64, file: u64) -> String {
    match file {
        ..10 => format!("it has {file} bytes, and the shortest possible has 10"),
        _ => format!(
            "it should begin with the length of its header in bytes, which is 2 to {allowed} in a file of {file}, and \
             it begins with {given}"
        ),
    }
}

impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        ArchiveError::Io { error }
    }
}

/// Text from a file, quoted, escaped and cut to a length that fits a message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
