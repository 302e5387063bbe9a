//! What a component is: a place that takes it, settings that build it, and the choice between f32 and f64.

use std::fmt::Debug;

use super::error::BuildError;
use super::named::Erased;
use crate::Real;

/// A place in a file that holds a component: stage, addressing, head, memory, controller, model, task.
///
/// The type that implements this is only a mark, usually an empty enum: `pub enum StageKind {}`.
pub trait Kind: 'static {
    /// One of them, for messages: `no stage is called "Shfit"`.
    const NAME: &'static str;
    /// Several of them, as in `ntm list stages`.
    const PLURAL: &'static str;
    /// What is built, such as `dyn Stage<T>`.
    type Of<T: Real>: ?Sized;
    /// What a builder must know of its surroundings: shape, number of inputs.
    type Site<'a>;
}

/// Settings that build a component of kind `K`, in f32 and in f64.
///
/// To be registered the settings must also be `Serialize` and `DeserializeOwned`; see [`Registry::register`].
///
/// [`Registry::register`]: super::Registry::register
pub trait Build<K: Kind>: Debug + Send + Sync + 'static {
    /// Checks the settings against the site and builds the component.
    ///
    /// An error names the field at fault relative to these settings; whoever called adds where the settings stand,
    /// with [`BuildError::under`].
    fn build<T: Precision>(&self, site: &K::Site<'_>) -> Result<Box<K::Of<T>>, BuildError>;
}

/// The scalars a component can be built for: f32 to train, f64 to check.
pub trait Precision: Real {
    /// Builds for this scalar what is known only behind a pointer.
    #[doc(hidden)]
    fn build_erased<K: Kind>(
        settings: &dyn Erased<K>,
        site: &K::Site<'_>,
    ) -> Result<Box<K::Of<Self>>, BuildError>;
}

impl Precision for f32 {
    fn build_erased<K: Kind>(
        settings: &dyn Erased<K>,
        site: &K::Site<'_>,
    ) -> Result<Box<K::Of<f32>>, BuildError> {
        settings.build_f32(site)
    }
}

impl Precision for f64 {
    fn build_erased<K: Kind>(
        settings: &dyn Erased<K>,
        site: &K::Site<'_>,
    ) -> Result<Box<K::Of<f64>>, BuildError> {
        settings.build_f64(site)
    }
}

/// Makes settings that *are* their component [`Build`] it, as a copy of themselves; `as Taped` wraps that, with `new`.
///
/// Settings that can be wrong write out [`Build`], where they say what is.
///
/// ```
/// use ntm_core::prelude::*;
///
/// /// out = previous
/// #[derive(Clone, Debug)]
/// struct Stay;
/// impl ForwardStage for Stay {
///     fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T> {
///         look.previous
///     }
/// }
/// buildable!(Stay: StageKind as Taped);
/// ```
///
/// [`Build`]: crate::config::Build
#[macro_export]
macro_rules! buildable {
    (@ $settings:ty, $kind:ty, $this:ident, $made:expr) => {
        impl $crate::config::Build<$kind> for $settings {
            fn build<T: $crate::config::Precision>(
                &self,
                _: &<$kind as $crate::config::Kind>::Site<'_>,
            ) -> ::std::result::Result<
                ::std::boxed::Box<<$kind as $crate::config::Kind>::Of<T>>,
                $crate::config::BuildError,
            > {
                let $this = ::std::clone::Clone::clone(self);
                ::std::result::Result::Ok(::std::boxed::Box::new($made))
            }
        }
    };
    ($settings:ty : $kind:ident) => {
        $crate::buildable!(@ $settings, $kind, this, this);
    };
    ($settings:ty : $kind:ident as $wrap:ident) => {
        $crate::buildable!(@ $settings, $kind, this, $wrap::new(this));
    };
}
