//! The test kit finds what is broken: components that keep all promises but one, which the failure must name.
#![cfg(feature = "testkit")]
mod cells;
mod heads;
mod memories;
mod registry;
mod stages;
mod tasks;
mod turns;
mod twins;

use ntm_core::config::{Build, ControllerKind, MemoryKind, StageKind, TaskKind};
use ntm_core::testkit::{Checked, Failure, Promise, check};

/// The failure, if it is of this promise.
#[track_caller]
fn breaks<K: Checked, C: Build<K>>(settings: &C, promise: Promise) -> Failure {
    let failure = check::<K, C>(settings).expect_err("this component is broken, but passes");
    assert_eq!(failure.promise, promise, "{failure}");
    let text = failure.to_string();
    assert!(text.contains(&promise.to_string()) && text.contains(&format!("{settings:?}")), "{text}");
    failure
}

/// A component that breaks this promise and no other, as the kit found it.
fn planted(promise: Promise) -> Failure {
    use stages::{Fault, Mix};
    let stage = |fault| breaks::<StageKind, _>(&Mix(fault), promise);
    let task = |fault| breaks::<TaskKind, _>(&tasks::Echo(fault), promise);
    match promise {
        Promise::Builds => stage(Fault::Refuses),
        Promise::Sizes => stage(Fault::TraceTooShort),
        Promise::SameBits => stage(Fault::Counts),
        Promise::Written => stage(Fault::AddsToItsOwn),
        Promise::Added => stage(Fault::Assigns),
        Promise::Gradient => stage(Fault::Gradient),
        Promise::Sum => stage(Fault::SumNotOne),
        Promise::Turns => breaks::<MemoryKind, _>(&turns::Diary(turns::Fault::ReadsLate), promise),
        Promise::Alone => breaks::<ControllerKind, _>(&cells::Leak(cells::Fault::Neighbour), promise),
        Promise::Finite => stage(Fault::ZeroOverZero),
        Promise::Precision => stage(Fault::FarInF32),
        Promise::RoundTrip => registry::forgets(),
        Promise::Size => task(tasks::Fault::IgnoresSize),
        Promise::Scores => task(tasks::Fault::ScoresNothing),
        Promise::Room => task(tasks::Fault::Allocates),
        Promise::Covered => registry::uncovered(),
        Promise::Twin => twins::planted(),
    }
}

#[test]
fn every_promise_has_a_variant_that_breaks_it_and_a_message_that_names_it() {
    for promise in Promise::ALL {
        let failure = planted(promise);
        assert_eq!(failure.promise, promise, "{failure}");
        let text = failure.to_string();
        let named = format!("{} breaks the promise that {promise}", failure.component);
        assert!(text.starts_with(&named), "{text}");
    }
}
