//! Topics: named queues of events that remember how bad each thing in them is, and who listens.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Level, Timestamp};

/// What a topic remembers of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicEvent {
    /// The topic.
    pub topic: String,
    /// The thing: the subject's key of its events.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// What it is called.
    pub title: String,
    /// Since when it is not ok; `None` while it is.
    pub since: Option<Timestamp>,
    /// When the last event about it came.
    pub at: Timestamp,
    /// That event.
    pub event: i64,
}

/// Who listens to a topic, as an admin wrote it. `Debug` shows no options: they may hold secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlerSpec {
    /// What it is called, unique in its topic.
    pub id: String,
    /// The topic.
    pub topic: String,
    /// A kind of notifier, `publish` or `aggregate`.
    pub kind: String,
    /// What the kind needs to know.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// An expression: only events for which it holds are handled.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
}

impl std::fmt::Debug for HandlerSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} ({})", self.topic, self.id, self.kind)
    }
}

/// Options of a notifier that were set while the bot ran. `Debug` shows none.
#[derive(Clone, PartialEq)]
pub struct Override {
    /// The kind of notifier.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether there was none of that name: then the options are all it has.
    pub added: bool,
    /// The options that differ from the file's.
    pub options: Map<String, Value>,
    /// What else an added one has.
    pub about: Box<About>,
    /// Who set them last.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// What an added notifier has beside its options, as `notifiers.yaml` has it beside `to:`. No secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What it is for.
    pub description: String,
    /// Whether it takes part.
    pub enabled: bool,
    /// Its own texts, as in `notifiers.yaml`: `{"error": {"message": "..."}}`.
    pub messages: Map<String, Value>,
    /// What a client of Tower said of its organization; nothing depends on it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub organization: Value,
    /// How many of its deliveries may be on their way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<i64>,
    /// How many at most in a time, such as `10/s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Events below are not for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The moments it hears of; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// Kinds of events that it takes, exact, with `*`, or `/regex/`; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

impl Default for About {
    fn default() -> Self {
        Self {
            description: String::new(),
            enabled: true,
            messages: Map::new(),
            organization: Value::Null,
            in_flight: None,
            rate: None,
            level: None,
            on: Vec::new(),
            events: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
