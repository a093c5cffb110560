//! The nouns as pages show them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bot::link;
use crate::http::deliveries::named;
use crate::model::{Execution, Status, Timestamp};
use crate::store::{Stored, StoredEvent};
use crate::text::human;

/// A point in time: for machines, in full, and how long ago.
pub(super) fn when(time: Timestamp, now: Timestamp) -> Value {
    let iso = time.to_string();
    let full = format!("{} UTC", iso.replace('T', " ").split('.').next().unwrap_or_default());
    json!({"iso": iso, "full": full, "ago": ago(time, now)})
}

/// The same where there need be none.
pub(super) fn when_any(time: Option<Timestamp>, now: Timestamp) -> Value {
    time.map_or(Value::Null, |time| when(time, now))
}

/// In words that do not change every second: a page that looks different is sent again.
fn ago(time: Timestamp, now: Timestamp) -> String {
    if time > now {
        return format!("in {}", largest(time.since(now)));
    }
    let span = now.since(time);
    if span < Duration::from_secs(10) { "just now".to_owned() } else { format!("{} ago", largest(span)) }
}

/// The largest unit of a span; seconds in steps.
fn largest(span: Duration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds / 10 * 10, "s"),
        60..3_600 => (seconds / 60, "min"),
        3_600..86_400 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    format!("{count} {unit}")
}

/// How a status looks: `good`, `bad`, `busy`, `calm`.
pub(super) fn mood(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "good",
        Status::Failed | Status::Timeout | Status::Abandoned => "bad",
        Status::Canceled => "calm",
        _ => "busy",
    }
}

/// An execution without its result.
pub(super) fn execution(it: &Execution, now: Timestamp) -> Value {
    let took = it.ended.map(|end| human::duration(end.since(it.started.unwrap_or(it.asked))));
    json!({
        "id": it.id, "status": it.status, "mood": mood(it.status), "open": !it.status.is_final(), "why": it.why,
        "person": it.person, "name": it.person_name, "place": it.place.as_ref().map(ToString::to_string),
        "command": it.command, "action": it.action, "alias": it.alias, "runner": it.runner, "cause": it.cause,
        "rerun_of": it.rerun_of, "asked": when(it.asked, now), "started": when_any(it.started, now),
        "ended": when_any(it.ended, now), "took": took, "definition": it.definition.get(..12),
        "workflow": it.step.as_ref().map(|step| step.workflow), "task": it.step.as_ref().map(|step| &step.task),
    })
}

/// A delivery without its message.
pub(super) fn delivery(it: &Stored, now: Timestamp) -> Value {
    let (notifier, is_notifier) = named(&it.slot.notifier);
    let mood = match it.state.as_str() {
        "sent" => "good",
        "dead" => "bad",
        "dropped" => "calm",
        _ => "busy",
    };
    json!({
        "id": it.id, "state": it.state, "mood": mood, "notifier": notifier, "is_notifier": is_notifier,
        "target": it.slot.target, "subject": it.slot.lane, "event": it.event, "execution": it.execution,
        "purpose": it.purpose, "tries": it.tries, "answer": it.answer, "made": when(it.made, now),
        "due": when(it.due, now), "expires": when(it.expires, now), "done": when_any(it.done, now),
        "over": matches!(it.state.as_str(), "dead" | "dropped"), "waits": matches!(it.state.as_str(), "due" | "held"),
    })
}

/// An event without its payload.
pub(super) fn event(it: &StoredEvent, now: Timestamp) -> Value {
    let event = &it.event;
    let mood = match event.level.to_string().as_str() {
        "ok" => "good",
        "info" => "calm",
        "warning" => "warn",
        _ => "bad",
    };
    json!({
        "id": it.id, "at": when(it.at, now), "source": event.source, "kind": event.kind, "status": event.status,
        "level": event.level, "mood": mood, "title": event.title, "text": event.text, "url": event.url,
        "labels": event.labels, "scopes": event.scopes, "actor": event.actor, "subject": event.subject(),
    })
}

/// How a connection stands.
pub(super) fn adapter(name: &str, state: &link::State, now: Timestamp) -> Value {
    let (word, mood, since, why) = match state {
        link::State::Up { since } => ("up", "good", Some(*since), None),
        link::State::Connecting { since, why } => ("connecting", "busy", Some(*since), why.clone()),
        link::State::Refused { since, why } => ("refused", "bad", Some(*since), Some(why.clone())),
        link::State::Stopped => ("stopped", "calm", None, None),
    };
    json!({"name": name, "state": word, "mood": mood, "since": when_any(since, now), "why": why})
}

/// JSON over several lines.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_changes_seldom() {
        let now = Timestamp::from_micros(1_000_000_000_000);
        let before = |seconds: i64| ago(Timestamp::from_micros(now.as_micros() - seconds * 1_000_000), now);
        assert_eq!([before(0), before(14), before(59)], ["just now", "10 s ago", "50 s ago"]);
        assert_eq!([before(61), before(7_300), before(200_000)], ["1 min ago", "2 h ago", "2 d ago"]);
        assert_eq!(before(-90), "in 1 min");
    }
}
