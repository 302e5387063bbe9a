//! Images to files.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use ntm_core::checkpoint::write_atomically;

use super::canvas::Drawing;
use super::error::PictureError;

/// Saves an image as PNG. The file is complete or as it was before: it is written under another name and then
/// renamed.
///
/// # Errors
/// If the picture cannot be encoded, or the file cannot be written: with its path.
pub fn save_png(image: &RgbImage, path: &Path) -> Result<(), PictureError> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|source| PictureError::Encode { path: path.into(), source })?;
    save(bytes.get_ref(), path)
}

impl Drawing {
    /// Saves the picture as `NAME.svg` and `NAME.png` in a folder; each is complete or as it was before.
    ///
    /// # Errors
    /// If one cannot be written: which, and why.
    pub fn save(&self, folder: &Path, name: &str) -> Result<[PathBuf; 2], PictureError> {
        let [svg, png] = ["svg", "png"].map(|kind| folder.join(format!("{name}.{kind}")));
        save(self.svg().as_bytes(), &svg)?;
        save_png(&self.image(), &png)?;
        Ok([svg, png])
    }
}

/// Saves bytes whole or not at all.
pub(crate) fn save(bytes: &[u8], path: &Path) -> Result<(), PictureError> {
    write_atomically(path, bytes).map_err(|source| PictureError::Write { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::super::{figure6, sample};
    use super::*;

    #[test]
    fn a_saved_picture_reads_back_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.png");
        let image = figure6(&sample::copy(5)).image();
        save_png(&RgbImage::new(3, 3), &path).unwrap();
        save_png(&image, &path).unwrap();
        assert_eq!(image::open(&path).unwrap().to_rgb8(), image);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_picture_goes_through_what_outlasts_a_power_cut() {
        use ntm_core::disk::{Change, watch};
        use std::sync::{Arc, Mutex};
        let folder = tempfile::tempdir().unwrap();
        let seen = Arc::new(Mutex::new(vec![]));
        let kept = seen.clone();
        let watched = watch(folder.path(), move |change| {
            kept.lock().unwrap().push(match change {
                Change::Create(_) => "create",
                Change::Append(..) => "append",
                Change::Sync(_) => "sync",
                Change::Rename(..) => "rename",
                Change::SyncDirectory(_) => "sync the directory",
                _ => "something else",
            });
            Ok(())
        });
        save_png(&RgbImage::new(3, 3), &folder.path().join("copy.png")).unwrap();
        drop(watched);
        assert_eq!(*seen.lock().unwrap(), ["create", "append", "sync", "rename", "sync the directory"]);
    }

    #[test]
    fn a_picture_that_cannot_be_saved_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("copy.png");
        let error = save_png(&RgbImage::new(3, 3), &path).unwrap_err().to_string();
        assert!(error.contains("copy.png") && error.contains("folder must exist"), "{error}");
        assert!(save_png(&RgbImage::new(3, 3), folder.path()).is_err());
    }
}
