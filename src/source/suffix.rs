//! Types such as `org.example.deploy.failed`, whose last word says how it ended.

use serde_json::Value;

use super::pick;
use super::reading::level;
use crate::model::{EventStatus, Level};

/// What a type's last word says.
pub(super) fn status(kind: &str) -> EventStatus {
    match kind.rsplit_once('.').map(|(_, last)| last) {
        Some("started") => EventStatus::Started,
        Some("succeeded" | "completed" | "finished") => EventStatus::Ok,
        Some("failed") => EventStatus::Failed,
        _ => EventStatus::Info,
    }
}

/// A type without the word that says how it ended: what start and end share.
pub(super) fn stem(kind: &str) -> &str {
    if status(kind) == EventStatus::Info {
        kind
    } else {
        kind.rsplit_once('.').map_or(kind, |(stem, _)| stem)
    }
}

/// The level that a sender names, else that of the status.
pub(super) fn weigh(named: &[Option<&Value>], status: EventStatus) -> Level {
    let word = named.iter().flatten().find_map(|value| pick::scalar(value));
    word.and_then(|word| level(&word)).unwrap_or(status.usual_level())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_type_tells() {
        assert_eq!((status("a.b.failed"), stem("a.b.failed")), (EventStatus::Failed, "a.b"));
        assert_eq!((status("a.started"), status("a.completed")), (EventStatus::Started, EventStatus::Ok));
        assert_eq!((status("user.renamed"), stem("user.renamed")), (EventStatus::Info, "user.renamed"));
        assert_eq!(status("failed"), EventStatus::Info);
    }
}
