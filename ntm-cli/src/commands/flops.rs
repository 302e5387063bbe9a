//! Floating-point operations of a training step: not counted yet for any model.
