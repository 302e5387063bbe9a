//! Names in RON: `Copy(width: 8, length: (1, 20))`.
use crate::{Copy, FromFile};
use ntm_core::config::{Build, BuildError, Precision, Registry, TaskKind};
use ntm_core::train::Task;

/// Adds `Copy` and `FromFile`.
pub fn register(registry: Registry) -> Registry {
    registry.register::<TaskKind, Copy>("Copy").register::<TaskKind, FromFile>("FromFile")
}

impl Build<TaskKind> for Copy {
    fn build<T: Precision>(&self, (): &()) -> Result<Box<dyn Task>, BuildError> {
        self.check().map_err(|(field, why)| BuildError::new(field, why))?;
        Ok(Box::new(self.clone()))
    }
}

impl Build<TaskKind> for FromFile {
    fn build<T: Precision>(&self, (): &()) -> Result<Box<dyn Task>, BuildError> {
        self.check().map_err(|(field, why)| BuildError::new(field, why))?;
        Ok(Box::new(self.clone()))
    }
}
