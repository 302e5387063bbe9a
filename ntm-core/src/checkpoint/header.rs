//! The JSON header of a safetensors file, read without trust.
//!
//! `safetensors` 0.8 can read it too, but takes a repeated name silently, adds up offsets without an overflow
//! check (a panic in debug builds), and does not say which tensor has a dtype it does not know. What is
//! accepted here, it accepts.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::error::quoted;
use super::{ArchiveError, MAX_HEADER, MAX_RANK};

/// Bytes of the number in front of the header.
pub(super) const PREFIX: usize = 8;

/// The element types that are read: the first three into an archive, the next two into [`Foreign`](super::Foreign) only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F64,
    U64,
    U8,
    Bool,
    /// Its numbers are passed over.
    Other,
}

/// Where one tensor lies in the body of the file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// As the file calls it.
    pub(super) dtype: String,
    pub(super) kind: Kind,
    pub(super) shape: Vec<usize>,
    /// Bytes, counted from the end of the header.
    pub(super) range: Range<usize>,
}

/// A header as it stands in the file: JSON of the right form, nothing more.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: Vec<(String, String)>,
    tensors: Vec<(String, Stated)>,
}

/// What a header states about one tensor.
#[derive(Debug, Deserialize)]
struct Stated {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// The length of the header, checked against the limit and against the length of the file.
pub(super) fn header_length(start: &[u8], file: u64) -> Result<usize, ArchiveError> {
    let allowed = file.saturating_sub(PREFIX as u64).min(MAX_HEADER as u64);
    let given = start.first_chunk::<PREFIX>().map_or(0, |&bytes| u64::from_le_bytes(bytes));
    match usize::try_from(given) {
        Ok(length) if (2..=allowed).contains(&given) => Ok(length),
        _ => Err(ArchiveError::HeaderLength { given, allowed, file }),
    }
}

impl Header {
    /// Parses the JSON between the number in front and the body.
    pub(super) fn parse(json: &[u8]) -> Result<Self, ArchiveError> {
        if json.first() != Some(&b'{') {
            return Err(ArchiveError::Header { detail: "it does not begin with {".to_owned() });
        }
        let header: Header = serde_json::from_slice(json)
            .map_err(|error| ArchiveError::Header { detail: error.to_string() })?;
        let mut keys = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (key, _) in &header.metadata {
            once(&mut keys, key)?;
        }
        for (name, _) in &header.tensors {
            once(&mut names, name)?;
        }
        Ok(header)
    }

    /// Requires that the tensors end where the file ends.
    pub(super) fn check_length(&self, body: u64) -> Result<(), ArchiveError> {
        let described =
            self.tensors.iter().map(|(_, stated)| stated.data_offsets.1 as u64).max().unwrap_or(0);
        if described == body { Ok(()) } else { Err(ArchiveError::Length { described, given: body }) }
    }

    /// The tensors in the order of the file, without gap or overlap, each as long as its shape asks for.
    pub(super) fn entries(mut self) -> Result<Vec<Entry>, ArchiveError> {
        self.tensors.sort_by(|(a, x), (b, y)| x.data_offsets.cmp(&y.data_offsets).then_with(|| a.cmp(b)));
        let mut entries = Vec::with_capacity(self.tensors.len());
        let mut expected = 0;
        for (name, stated) in self.tensors {
            let kind = match stated.dtype.as_str() {
                "F32" => Kind::F32,
                "F64" => Kind::F64,
                "U64" => Kind::U64,
                "U8" => Kind::U8,
                "BOOL" => Kind::Bool,
                _ => Kind::Other,
            };
            let count = elements(&name, &stated.shape)?;
            let (begin, end) = stated.data_offsets;
            if begin != expected || end < begin {
                return Err(ArchiveError::Offsets { name: quoted(&name), given: (begin, end), expected });
            }
            // how long the elements of other types are is not for us to say
            let each = kind.bytes().map(|bytes| count.checked_mul(bytes));
            let needed =
                each.unwrap_or(Some(end - begin)).ok_or_else(|| uncountable(&name, &stated.shape))?;
            if needed != end - begin {
                let (name, shape, given, unit) = (quoted(&name), stated.shape, end - begin, "bytes");
                return Err(ArchiveError::Size { name, shape, needed, given, unit });
            }
            expected = end;
            entries.push(Entry { name, dtype: stated.dtype, kind, shape: stated.shape, range: begin..end });
        }
        Ok(entries)
    }
}

impl Kind {
    /// Bytes of one element, where that is known.
    pub(super) fn bytes(self) -> Option<usize> {
        match self {
            Kind::U8 | Kind::Bool => Some(1),
            Kind::F32 => Some(4),
            Kind::F64 | Kind::U64 => Some(8),
            Kind::Other => None,
        }
    }
}

/// The number of elements of a shape; also an empty one must not overflow when its other axes are multiplied.
pub(super) fn elements(name: &str, shape: &[usize]) -> Result<usize, ArchiveError> {
    let product = |least: usize| {
        shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length.max(least)))
    };
    if shape.len() > MAX_RANK || product(1).is_none() {
        return Err(uncountable(name, shape));
    }
    product(0).ok_or_else(|| uncountable(name, shape))
}

fn uncountable(name: &str, shape: &[usize]) -> ArchiveError {
    let first = shape.iter().take(MAX_RANK).copied().collect();
    ArchiveError::Shape { name: quoted(name), rank: shape.len(), shape: first }
}

fn once<'a>(seen: &mut BTreeSet<&'a str>, name: &'a str) -> Result<(), ArchiveError> {
    if seen.insert(name) { Ok(()) } else { Err(ArchiveError::Duplicate { name: quoted(name) }) }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from tensor name to dtype, shape and data_offsets")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header { metadata: Vec::new(), tensors: Vec::new() };
                let mut metadata = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name != super::METADATA {
                        header.tensors.push((name, map.next_value()?));
                    } else if metadata.replace(map.next_value::<Texts>()?).is_some() {
                        return Err(serde::de::Error::duplicate_field(super::METADATA));
                    }
                }
                header.metadata = metadata.map(|Texts(texts)| texts).unwrap_or_default();
                Ok(header)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Keys and texts in the order of the file, repeated keys included.
struct Texts(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from text to text")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Texts(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
