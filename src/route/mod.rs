//! Who must know of an event: the routes of `notifiers.yaml`. Pure: values in, decisions out.
//!
//! A route matches events and names notifiers. Routes with a `scope` inherit along its path; `docs/routes.md` tells
//! it to admins.

mod check;
mod decide;
mod file;
mod matching;
mod quiet;
mod rules;
mod trigger;

pub use decide::{Decision, Subject, Verdict, When, decide, explain};
pub use matching::{Match, Pattern};
pub use quiet::{Quiet, Then};
pub use rules::{Inherit, Notifier, Route, Rules, Send};
pub use trigger::Trigger;
