//! Whole models against an independent implementation, and every component against what it promises. One binary, because
//! building it takes longer than running it.
mod components;
mod golden;
mod paper;
mod wirings;
