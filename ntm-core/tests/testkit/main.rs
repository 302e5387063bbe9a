//! The test kit finds what is broken: components that keep all promises but one, which the failure must name.
#![cfg(feature = "testkit")]
mod cells;
mod heads;
mod registry;
mod stages;
mod tasks;

use ntm_core::config::Build;
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
