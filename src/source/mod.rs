//! What automation sends, read: one file a kind of sender, one row in the list, one page in `docs/sources`.
//!
//! Pure: bytes and headers in, events out. What a sender calls "completed" is not always an end that went well, so
//! each kind reads the status from the body.

mod alertmanager;
mod alerts;
mod apprise;
mod awx;
mod body;
mod chaostoolkit;
mod clean;
mod cloudevents;
mod configured;
mod file;
mod github;
mod gitlab;
mod grafana;
mod json;
mod kapacitor;
mod list;
mod pick;
mod proof;
mod reading;
mod standard_webhooks;
mod suffix;
mod taskmanager;
#[cfg(test)]
mod vectors;
mod written;

pub use body::{Body, Unreadable, decoded};
pub use configured::Configured;
pub use file::{Read, read};
pub use list::{CATALOGUE, Row, Service};
pub use proof::Denied;
pub use reading::{Again, Item, Reading};

use crate::model::Event;
use proof::Scheme;
use written::Wrong;

/// How large a request may be unless the configuration says otherwise, in bytes.
const LARGEST: usize = 16 << 20;

/// A kind of sender: its options, and how what it sends is read.
trait Source: serde::de::DeserializeOwned + Send + Sync {
    /// Who sends, in one line.
    const SUMMARY: &'static str;
    /// The page of documentation; its first YAML block is an example `notifiers.yaml`.
    const PAGE: &'static str;
    /// How the sender signs what it sends.
    const SCHEME: Scheme;
    /// How large a request may be, in bytes.
    const LARGEST: usize = LARGEST;
    /// Whether a request without a body says something.
    const GET: bool = false;

    /// What is wrong with the options, each with its place.
    fn check(&self) -> Vec<Wrong> {
        Vec::new()
    }

    /// What a request tells. Its credentials are verified.
    ///
    /// # Errors
    /// It is nothing that this kind sends.
    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable>;

    /// Labels that the message says already, or that are for rules alone; `count_` and tags are so anyway.
    const QUIET: &'static [&'static str] = &[];

    /// The first line of a message about how it went, where "failed" and the like would not say it.
    fn headline(_: &Event) -> Option<String> {
        None
    }

    /// The lines that stand below the title of a message, unless an admin wrote others.
    fn tell(event: &Event) -> String {
        event.text.clone()
    }
}
