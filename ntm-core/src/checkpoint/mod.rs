//! Named tensors and one text in a [safetensors](https://github.com/huggingface/safetensors) file.
//!
//! An [`Archive`] is what a checkpoint, a trace or a data file is on disk. Equal archives give equal bytes.
//! Python reads them as they are:
//!
//! ```python
//! from safetensors.numpy import load_file
//! load_file("checkpoints/best.safetensors")["heads.0.weight"]
//! ```
//!
//! The format allows a map of texts beside the tensors; we write exactly one, under the key `ntm` (the order
//! of more would be random). It begins with a line `checksum: ` and eight hexadecimal digits: the CRC-32 of
//! the whole file with those digits taken as zeros. So every bit of the file is covered. Files without that
//! key come from elsewhere and are read without a checksum. The CRC finds accidents, not forgeries; no file,
//! forged or not, makes the reader panic, allocate more than twice the file's length and a few times its
//! header's, or give numbers other than those in the file.

mod atomic;
mod error;
mod foreign;
mod header;
#[cfg(feature = "config")]
mod numbers;
#[cfg(feature = "config")]
mod run;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::iter;
use std::path::Path;

use safetensors::{Dtype, View};

pub use self::atomic::write_atomically;
pub use self::error::ArchiveError;
pub use self::foreign::{Foreign, Stored};
#[cfg(feature = "config")]
pub use self::run::{Checkpoint, CheckpointError, FORMAT, Mismatch, has_slots};

use self::error::quoted;
use self::header::{Entry, Header, Kind, PREFIX, elements, header_length};

/// The most bytes that an archive may have: 8 GiB.
pub const MAX_FILE: u64 = 8 << 30;
/// The most bytes that its header, with all names, shapes and the text, may have: 16 MiB.
pub const MAX_HEADER: usize = 16 << 20;
/// The most axes that a tensor may have.
pub const MAX_RANK: usize = 8;

/// The name that the format keeps for its map of texts.
const METADATA: &str = "__metadata__";
/// Our one key in that map.
const KEY: &str = "ntm";
/// What the text under our key begins with.
const LABEL: &str = "checksum: ";
/// What a file of ours has between the number in front and the digits of the checksum.
const OPENING: &[u8] = br#"{"__metadata__":{"ntm":"checksum: "#;
/// What stands for the digits while the checksum is computed.
const ZEROS: &str = "00000000";

/// Numbers with a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The length of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The elements, row-major: the last axis is contiguous.
    pub data: Data,
}

/// The elements of a [`Tensor`].
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Single precision: weights and optimiser state.
    F32(Vec<f32>),
    /// Double precision: reference values, costs.
    F64(Vec<f64>),
    /// Whole numbers: counters and positions of random streams.
    U64(Vec<u64>),
}

/// Named tensors and a text, as they stand in one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archive {
    /// The tensors by name, row-major.
    pub tensors: BTreeMap<String, Tensor>,
    /// Our text, without the line of the checksum. `None` in files that were not written here.
    pub metadata: Option<String>,
}

impl Tensor {
    /// A tensor; that shape and data fit is checked when it is written.
    pub fn new(shape: impl Into<Vec<usize>>, data: impl Into<Data>) -> Self {
        Tensor { shape: shape.into(), data: data.into() }
    }
}

impl Data {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(data) => data.len(),
            Data::F64(data) => data.len(),
            Data::U64(data) => data.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `None` for a type that an archive does not hold.
    fn from_le_bytes(kind: Kind, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            Kind::U8 | Kind::Bool | Kind::Other => return None,
            Kind::F32 => {
                Data::F32(bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect())
            }
            Kind::F64 => {
                Data::F64(bytes.as_chunks().0.iter().map(|&chunk| f64::from_le_bytes(chunk)).collect())
            }
            Kind::U64 => {
                Data::U64(bytes.as_chunks().0.iter().map(|&chunk| u64::from_le_bytes(chunk)).collect())
            }
        })
    }

    fn to_le_bytes(&self) -> Vec<u8> {
        match self {
            Data::F32(data) => data.iter().map(|x| x.to_le_bytes()).collect::<Vec<_>>().into_flattened(),
            Data::F64(data) => data.iter().map(|x| x.to_le_bytes()).collect::<Vec<_>>().into_flattened(),
            Data::U64(data) => data.iter().map(|x| x.to_le_bytes()).collect::<Vec<_>>().into_flattened(),
        }
    }
}

