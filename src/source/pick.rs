//! Looking into what a sender sent, where anything may be missing or of another kind.

use std::collections::BTreeMap;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::model::{Timestamp, hex};

/// The text at a pointer such as `/job/name`; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The first of some pointers at which there is a text that is not blank.
pub(super) fn first<'a>(value: &'a Value, pointers: &[&str]) -> &'a str {
    pointers.iter().map(|at| text(value, at)).find(|text| !text.trim().is_empty()).unwrap_or_default()
}

/// A text, number or boolean as text; none for anything else, and for what is blank.
pub(super) fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// The scalar at a pointer.
pub(super) fn shown(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(scalar)
}

/// An address at a pointer.
pub(super) fn url(value: &Value, pointer: &str) -> Option<String> {
    Some(text(value, pointer)).filter(|url| is_url(url)).map(str::to_owned)
}

/// Whether a text is an address that may be shown as a link.
pub(super) fn is_url(text: &str) -> bool {
    (text.starts_with("http://") || text.starts_with("https://")) && !text.contains(char::is_whitespace)
}

/// Named scalars of an object.
pub(super) fn labels(value: Option<&Value>) -> BTreeMap<String, String> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
}

/// Adds a label if there is a value for it.
pub(super) fn label(labels: &mut BTreeMap<String, String>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        labels.insert(name.to_owned(), value);
    }
}

/// A time: seconds (or milliseconds) since 1970, RFC 3339 with any offset, the same without one (UTC then), and
/// `2026-11-20 18:36:12 UTC`. What lies before 1970 (`0001-01-01T00:00:00Z`) is no time.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => {
            let seconds = number.as_f64()?;
            let seconds = if seconds > 1e11 { seconds / 1000.0 } else { seconds };
            (0.0..=253_402_300_799.0)
                .contains(&seconds)
                .then(|| Timestamp::from_micros((seconds * 1e6).round() as i64))
        }
        Value::String(text) => written_time(text),
        _ => None,
    }
}

fn written_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    let instant = || text.parse::<jiff::Timestamp>().ok();
    let civil = || {
        let civil = plain.parse::<jiff::civil::DateTime>().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    let found = instant().or_else(civil)?;
    (found.as_second() >= 0).then(|| Timestamp::from_micros(found.as_microsecond()))
}

/// The time at a pointer.
pub(super) fn time_at(value: &Value, pointer: &str) -> Option<Timestamp> {
    value.pointer(pointer).and_then(time)
}

/// A span of seconds at a pointer.
pub(super) fn seconds(value: &Value, pointer: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(value.pointer(pointer)?.as_f64()?).ok()
}

/// The span between two times, if both are known and in order.
pub(super) fn between(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<Duration> {
    let (start, end) = (start?, end?);
    (end >= start).then(|| end.since(start))
}

/// The first 16 hex digits of a SHA-256.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    hex::encode(&digest(&SHA256, bytes).as_ref()[..8])
}

/// JSON with its keys in order at every depth, so that equal values are equal texts.
pub(super) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            out.push('{');
            for (index, (name, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_with_an_offset_without_one_and_as_numbers() {
        let noon = Timestamp::from_micros(1_795_262_400_000_000);
        for written in [
            json!("2026-11-21T12:00:00Z"),
            json!("2026-11-21T13:00:00+01:00"),
            json!("2026-11-21T12:00:00.000"),
            json!("2026-11-21 12:00:00 UTC"),
            json!(1_795_262_400),
            json!(1_795_262_400.0),
            json!(1_795_262_400_000_i64),
        ] {
            assert_eq!(time(&written), Some(noon), "{written}");
        }
        for wrong in [json!("0001-01-01T00:00:00Z"), json!("soon"), json!(-5), json!(null), json!(1e300)] {
            assert_eq!(time(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_order_of_keys_changes_nothing() {
        assert_eq!(
            canonical(&json!({"b": [1, {"d": 2, "c": 3}], "a": "x"})),
            r#"{"a":"x","b":[1,{"c":3,"d":2}]}"#
        );
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(is_url("https://a.example.org/x") && !is_url("javascript:alert(1)") && !is_url("http://a b"));
    }
}
