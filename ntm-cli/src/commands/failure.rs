//! Why a command ended without its result.
use crate::pictures::PictureError;
use crate::run_files::RunError;
use ntm_core::checkpoint::{ArchiveError, CheckpointError};
use ntm_core::config::ConfigError;
use ntm_core::train::{TaskError, TrainError};

/// A message for people, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) code: u8,
}

impl Failure {
    /// The command or the config is wrong.
    pub(crate) fn wrong(message: impl ToString) -> Self {
        Failure { message: message.to_string(), code: 2 }
    }
    /// It was right, and could not go on.
    pub(crate) fn stopped(message: impl ToString) -> Self {
        Failure { message: message.to_string(), code: 1 }
    }
}

impl From<ConfigError> for Failure {
    fn from(e: ConfigError) -> Self {
        Failure::wrong(e)
    }
}
impl From<TaskError> for Failure {
    fn from(e: TaskError) -> Self {
        Failure::wrong(e)
    }
}
impl From<RunError> for Failure {
    fn from(e: RunError) -> Self {
        use RunError::{HoldsRun, Link, Name, NoRuns, NotADirectory, NotARun, NotEmpty};
        match e {
            HoldsRun { .. } | NotEmpty { .. } | NotADirectory { .. } | Name { .. } => Failure::wrong(e),
            Link { .. } | NotARun { .. } | NoRuns { .. } => Failure::wrong(e),
            _ => Failure::stopped(e),
        }
    }
}
impl From<ArchiveError> for Failure {
    fn from(e: ArchiveError) -> Self {
        Failure::stopped(e)
    }
}
impl From<CheckpointError> for Failure {
    fn from(e: CheckpointError) -> Self {
        match e {
            CheckpointError::Config(e) => e.into(),
            CheckpointError::Tensors(_) | CheckpointError::WeightsOnly => Failure::wrong(e),
            _ => Failure::stopped(e),
        }
    }
}
impl From<PictureError> for Failure {
    fn from(e: PictureError) -> Self {
        Failure::stopped(e)
    }
}
impl From<TrainError> for Failure {
    fn from(e: TrainError) -> Self {
        Failure::stopped(e)
    }
}
