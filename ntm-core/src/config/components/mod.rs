//! Settings of the components of this crate: models, memories and heads.
mod dense;
mod heads;
mod ntm;
mod recurrent;

pub use dense::DenseSettings;
pub use heads::{EraseSettings, ReadSettings, WriteSettings};
pub use ntm::{LayerInitial, NtmSettings};
pub use recurrent::RecurrentSettings;

use super::{HeadKind, MemoryKind, ModelKind, Registry};

/// Adds `Ntm`, `Recurrent`, `Dense`, `Read` and `Write`.
pub fn register(registry: Registry) -> Registry {
    registry
        .register::<ModelKind, NtmSettings>("Ntm")
        .register::<ModelKind, RecurrentSettings>("Recurrent")
        .register::<MemoryKind, DenseSettings>("Dense")
        .register::<HeadKind, ReadSettings>("Read")
        .register::<HeadKind, WriteSettings>("Write")
}
