//! A component in a config: its name and its settings, the type of which only the registry knows.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, VariantAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::error::BuildError;
use super::kind::{Build, Kind, Precision};
use super::registry::{Factory, Scope};
use super::{ron_text, words};

/// Settings behind a pointer: [`Build`] with its type parameter written out.
#[doc(hidden)]
pub trait Erased<K: Kind>: fmt::Debug + Send + Sync + erased_serde::Serialize {
    /// [`Build::build`] for f32.
    fn build_f32(&self, site: &K::Site<'_>) -> Result<Box<K::Of<f32>>, BuildError>;
    /// [`Build::build`] for f64.
    fn build_f64(&self, site: &K::Site<'_>) -> Result<Box<K::Of<f64>>, BuildError>;
}

impl<K: Kind, C: Build<K> + Serialize> Erased<K> for C {
    fn build_f32(&self, site: &K::Site<'_>) -> Result<Box<K::Of<f32>>, BuildError> {
        self.build::<f32>(site)
    }

    fn build_f64(&self, site: &K::Site<'_>) -> Result<Box<K::Of<f64>>, BuildError> {
        self.build::<f64>(site)
    }
}

/// A component of kind `K` as it stands in a config: `Shift(range: 1)`.
///
/// It is written and read exactly as a variant of an enum would be, but the variants are those registered. Reading one
/// needs a registry in scope, which [`Registry::parse`] and [`Registry::load`] see to ([`Registry::scope`] does it
/// for other readers). Cloning is cheap. Two are equal if they are written the same.
///
/// [`Registry::parse`]: super::Registry::parse
/// [`Registry::load`]: super::Registry::load
/// [`Registry::scope`]: super::Registry::scope
pub struct Named<K: Kind> {
    name: &'static str,
    settings: Arc<dyn Erased<K>>,
}

impl<K: Kind> Named<K> {
    /// A component made in code. To be read back its name must be registered for these settings.
    pub fn new<C: Build<K> + Serialize>(name: &'static str, settings: C) -> Self {
        Self { name, settings: Arc::new(settings) }
    }

    /// The name it is registered under.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Builds the component; an error's path is relative to the settings, so prefix it with [`BuildError::under`].
    ///
    /// # Errors
    /// If the settings are out of range, or do not go with the site: the field, and why.
    pub fn build<T: Precision>(&self, site: &K::Site<'_>) -> Result<Box<K::Of<T>>, BuildError> {
        T::build_erased::<K>(self.settings.as_ref(), site)
    }
}

impl<K: Kind> Build<K> for Named<K> {
    fn build<T: Precision>(&self, site: &K::Site<'_>) -> Result<Box<K::Of<T>>, BuildError> {
        Named::build::<T>(self, site)
    }
}

impl<K: Kind> Clone for Named<K> {
    fn clone(&self) -> Self {
        Self { name: self.name, settings: Arc::clone(&self.settings) }
    }
}

impl<K: Kind> fmt::Debug for Named<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name).field(&self.settings).finish()
    }
}

impl<K: Kind> PartialEq for Named<K> {
    fn eq(&self, other: &Self) -> bool {
        match (ron_text::compact(self), ron_text::compact(other)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        }
    }
}

/// Stands for the enum's name; RON does not show it.
const ENUM: &str = "Named";

impl<K: Kind> Serialize for Named<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Settings<'a, K: Kind>(&'a dyn Erased<K>);
        impl<K: Kind> Serialize for Settings<'_, K> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                erased_serde::serialize(self.0, serializer)
            }
        }
        serializer.serialize_newtype_variant(ENUM, 0, self.name, &Settings(self.settings.as_ref()))
    }
}

impl<'de, K: Kind> Deserialize<'de> for Named<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum(ENUM, &[], NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<K>(PhantomData<K>);

impl<'de, K: Kind> Visitor<'de> for NamedVisitor<K> {
    type Value = Named<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a {} with its settings", K::NAME)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Named<K>, A::Error> {
        let (written, variant) = access.variant_seed(NameSeed)?;
        let Some(scope) = Scope::current() else {
            return Err(A::Error::custom(format!(
                "no registry is in scope to look up the {} {written:?}: read it through Registry::parse, Registry::load or inside Registry::scope",
                K::NAME
            )));
        };
        let Some((name, factory)) = scope.registry.find::<K>(&written) else {
            return Err(A::Error::custom(words::unknown_component(
                K::NAME,
                &written,
                &scope.registry.names::<K>(),
            )));
        };
        let settings = if scope.is_bare(&written) {
            variant.unit_variant()?;
            ron_text::empty_settings(factory)
                .map_err(|e| A::Error::custom(words::bare_component(name, &e)))?
        } else {
            variant.newtype_variant_seed(SettingsSeed(factory))?
        };
        Ok(Named { name, settings })
    }
}

/// Reads a variant's name, borrowed from the text where that is possible, so that its place can be told.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a component's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Reads the settings with the factory found under the name.
struct SettingsSeed<K: Kind>(Factory<K>);

impl<'de, K: Kind> DeserializeSeed<'de> for SettingsSeed<K> {
    type Value = Arc<dyn Erased<K>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(deserializer);
        (self.0)(&mut erased).map_err(D::Error::custom)
    }
}
