//! An event out of JSON, within limits; errors name the field.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use serde::Serializer;
use serde_json::{Map, Value, json};

use super::{Event, EventStatus, Level, Link};
use crate::model::Timestamp;
use crate::model::mask::mask;

/// The longest source, kind, label name, scope, fingerprint and key, in characters.
const LONGEST_NAME: usize = 500;
/// The longest title, label value and address, in characters.
const LONGEST_LINE: usize = 2_000;
/// The longest text, in characters.
const LONGEST_TEXT: usize = 100_000;
/// The most labels, scopes, links and parts.
const MOST: usize = 1_000;
/// The most bytes of a payload that are kept.
const LARGEST_PAYLOAD: usize = 256 * 1024;
/// The longest span: about three hundred years, so that no sum of times overflows.
const LONGEST_SPAN: Duration = Duration::from_secs(10_000_000_000);
/// What may stand in an event.
const FIELDS: &str = "source kind status level title text url labels scope scopes actor fingerprint dedup_key group \
    ts started duration still_running links parts payload";
/// What an event gets here: what a sender says of it is passed over.
const OURS: &str = "id received_at";

/// Why a JSON value is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct EventError {
    /// The path to the field, such as `parts[2].labels.host`; `event` for the whole.
    pub field: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
}

impl EventError {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

type Read<T> = Result<T, EventError>;

impl Event {
    /// Reads the body of `POST /api/v1/events`. Only `title` is needed: the source is `api` then, the kind
    /// `event`, the status `info`, the level that of the status, the fingerprint source and title. Secrets in
    /// the payload are masked.
    ///
    /// # Errors
    /// The first field that is unknown, of the wrong type, or over its limit.
    pub fn from_json(value: &Value) -> Result<Self, EventError> {
        event(value, "", true)
    }
}

/// A mapping and where it stands.
struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: &'a str,
}

fn event(value: &Value, at: &str, may_have_parts: bool) -> Read<Event> {
    let whole = if at.is_empty() { "event" } else { at.trim_end_matches('.') };
    let map = value.as_object().ok_or_else(|| EventError::new(whole, "expected an object"))?;
    let fields = Fields { map, at };
    fields.known(may_have_parts)?;
    let title = fields.text("title", LONGEST_LINE)?.filter(|title| !title.trim().is_empty());
    let title = one_line(&title.ok_or_else(|| fields.wrong("title", "is missing or empty"))?);
    let source = fields.text("source", LONGEST_NAME)?.unwrap_or_else(|| "api".to_owned());
    let status: EventStatus = fields.word("status")?.unwrap_or(EventStatus::Info);
    let fingerprint = fields.text("fingerprint", LONGEST_NAME)?.filter(|print| !print.is_empty());
    let mut payload = map.get("payload").cloned().unwrap_or(Value::Null);
    mask(&mut payload);
    if !fits(&payload, &mut { LARGEST_PAYLOAD }) {
        payload = json!({ "cut": format!("what was sent has over {LARGEST_PAYLOAD} bytes and is not kept") });
    }
    Ok(Event {
        kind: fields.text("kind", LONGEST_NAME)?.unwrap_or_else(|| "event".to_owned()),
        level: fields.word::<Level>("level")?.unwrap_or(status.usual_level()),
        text: fields.text("text", LONGEST_TEXT)?.unwrap_or_default(),
        url: fields.text("url", LONGEST_LINE)?,
        labels: fields.labels()?,
        scopes: fields.scopes()?,
        actor: fields.text("actor", LONGEST_NAME)?,
        fingerprint: fingerprint
            .unwrap_or_else(|| format!("{source}:{title}").chars().take(LONGEST_NAME).collect()),
        dedup_key: fields.text("dedup_key", LONGEST_NAME)?,
        group: fields.text("group", LONGEST_NAME)?,
        at: fields.time("ts")?,
        started: fields.time("started")?,
        duration: fields.seconds("duration", Duration::ZERO)?,
        still_running: fields.seconds("still_running", Duration::from_secs(1))?,
        links: fields.list("links", link)?,
        parts: fields.list("parts", |part, at| event(part, &format!("{at}."), false))?,
        source,
        status,
        title,
        payload,
    })
}

