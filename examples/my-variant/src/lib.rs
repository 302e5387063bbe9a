//! Components of one's own, one file each: settings, implementation, arithmetic, test. `docs/extending.md` goes through
//! them one by one.
mod copied_shift;
mod follow;
mod gated;
mod leak;
mod leak_forward;
mod plain;
mod reverse;
mod stack;

pub use copied_shift::CopiedShift;
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
        .register::<StageKind, CopiedShift>("CopiedShift")
        .register::<AddressingKind, Follow>("Follow")
        .register::<HeadKind, Gated>("Gated")
        .register::<MemoryKind, Stack>("Stack")
        .register::<ControllerKind, Plain>("Plain")
        .register::<TaskKind, Reverse>("Reverse")
}

#[test]
fn every_name_keeps_its_promises_and_survives_ron() {
    use ntm_cli::core::testkit::registered;
    let registry = register(Registry::default());
    registered::<StageKind>(&registry, &[]);
    registered::<AddressingKind>(&registry, &["Follow(head: 0)"]);
    registered::<HeadKind>(&registry, &["Gated(addressing: Follow(head: 1))"]);
    registered::<MemoryKind>(&registry, &["Stack(depth: 1, width: 2)", "Stack(depth: 3, width: 1)"]);
    registered::<ControllerKind>(&registry, &["Plain(hidden: 17)"]);
    registered::<TaskKind>(&registry, &[]);
}
