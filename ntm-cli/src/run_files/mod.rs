//! The files of a run directory: lines of JSON that survive a kill, JSON written whole, and the environment.
//!
//! Everything is read with a limit, since a run directory may come from anywhere.

mod cut;
mod environment;
mod error;
mod json;
mod jsonl;

pub use self::cut::{Cut, Kept, cut_jsonl, truncate_jsonl};
pub use self::environment::{Environment, environment};
pub use self::error::RunError;
pub use self::json::{MAX_TEXT, read_json, read_text, write_json};
pub use self::jsonl::{JsonLines, JsonLinesReader, MAX_LINE, MAX_LINES, read_jsonl};

pub(crate) use self::error::at;
