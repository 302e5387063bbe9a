//! The command line as a library, and everything in one dependency.
//!
//! [`builtin`] is the only place that knows all components. A program with components of its own registers them and
//! has the whole command line:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let registry = ntm_cli::builtin(); // and .register::<StageKind, MyStage>("MyStage")
//!     ntm_cli::main_with(registry)
//! }
//! ```
//!
//! Without the feature `terminal` there are run directories and no command line; `plot` adds pictures.

pub use ntm_addressing as addressing;
pub use ntm_controllers as controllers;
pub use ntm_core as core;
pub use ntm_tasks as tasks;

#[cfg(feature = "terminal")]
mod commands;
#[cfg(feature = "plot")]
pub mod pictures;
pub mod run_directory;
pub mod run_files;
pub mod statistics;

#[cfg(feature = "terminal")]
pub use commands::{main_with, main_with_words};

use ntm_core::config::Registry;

// its examples are tests
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// Every component of the workspace under its name.
pub fn builtin() -> Registry {
    let registry = ntm_core::config::register(Registry::default());
    ntm_tasks::register(ntm_controllers::register(ntm_addressing::register(registry)))
}
