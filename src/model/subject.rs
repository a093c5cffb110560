//! What events are about, and the will of people not to hear of it for a while.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{EventStatus, Level, Timestamp};

/// The most earlier outcomes that are remembered of a subject.
pub const RECENT: usize = 32;

/// What is known of one subject: start and end, firing and resolved share it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// `source:fingerprint`, see [`super::Event::subject`].
    pub key: String,
    /// Who reports it.
    pub source: String,
    /// What kind of event came last.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// The labels of the last event: what inhibition compares.
    pub labels: BTreeMap<String, String>,
    /// The last outcome; none while it only began.
    pub status: Option<EventStatus>,
    /// How bad that outcome is; until it ends well and stays so, the worst of it.
    pub level: Level,
    /// Since when the outcome is that.
    pub since: Timestamp,
    /// When it began, while it has not ended.
    pub opened: Option<Timestamp>,
    /// When to look at it again by itself: a start without an end, a flapping that may be over.
    pub overdue: Option<Timestamp>,
    /// The newest outcomes, oldest first, at most [`RECENT`].
    #[serde(with = "super::outcomes")]
    pub recent: Vec<Outcome>,
    /// Whether its changes are told as one notice for now.
    pub flapping: bool,
    /// Who takes care of it, until its outcome changes.
    pub acknowledged: Option<Acknowledged>,
    /// The last event about it.
    pub event: i64,
}

impl Subject {
    /// Whether its last outcome was a bad one.
    pub fn is_failing(&self) -> bool {
        self.status.is_some_and(EventStatus::is_bad)
    }
}

/// How it ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub status: EventStatus,
}

/// Somebody takes care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who, as `irc:alice` or the name of a token.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// Events that nobody is to hear of for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub id: i64,
    /// Which events: the keys of a route's `match`, and `subject` for one subject's key.
    #[serde(rename = "match")]
    pub matching: Map<String, Value>,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// From when.
    pub from: Timestamp,
    /// Until when; ended early, the time of that.
    pub until: Timestamp,
}
