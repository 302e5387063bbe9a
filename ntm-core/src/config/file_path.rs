//! A file that a config names.

use std::path::{Path, PathBuf, absolute};

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use super::registry::Scope;

/// A file that a config names: a setting of a component that reads data.
///
/// A relative path starts at the directory of the config it is read from (see [`Source::beside`]), or at the working
/// directory where the config is no file, as that in a checkpoint. It is made absolute as soon as it is read; so a
/// resolved config names the same file wherever it is read again.
///
/// [`Source::beside`]: super::Source::beside
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(PathBuf);

impl FilePath {
    /// The absolute path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = PathBuf::deserialize(deserializer)?;
        if written.as_os_str().is_empty() {
            return Err(D::Error::custom("the path of a file is empty"));
        }
        let from = Scope::current().and_then(|scope| scope.directory);
        let path = absolute(from.map_or(written.clone(), |from| from.join(&written)));
        let path = path.map_err(|e| D::Error::custom(format!("{}: {e}", written.display())))?;
        match path.to_str() {
            Some(_) => Ok(FilePath(path)),
            None => {
                Err(D::Error::custom(format!("{}: the path is not UTF-8, as a config is", path.display())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Registry, Source, to_ron};
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holds {
        data: FilePath,
    }

    #[test]
    fn paths_start_at_the_config_and_are_the_same_when_read_elsewhere() {
        let registry = Registry::default();
        let source = Source::new("a", "(data: \"sub/a.safetensors\")").beside("/configs/a.ron");
        let read: Holds = registry.parse(&source).unwrap();
        assert_eq!(read.data.path(), Path::new("/configs/sub/a.safetensors"));
        let again = Source::new("b", to_ron(&read)).beside("/elsewhere/config.ron");
        assert_eq!(registry.parse::<Holds>(&again).unwrap(), read);
        let loaded = registry.load::<Holds>(&source, &["data=\"b.safetensors\"".into()]).unwrap();
        assert_eq!(loaded.value.data.path(), Path::new("/configs/b.safetensors"));
        let bare: Holds = registry.parse(&Source::new("c", "(data: \"x\")")).unwrap();
        assert_eq!(bare.data.path(), std::env::current_dir().unwrap().join("x"));
        let empty = registry.parse::<Holds>(&Source::new("d", "(data: \"\")")).unwrap_err();
        assert!(empty.to_string().contains("empty"), "{empty}");
    }
}
