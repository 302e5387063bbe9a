//! What a component promises, and how the kit says that a promise is broken.
use std::fmt;

/// What every component promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It can be built from its settings at some of the places that the kit offers.
    Builds,
    /// It works with slices exactly as long as it declared, and touches nothing beyond them.
    Sizes,
    /// The same call gives the same bits.
    SameBits,
    /// What it should write it writes, whatever stood there, and it reads nothing that nobody wrote.
    Written,
    /// What is shared it adds to.
    Added,
    /// Its gradient is the derivative.
    Gradient,
    /// From a distribution over slots it makes a distribution, where it says so.
    Sum,
    /// What a memory reads is read in the part of a step that it declares, which is that of its heads.
    Turns,
    /// An item depends on no other item, and a batch equals single items.
    Alone,
    /// Values and gradients are finite for zeros and for raw numbers of +-50.
    Finite,
    /// What it makes in f32 is near what it makes in f64.
    Precision,
    /// Its settings can be written as RON and read back.
    RoundTrip,
    /// A task's sequences have the sizes that it declares and that were asked for.
    Size,
    /// A task scores something.
    Scores,
    /// A task keeps what a sequence has allocated.
    Room,
    /// Every registered name has an example, or settings that are all optional.
    Covered,
    /// It makes what another way to write it makes, values and gradients.
    Twin,
}

impl Promise {
    /// All of them.
    pub const ALL: [Promise; 17] = [
        Promise::Builds,
        Promise::Sizes,
        Promise::SameBits,
        Promise::Written,
        Promise::Added,
        Promise::Gradient,
        Promise::Sum,
        Promise::Turns,
        Promise::Alone,
        Promise::Finite,
        Promise::Precision,
        Promise::RoundTrip,
        Promise::Size,
        Promise::Scores,
        Promise::Room,
        Promise::Covered,
        Promise::Twin,
    ];
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Promise::Builds => "it builds",
            Promise::Sizes => "it keeps to the sizes that it declares",
            Promise::SameBits => "the same call gives the same bits",
            Promise::Written => "what is its own it writes, whatever stood there",
            Promise::Added => "what is shared it adds to",
            Promise::Gradient => "its gradient is the derivative",
            Promise::Sum => "weightings are not negative and sum to one",
            Promise::Turns => "what is read is read in the part of a step that it declares",
            Promise::Alone => "an item does not depend on its neighbours",
            Promise::Finite => "values and gradients are finite",
            Promise::Precision => "f32 agrees with f64",
            Promise::RoundTrip => "its settings can be written and read back",
            Promise::Size => "a sequence has the size that was declared and asked for",
            Promise::Scores => "a sequence is scored",
            Promise::Room => "drawing keeps what is allocated",
            Promise::Covered => "every registered component is checked",
            Promise::Twin => "it makes what its twin makes",
        })
    }
}

/// A broken promise: which, whose, where, and by how much.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{component} breaks the promise that {promise}\n  {site}: {what}")]
pub struct Failure {
    /// Which promise.
    pub promise: Promise,
    /// The component's settings.
    pub component: String,
    /// The size at which it was found, and the precision.
    pub site: String,
    /// The worst entry, or what the component said itself.
    pub what: String,
}

/// Who is being checked, and where: what every failure says besides the promise.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) component: String,
    pub(super) site: String,
}

impl At {
    pub(super) fn new(component: &impl fmt::Debug, site: impl fmt::Display) -> At {
        At { component: format!("{component:?}"), site: site.to_string() }
    }
    /// The same component, with more said of the place.
    pub(super) fn with(&self, more: impl fmt::Display) -> At {
        At { component: self.component.clone(), site: format!("{}, {more}", self.site) }
    }
    pub(super) fn breaks(&self, promise: Promise, what: impl fmt::Display) -> Failure {
        let At { component, site } = self.clone();
        Failure { promise, component, site, what: what.to_string() }
    }
}
