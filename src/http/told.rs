//! Events as the API takes and gives them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::deliveries::Delivery;
use crate::bot::notify::Accepted;
use crate::model::{Event, EventStatus, Level, Link};
use crate::store::StoredEvent;

/// An event that was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Kept {
    /// Its id.
    id: i64,
    /// How many deliveries it became.
    deliveries: usize,
    /// Only where it had been told before: the id is that of the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeated: Option<bool>,
}

/// What was taken: one event, or a list of them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Taken {
    /// One.
    One(Kept),
    /// Each of a list, in its order.
    List {
        /// Each of them.
        events: Vec<Kept>,
    },
}

pub(super) fn answer(accepted: Accepted) -> Kept {
    let Accepted { id, deliveries, repeated } = accepted;
    Kept { id, deliveries, repeated: repeated.then_some(true) }
}

/// An event as it was told and kept; secrets in it are masked.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Seen {
    /// Its id.
    id: i64,
    /// When it came.
    received: String,
    /// What it is about.
    subject: String,
    #[serde(flatten)]
    event: Story,
    /// The bytes that came.
    size: u64,
    /// Their SHA-256, in hex.
    sha256: String,
}

/// What an event tells. Made of the event itself, so what is not there is left out.
#[derive(Debug, Serialize, JsonSchema)]
struct Story {
    /// Who told it.
    source: String,
    /// What kind of thing happened.
    kind: String,
    /// What became of it.
    #[schemars(with = "String")]
    status: EventStatus,
    /// How bad it is.
    #[schemars(with = "String")]
    level: Level,
    /// One line.
    title: String,
    /// More lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    /// Where to read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Names and values to route by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    /// What it belongs to, as paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    /// Who caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// What the thing is: start and end share it.
    fingerprint: String,
    /// This very telling of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup_key: Option<String>,
    /// What it may be gathered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<String>,
    /// When the thing began.
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    /// After how many seconds a start without an end is told where no rule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    still_running: Option<f64>,
    /// More places to read on, as `{"title", "url"}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<BTreeMap<String, String>>")]
    links: Vec<Link>,
    /// The single things of a bundle, in this form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Map<String, Value>>")]
    parts: Vec<Event>,
    /// What the sender sent.
    #[serde(skip_serializing_if = "Value::is_null")]
    payload: Value,
}

impl From<&Event> for Story {
    fn from(event: &Event) -> Self {
        let it = event.clone();
        Self {
            source: it.source,
            kind: it.kind,
            status: it.status,
            level: it.level,
            title: it.title,
            text: it.text,
            url: it.url,
            labels: it.labels,
            scopes: it.scopes,
            actor: it.actor,
            fingerprint: it.fingerprint,
            dedup_key: it.dedup_key,
            group: it.group,
            ts: it.at.map(|time| time.to_string()),
            started: it.started.map(|time| time.to_string()),
            duration: it.duration.map(|span| span.as_secs_f64()),
            still_running: it.still_running.map(|span| span.as_secs_f64()),
            links: it.links,
            parts: it.parts,
            payload: it.payload,
        }
    }
}

/// The same with its deliveries.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) seen: Seen,
    /// How it stands at each notifier: pending, successful, partial, failed, dropped.
    pub(super) notifiers: Map<String, Value>,
    /// What it became.
    pub(super) deliveries: Vec<Delivery>,
}

/// An event, as it is told.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it says what is accepted; `Event::from_json` reads it")]
pub(super) struct Told {
    /// One line; the only field that is needed.
    title: String,
    /// Who tells it; `api`.
    source: Option<String>,
    /// What kind of thing happened; `event`.
    kind: Option<String>,
    /// What became of it: started, ok, warning, failed, error, canceled, pending, resolved, info, unknown.
    status: Option<String>,
    /// How bad it is: ok, info, warning, error, critical; that of the status.
    level: Option<String>,
    /// More lines.
    text: Option<String>,
    /// Where to read on.
    url: Option<String>,
    /// More such places, as `{"title", "url"}`.
    links: Option<Vec<Value>>,
    /// Names and values to route by.
    labels: Option<BTreeMap<String, String>>,
    /// What it belongs to: a path such as `acme/web/deploy`.
    scope: Option<String>,
    /// Several such paths.
    scopes: Option<Vec<String>>,
    /// Who caused it.
    actor: Option<String>,
    /// What the thing is: start and end, firing and resolved share it. Source and title.
    fingerprint: Option<String>,
    /// This very telling: again within a day it is dropped.
    dedup_key: Option<String>,
    /// What it may be gathered with.
    group: Option<String>,
    /// When it happened: RFC 3339, or seconds since 1970.
    ts: Option<Value>,
    /// When the thing began.
    started: Option<Value>,
    /// How long it took, in seconds.
    duration: Option<f64>,
    /// After how many seconds a start without an end is told where no rule says so: 1 or more.
    still_running: Option<f64>,
    /// The single events of a bundle.
    parts: Option<Vec<Value>>,
    /// What you sent, up to 256 KiB; secrets are masked by their names.
    payload: Option<Value>,
}

/// One event, or a list of them.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it says what is accepted; `take` reads it")]
pub(super) enum Telling {
    /// One.
    One(Box<Told>),
    /// 1 to 1,000.
    List(Vec<Told>),
}

/// An event as it is kept.
pub(super) fn seen(stored: &StoredEvent) -> Seen {
    Seen {
        id: stored.id,
        received: stored.at.to_string(),
        subject: stored.event.subject(),
        event: Story::from(&*stored.event),
        size: stored.raw_size,
        sha256: stored.raw_hash.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_event_tells_is_given_whole() {
        let told = json!({
            "title": "t", "source": "s", "kind": "k", "status": "failed", "level": "critical", "text": "x",
            "url": "https://example.org", "labels": {"a": "b"}, "scopes": ["a/b"], "actor": "me", "fingerprint": "f",
            "dedup_key": "d", "group": "g", "ts": 1, "started": 1, "duration": 1.5, "still_running": 60.0, "links": [{"title": "l", "url": "https://example.org/l"}],
            "parts": [{"title": "p"}], "payload": {"n": 1},
        });
        let event = Event::from_json(&told).unwrap();
        let (own, given) = (json!(event), json!(Story::from(&event)));
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&own).len(), 20, "a new field of events is given too");
        for key in keys(&own) {
            let is_time = ["ts", "started"].contains(&key.as_str());
            assert!(given[&key] == own[&key] || is_time, "{key}: {given}");
        }
        let plain = json!(Story::from(&Event::from_json(&json!({"title": "t"})).unwrap()));
        assert!(plain.get("url").is_none() && plain.get("labels").is_none(), "{plain}");
    }
}
