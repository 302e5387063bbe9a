//! A safetensors file of another program, tensor by tensor.
use super::error::quoted;
use super::header::{Entry, Kind};
use super::{ArchiveError, Data, in_file, opened, slurp};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// Named tensors of a file from elsewhere. It is read with the care of an [`Archive`](super::Archive), but a tensor of a
/// type that we have no use for does not stop the others from being read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreign {
    /// The tensors by name, with their shapes and types as they stand in the file.
    pub tensors: BTreeMap<String, Stored>,
}

/// One tensor as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its type in the words of the file, such as `F32`; cut, and without control characters.
    pub dtype: String,
    /// The length of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The elements, row-major. `U8` (0 to 255) and `BOOL` (0 or 1) become `F32`, which holds them all; `None` for every
    /// other type but `F32`, `F64` and `U64`.
    pub data: Option<Data>,
}

impl Foreign {
    /// The tensors in the bytes of a safetensors file.
    ///
    /// # Errors
    ///
    /// As [`Archive::from_bytes`](super::Archive::from_bytes), but for types of elements. What `U8` and `BOOL` become
    /// takes four times their bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let (entries, body, _) = opened(bytes)?;
        let stored = |Entry { name, dtype, kind, shape, range }: Entry| {
            let bytes = &body[range];
            let data = match kind {
                Kind::U8 => Some(Data::F32(bytes.iter().map(|&byte| f32::from(byte)).collect())),
                Kind::Bool => Some(Data::F32(bytes.iter().map(|&byte| f32::from(byte != 0)).collect())),
                _ => Data::from_le_bytes(kind, bytes),
            };
            let dtype = quoted(&dtype).trim_matches('"').to_owned();
            (name, Stored { dtype, shape, data })
        };
        Ok(Foreign { tensors: entries.into_iter().map(stored).collect() })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// As [`Foreign::from_bytes`], [`ArchiveError::NoFile`] where there is none, or what the file system says; with the
    /// path.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        let path = path.as_ref();
        let bytes = slurp(path).map_err(|error| match error {
            ArchiveError::Io { error } if error.kind() == ErrorKind::NotFound => ArchiveError::NoFile,
            error => error,
        });
        bytes.and_then(|bytes| Foreign::from_bytes(&bytes)).map_err(|error| in_file(path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_of_another_type_stops_no_other() {
        let header = concat!(
            r#"{"steps":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#,
            r#""bytes":{"dtype":"U8","shape":[2],"data_offsets":[8,10]},"#,
            r#""bits":{"dtype":"BOOL","shape":[2],"data_offsets":[10,12]},"#,
            r#""w":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#,
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([9, 0, 0, 0, 0, 0, 0, 0, 3, 255, 0, 1]);
        bytes.extend(1.5_f32.to_le_bytes());
        let found = Foreign::from_bytes(&bytes).unwrap().tensors;
        assert_eq!((&*found["steps"].dtype, &found["steps"].data), ("I64", &None));
        assert_eq!(found["bytes"].data, Some(Data::F32(vec![3.0, 255.0])));
        assert_eq!(found["bits"].data, Some(Data::F32(vec![0.0, 1.0])));
        assert_eq!(found["w"].data, Some(Data::F32(vec![1.5])));
        assert!(Foreign::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
