//! The program as a user meets it: what is refused and how, what a run leaves behind, and that it can go on.
mod ablations;
mod bad_input;
mod exports;
mod foreign;
mod kept_models;
mod large;
mod lasting;
mod measuring;
mod next;
mod own_data;
mod place;
mod plots;
mod reports;
mod runs;
mod verify;
