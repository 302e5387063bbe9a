//! What every component promises, checked in one line.
//!
//! A variant of your own gets the checks that the built-in ones get. This is the whole test of a stage:
//!
//! ```
//! use ntm_core::prelude::*;
//!
//! /// out = 0.9 incoming + 0.1 previous
//! #[derive(Clone, Debug)]
//! struct Lag;
//! impl<T: Real> Stage<T> for Lag {
//!     fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
//!         for (i, out) in out.iter_mut().enumerate() {
//!             *out = T::of(0.9) * look.incoming[i] + T::of(0.1) * look.previous[i];
//!         }
//!     }
//!     fn backward(&self, _: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
//!         for (i, d_out) in d_out.iter().enumerate() {
//!             d.incoming[i] = T::of(0.9) * *d_out; // its own: written
//!             d.previous[i] += T::of(0.1) * *d_out; // shared: added
//!         }
//!     }
//! }
//! ntm_core::buildable!(Lag: StageKind);
//!
//! ntm_core::testkit::stage(&Lag); // in a test of its own
//! ```
//!
//! and likewise [`addressing`], [`head`], [`memory`], [`controller`], [`model`] and [`task`]. They take settings (or a
//! [`Named`](crate::config::Named) read from RON), build the component in f64 and in f32 at several sizes, and panic with
//! the [`Promise`] that is broken, the component, the size and the worst entry. Had `Lag` written `=` for `+=`:
//!
//! ```text
//! Lag breaks the promise that what is shared it adds to
//!   1 slots x 1, f64: the gradient by previous[0] is … onto 0, but … onto 1
//! ```
//!
//! [`check`] gives that as an error instead. [`registered`] goes over all names of a registry, so that a new name cannot be
//! forgotten, and writes and reads their settings as RON. [`same_stage`] compares two ways to write a stage.
//!
//! | promise | who | how it is checked |
//! |---|---|---|
//! | [`Builds`](Promise::Builds) | all | at several sizes, at one of them at least, in both precisions |
//! | [`Gradient`](Promise::Gradient) | all but tasks | five-point differences in f64, to 1e-6 of max(&#124;g&#124;, 1e-3 of the largest), by raw numbers, similarity, memory, previous weightings, own state, parameters (starts included) and inputs; cells over several steps, with and without `prepared`, with and without `d_x` |
//! | [`Sum`](Promise::Sum) | stages | not negative, sum one, where [`Stage::keeps_sum`](crate::Stage::keeps_sum) |
//! | [`Sizes`](Promise::Sizes) | all but tasks | slices exactly as long as declared, canaries around each and between columns; a controller's `cell_outputs` among its outputs, and only where asked for |
//! | [`Added`](Promise::Added), [`Written`](Promise::Written) | all but tasks | other numbers stand in every buffer before, the result has the same bits or is that much larger |
//! | [`Turns`](Promise::Turns) | memories | a canary in every output: `before` writes those that `reads_before` names, `forward` the others; read heads that act before the controller are among them |
//! | [`Alone`](Promise::Alone) | cells, memories | unequal lengths in one batch against single items; same bits whoever is beside |
//! | [`SameBits`](Promise::SameBits) | all | each call twice |
//! | [`Finite`](Promise::Finite) | all | zero memory, keys and weightings, raw numbers of +-50 |
//! | [`Precision`](Promise::Precision) | all but tasks | f32 against f64, on every instruction set of the machine |
//! | [`Size`](Promise::Size), [`Scores`](Promise::Scores), [`Room`](Promise::Room) | tasks | sizes, both ends, masks, streams, allocations |
//! | [`RoundTrip`](Promise::RoundTrip), [`Covered`](Promise::Covered) | registered names | settings written and read; a name without example |
//! | [`Twin`](Promise::Twin) | two stages | the same inputs, values and gradients |
//!
//! The kit is itself tested with components that keep all promises but one (`ntm-core/tests/testkit`): every promise
//! has at least one, and the failure must name it.
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
mod turns;
mod whole;

pub use failure::{Failure, Promise};
pub use registered::{check_registered, round_trip};
pub use stage::check_same_stage;

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
/// Checks that a stage makes what another makes, values and gradients: one [written forward only](crate::tape) beside its
/// hand-written twin. Panics where they differ, as [`check_same_stage`] says.
pub fn same_stage<A: Build<StageKind>, B: Build<StageKind>>(ours: &A, twin: &B) {
    insist(check_same_stage(ours, twin));
}
/// Checks an addressing. Panics where a promise is broken.
pub fn addressing<C: Build<AddressingKind>>(settings: &C) {
    insist(AddressingKind::check(settings));
}
/// Checks a head: what it makes of its numbers, and at work in a dense memory. Panics where a promise is broken.
pub fn head<C: Build<HeadKind>>(settings: &C) {
    insist(HeadKind::check(settings));
}
/// Checks a memory with plain heads of the kit, also such that act before the controller; it may refuse some of them with a
/// `BuildError`. Panics where a promise is broken.
pub fn memory<C: Build<MemoryKind>>(settings: &C) {
    insist(MemoryKind::check(settings));
}
/// Checks a memory with the given heads. Panics where a promise is broken.
pub fn memory_with<C: Build<MemoryKind>>(settings: &C, site: &MemorySite<'_>) {
    let at = cells::memory_at(settings, site);
    insist(sites::<MemoryKind, C>(&at, settings, std::slice::from_ref(site), |_, double, single| {
        cells::memory(&at, (double, single), &turns::readers(site, double))
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
