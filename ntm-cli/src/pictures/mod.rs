//! Pictures, tables and progress lines: everything `ntm` shows to a person.
//!
//! Pictures of a model start from one [`Recording`], a single sequence run through it:
//!
//! - [`draw`] turns it into text for a terminal or a README;
//! - [`figure6`] draws it after figure 6 of the 2014 paper, [`figure9`], [`figure12`] and [`figure15`] after those of other tasks, and
//!   [`memories`] the memory at a few of its steps.
//!
//! [`charts`] draws lines with bands, [`intervals()`] points with intervals. A [`Drawing`] is a list of shapes that
//! becomes an SVG and a PNG of equal content, from no font but its own, with the same bytes for the same numbers.
//!
//! [`table()`] sets rows in columns, [`progress`] tells how work is getting on, [`dashboard`] on the whole screen. Nothing here
//! computes anything about a model, and nothing here panics, whatever the numbers are: values that are not
//! finite are drawn as what they are, a `?` in a terminal and a red cell in an image.

#[cfg(feature = "terminal")]
pub mod board;
mod canvas;
mod chart;
#[cfg(feature = "terminal")]
pub mod dashboard;
mod error;
mod figure6;
mod memory;
mod paper;
#[cfg(feature = "terminal")]
pub mod progress;
mod recording;
#[cfg(test)]
mod sample;
mod save;
mod sheet;
mod slots;
mod table;
mod terminal;

pub use canvas::Drawing;
#[cfg(feature = "terminal")]
pub(crate) use chart::number;
pub use chart::{Axis, Chart, Interval, Intervals, Look, Series, charts, intervals};
pub use error::PictureError;
pub use figure6::figure6;
pub use memory::{MemoryRecording, memories};
pub use paper::{figure9, figure12, figure15};
pub use recording::{Grid, HeadRecording, Recording};
#[cfg(feature = "terminal")]
pub(crate) use save::save;
pub use save::save_png;
pub use table::table;
pub use terminal::{Style, draw};
