//! What a handler's `match` may look at.

use serde_json::{Value, json};

use crate::model::{Event, Level, Timestamp, TopicEvent};

/// An event in a topic, as a `match` sees it. Levels are numbers, so that they can be compared with `WARNING` and its
/// like; `duration` is for how many seconds the thing is not ok.
pub(super) fn facts(event: &Event, topic: &str, before: Option<&TopicEvent>, now: &TopicEvent) -> Value {
    let previous = before.map_or(Level::Ok, |before| before.level);
    let name = event.labels.get("name").unwrap_or(&event.title);
    json!({
        "level": event.level as i64, "previous": previous as i64, "changed": event.level != previous,
        "duration": duration(event, before, now.at), "labels": event.labels, "name": name, "title": event.title,
        "kind": event.kind, "source": event.source, "status": event.status, "id": now.id, "topic": topic,
        "OK": Level::Ok as i64, "INFO": Level::Info as i64, "WARNING": Level::Warning as i64,
        "ERROR": Level::Error as i64, "CRITICAL": Level::Critical as i64,
    })
}

/// What the sender says, else the time since the thing was last ok.
fn duration(event: &Event, before: Option<&TopicEvent>, at: Timestamp) -> f64 {
    let since = || before.and_then(|before| before.since).map(|since| at.since(since));
    event.duration.or_else(since).unwrap_or_default().as_secs_f64()
}

/// What the topic remembers from now on.
pub(super) fn remembered(
    event: &Event,
    id: i64,
    topic: &str,
    before: Option<&TopicEvent>,
    at: Timestamp,
) -> TopicEvent {
    let begun = before.and_then(|before| before.since).unwrap_or(at);
    TopicEvent {
        topic: topic.to_owned(),
        id: event.subject(),
        level: event.level,
        title: event.title.clone(),
        since: (event.level != Level::Ok).then_some(begun),
        at,
        event: id,
    }
}

/// What a `match` is tried on when it is written.
pub(super) fn sample() -> Value {
    let event = Event::from_json(&json!({"title": "sample"})).expect("a title is all that an event needs");
    let now = remembered(&event, 0, "sample", None, Timestamp::default());
    facts(&event, "sample", None, &now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_every_fact() {
        let page = include_str!("../../docs/topics.md");
        let table = page.split_once("## `match`").unwrap().1;
        for name in sample().as_object().unwrap().keys() {
            assert!(table.contains(&format!("`{name}`")), "{name}");
        }
    }
}
