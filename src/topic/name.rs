//! What topics are called, and which an event belongs to.

use crate::model::Event;

/// The label by which senders name a topic.
const LABEL: &str = "topic";

/// The longest name, in characters.
const LONGEST: usize = 200;

/// The most topics that a label may name.
const MOST: usize = 16;

/// Whether something may be called so: 1 to 200 characters, no commas, no blanks at either end.
///
/// # Errors
/// It may not; one sentence.
pub fn check_name(what: &str, name: &str) -> Result<(), String> {
    if is_name(name) {
        return Ok(());
    }
    Err(format!("{what}: a name has 1 to {LONGEST} characters, no commas, and no blanks at its ends"))
}

fn is_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=LONGEST).contains(&length)
        && name.trim() == name
        && !name.contains(|c: char| c == ',' || c.is_control())
}

/// The topics that an event names with its label: `cpu`, or `cpu, disk`.
pub(super) fn named(event: &Event) -> Vec<&str> {
    let Some(label) = event.labels.get(LABEL) else { return Vec::new() };
    label.split(',').map(str::trim).filter(|name| is_name(name)).take(MOST).collect()
}

/// Every topic an event may belong to: those of its label, then its scopes and all above them.
pub fn topics_of(event: &Event) -> Vec<&str> {
    let mut all = named(event);
    for scope in &event.scopes {
        let mut path = scope.as_str();
        loop {
            all.push(path);
            match path.rfind('/') {
                Some(end) => path = &path[..end],
                None => break,
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|name| seen.insert(*name));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_names_its_topics_and_belongs_to_its_scopes() {
        let event = json!({"title": "t", "labels": {"topic": "cpu, main:cpu:alert,,"}, "scopes": ["acme/web/a", "acme/db"]});
        let event = Event::from_json(&event).unwrap();
        assert_eq!(topics_of(&event), ["cpu", "main:cpu:alert", "acme/web/a", "acme/web", "acme", "acme/db"]);
        assert_eq!(named(&event), ["cpu", "main:cpu:alert"]);
        let wrong = json!({"title": "t", "labels": {"topic": "x".repeat(201)}});
        assert!(topics_of(&Event::from_json(&wrong).unwrap()).is_empty());
        for bad in ["", " a", "a,b", "a\nb"] {
            assert!(check_name("id", bad).is_err(), "{bad:?}");
        }
        assert_eq!(check_name("id", "page the on-call"), Ok(()));
    }
}
