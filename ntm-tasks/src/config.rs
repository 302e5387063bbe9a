//! Names in RON: `Copy(width: 8, length: (1, 20))`.
use crate::Copy;
use ntm_core::config::{Build, BuildError, Precision, Registry, TaskKind};
use ntm_core::train::Task;

/// Adds `Copy`.
pub fn register(registry: Registry) -> Registry {
    registry.register::<TaskKind, Copy>("Copy")
}

impl Build<TaskKind> for Copy {
    fn build<T: Precision>(&self, (): &()) -> Result<Box<dyn Task>, BuildError> {
        self.check().map_err(|(field, why)| BuildError::new(field, why))?;
        Ok(Box::new(self.clone()))
    }
}
