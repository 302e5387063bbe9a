//! Components by name, in RON.
//!
//! A config is an ordinary serde structure. Where it holds a component that users may add to, it holds a
//! [`Named`]: the component's name followed by its settings, written as a RON enum variant, `Shift(range: 1)`. Which
//! names exist, and which settings each has, is said by a [`Registry`]; nothing is privileged, built-in components
//! are registered the same way as a user's.
//!
//! - [`Kind`] is a place that takes components (stages, controllers, tasks …), [`Build`] makes one from its settings.
//! - [`Registry::parse`] reads a config, [`Registry::load`] reads one and applies overrides such as
//!   `model.heads.*.addressing.2.range=2` by editing the *text*, so that comments live and errors point at what the
//!   user wrote.
//! - [`to_ron`] writes a config, in a layout for people.
//! - Every failure is a [`ConfigError`], which knows the file, line, column and path. Failures found later, while
//!   building, are [`BuildError`]s, which know a path; [`Loaded::locate`] gives them a place in the text.
//!
//! # RON as read here
//!
//! The extensions `unwrap_variant_newtypes`, `unwrap_newtypes` and `implicit_some` are always on. A component without
//! required settings may be written `Content()` or just `Content`; [`to_ron`] writes `Content()`. A variant of a
//! closed enum that holds nothing (`Tanh`) is written without parentheses only.

use std::path::{Path, PathBuf};

mod compare;
mod components;
mod error;
#[cfg(feature = "train")]
mod experiment;
mod file_path;
mod kind;
mod kinds;
mod layout;
mod load;
mod named;
mod near;
mod overrides;
mod pieces;
mod registry;
mod ron_text;
mod scanner;
mod sweep;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub use compare::{Difference, differences, value_at};
pub use components::{
    DenseSettings, EraseSettings, LayerInitial, NtmSettings, ReadSettings, RecurrentSettings, WriteSettings,
    register,
};
pub use error::{BuildError, ConfigError};
#[cfg(feature = "checkpoint")]
pub(crate) use experiment::empty_model;
#[cfg(feature = "train")]
pub use experiment::{Experiment, Plan};
pub use file_path::FilePath;
pub use kind::{Build, Kind, Precision};
#[cfg(feature = "train")]
pub use kinds::TaskKind;
pub use kinds::{
    AddressingKind, ControllerKind, ControllerSite, HeadKind, HeadSite, MemoryKind, MemorySite, ModelKind,
    ModelSite, StageKind,
};
pub use load::Loaded;
pub use named::Named;
pub use near::near_miss;
pub use registry::Registry;
pub use ron_text::{to_ron, try_to_ron};
pub use scanner::{MAX_BYTES, MAX_DEPTH};
pub use sweep::{MAX_VALUES, split_values};

/// A text to read, and what to call it in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A file's name, or words such as `included copy.ron`.
    pub name: String,
    /// The RON text.
    pub text: String,
    /// Where relative paths in it start; the working directory if `None`.
    pub directory: Option<PathBuf>,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), directory: None }
    }

    /// Says which file it is: relative paths in it start at that file's directory.
    #[must_use]
    pub fn beside(mut self, file: impl AsRef<Path>) -> Self {
        self.directory = file.as_ref().parent().map(Path::to_path_buf);
        self
    }
}