impl From<Vec<f32>> for Data {
    fn from(data: Vec<f32>) -> Self {
        Data::F32(data)
    }
}

impl From<Vec<f64>> for Data {
    fn from(data: Vec<f64>) -> Self {
        Data::F64(data)
    }
}

impl From<Vec<u64>> for Data {
    fn from(data: Vec<u64>) -> Self {
        Data::U64(data)
    }
}

/// A tensor as the format crate wants to see it.
struct Viewed<'a>(&'a Tensor);

impl View for Viewed<'_> {
    fn dtype(&self) -> Dtype {
        match self.0.data {
            Data::F32(_) => Dtype::F32,
            Data::F64(_) => Dtype::F64,
            Data::U64(_) => Dtype::U64,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.0.data.to_le_bytes().into()
    }

    fn data_len(&self) -> usize {
        match &self.0.data {
            Data::F32(data) => size_of_val(&data[..]),
            Data::F64(data) => size_of_val(&data[..]),
            Data::U64(data) => size_of_val(&data[..]),
        }
    }
}

impl Archive {
    /// The archive as the bytes of a safetensors file; the same archive always gives the same bytes.
    ///
    /// # Errors
    ///
    /// A tensor whose shape does not fit its data, a name that the format keeps for itself, or more than
    /// [`MAX_FILE`] bytes in all or [`MAX_HEADER`] bytes of names and text: whatever is written can be read
    /// again.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArchiveError> {
        let mut total = 0_u64;
        for (name, tensor) in &self.tensors {
            if name == METADATA {
                return Err(ArchiveError::Name { name: quoted(name) });
            }
            let (needed, given) = (elements(name, &tensor.shape)?, tensor.data.len());
            if needed != given {
                let (name, shape, unit) = (quoted(name), tensor.shape.clone(), "elements");
                return Err(ArchiveError::Size { name, shape, needed, given, unit });
            }
            total = total.saturating_add(Viewed(tensor).data_len() as u64);
        }
        if total > MAX_FILE {
            return Err(ArchiveError::TooLarge { given: total });
        }

        let text = match &self.metadata {
            Some(text) => format!("{LABEL}{ZEROS}\n{text}"),
            None => format!("{LABEL}{ZEROS}"),
        };
        let tensors = self.tensors.iter().map(|(name, tensor)| (name, Viewed(tensor)));
        let metadata = iter::once((KEY.to_owned(), text)).collect();
        let mut bytes = safetensors::serialize(tensors, Some(metadata))
            .map_err(|error| ArchiveError::Format { detail: error.to_string() })?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(ArchiveError::TooLarge { given: bytes.len() as u64 });
        }
        header_length(&bytes, bytes.len() as u64)?;

        let sum = checksum(&bytes)?;
        let digits = PREFIX + OPENING.len();
        bytes[digits..digits + ZEROS.len()].copy_from_slice(sum.as_bytes());
        Ok(bytes)
    }

    /// The archive in the bytes of a safetensors file, ours or another's.
    ///
    /// # Errors
    ///
    /// Anything in which the bytes differ from what was written, if they are ours; anything that is not a
    /// safetensors file of `F32`, `F64` and `U64` tensors; more than [`MAX_FILE`], [`MAX_HEADER`] or
    /// [`MAX_RANK`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let (entries, body, metadata) = opened(bytes)?;
        let mut tensors = BTreeMap::new();
        for Entry { name, dtype, kind, shape, range } in entries {
            let Some(data) = Data::from_le_bytes(kind, &body[range]) else {
                return Err(ArchiveError::Dtype { name: quoted(&name), given: quoted(&dtype) });
            };
            tensors.insert(name, Tensor { shape, data });
        }
        Ok(Archive { tensors, metadata })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// As [`Archive::from_bytes`], or what the file system says; with the path. The header is checked before
    /// anything larger than it is allocated.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        let path = path.as_ref();
        slurp(path).and_then(|bytes| Archive::from_bytes(&bytes)).map_err(|error| in_file(path, error))
    }

    /// Writes a file by way of a temporary one, as [`write_atomically`] does.
    ///
    /// # Errors
    ///
    /// As [`Archive::to_bytes`], or what the file system says; with the path. What stood there before still
    /// does.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ArchiveError> {
        let path = path.as_ref();
        self.to_bytes()
            .and_then(|bytes| Ok(write_atomically(path, &bytes)?))
            .map_err(|error| in_file(path, error))
    }
}

