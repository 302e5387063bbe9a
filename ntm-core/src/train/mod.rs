//! Training: tasks, optimisers, clipping, validation, and the trainer that puts them together.
mod batcher;
mod clip;
mod optimizer;
mod schedule;
mod settings;
mod task;
mod trainer;

pub use batcher::{Batcher, evaluate, evaluate_telling};
pub use clip::Clip;
pub use optimizer::{Optimizer, OptimizerState};
pub use schedule::Schedule;
pub use settings::TrainSettings;
pub use task::{Mark, Task, TaskError};
pub use trainer::{LastUpdate, Numbers, Record, RestoreError, Saved, TrainError, Trainer};
