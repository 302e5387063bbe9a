//! The command line as a library, and everything in one dependency.
//!
//! [`builtin`] is the only place that knows all components.

pub use ntm_addressing as addressing;
pub use ntm_controllers as controllers;
pub use ntm_core as core;
pub use ntm_tasks as tasks;

use ntm_core::config::Registry;

/// Every component of the workspace under its name.
pub fn builtin() -> Registry {
    let registry = ntm_core::config::register(Registry::default());
    ntm_tasks::register(ntm_controllers::register(ntm_addressing::register(registry)))
}
