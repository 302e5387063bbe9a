//! Many runs from one base: what they are, where they lie, how they are run, what came of them.
//!
//! `ntm ablate` and `ntm sweep` both make a [`Plan`]; from there on they are the same.
mod evaluation;
mod file;
mod folder;
mod jobs;
mod plan;
mod results;
mod run;
mod summary;

pub(super) use file::plan as plan_of_file;
pub(super) use plan::{Kind, MAX_RUNS, Plan, Planner, Variant, check_count, check_names, slug, variant_name};
pub(super) use results::RunResult;
pub(super) use run::{Options, run};
pub(super) use summary::{Format, Group, Member, Summary, times};
