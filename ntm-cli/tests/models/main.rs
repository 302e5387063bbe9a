//! Whole models against an independent implementation, and every component against what it promises. One binary, because
//! building it takes longer than running it.
mod components;
#[path = "../shared/every.rs"]
mod every;
mod golden;
mod paper;
mod recomputing;
mod wirings;
