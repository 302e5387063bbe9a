//! Tasks: what a Neural Turing Machine learns, each a source of sequences with targets and the steps that are scored.
//!
//! - [`Copy`](struct@Copy), [`RepeatCopy`], [`AssociativeRecall`], [`DynamicNGrams`], [`PrioritySort`]: the paper's sections 4.1 to 4.5.
#![cfg_attr(feature = "config", doc = "- [`FromFile`]: sequences of one's own.")]
//!
//! Each says what chance costs ([`Task::chance_bits`](ntm_core::train::Task::chance_bits)), can be drawn as text ([`picture`]) and, where it
//! has sizes, brings them all at once or by and by ([`Curriculum`]).

mod associative_recall;
#[cfg(feature = "config")]
mod config;
mod copy;
mod curriculum;
mod dynamic_n_grams;
#[cfg(feature = "config")]
mod from_file;
mod marks;
mod picture;
mod priority_sort;
mod range;
mod repeat_copy;
#[cfg(test)]
mod tests;

pub use associative_recall::AssociativeRecall;
#[cfg(feature = "config")]
pub use config::register;
pub use copy::Copy;
pub use curriculum::Curriculum;
pub use dynamic_n_grams::DynamicNGrams;
#[cfg(feature = "config")]
pub use from_file::{DataFile, FromFile, Values};
pub use picture::picture;
pub use priority_sort::PrioritySort;
pub use repeat_copy::RepeatCopy;
