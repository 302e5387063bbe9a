//! What can go wrong with a picture.

use std::path::PathBuf;

/// Why a picture could not be saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The image could not be turned into PNG bytes.
    #[error("{}: the picture cannot be encoded as PNG: {source}", path.display())]
    Encode {
        /// The file that was to be written.
        path: PathBuf,
        /// What the encoder said.
        source: image::ImageError,
    },
    /// The bytes could not be written.
    #[error("{}: the picture cannot be written: {source}; the folder must exist and be writable", path.display())]
    Write {
        /// The file that was to be written.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}
