//! StackStorm's alias language: which command a text means, with which parameters. Pure: files and texts in,
//! decisions out. `docs/aliases.md` is the language for people.

pub mod answer;
mod command;
mod engine;
mod escape;
mod file;
#[cfg(test)]
mod fuzz;
pub mod help;
mod index;
mod literals;
mod matcher;
mod pattern;
mod placeholder;
mod simple;
mod suggest;
mod tail;
mod tree;
#[cfg(test)]
mod vectors;
mod write;
mod written;

pub use file::{Ack, Alias, Format, ResultSpec};
pub use matcher::{Candidate, Case, Entry, Found, Hit, LONGEST, Matcher};
pub use pattern::{Params, Pattern, Slot};
pub use suggest::Suggestion;
