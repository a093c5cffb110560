//! Kapacitor's `post` handler (docs.influxdata.com/kapacitor): the alert's data, a level for every change.

use serde::Deserialize;
use serde_json::Value;

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Reading, Source, Unreadable};
use crate::model::{Event, EventStatus, Level};

/// Kapacitor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kapacitor {}

/// Values that a message shows.
const SHOWN: usize = 8;

impl Source for Kapacitor {
    const SUMMARY: &'static str = "Kapacitor's post handler";
    const PAGE: &'static str = include_str!("../../docs/sources/kapacitor.md");
    const SCHEME: Scheme = Scheme::Plain;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        let level = text(&sent, "/level");
        if level.is_empty() {
            return Err(Unreadable::new("`level` is missing: Kapacitor sends OK, INFO, WARNING or CRITICAL"));
        }
        let event = alert(&sent, level)?;
        Ok(Event { payload: sent, ..event }.into())
    }

    const QUIET: &'static [&'static str] = &["previousLevel"];

    fn tell(event: &Event) -> String {
        lines(event)
    }
}

fn standing(level: &str, previous: &str) -> Option<(EventStatus, Level)> {
    Some(match level {
        "OK" if !matches!(previous, "" | "OK") => (EventStatus::Resolved, Level::Ok),
        "OK" => (EventStatus::Ok, Level::Ok),
        "INFO" => (EventStatus::Info, Level::Info),
        "WARNING" => (EventStatus::Warning, Level::Warning),
        "CRITICAL" => (EventStatus::Failed, Level::Critical),
        _ => return None,
    })
}

fn alert(sent: &Value, word: &str) -> Result<Event, Unreadable> {
    let previous = text(sent, "/previousLevel").to_uppercase();
    let standing = standing(&word.to_uppercase(), &previous);
    let shown: String = word.chars().take(60).collect();
    let (status, level) = standing.ok_or_else(|| {
        Unreadable(format!("the level `{shown}` is not known: OK, INFO, WARNING and CRITICAL are"))
    })?;
    let title = pick::first(sent, &["/message", "/id"]);
    let mut event = blank("alert", status, if title.is_empty() { "alert" } else { title });
    event.level = level;
    event.text = text(sent, "/details").to_owned();
    let tags = pick::labels(sent.pointer("/data/series/0/tags"));
    event.labels = tags.into_iter().map(|(name, value)| (format!("tag_{name}"), value)).collect();
    pick::label(&mut event.labels, "previousLevel", pick::shown(sent, "/previousLevel"));
    let id = text(sent, "/id");
    event.fingerprint = if id.is_empty() { title.to_owned() } else { id.to_owned() };
    event.dedup_key = Some(format!("{}/{}/{word}", event.fingerprint, text(sent, "/time")));
    event.at = pick::time_at(sent, "/time");
    // The time from the first point that was not OK to this one, in nanoseconds.
    event.duration = sent.get("duration").and_then(Value::as_u64).map(std::time::Duration::from_nanos);
    event.duration = event.duration.filter(|span| !span.is_zero());
    Ok(event)
}

fn lines(event: &Event) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(Some(event.text.clone()).filter(|text| !text.is_empty()));
    lines.extend(values(&event.payload));
    let (level, before) = (text(&event.payload, "/level"), text(&event.payload, "/previousLevel"));
    if !before.is_empty() && before != level {
        lines.push(format!("{level}, was {before}"));
    }
    lines.join("\n")
}

/// `cpu: usage = 97.2`, from the newest row.
fn values(sent: &Value) -> Option<String> {
    let columns = sent.pointer("/data/series/0/columns")?.as_array()?;
    let row = sent.pointer("/data/series/0/values")?.as_array()?.last()?.as_array()?;
    let pairs = columns.iter().zip(row).filter_map(|(column, value)| {
        let name = column.as_str().filter(|name| *name != "time")?;
        Some(format!("{name} = {}", pick::scalar(value)?))
    });
    let shown: Vec<String> = pairs.take(SHOWN).collect();
    let name = Some(text(sent, "/data/series/0/name")).filter(|name| !name.is_empty());
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    (!shown.is_empty()).then(|| format!("{name}{}", shown.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_after_something_else_is_resolved() {
        assert_eq!(standing("OK", "CRITICAL"), Some((EventStatus::Resolved, Level::Ok)));
        assert_eq!(standing("OK", "OK"), Some((EventStatus::Ok, Level::Ok)));
        assert_eq!(standing("OK", ""), Some((EventStatus::Ok, Level::Ok)));
        assert_eq!(standing("INFO", "OK"), Some((EventStatus::Info, Level::Info)));
        assert_eq!(standing("PURPLE", "OK"), None);
    }
}
