//! StackStorm's alias language: which command a text means, with which parameters. Pure: files and texts in,
//! decisions out. `docs/aliases.md` is the language for people.

pub mod answer;
mod command;
mod engine;
mod escape;
mod file;
mod found;
#[cfg(test)]
mod fuzz;
mod guard;
pub mod help;
mod index;
mod literals;
mod matcher;
mod node;
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
pub use found::{Candidate, Case, Entry, Found, Hit};
pub use matcher::{LONGEST, Matcher};
pub use pattern::{Params, Pattern, Slot};
pub use suggest::Suggestion;
