//! A stage from its forward pass.
use super::{Tape, Variable};
use crate::traits::{StageGradient, StageLook};
use crate::{Field, Real, Shape, Stage};
use std::any::Any;
use std::fmt;
use std::sync::Mutex;

/// What a stage on a tape may look at; as [`StageLook`].
#[derive(Clone, Copy, Debug)]
pub struct TapedLook<'t, T> {
    /// Size of the memory: slots x width.
    pub shape: Shape,
    /// Activated numbers of its fields, one field after another; `numbers.at(0)` is the first.
    pub numbers: Variable<'t, T>,
    /// Similarity of its key fields with each slot: of the first with slot 0, 1, …, then of the second.
    pub similarity: Variable<'t, T>,
    /// This head's weighting of the step before.
    pub previous: Variable<'t, T>,
    /// What the stage before made.
    pub incoming: Variable<'t, T>,
    tape: &'t Tape<T>,
}
impl<'t, T: Real> TapedLook<'t, T> {
    fn new(tape: &'t Tape<T>, look: &StageLook<'_, T>) -> Self {
        TapedLook {
            shape: look.shape,
            numbers: tape.given(look.numbers),
            similarity: tape.given(look.similarity),
            previous: tape.given(look.previous),
            incoming: tape.given(look.incoming),
            tape,
        }
    }
    /// A list of constants.
    pub fn constants(&self, numbers: &[T]) -> Variable<'t, T> {
        self.tape.given(numbers)
    }
}

/// A stage of an addressing chain, without its gradient. See the [module](super) for an example.
pub trait ForwardStage: Any + fmt::Debug + Send + Sync {
    /// Raw numbers that it takes.
    fn fields(&self, _shape: Shape) -> Vec<Field> {
        vec![]
    }
    /// As [`Stage::keeps_sum`].
    fn keeps_sum(&self) -> bool {
        true
    }
    /// As [`Stage::shows`].
    fn shows(&self) -> Option<&'static str> {
        None
    }
    /// The weighting, one number a slot, as an expression in what the stage looks at.
    fn forward<'t, T: Real>(&self, look: &TapedLook<'t, T>) -> Variable<'t, T>;
}

/// A [`Stage`] from its forward pass; what that costs stands in the [module](super).
pub struct Taped<S, T> {
    stage: S,
    /// tapes not in use; as many as threads have met here
    tapes: Mutex<Vec<Tape<T>>>,
}
impl<S: fmt::Debug, T> fmt::Debug for Taped<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Taped").field(&self.stage).finish()
    }
}

impl<S: ForwardStage, T: Real> Taped<S, T> {
    /// The stage with this forward pass.
    pub fn new(stage: S) -> Self {
        Taped { stage, tapes: Mutex::new(vec![]) }
    }
    fn run<R>(
        &self,
        look: &StageLook<'_, T>,
        with: impl for<'t> FnOnce(&'t Tape<T>, TapedLook<'t, T>, Variable<'t, T>) -> R,
    ) -> R {
        let idle = self.tapes.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let mut tape = idle.unwrap_or_default();
        tape.clear();
        let given = TapedLook::new(&tape, look);
        let out = self.stage.forward(&given);
        let (slots, n) = (look.shape.slots, out.len());
        assert!(n == slots, "{:?} gives {n} numbers on its tape, but there are {slots} slots", self.stage);
        let done = with(&tape, given, out);
        self.tapes.lock().unwrap_or_else(|e| e.into_inner()).push(tape);
        done
    }
}

impl<S: ForwardStage, T: Real> Stage<T> for Taped<S, T> {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        self.stage.fields(shape)
    }
    fn keeps_sum(&self) -> bool {
        self.stage.keeps_sum()
    }
    fn shows(&self) -> Option<&'static str> {
        self.stage.shows()
    }
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        self.run(look, |tape, _, made| tape.read(made, out));
    }
    fn backward(&self, look: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        self.run(look, |tape, given, made| {
            tape.backward(made, d_out);
            tape.gradient(given.numbers, d.numbers);
            tape.gradient(given.similarity, d.similarity);
            tape.gradient(given.incoming, d.incoming);
            tape.add_gradient(given.previous, d.previous);
        });
    }
}
