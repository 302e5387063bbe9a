//! The names that may stand in a config, and the registry in scope while one is read.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::kind::{Build, Kind};
use super::named::Erased;
use super::scanner;

/// Reads the settings registered under one name.
pub(crate) type Factory<K> = for<'a, 'de> fn(
    &'a mut dyn erased_serde::Deserializer<'de>,
) -> Result<Arc<dyn Erased<K>>, erased_serde::Error>;

/// Which component names exist, for each [`Kind`] of place, and what settings each has. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Registry {
    kinds: Arc<Vec<Entries>>,
}

/// The components of one kind, in the order they were registered.
#[derive(Clone)]
struct Entries {
    kind: TypeId,
    plural: &'static str,
    /// Each holds a `Factory<K>` of that kind.
    components: Vec<(&'static str, Arc<dyn Any + Send + Sync>)>,
}

impl Registry {
    /// Adds a component. Registering a name a second time for the same kind replaces the first, which is how a user
    /// puts a variant in the place of a built-in component; it keeps its place in [`names`](Self::names).
    ///
    /// The name must be an identifier, since it stands in RON as one; Rust's name of the type is the natural choice.
    #[must_use]
    pub fn register<K: Kind, C: Build<K> + Serialize + DeserializeOwned>(
        mut self,
        name: &'static str,
    ) -> Self {
        let factory: Factory<K> = |deserializer| {
            let settings: C = erased_serde::deserialize(deserializer)?;
            Ok(Arc::new(settings))
        };
        let factory: Arc<dyn Any + Send + Sync> = Arc::new(factory);
        let kinds = Arc::make_mut(&mut self.kinds);
        let kind = TypeId::of::<K>();
        match kinds.iter_mut().find(|entries| entries.kind == kind) {
            None => kinds.push(Entries { kind, plural: K::PLURAL, components: vec![(name, factory)] }),
            Some(entries) => match entries.components.iter_mut().find(|(known, _)| *known == name) {
                Some(component) => component.1 = factory,
                None => entries.components.push((name, factory)),
            },
        }
        self
    }

    /// The names registered for a kind, in the order of registration.
    pub fn names<K: Kind>(&self) -> Vec<&'static str> {
        self.entries::<K>()
            .map(|entries| entries.components.iter().map(|(name, _)| *name).collect())
            .unwrap_or_default()
    }

    /// Every kind that has components: its plural, as `ntm list` takes it, and the names.
    pub fn kinds(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let names = |entries: &Entries| entries.components.iter().map(|(name, _)| *name).collect();
        self.kinds.iter().map(|entries| (entries.plural, names(entries))).collect()
    }

    /// Runs `f` with this registry in scope on this thread, so that [`Named`](super::Named) can be read by any
    /// deserializer. Scopes nest; the former one is back afterwards, also if `f` panics.
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        self.scope_reading(None, None, f)
    }

    /// As [`scope`](Self::scope), for the time `text` is being read, a file of `directory`.
    pub(crate) fn scope_reading<R>(
        &self,
        text: Option<Arc<str>>,
        directory: Option<&Path>,
        f: impl FnOnce() -> R,
    ) -> R {
        struct Restore;
        impl Drop for Restore {
            fn drop(&mut self) {
                SCOPES.with_borrow_mut(Vec::pop);
            }
        }
        SCOPES.with_borrow_mut(|scopes| {
            scopes.push(Scope { registry: self.clone(), text, directory: directory.map(Path::to_path_buf) })
        });
        let _restore = Restore;
        f()
    }

    /// The factory under a name, with the name as registered.
    pub(crate) fn find<K: Kind>(&self, name: &str) -> Option<(&'static str, Factory<K>)> {
        let (name, factory) = self.entries::<K>()?.components.iter().find(|(known, _)| *known == name)?;
        factory.downcast_ref::<Factory<K>>().map(|factory| (*name, *factory))
    }

    fn entries<K: Kind>(&self) -> Option<&Entries> {
        self.kinds.iter().find(|entries| entries.kind == TypeId::of::<K>())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.kinds()).finish()
    }
}

thread_local! {
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// What is known while a config is read.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) registry: Registry,
    /// The text, if it is one of ours; names borrowed from it can be found in it by their address.
    text: Option<Arc<str>>,
    /// Where relative paths start.
    pub(crate) directory: Option<PathBuf>,
}

impl Scope {
    /// The innermost scope of this thread.
    pub(crate) fn current() -> Option<Self> {
        SCOPES.with_borrow(|scopes| scopes.last().cloned())
    }

    /// Whether `name`, borrowed from the text being read, stands there without parentheses. A deserializer cannot look
    /// ahead, but a name borrowed from the text says where it is.
    pub(crate) fn is_bare(&self, name: &str) -> bool {
        let Some(text) = &self.text else { return false };
        let Some(start) = (name.as_ptr() as usize).checked_sub(text.as_ptr() as usize) else { return false };
        let end = start.saturating_add(name.len());
        if text.get(start..end) != Some(name) {
            return false;
        }
        scanner::skip_trivia(text, end).is_ok_and(|next| !text[next..].starts_with('('))
    }
}