impl Fields<'_> {
    fn wrong(&self, key: &str, message: impl Into<String>) -> EventError {
        EventError::new(format!("{}{key}", self.at), message)
    }

    fn known(&self, may_have_parts: bool) -> Read<()> {
        for key in self.map.keys() {
            if !FIELDS.split(' ').chain(OURS.split(' ')).any(|field| field == key) {
                let key: String = key.chars().take(60).collect();
                return Err(
                    self.wrong(&key, format!("unknown field, accepted: {}", FIELDS.replace(' ', ", ")))
                );
            }
        }
        if !may_have_parts && self.map.contains_key("parts") {
            return Err(self.wrong("parts", "a part has no parts"));
        }
        Ok(())
    }

    /// The value of a key; `null` is as if it were not there.
    fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str, longest: usize) -> Read<Option<String>> {
        self.get(key).map(|value| text(value, &format!("{}{key}", self.at), longest)).transpose()
    }

    fn word<T: FromStr<Err: std::fmt::Display>>(&self, key: &str) -> Read<Option<T>> {
        let word = self.text(key, LONGEST_NAME)?;
        word.map(|word| word.parse().map_err(|error: T::Err| self.wrong(key, error.to_string()))).transpose()
    }

    fn list<T>(&self, key: &str, each: impl Fn(&Value, &str) -> Read<T>) -> Read<Vec<T>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(key, "expected a list"))?;
        if items.len() > MOST {
            return Err(self.wrong(key, format!("has {} entries, at most {MOST} are accepted", items.len())));
        }
        let at = |index| format!("{}{key}[{index}]", self.at);
        items.iter().enumerate().map(|(index, item)| each(item, &at(index))).collect()
    }

    fn labels(&self) -> Read<BTreeMap<String, String>> {
        let Some(value) = self.get("labels") else { return Ok(BTreeMap::new()) };
        let map = value.as_object().ok_or_else(|| self.wrong("labels", "expected an object"))?;
        if map.len() > MOST {
            return Err(
                self.wrong("labels", format!("has {} entries, at most {MOST} are accepted", map.len()))
            );
        }
        let one = |(name, value): (&String, &Value)| {
            let shown: String = name.chars().take(60).collect();
            if name.chars().count() > LONGEST_NAME {
                return Err(self.wrong("labels", format!("the name `{shown}...` is too long")));
            }
            let value = match value {
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                other => text(other, &format!("{}labels.{shown}", self.at), LONGEST_LINE)?,
            };
            Ok((name.clone(), value))
        };
        map.iter().map(one).collect()
    }

    /// `scopes`, and `scope` for one or several of them.
    fn scopes(&self) -> Read<Vec<String>> {
        let mut scopes = self.list("scopes", scope)?;
        match self.get("scope") {
            Some(one @ Value::String(_)) => scopes.push(scope(one, &format!("{}scope", self.at))?),
            _ => scopes.extend(self.list("scope", scope)?),
        }
        Ok(scopes)
    }

    /// A time as text, or as seconds since 1970.
    fn time(&self, key: &str) -> Read<Option<Timestamp>> {
        if let Some(seconds) = self.get(key).and_then(Value::as_f64) {
            let known = (0.0..=253_402_300_799.0).contains(&seconds);
            let wrong = || self.wrong(key, "expected seconds since 1970");
            return known.then(|| Some(Timestamp::from_micros((seconds * 1e6) as i64))).ok_or_else(wrong);
        }
        let Some(text) = self.text(key, LONGEST_NAME)? else { return Ok(None) };
        let time = text.parse::<jiff::Timestamp>();
        let wrong = |_| self.wrong(key, "expected a time such as `2026-11-21T08:40:00Z`");
        time.map_err(wrong).map(|time| Some(Timestamp::from_micros(time.as_microsecond())))
    }

    fn seconds(&self, key: &str, least: Duration) -> Read<Option<Duration>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let span = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let span = span.filter(|span| (least..=LONGEST_SPAN).contains(span));
        let wrong = || format!("expected seconds, from {} to {}", least.as_secs(), LONGEST_SPAN.as_secs());
        span.map(Some).ok_or_else(|| self.wrong(key, wrong()))
    }
}

/// Whether a value has no more bytes than are left, about as JSON; looks no further than that.
fn fits(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len() + 3,
        _ => 6,
    };
    let Some(rest) = left.checked_sub(own) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, left)),
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            let Some(rest) = left.checked_sub(name.len() + 3) else { return false };
            *left = rest;
            fits(value, left)
        }),
        _ => true,
    }
}

