//! Who must know of an event: the routes of `notifiers.yaml`. Pure: values in, decisions out.
//!
//! A route matches events and names notifiers. Routes with a `scope` inherit along its path; silences, inhibition,
//! flapping, repeats, groups, digests and quiet hours keep messages back. `docs/routes.md` tells it to admins.

mod check;
mod clock;
mod decide;
mod escalation;
mod file;
mod gather;
mod inhibit;
mod judge;
mod matching;
mod moments;
mod muted;
mod outcome;
mod quiet;
mod reaction;
mod recent;
mod rules;
mod subject;
mod why;

pub use decide::{decide, explain};
pub use escalation::{Escalated, begins, escalations};
pub use gather::{By, Digest, Every, Group};
pub use inhibit::Inhibition;
pub use matching::{Match, Miss, Pattern, Seen};
pub use muted::Muted;
pub use outcome::{Asked, Bundle, Decision, Explained, Outcome, Scene, Verdict, When};
pub use quiet::{Quiet, Then};
pub use reaction::{Escalation, Often, Reaction, Runs};
pub use rules::{After, Flapping, Inherit, Limits, Notifier, Others, Route, Rules, Send, Stranger};
pub use subject::overdue;

#[cfg(test)]
mod tests;
