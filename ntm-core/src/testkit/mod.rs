//! What every component promises, checked in one line.
//!
//! A variant of your own gets the checks that the built-in ones get:
//!
//! ```ignore
//! #[test]
//! fn leak_keeps_its_promises() {
//!     ntm_core::testkit::stage(&Leak { rate: 0.1 }); // Leak: Build<StageKind>
//! }
//! ```
//!
//! and likewise [`addressing`], [`head`], [`memory`], [`controller`], [`model`] and [`task`]. They take settings (or a
//! [`Named`](crate::config::Named) read from RON), build the component in f64 and in f32 at several sizes, and panic with
//! the [`Promise`] that is broken, the component, the size and the worst entry. [`check`] gives that as an error
//! instead. [`registered`] goes over all names of a registry, so that a new name cannot be forgotten, and writes and
//! reads their settings as RON.
//!
//! | promise | how it is checked |
//! |---|---|
//! | gradient | five-point differences in f64, to 1e-6 of max(&#124;g&#124;, 1e-3 of the largest), by raw numbers, similarity, memory, previous weightings, own state, parameters (starts included) and inputs; cells over several steps, with and without `prepared`, with and without `d_x` |
//! | weightings | not negative, sum one, where [`Stage::keeps_sum`](crate::Stage::keeps_sum) |
//! | sizes | slices exactly as long as declared, canaries around each and between columns |
//! | added, written | other numbers stand in every buffer before, the result has the same bits or is that much larger |
//! | alone | unequal lengths in one batch against single items; same bits whoever is beside |
//! | same bits | each call twice |
//! | finite | zero memory, keys and weightings, raw numbers of +-50 |
//! | f32 | against f64, on every instruction set of the machine |
//! | tasks | sizes, both ends, masks, streams, allocations |
//!
//! The instruction set in use belongs to the process. The kit changes it, one check at a time, and puts it back; tests of
//! your own that compare bits in f32 should stand in another test binary.

mod addressing;
mod cells;
mod conform;
mod failure;
mod gradient;
mod guarded;
mod head;
mod part;
mod plain;
mod precision;
mod registered;
mod stage;
mod task;
mod trial;
mod whole;

pub use failure::{Failure, Promise};
pub use registered::{check_registered, round_trip};

use crate::Shape;
use crate::config::{
    AddressingKind, Build, ControllerKind, HeadKind, Kind, MemoryKind, MemorySite, ModelKind, Registry,
    StageKind, TaskKind,
};
use failure::At;

/// Shapes at which stages and addressings are checked: single slots, whole vectors, and vectors with a rest.
const SHAPES: [Shape; 6] = [
    Shape { slots: 1, width: 1 },
    Shape { slots: 3, width: 2 },
    Shape { slots: 5, width: 4 },
    Shape { slots: 16, width: 3 },
    Shape { slots: 37, width: 7 },
    Shape { slots: 80, width: 5 },
];

/// A kind of component whose promises the kit knows.
pub trait Checked: Kind + Sized {
    /// Checks a component at the places that the kit has for it.
    ///
    /// # Errors
    /// The first promise that is broken.
    fn check<C: Build<Self>>(settings: &C) -> Result<(), Failure>;
}

/// Checks a component: `check::<StageKind, _>(&settings)`.
///
/// # Errors
/// The first promise that is broken.
pub fn check<K: Checked, C: Build<K>>(settings: &C) -> Result<(), Failure> {
    K::check(settings)
}

fn insist<T>(done: Result<T, Failure>) -> T {
    done.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Checks a stage. Panics where a promise is broken.
pub fn stage<C: Build<StageKind>>(settings: &C) {
    insist(StageKind::check(settings));
}
/// Checks an addressing. Panics where a promise is broken.
pub fn addressing<C: Build<AddressingKind>>(settings: &C) {
    insist(AddressingKind::check(settings));
}
/// Checks a head: what it makes of its numbers, and at work in a dense memory. Panics where a promise is broken.
pub fn head<C: Build<HeadKind>>(settings: &C) {
    insist(HeadKind::check(settings));
}
/// Checks a memory with plain heads of the kit. Panics where a promise is broken.
pub fn memory<C: Build<MemoryKind>>(settings: &C) {
    insist(MemoryKind::check(settings));
}
/// Checks a memory with the given heads. Panics where a promise is broken.
pub fn memory_with<C: Build<MemoryKind>>(settings: &C, site: &MemorySite<'_>) {
    let at = cells::memory_at(settings, site);
    insist(sites::<MemoryKind, C>(&at, settings, std::slice::from_ref(site), |_, double, single| {
        cells::memory(&at, double, single)
    }));
}
/// Checks a controller. Panics where a promise is broken.
pub fn controller<C: Build<ControllerKind>>(settings: &C) {
    insist(ControllerKind::check(settings));
}
/// Checks a model. Panics where a promise is broken.
pub fn model<C: Build<ModelKind>>(settings: &C) {
    insist(ModelKind::check(settings));
}
/// Checks a task. Panics where a promise is broken.
pub fn task<C: Build<TaskKind>>(settings: &C) {
    insist(TaskKind::check(settings));
}
/// Checks every component registered for a kind, as [`check_registered`] does. Panics where a promise is broken.
pub fn registered<K: Checked>(registry: &Registry, examples: &[&str]) {
    insist(check_registered::<K>(registry, examples));
}

/// Builds a component in both precisions at every site that it takes, and checks it there. It must take one.
fn sites<'s, K: Kind, C: Build<K>>(
    at: &At,
    settings: &C,
    sites: &[K::Site<'s>],
    mut check: impl FnMut(&K::Site<'s>, &K::Of<f64>, &K::Of<f32>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut refused, mut taken) = (None, false);
    for site in sites {
        match (settings.build::<f64>(site), settings.build::<f32>(site)) {
            (Ok(double), Ok(single)) => {
                taken = true;
                check(site, &*double, &*single)?;
            }
            (Err(e), Err(_)) => refused = Some(e),
            (Err(e), _) | (_, Err(e)) => {
                return Err(at.breaks(Promise::Builds, format!("in one precision only: {e}")));
            }
        }
    }
    match refused {
        Some(e) if !taken => Err(at.breaks(Promise::Builds, format!("refused everywhere: {e}"))),
        _ => Ok(()),
    }
}
