//! Configs with overrides applied, and the way from a path back to a place.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Source;
use super::error::{BuildError, ConfigError};
use super::overrides::{Override, Resolved};
use super::pieces::Spliced;
use super::registry::Registry;
use super::ron_text::{compact, read};
use super::tree::{Body, Node};

/// A config read with [`Registry::load`].
#[derive(Debug, Clone)]
pub struct Loaded<C> {
    /// The config.
    pub value: C,
    /// Its text, with the overrides put into it.
    pub text: String,
    /// The text with its origins.
    spliced: Spliced,
}

impl<C> Loaded<C> {
    /// Gives an error found while building a place: the file, line and column, or the override's own text, of the
    /// nearest ancestor of its path that is written. The path must be relative to the config's root.
    pub fn locate(&self, e: BuildError) -> ConfigError {
        let steps: Vec<&str> = e.path.split('.').filter(|step| !step.is_empty()).collect();
        self.locate_steps(&steps, Some(e.path.clone()), e.message)
    }

    /// As [`locate`](Self::locate), for a path whose steps are given one by one, since the keys of a map may hold
    /// dots; `path` is what the message calls it.
    pub fn locate_steps(&self, steps: &[&str], path: Option<String>, message: String) -> ConfigError {
        let text = self.spliced.text();
        let at = Node::parse(text).map_or(0..0, |tree| {
            let node = tree.descend(text, steps).0;
            match (&node.body, &node.name) {
                (Body::Scalar, _) | (_, None) => node.span.clone(),
                (_, Some(name)) => name.clone(),
            }
        });
        self.spliced.error(at, path, message)
    }
}

impl Registry {
    /// Reads a config. Its names are looked up in this registry.
    ///
    /// # Errors
    /// If the text is not RON, a name is not registered, or a field is unknown, missing or of a wrong type: with line, column and path.
    pub fn parse<C: DeserializeOwned>(&self, source: &Source) -> Result<C, ConfigError> {
        read(self, &source.text, source.directory.as_deref())
            .map_err(|e| ConfigError::at(source, e.at, e.path, e.words))
    }

    /// Reads a config and applies overrides, `path=value`, in order; a later one wins over an earlier one.
    ///
    /// The text must be a valid config by itself, and again after each override, so that an error is told of the
    /// override that caused it, at its place in the override's own text.
    ///
    /// # Errors
    /// As [`Registry::parse`]; and if an override is not `path=value`, its path leads nowhere, or its value is wrong there.
    pub fn load<C: Serialize + DeserializeOwned>(
        &self,
        source: &Source,
        overrides: &[String],
    ) -> Result<Loaded<C>, ConfigError> {
        let mut value: C = self.parse(source)?;
        let mut spliced = Spliced::new(source.clone());
        for written in overrides {
            let full = compact(&value).map_err(|e| {
                ConfigError::whole(source, format!("this config cannot be written out again: {e}"))
            })?;
            let edit = Override::parse(written, &mut spliced)?;
            edit.apply(&mut spliced, &Resolved::new(full))?;
            value = read(self, spliced.text(), source.directory.as_deref())
                .map_err(|e| edit.blame(&spliced, e.at, e.path, e.words))?;
        }
        Ok(Loaded { value, text: spliced.text().to_owned(), spliced })
    }
}
