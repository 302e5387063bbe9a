//! The traits. All are object-safe, all generic over [`Real`](crate::Real); an implementor owns *settings* only.
//!
//! A component declares how many numbers it needs; the runtime lays them out once, in flat slabs, and passes views.
//! `forward` fills the next state and the trace; `backward` reads them. From the outside in:
//!
//! - [`Cell`]: anything recurrent - a controller, a memory with its heads, a whole NTM;
//! - [`Memory`]: a cell whose inputs are raw numbers for heads and whose outputs are what was read;
//! - [`Head`]: what is done to memory with a weighting;
//! - [`Addressing`]: from a head's numbers to its weighting over slots;
//! - [`Stage`]: weighting in, weighting out: one step of an addressing chain.
//!
//! Gradients follow one rule. What others share (`previous` weightings, `memory`, parameters) is *added* to; what is
//! a component's own (its numbers, its similarity, what came in) is *written*, so that nobody clears buffers.
mod addressing;
mod cell;
mod head;
mod memory;
mod show;
mod stage;

pub use addressing::{Addressing, Look, LookGradient};
pub use cell::{Backward, Cell, Forward, Initial, Needs, Parameter, Part, Trajectory};
pub use head::{Action, Head, Using};
pub use memory::{Memory, Turns};
pub use show::{Quantity, Shown};
pub use stage::{Stage, StageGradient, StageLook};
