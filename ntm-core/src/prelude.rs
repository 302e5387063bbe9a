//! What a variant is written with, in one line: `use ntm_core::prelude::*;`.
pub use crate::buffers::{Mat, MatMut};
#[cfg(feature = "config")]
pub use crate::buildable;
#[cfg(feature = "config")]
pub use crate::config::{
    AddressingKind, Build, BuildError, ControllerKind, ControllerSite, HeadKind, HeadSite, MemoryKind,
    MemorySite, ModelKind, ModelSite, Named, Precision, Registry, StageKind,
};
#[cfg(all(feature = "config", feature = "train"))]
pub use crate::config::{Experiment, TaskKind};
pub use crate::heads::{Erase, Read, Write};
pub use crate::memory::{Arrangement, Dense, Order, Step, Writes};
#[cfg(feature = "train")]
pub use crate::random::Random;
pub use crate::start::{ControllerStart, MemoryStart, ReadStart, WeightingStart};
pub use crate::tape::{ForwardStage, Taped, TapedLook, Variable};
#[cfg(feature = "train")]
pub use crate::train::{Optimizer, Task, TaskError, TrainSettings, Trainer};
pub use crate::traits::{
    Action, Addressing, Backward, Cell, Forward, Head, Initial, Look, LookGradient, Memory, Needs, Parameter,
    Quantity, Shown, Stage, StageGradient, StageLook, Trajectory, Turns, Using,
};
pub use crate::{
    Activation, Field, HeadsSee, Linear, Ntm, Operations, OutputSees, Real, Recurrent, Shape, Similarity,
};
#[cfg(feature = "train")]
pub use crate::{Model, Sequence};
