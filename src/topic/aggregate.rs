//! Several events told as one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Event, EventStatus, Level};
use crate::text::human;

/// The source of what the bot tells by itself.
const SOURCE: &str = "chatops";
/// What kind of event it is.
pub(super) const KIND: &str = "aggregate";
/// The part of the payload that names the handlers an event has gone through, so that none gathers its own.
pub(super) const THROUGH: &str = "aggregated";
/// Characters of a title, and of a line for each event: what all of them make is an event that is read back.
const LONGEST: usize = 500;
/// Events that are named; the others are counted.
const NAMED: usize = 100;

/// How a handler gathers.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// For how long.
    pub interval: Duration,
    /// What the one event is about: the same each time.
    pub id: String,
    /// Where it is told.
    pub topic: String,
    /// A template of its title, over `count`, `interval` and `id`.
    pub message: Option<String>,
}

impl Aggregate {
    /// The title where there is no template.
    pub fn usual_title(&self, count: usize) -> String {
        let events = if count == 1 { "event" } else { "events" };
        format!("{count} {events} in the last {}", self.interval())
    }

    /// The interval as people say it.
    pub fn interval(&self) -> String {
        human::duration(self.interval)
    }
}

/// One event that was gathered.
pub type Member = std::sync::Arc<Event>;

/// One event for all: as bad as the worst, with the title and text of each in its details.
pub fn merged(
    handler: (&str, &str),
    aggregate: &Aggregate,
    title: &str,
    members: &[Member],
) -> Option<Event> {
    let worst = members.iter().max_by_key(|event| event.level)?;
    let mut details: Vec<String> = members.iter().take(NAMED).map(|event| line(event)).collect();
    let more = members.len().saturating_sub(NAMED);
    if more > 0 {
        details.push(format!("and {more} more"));
    }
    let own = through(handler);
    let ways: BTreeSet<&str> = members.iter().flat_map(|event| passed(event)).chain([own.as_str()]).collect();
    let status = if worst.level == Level::Ok { EventStatus::Ok } else { worst.status };
    let labels = BTreeMap::from([
        ("topic".to_owned(), aggregate.topic.clone()),
        ("count".to_owned(), members.len().to_string()),
    ]);
    let title = cut(title);
    let body = json!({
        "source": SOURCE, "kind": KIND, "title": title, "text": details.join("\n"), "status": status,
        "level": worst.level, "labels": labels, "fingerprint": aggregate.id, "payload": {THROUGH: ways},
    });
    Event::from_json(&body).ok()
}

fn line(event: &Event) -> String {
    let text = event.text.lines().next().map(|text| format!(": {text}")).unwrap_or_default();
    cut(&format!("[{}] {}{text}", event.level, event.title))
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn through((topic, id): (&str, &str)) -> String {
    format!("{topic}/{id}")
}

fn passed(event: &Event) -> impl Iterator<Item = &str> {
    let ours = event.source == SOURCE && event.kind == KIND;
    let ways = event.payload.get(THROUGH).and_then(Value::as_array).filter(|_| ours);
    ways.into_iter().flatten().filter_map(Value::as_str)
}

/// Whether an event was made by this handler, or of what it made.
pub(super) fn has_passed(event: &Event, handler: (&str, &str)) -> bool {
    let own = through(handler);
    passed(event).any(|way| way == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_become_one_that_is_as_bad_as_the_worst() {
        let event = |title: &str, level: &str, text: &str| {
            Member::new(
                Event::from_json(&json!({"title": title, "level": level, "status": "failed", "text": text}))
                    .unwrap(),
            )
        };
        let members = [event("a", "warning", "x\ny"), event("b", "critical", "")];
        let aggregate = Aggregate {
            interval: Duration::from_secs(30),
            id: "all".into(),
            topic: "u".into(),
            message: None,
        };
        let title = aggregate.usual_title(2);
        assert_eq!(title, "2 events in the last 30 s");
        let one = merged(("t", "h"), &aggregate, &title, &members).unwrap();
        assert_eq!((one.level, one.text.as_str()), (Level::Critical, "[warning] a: x\n[critical] b"));
        assert_eq!((one.labels["topic"].as_str(), one.fingerprint.as_str()), ("u", "all"));
        assert!(has_passed(&one, ("t", "h")) && !has_passed(&one, ("t", "other")));
        let again = merged(("u", "g"), &aggregate, "t", &[Member::new(one)]).unwrap();
        assert!(has_passed(&again, ("t", "h")) && has_passed(&again, ("u", "g")));
        assert!(merged(("t", "h"), &aggregate, "t", &[]).is_none());
        // However long they are, the one event can be kept and read back.
        let long = vec![event(&"t".repeat(2_000), "error", &"x".repeat(90_000)); 1_000];
        let one = merged(("t", "h"), &aggregate, &"t".repeat(9_000), &long).unwrap();
        assert!(Event::from_json(&json!(one)).is_ok() && one.text.ends_with("and 900 more"));
    }
}
