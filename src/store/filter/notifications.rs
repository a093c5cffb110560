//! Which notifications: an event at a notifier, told by the first of its deliveries.

use super::{Conditions, text};
use crate::model::Timestamp;

/// Which notifications to list: all conditions that are given must hold.
#[derive(Debug, Clone, Default)]
pub struct NotificationFilter {
    /// Of one of these notifiers, as in slots: `notifier/ops`. None given: of all.
    pub notifiers: Option<Vec<String>>,
    /// Of one of these events. None given: of all.
    pub events: Option<Vec<i64>>,
    /// Whose first delivery is in one of these states; any if empty.
    pub states: Vec<&'static str>,
    /// Made at this time or later.
    pub since: Option<Timestamp>,
    /// Whose target, subject or answer holds this text, in any case of ASCII letters.
    pub text: Option<String>,
}

impl NotificationFilter {
    pub(in crate::store) fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        all.add("notifier >= 'notifier/' AND notifier < 'notifier0'", []);
        if let Some(names) = &self.notifiers {
            all.add(&format!("notifier IN ({})", marks(names.len())), []);
            all.values.extend(names.iter().map(text));
        }
        if let Some(events) = &self.events {
            let ids: Vec<String> = events.iter().map(ToString::to_string).collect();
            let ids = ids.join(", ");
            all.add(
                &format!("(event IN ({ids}) OR id IN (SELECT delivery FROM delivery_member WHERE event IN ({ids})))"),
                [],
            );
        }
        if !self.states.is_empty() {
            let words: Vec<String> = self.states.iter().map(|state| format!("'{state}'")).collect();
            all.add(&format!("state IN ({})", words.join(", ")), []);
        }
        all.compare("made >= ?", self.since.map(Timestamp::as_micros));
        if let Some(part) = &self.text {
            let places = r"(target LIKE ? ESCAPE '\' OR lane LIKE ? ESCAPE '\' OR answer LIKE ? ESCAPE '\')";
            all.add(places, [super::like(part), super::like(part), super::like(part)]);
        }
        // Of the deliveries of one event at one notifier the first stands for all.
        all.add(
            "NOT EXISTS (SELECT 1 FROM delivery AS earlier WHERE earlier.event = delivery.event
             AND earlier.notifier = delivery.notifier AND earlier.id < delivery.id)",
            [],
        );
        all
    }
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}
