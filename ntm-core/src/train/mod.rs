//! Training: tasks, optimisers, clipping, validation, and the trainer that puts them together.
mod batcher;
mod optimizer;
mod settings;
mod task;
mod trainer;

pub use batcher::{Batcher, evaluate, evaluate_telling};
pub use optimizer::{Optimizer, OptimizerState};
pub use settings::{Clip, TrainSettings};
pub use task::{Mark, Task, TaskError};
pub use trainer::{LastUpdate, Numbers, Record, Saved, TrainError, Trainer};
