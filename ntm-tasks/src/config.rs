//! Names in RON: `Copy(width: 8, length: (1, 20))`.
use crate::{AssociativeRecall, Copy, DynamicNGrams, FromFile, PrioritySort, RepeatCopy};
use ntm_core::config::{Build, BuildError, Precision, Registry, TaskKind};
use ntm_core::train::Task;

macro_rules! tasks {
    ($($task:ident)*) => {
        /// Adds every task of this crate under its name.
        pub fn register(registry: Registry) -> Registry {
            registry$(.register::<TaskKind, $task>(stringify!($task)))*
        }
        $(impl Build<TaskKind> for $task {
            fn build<T: Precision>(&self, (): &()) -> Result<Box<dyn Task>, BuildError> {
                self.check().map_err(|(field, why)| BuildError::new(field, why))?;
                Ok(Box::new(self.clone()))
            }
        })*
    };
}

tasks! { Copy RepeatCopy AssociativeRecall DynamicNGrams PrioritySort FromFile }
