//! Components of one's own, one file each: settings, implementation, arithmetic, test. `docs/extending.md` goes through
//! them one by one.
mod follow;
mod gated;
mod leak;
mod leak_forward;
mod plain;
mod reverse;
mod stack;

pub use follow::Follow;
pub use gated::Gated;
pub use leak::Leak;
pub use leak_forward::LeakForward;
pub use plain::Plain;
pub use reverse::Reverse;
pub use stack::Stack;

use ntm_cli::core::prelude::*;

/// Adds them all under their names.
pub fn register(registry: Registry) -> Registry {
    registry
        .register::<StageKind, Leak>("Leak")
        .register::<StageKind, LeakForward>("LeakForward")
        .register::<AddressingKind, Follow>("Follow")
        .register::<HeadKind, Gated>("Gated")
        .register::<MemoryKind, Stack>("Stack")
        .register::<ControllerKind, Plain>("Plain")
        .register::<TaskKind, Reverse>("Reverse")
}
