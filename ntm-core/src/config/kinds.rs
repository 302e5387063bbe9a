//! The places in a file that hold a component, and what each builder is told of its surroundings.
use super::{Kind, Named};
use crate::memory::Arrangement;
use crate::traits::{Addressing, Cell, Head, Memory, Stage};
use crate::{Real, Shape};

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident $one:literal $many:literal: $what:ident at $site:ty;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const NAME: &'static str = $one;
            const PLURAL: &'static str = $many;
            type Of<T: Real> = dyn $what<T>;
            type Site<'a> = $site;
        }
    )*};
}

kinds! {
    /// What can be trained: `model: …`.
    ModelKind "model" "models": Cell at ModelSite;
    /// What drives the heads: `controller: …`.
    ControllerKind "controller" "controllers": Cell at ControllerSite;
    /// What heads read and write: `memory: …`.
    MemoryKind "memory" "memories": Memory at MemorySite<'a>;
    /// An entry of `heads: […]`.
    HeadKind "head" "heads": Head at HeadSite;
    /// Where a head gets its weighting: `addressing: …`.
    AddressingKind "addressing" "addressings": Addressing at HeadSite;
    /// An entry of a `Chain([…])`.
    StageKind "stage" "stages": Stage at HeadSite;
}

/// What a model is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelSite {
    /// Numbers that the task puts in at each step.
    pub inputs: usize,
}

/// What a controller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControllerSite {
    /// Numbers that it is given at each step: external inputs, and then what the heads have read.
    pub inputs: usize,
    /// Whether its outputs should end with its cell state: [`Cell::cell_outputs`]. A controller without one goes on as
    /// if nobody had asked, and whoever did tells the user.
    pub cell: bool,
}

/// What a memory is told: it builds its heads itself, since they depend on its shape.
#[derive(Clone, Copy, Debug)]
pub struct MemorySite<'a> {
    /// Settings of the heads, in list order.
    pub heads: &'a [Named<HeadKind>],
    /// How they come together in a step.
    pub arrangement: Arrangement,
}

/// What a head, its addressing and its stages are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadSite {
    /// Shape of the memory: slots x width.
    pub shape: Shape,
    /// Which head of the list it is.
    pub head: usize,
    /// Number of heads, those that read and those that write.
    pub heads: usize,
}

#[cfg(feature = "train")]
pub use task::TaskKind;
#[cfg(feature = "train")]
mod task {
    use super::{Kind, Real};
    use crate::train::Task;

    /// What is learnt: `task: …`.
    #[derive(Debug)]
    pub enum TaskKind {}
    impl Kind for TaskKind {
        const NAME: &'static str = "task";
        const PLURAL: &'static str = "tasks";
        type Of<T: Real> = dyn Task;
        type Site<'a> = ();
    }
}