/// A title has one line: what would begin another is a blank.
fn one_line(title: &str) -> String {
    title.trim().split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn text(value: &Value, at: &str, longest: usize) -> Read<String> {
    let text = value.as_str().ok_or_else(|| EventError::new(at, "expected text"))?;
    let length = text.chars().count();
    if length > longest {
        let message = format!("has {length} characters, at most {longest} are accepted");
        return Err(EventError::new(at, message));
    }
    Ok(text.to_owned())
}

fn scope(value: &Value, at: &str) -> Read<String> {
    let scope = text(value, at, LONGEST_NAME)?.trim_matches('/').to_owned();
    let good = !scope.is_empty() && scope.split('/').all(|part| !part.trim().is_empty());
    if good { Ok(scope) } else { Err(EventError::new(at, "expected a path such as `acme/web/deploy`")) }
}

fn link(value: &Value, at: &str) -> Read<Link> {
    let field = |key: &str| text(&value[key], &format!("{at}.{key}"), LONGEST_LINE);
    Ok(Link { title: field("title")?, url: field("url")? })
}

pub(super) fn rfc3339<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    let time = time.and_then(|time| jiff::Timestamp::from_microsecond(time.as_micros()).ok());
    serializer.serialize_some(&time.map(|time| time.to_string()))
}

pub(super) fn seconds<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&span.map(|span| span.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_enough() {
        let event = Event::from_json(&json!({"title": "backup"})).unwrap();
        assert_eq!((event.status, event.level), (EventStatus::Info, Level::Info));
        assert_eq!((event.source.as_str(), event.fingerprint.as_str()), ("api", "api:backup"));
    }

    #[test]
    fn an_event_survives_the_way_through_json() {
        let body = json!({
            "source": "ci", "kind": "run", "status": "failed", "level": "critical", "title": "t", "text": "x",
            "url": "https://ci.example.org/1", "labels": {"env": "prod", "n": 3}, "scopes": ["/acme/web/"],
            "ts": "2026-11-21T08:40:00.5Z", "duration": 1.5, "still_running": 900.0, "links": [{"title": "log", "url": "https://a.example.org"}],
            "parts": [{"title": "p"}], "payload": {"api_key": "k", "a": 1}
        });
        let event = Event::from_json(&body).unwrap();
        assert_eq!(event.payload, json!({"api_key": "***", "a": 1}));
        assert_eq!(event.scopes, ["acme/web"]);
        assert_eq!(Event::from_json(&serde_json::to_value(&event).unwrap()), Ok(event));
    }

    #[test]
    fn what_the_published_shape_has_is_read_or_passed_over() {
        let body = json!({
            "id": 7, "received_at": "x", "title": "one\r\ntwo", "scope": "acme/web", "scopes": ["acme"],
            "ts": 1_700_000_000.5
        });
        let event = Event::from_json(&body).unwrap();
        assert_eq!((event.title.as_str(), event.scopes.len()), ("one two", 2));
        assert_eq!(event.at, Some(Timestamp::from_micros(1_700_000_000_500_000)));
        assert!(Event::from_json(&json!({"title": "t", "ts": -1})).is_err());
    }

    #[test]
    fn of_a_payload_that_is_too_large_only_that_is_kept() {
        let body = json!({"title": "t", "payload": {"log": "x".repeat(LARGEST_PAYLOAD)}});
        let event = Event::from_json(&body).unwrap();
        assert!(event.payload["cut"].is_string() && event.payload["log"].is_null());
        let body = json!({"title": "t", "payload": {"log": "x".repeat(200_000)}});
        assert!(Event::from_json(&body).unwrap().payload["log"].is_string());
    }

    #[test]
    fn errors_name_the_field() {
        let cases = [
            (json!([]), "event"),
            (json!({}), "title"),
            (json!({"title": " "}), "title"),
            (json!({"title": "t", "levl": "x"}), "levl"),
            (json!({"title": "t", "status": "broken"}), "status"),
            (json!({"title": "t", "labels": {"a": []}}), "labels.a"),
            (json!({"title": "t", "scopes": ["a//b"]}), "scopes[0]"),
            (json!({"title": "t", "ts": "yesterday"}), "ts"),
            (json!({"title": "t", "duration": -1}), "duration"),
            (json!({"title": "t", "parts": [{"title": "p"}, {"title": 1}]}), "parts[1].title"),
            (json!({"title": "t", "parts": [{"title": "p", "parts": []}]}), "parts[0].parts"),
            (json!({"title": "t".repeat(2_001)}), "title"),
        ];
        for (body, field) in cases {
            assert_eq!(Event::from_json(&body).unwrap_err().field, field, "{body}");
        }
    }
}
