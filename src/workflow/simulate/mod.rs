//! A workflow or a chain played through with given results and a virtual clock: an admin's test kit.
//!
//! Time starts at 0 and its unit is the second. Every action takes `takes` (1) and ends with `status`
//! (succeeded) and `result`. What the simulation answers is described in `docs/workflows.md`.

mod answer;
mod case;
mod chain;
mod clock;
mod rows;
#[cfg(test)]
mod rules;
mod run;
#[cfg(test)]
mod stops;
mod tell;
#[cfg(test)]
mod vectors;

pub use case::{Ask, Case, Outcome, Request};
pub use rows::answer_line;
pub use run::{Refused, Start, Story, play};
pub use tell::{Told, tell};
