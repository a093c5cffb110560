//! Where events are told to services that nobody types commands on: one file a kind, one row in the list, one
//! page in `docs/notifiers`.
//!
//! A kind sends one notice to one target and says what came of it. Retries, order and limits are not its business.

mod address;
mod chat;
#[cfg(test)]
mod conformance;
mod context;
mod discord;
mod email;
mod exec;
mod file;
mod grafana;
mod hipchat;
mod http;
mod irc;
mod job;
mod list;
mod log;
mod look;
mod mattermost;
// The example of CONTRIBUTING.md: what compiles here is what stands there.
#[cfg(test)]
#[allow(unreachable_pub, reason = "it stands as it would in the list of kinds")]
#[path = "../../tests/example/src/notifier/my_service.rs"]
mod my_service;
mod notice;
mod pace;
mod pagerduty;
mod place;
mod proof;
mod rocketchat;
pub mod schema;
mod signing;
mod slack;
mod teams;
mod texts;
mod twilio;
mod webex;
mod webhook;

use std::future::Future;
use std::pin::Pin;

use crate::model::{Handle, Receipt, SendError};
use crate::net::World;
use crate::template::Templates;
use crate::text::Post;

pub use file::{Configured, Origin, Read, read};
pub use list::{CATALOGUE, Row, Service};
pub use notice::Notice;
pub use pace::Rate;
pub use texts::{Messages, Text, Texts};

/// A future that is stored or returned by an object.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What becomes of a message when its subject has news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// The service shows each notice as a message of its own.
    Never,
    /// The earlier message can be changed, or answered in its thread.
    InPlace,
}

/// Whether a notice really goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It does.
    #[default]
    Send,
    /// Nothing leaves: the receipt's answer is what would be sent, secrets masked.
    Rehearse,
}

/// How a notifier of kind `chat` reaches a connected adapter: the bot is it.
pub trait Room: Send + Sync {
    /// Posts to a place such as `irc:#ops`, or edits the earlier message there.
    fn post<'a>(
        &'a self,
        place: &'a str,
        post: Post,
        earlier: Option<&'a Handle>,
    ) -> Boxed<'a, Result<Receipt, SendError>>;
}

/// What a notifier may use of the world around it.
#[derive(Clone, Copy)]
pub struct Doors<'a> {
    /// Time and randomness.
    pub world: &'a World,
    /// Renders what admins wrote.
    pub templates: &'a Templates,
    /// The connected adapters.
    pub chat: &'a dyn Room,
    /// Whether it is meant.
    pub mode: Mode,
}

/// A destination of some kind: its options, and the work.
pub trait Notifier: serde::de::DeserializeOwned + schemars::JsonSchema + Send + Sync {
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// The page of documentation; its first YAML block is an example `notifiers.yaml`.
    const PAGE: &'static str;
    /// What becomes of an earlier message.
    const EDITS: Edits;

    /// What is wrong with the options, in one sentence without secrets.
    ///
    /// # Errors
    /// The sentence.
    fn check(&self) -> Result<(), String>;

    /// What is allowed and probably not meant, one sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The channels, numbers or addresses that each get a delivery of their own; never empty, free of secrets.
    fn targets(&self) -> Vec<String>;

    /// Sends `notice` to its target; `earlier` is what the last one about the same subject gave there.
    fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        earlier: Option<&Handle>,
    ) -> impl Future<Output = Result<Receipt, SendError>> + Send;
}

/// A refusal, for good.
fn refused(why: impl Into<String>) -> SendError {
    SendError::Refused { why: why.into() }
}

/// A failure that may pass.
fn later(why: impl Into<String>) -> SendError {
    SendError::Retry { why: why.into(), after: None }
}