/// Entries, the data they point into, and the config.
type Opened<'a> = (Vec<Entry>, &'a [u8], Option<String>);

/// What a file's header says of its tensors, their bytes, and our text.
fn opened(bytes: &[u8]) -> Result<Opened<'_>, ArchiveError> {
    let given = bytes.len() as u64;
    if given > MAX_FILE {
        return Err(ArchiveError::TooLarge { given });
    }
    let length = header_length(bytes, given)?;
    let (head, body) = bytes.split_at(PREFIX + length);
    let mut header = Header::parse(&head[PREFIX..])?;
    header.check_length(body.len() as u64)?;
    let metadata = verify(bytes, &mut header.metadata)?;
    Ok((header.entries()?, body, metadata))
}

/// All bytes of a file, once its length and its header are plausible.
fn slurp(path: &Path) -> Result<Vec<u8>, ArchiveError> {
    // Asked by path first: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ArchiveError::NotAFile);
    }
    let mut file = File::open(path)?;
    let given = file.metadata()?.len();
    if given > MAX_FILE {
        return Err(ArchiveError::TooLarge { given });
    }

    let mut bytes = Vec::with_capacity(PREFIX);
    file.by_ref().take(PREFIX as u64).read_to_end(&mut bytes)?;
    let length = header_length(&bytes, given)?;
    file.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    let head = PREFIX + length;
    Header::parse(&bytes[PREFIX..])?.check_length(given.saturating_sub(head as u64))?;

    let rest = usize::try_from(given).unwrap_or(usize::MAX).saturating_sub(bytes.len());
    bytes.try_reserve_exact(rest).map_err(|_| ArchiveError::TooLarge { given })?;
    file.take(rest as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn in_file(path: &Path, error: ArchiveError) -> ArchiveError {
    ArchiveError::InFile { path: path.to_path_buf(), error: Box::new(error) }
}

/// Our text, if the metadata is ours and the checksum right; `None` for files from elsewhere.
fn verify(bytes: &[u8], metadata: &mut Vec<(String, String)>) -> Result<Option<String>, ArchiveError> {
    let Some(at) = metadata.iter().position(|(key, _)| key == KEY) else {
        // A damaged key must not turn our file into one that nobody checks.
        return match metadata.iter().any(|(_, text)| text.starts_with(LABEL)) {
            true => Err(ArchiveError::Metadata { detail: "the text with the checksum has another key" }),
            false => Ok(None),
        };
    };
    let (_, text) = metadata.swap_remove(at);
    let Some((stored, text)) = text.strip_prefix(LABEL).and_then(|rest| rest.split_at_checked(ZEROS.len()))
    else {
        return Err(ArchiveError::Metadata { detail: "its text does not begin with a checksum" });
    };
    let text = match text.strip_prefix('\n') {
        Some(text) => Some(text.to_owned()),
        None if text.is_empty() => None,
        None => {
            return Err(ArchiveError::Metadata { detail: "the line of the checksum does not end after it" });
        }
    };
    let computed = checksum(bytes)?;
    if computed != stored {
        return Err(ArchiveError::Checksum { stored: stored.to_owned(), computed });
    }
    Ok(text)
}

/// The eight digits that belong into these bytes, whatever digits they have now.
fn checksum(bytes: &[u8]) -> Result<String, ArchiveError> {
    let digits = PREFIX + OPENING.len();
    let ours = bytes.get(PREFIX..).is_some_and(|header| header.starts_with(OPENING));
    let rest = bytes.get(digits + ZEROS.len()..).filter(|_| ours);
    let Some(rest) = rest else {
        return Err(ArchiveError::Metadata { detail: "the header does not begin with it" });
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..digits]);
    hasher.update(ZEROS.as_bytes());
    hasher.update(rest);
    Ok(format!("{:08x}", hasher.finalize()))
}
