//! What is told: one event, worded, on its way to one target.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{EventStatus, Level, Moment, Timestamp};
use crate::text::Tone;

/// One event on its way to one target of one notifier. All texts are plain: each kind escapes them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notice {
    /// Which of the notifier's targets it is for.
    pub target: String,
    /// The delivery's id, the same at every attempt.
    pub delivery: String,
    /// Who reported it: `chaostoolkit`, `awx`.
    pub source: String,
    /// What it is called there: `run-failed`.
    pub kind: String,
    /// What the subject is called: `deploy web`.
    pub title: String,
    /// One line of what happened; empty for the default.
    pub message: String,
    /// More of it, any number of lines.
    pub body: String,
    /// The same as a page of HTML, where an admin wrote one; empty for the default.
    pub html: String,
    /// What became of it.
    pub status: EventStatus,
    /// What about it is told.
    pub moment: Moment,
    /// How bad it is.
    pub level: Level,
    /// The same for all that is told of one subject.
    pub fingerprint: String,
    /// Where to read more.
    pub link: Option<String>,
    /// Named values to route by.
    pub labels: BTreeMap<String, String>,
    /// Named values to show, in order.
    pub facts: Vec<(String, String)>,
    /// The status that the subject had before; empty where it is not known.
    pub previous: String,
    /// When it happened.
    pub at: Timestamp,
    /// When the subject began.
    pub started: Option<Timestamp>,
    /// When the subject ended.
    pub finished: Option<Timestamp>,
    /// What the source sent, as it was.
    pub payload: Value,
    /// Whether it is only a test of the destination.
    pub test: bool,
}

impl Notice {
    /// The colour's meaning.
    pub fn tone(&self) -> Tone {
        match (self.moment, self.level) {
            (Moment::Started | Moment::StillRunning, _) => Tone::Working,
            (Moment::Success | Moment::Recovered | Moment::Approved, _) => Tone::Good,
            (Moment::Error | Moment::Denied | Moment::TimedOut, _) => Tone::Bad,
            (_, Level::Error | Level::Critical) => Tone::Bad,
            (Moment::Warning | Moment::Canceled | Moment::Flapping, _) | (_, Level::Warning) => Tone::Warning,
            (_, Level::Ok) => Tone::Good,
            _ => Tone::Plain,
        }
    }

    /// Seconds from beginning to end, where both are known.
    pub fn duration(&self) -> Option<f64> {
        Some(self.finished?.since(self.started?).as_secs_f64())
    }

    /// The event as JSON: what a webhook and a program get, and what templates call `event`.
    pub fn event(&self) -> Value {
        json!({
            "id": self.delivery, "source": self.source, "kind": self.kind, "status": self.status, "moment": self.moment,
            "level": self.level, "title": self.title, "message": self.message, "text": self.body,
            "fingerprint": self.fingerprint, "url": self.link, "labels": self.labels,
            "facts": self.facts.iter().map(|(name, value)| (name.clone(), json!(value)))
                .collect::<serde_json::Map<_, _>>(),
            "time": self.at.to_string(), "started": self.started.map(|time| time.to_string()),
            "finished": self.finished.map(|time| time.to_string()), "duration": self.duration(),
            "payload": self.payload, "test": self.test,
        })
    }

    /// A notice that says it is a test, for a test-send.
    pub fn sample(at: Timestamp) -> Self {
        Self {
            delivery: format!("test-{}", at.as_micros()),
            source: "chatops".to_owned(),
            kind: "test".to_owned(),
            title: "test notification".to_owned(),
            body: "This is a test. Nothing happened, nobody needs to act.".to_owned(),
            status: EventStatus::Ok,
            moment: Moment::Success,
            level: Level::Info,
            fingerprint: "chatops:test".to_owned(),
            link: Some("https://example.org/".to_owned()),
            facts: vec![("sent by".to_owned(), "chatops notifier test".to_owned())],
            labels: BTreeMap::from([("test".to_owned(), "true".to_owned())]),
            at,
            started: Some(at),
            finished: Some(at),
            payload: json!({"test": true}),
            test: true,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_thing_is_bad_whatever_its_level() {
        let notice = Notice { moment: Moment::Error, level: Level::Info, ..Notice::default() };
        assert_eq!(notice.tone(), Tone::Bad);
    }
}
