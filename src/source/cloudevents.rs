//! CloudEvents 1.0 over HTTP: binary, structured and batched (cloudevents.io, HTTP protocol binding).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Item, Reading, Source, Unreadable, suffix};
use crate::model::Event;
use crate::net::unbase64;

/// CloudEvents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloudevents {}

/// The most events of one batch.
const MOST: usize = 1_000;
/// Attributes that are no extensions.
const OWN: [&str; 11] = [
    "id",
    "source",
    "type",
    "specversion",
    "time",
    "subject",
    "datacontenttype",
    "dataschema",
    "data",
    "data_base64",
    "datacontentencoding",
];

impl Source for Cloudevents {
    const SUMMARY: &'static str = "CloudEvents 1.0: binary, structured and batched";
    const PAGE: &'static str = include_str!("../../docs/sources/cloudevents.md");
    const SCHEME: Scheme = Scheme::Plain;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let media = body.media_type();
        if media == "application/cloudevents-batch+json" {
            return batch(&body.value()?);
        }
        if body.header("ce-specversion").is_some() || body.header("ce-id").is_some() {
            return one(binary(body)?).map(Reading::from);
        }
        match body.value()? {
            list @ Value::Array(_) => batch(&list),
            other => one(other).map(Reading::from),
        }
    }

    const QUIET: &'static [&'static str] = &["severity", "level"];

    fn tell(event: &Event) -> String {
        lines(event)
    }
}

/// All of a batch, or none: a sender can then send it again.
fn batch(list: &Value) -> Result<Reading, Unreadable> {
    let noun = super::body::noun(list);
    let items = list.as_array().ok_or_else(|| Unreadable(format!("a batch is a list, this is {noun}")))?;
    if items.is_empty() || items.len() > MOST {
        return Err(Unreadable(format!("the batch has {} events, 1 to {MOST} are accepted", items.len())));
    }
    let read = items.iter().enumerate().map(|(index, item)| one(item.clone()).map_err(|why| why.of(index)));
    read.collect::<Result<Vec<Item>, _>>().map(Reading)
}

/// The headers `ce-*` and the body, as the structured form has them.
fn binary(body: &Body<'_>) -> Result<Value, Unreadable> {
    let mut event = Map::new();
    for (name, value) in body.headers {
        if let Some(name) = name.strip_prefix("ce-") {
            event.insert(name.to_owned(), Value::String(unescaped(value)));
        }
    }
    let media = body.media_type();
    if !body.bytes.is_empty() {
        let is_json = media.is_empty() || media == "application/json" || media.ends_with("+json");
        let data =
            if is_json { body.value()? } else { String::from_utf8_lossy(body.bytes).into_owned().into() };
        event.insert("data".to_owned(), data);
    }
    Ok(Value::Object(event))
}

/// Percent-encoded UTF-8, as the HTTP binding writes header values; what is not so encoded stays as it is.
fn unescaped(value: &str) -> String {
    let trimmed = value.trim().trim_matches('"');
    percent_encoding::percent_decode_str(trimmed)
        .decode_utf8()
        .map_or_else(|_| trimmed.to_owned(), Into::into)
}

fn one(mut sent: Value) -> Result<Item, Unreadable> {
    let noun = super::body::noun(&sent);
    let fields =
        sent.as_object().ok_or_else(|| Unreadable(format!("an event is an object, this is {noun}")))?;
    for needed in ["specversion", "id", "source", "type"] {
        if text(&sent, &format!("/{needed}")).is_empty() {
            return Err(Unreadable(format!("the attribute `{needed}` is missing")));
        }
    }
    let version = text(&sent, "/specversion");
    if !version.starts_with("1.") {
        let shown: String = version.chars().take(20).collect();
        return Err(Unreadable(format!("the specversion `{shown}` is not known, `1.0` is")));
    }
    let extensions: Vec<(String, String)> = fields
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.clone(), pick::scalar(value)?)))
        .collect();
    if let Some(data) = encoded(&sent) {
        sent["data"] = data;
    }
    let (kind, source) = (text(&sent, "/type"), text(&sent, "/source"));
    let subject = text(&sent, "/subject");
    let status = suffix::status(kind);
    let mut event = blank(kind, status, if subject.is_empty() { kind } else { subject });
    event.level = suffix::weigh(&[sent.get("severity"), sent.get("level")], status);
    event.text = pick::first(&sent, &["/data/error", "/data/description", "/data/message"]).to_owned();
    if event.text.is_empty() {
        event.text = text(&sent, "/data").to_owned();
    }
    event.url = pick::url(&sent, "/data/url");
    event.labels = extensions.into_iter().collect();
    event.labels.insert("source".to_owned(), source.to_owned());
    let about = if subject.is_empty() { suffix::stem(kind) } else { subject };
    event.fingerprint = format!("{source}/{about}");
    event.dedup_key = Some(format!("{source}/{}", text(&sent, "/id")));
    event.at = pick::time_at(&sent, "/time");
    event.payload = sent;
    Ok(event.into())
}

/// Data that came as base64: JSON or text, where it is that.
fn encoded(sent: &Value) -> Option<Value> {
    let bytes = unbase64(sent.get("data_base64")?.as_str()?)?;
    let text = String::from_utf8(bytes).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
}

/// The event's own text, and the plain values of its data.
fn lines(event: &Event) -> String {
    let data = pick::labels(event.payload.get("data"));
    let values: Vec<String> = data
        .iter()
        .filter(|(name, value)| **value != event.text && *name != "url")
        .take(10)
        .map(|(name, value)| format!("{name}: {}", super::clean::cut(value, 200)))
        .collect();
    let own = Some(event.text.clone()).filter(|text| !text.is_empty());
    own.into_iter().chain(values).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)], bytes: &[u8]) -> Result<Reading, Unreadable> {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Cloudevents {}.read(&Body { method: "POST", headers: &headers, query: &[], bytes })
    }

    #[test]
    fn one_bad_member_refuses_the_batch_and_is_named() {
        let good = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"});
        let batch = json!([good, {"specversion": "1.0", "id": "2", "source": "/s"}]).to_string();
        let media = [("content-type", "application/cloudevents-batch+json; charset=utf-8")];
        assert_eq!(read(&media, batch.as_bytes()).unwrap_err().0, "[1]: the attribute `type` is missing");
        assert!(read(&media, b"[]").is_err() && read(&media, b"{}").is_err());
        assert_eq!(read(&media, json!([good, good]).to_string().as_bytes()).unwrap().0.len(), 2);
    }

    #[test]
    fn headers_are_percent_encoded_and_data_may_be_base64() {
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/s"),
            ("ce-type", "a.failed"),
            ("ce-subject", "50%25 caf%C3%A9"),
            ("content-type", "text/plain"),
        ];
        let event = read(&headers, b"it broke").unwrap().0.remove(0).event;
        assert_eq!((event.title.as_str(), event.text.as_str()), ("50% café", "it broke"));
        let sent = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t",
            "data_base64": crate::net::base64(br#"{"message": "hi"}"#)});
        assert_eq!(read(&[], sent.to_string().as_bytes()).unwrap().0[0].event.text, "hi");
    }
}
