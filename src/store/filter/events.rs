//! Which events, which deliveries.

use rusqlite::types::Value;

use super::{Conditions, text};
use crate::model::{EventStatus, Level, Timestamp};

/// Which events to list: all conditions that are given must hold.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// From this source.
    pub source: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With this status.
    pub status: Option<EventStatus>,
    /// At least as bad as this.
    pub level: Option<Level>,
    /// About this subject, by its key.
    pub subject: Option<String>,
    /// That hold this text, in any case of ASCII letters.
    pub text: Option<String>,
    /// That came at this time or later.
    pub since: Option<Timestamp>,
    /// With a smaller id than this: the next page.
    pub before: Option<i64>,
    /// At most so many, the newest first; 0 counts as 1.
    pub limit: usize,
}

/// Which deliveries to list: all conditions that are given must hold.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// `held`, `due`, `sent`, `dead` or `dropped`.
    pub state: Option<String>,
    /// Of this notifier, as in its slots: `notifier/ops`.
    pub notifier: Option<String>,
    /// To this target.
    pub target: Option<String>,
    /// That tell of this event, alone or gathered.
    pub event: Option<i64>,
    /// Of this execution's answer.
    pub execution: Option<i64>,
    /// For this, one word.
    pub purpose: Option<String>,
    /// Whose target, subject or answer holds this text, in any case of ASCII letters.
    pub text: Option<String>,
    /// Made at this time or later.
    pub since: Option<Timestamp>,
    /// With a smaller id than this: the next page.
    pub before: Option<i64>,
    /// At most so many, the newest first; 0 counts as 1.
    pub limit: usize,
}

impl EventFilter {
    pub(in crate::store) fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        all.is("source", self.source.as_ref().map(text));
        all.is("kind", self.kind.as_ref().map(text));
        all.is("status", self.status.as_ref().map(text));
        all.is("subject", self.subject.as_ref().map(text));
        if let Some(part) = &self.text {
            let quoted = serde_json::Value::from(part.as_str()).to_string();
            all.add(r"body LIKE ? ESCAPE '\'", [super::like(&quoted[1..quoted.len() - 1])]);
        }
        all.compare("level >= ?", self.level.map(|level| level as i64));
        all.compare("at >= ?", self.since.map(Timestamp::as_micros));
        all.compare("id < ?", self.before);
        all
    }
}

impl DeliveryFilter {
    pub(in crate::store) fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        match self.state.as_deref() {
            // As words, not values: so that the indexes of these states are used.
            Some(state @ ("held" | "due")) => all.add(&format!("state = '{state}' AND done IS NULL"), []),
            Some(state @ ("dead" | "dropped")) => all.add(&format!("state = '{state}'"), []),
            other => all.is("state", other.map(|state| text(&state))),
        }
        all.is("notifier", self.notifier.as_ref().map(text));
        all.is("target", self.target.as_ref().map(text));
        all.is("execution", self.execution.map(Value::Integer));
        all.is("purpose", self.purpose.as_ref().map(text));
        if let Some(part) = &self.text {
            let places = r"(target LIKE ? ESCAPE '\' OR lane LIKE ? ESCAPE '\' OR answer LIKE ? ESCAPE '\')";
            all.add(places, [super::like(part), super::like(part), super::like(part)]);
        }
        if let Some(event) = self.event.map(Value::Integer) {
            let told = "id IN (SELECT id FROM delivery WHERE event = ? UNION ALL
                        SELECT delivery FROM delivery_member WHERE event = ?)";
            all.add(told, [event.clone(), event]);
        }
        all.compare("made >= ?", self.since.map(Timestamp::as_micros));
        all.compare("id < ?", self.before);
        all
    }
}
