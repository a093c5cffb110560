//! What a request tells.

use serde_json::Value;

use super::clean;
use crate::model::{Event, EventStatus, Level};

/// The events of a request, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading(pub Vec<Item>);

/// One event, and how it is to be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The event.
    pub event: Event,
    /// It is kept and told to nobody: why.
    pub ignored: Option<String>,
    /// When it counts as told already.
    pub again: Again,
    /// What did not go well while it was read, one sentence each.
    pub remarks: Vec<String>,
}

/// What makes an event a repeat, beside its own key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Again {
    /// Nothing: its own key counts for a day.
    #[default]
    ByKey,
    /// The same within a minute; after that the own key counts no more.
    WithinAMinute,
    /// Another event of the same request's run with this key told it.
    SameAs(String),
}

impl From<Event> for Item {
    fn from(event: Event) -> Self {
        Self { event, ignored: None, again: Again::ByKey, remarks: Vec::new() }
    }
}

impl From<Item> for Reading {
    fn from(item: Item) -> Self {
        Self(vec![item])
    }
}

impl From<Event> for Reading {
    fn from(event: Event) -> Self {
        Item::from(event).into()
    }
}

impl Item {
    /// What nobody is told: valid, and nothing that is understood.
    pub(super) fn ignored(kind: &str, title: &str, why: impl Into<String>, payload: Value) -> Self {
        let why = why.into();
        let mut event = blank(kind, EventStatus::Unknown, title);
        event.text.clone_from(&why);
        event.labels.insert("ignored".to_owned(), why.clone());
        event.fingerprint = format!("ignored:{kind}");
        event.payload = payload;
        Self { ignored: Some(why), ..Self::from(event) }
    }
}

/// An event of a kind, with the usual level of its status; to be filled in with `..`. The source is put in later.
pub(super) fn blank(kind: &str, status: EventStatus, title: &str) -> Event {
    Event { title: clean::title(title), ..Event::blank("", kind, status) }
}

/// The level that a sender's word means: `critical`, `fatal`, `warn`, ...
pub(super) fn level(word: &str) -> Option<Level> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "crit" | "fatal" | "emergency" | "emerg" | "alert" | "page" | "disaster" | "p1" => {
            Level::Critical
        }
        "error" | "err" | "high" | "major" | "severe" | "p2" => Level::Error,
        "warning" | "warn" | "warnings" | "average" | "minor" | "medium" | "p3" => Level::Warning,
        "info" | "information" | "informational" | "notice" | "debug" | "low" | "none" | "p4" | "p5" => {
            Level::Info
        }
        "ok" | "success" | "normal" | "good" => Level::Ok,
        _ => return None,
    })
}

/// The status that a sender's word means: `succeeded`, `FAILURE`, `in progress`, ...
pub(super) fn status(word: &str) -> Option<EventStatus> {
    let word = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    Some(match word.as_str() {
        "started" | "start" | "running" | "in_progress" | "begun" | "queued" => EventStatus::Started,
        "ok" | "success" | "successful" | "succeeded" | "completed" | "complete" | "finished" | "passed"
        | "pass" | "done" | "up" | "healthy" | "true" | "green" => EventStatus::Ok,
        "warning" | "warn" | "warnings" | "unstable" | "degraded" | "yellow" => EventStatus::Warning,
        "failed" | "failure" | "fail" | "firing" | "alerting" | "down" | "unhealthy" | "false" | "red"
        | "broken" | "critical" | "timed_out" | "timeout" => EventStatus::Failed,
        "error" | "errored" | "errors" | "exception" => EventStatus::Error,
        "canceled" | "cancelled" | "aborted" | "interrupted" | "skipped" | "stopped" => EventStatus::Canceled,
        "pending" | "waiting" | "manual" | "action_required" => EventStatus::Pending,
        "resolved" | "recovered" | "recovery" => EventStatus::Resolved,
        "info" | "information" | "neutral" => EventStatus::Info,
        "unknown" => EventStatus::Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_senders_are_understood() {
        assert_eq!(
            (level("WARN"), level("fatal"), level("purple")),
            (Some(Level::Warning), Some(Level::Critical), None)
        );
        assert_eq!(status("In Progress"), Some(EventStatus::Started));
        assert_eq!((status("FAILURE"), status("teal")), (Some(EventStatus::Failed), None));
        for (word, own) in EventStatus::ALL {
            assert_eq!(status(word), Some(*own));
        }
        for (word, own) in Level::ALL {
            assert_eq!(level(word), Some(*own));
        }
    }
}
