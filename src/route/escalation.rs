//! Whom else a failure is told that nobody takes care of: which routes say so, and when.

use serde::Serialize;

use super::{Decision, Escalation, Route, Rules};
use crate::model::{Event, Subject, Timestamp};
use crate::text::human;

/// One message that waits in case nobody takes care. In JSON beside the verdicts of the routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalated {
    /// The line of the route in the file.
    pub line: u64,
    /// Whom it tells.
    pub escalates_to: Vec<String>,
    /// How long after the event.
    pub after_seconds: u64,
    /// When that is.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// In words.
    pub why: String,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// Whether an event begins a failure: only then somebody may have to be told later.
pub fn begins(before: Option<&Subject>, event: &Event) -> bool {
    let was_bad = before.is_some_and(Subject::is_failing);
    !was_bad && event.status.is_bad()
}

/// The escalations of the routes that tell the event.
pub fn escalations<'r>(
    rules: &'r Rules,
    sends: impl Iterator<Item = &'r Decision>,
) -> impl Iterator<Item = (&'r Route, &'r Escalation)> {
    let lines: Vec<u64> = sends.filter(|send| send.is_sent()).map(|send| send.line).collect();
    let routes = rules.routes.iter().filter(move |route| lines.contains(&route.line));
    routes.flat_map(|route| route.escalate.iter().map(move |one| (route, one)))
}

/// The same in words.
pub(super) fn shown<'r>(
    rules: &'r Rules,
    sends: impl Iterator<Item = &'r Decision>,
    now: Timestamp,
) -> Vec<Escalated> {
    let one = |(route, escalation): (&Route, &Escalation)| Escalated {
        line: route.line,
        escalates_to: escalation.to.clone(),
        after_seconds: escalation.after.as_secs(),
        at: now.plus(escalation.after),
        why: format!("told after {} unless somebody takes care of it", human::duration(escalation.after)),
    };
    escalations(rules, sends).map(one).collect()
}
