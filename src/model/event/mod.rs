//! What automation tells us.

mod read;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Timestamp;

pub use read::EventError;
pub use words::{EventStatus, Level, Moment, UnknownWord};

/// One normalised event. Title and text are plain text, never templates. Serialised as the body of
/// `POST /api/v1/events` that [`Event::from_json`] reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Who told it: `github`, `alertmanager`.
    pub source: String,
    /// What kind of thing happened: `workflow_run.completed`, `approval.pending`.
    pub kind: String,
    /// What became of it.
    pub status: EventStatus,
    /// How bad it is.
    pub level: Level,
    /// One line.
    pub title: String,
    /// More lines, perhaps none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Where to read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Names and values to match by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What it belongs to, as paths such as `acme/web/deploy`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Who caused it, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What the thing is: start and end share it.
    pub fingerprint: String,
    /// This very telling of it: a repeat within a day is dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
    /// What it may be gathered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// When it happened, by the sender's clock.
    #[serde(rename = "ts", skip_serializing_if = "Option::is_none", serialize_with = "read::rfc3339")]
    pub at: Option<Timestamp>,
    /// When the thing began.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "read::rfc3339")]
    pub started: Option<Timestamp>,
    /// How long it took; seconds in JSON.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "read::seconds")]
    pub duration: Option<Duration>,
    /// After how long a start without an end is to be told where no rule says so; seconds in JSON.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "read::seconds")]
    pub still_running: Option<Duration>,
    /// More places to read on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The single things of a bundle, such as the alerts of a group; parts have no parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Self>,
    /// What the sender sent, secrets masked.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub payload: Value,
}

impl Event {
    /// An event that says nothing but what became of a kind of thing, with the usual level; to be filled in with `..`.
    pub fn blank(source: &str, kind: &str, status: EventStatus) -> Self {
        Self {
            source: source.to_owned(),
            kind: kind.to_owned(),
            status,
            level: status.usual_level(),
            title: String::new(),
            text: String::new(),
            url: None,
            labels: BTreeMap::new(),
            scopes: Vec::new(),
            actor: None,
            fingerprint: String::new(),
            dedup_key: None,
            group: None,
            at: None,
            started: None,
            duration: None,
            still_running: None,
            links: Vec::new(),
            parts: Vec::new(),
            payload: Value::Null,
        }
    }

    /// The key of what it is about: `source:fingerprint`, the source once.
    pub fn subject(&self) -> String {
        let named = self.fingerprint.strip_prefix(&self.source).is_some_and(|rest| rest.starts_with(':'));
        if named { self.fingerprint.clone() } else { format!("{}:{}", self.source, self.fingerprint) }
    }
}

/// A named address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What is there.
    pub title: String,
    /// Where.
    pub url: String,
}
