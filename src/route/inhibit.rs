//! What fails because something else fails needs no message of its own.

use super::matching::{Match, Seen, is_in};
use super::recent::bad_since;
use crate::model::{Event, EventStatus, Level, Subject, Timestamp};

/// While a subject fails, others are mute.
#[derive(Debug, Clone)]
pub struct Inhibition {
    /// The line in the file.
    pub line: u64,
    /// Which failing subjects mute.
    pub when: Match,
    /// Which events are mute.
    pub mute: Match,
    /// Only those of this scope and below.
    pub scope: Option<String>,
    /// The labels that both must have, with the same values.
    pub equal: Vec<String>,
}

/// An event that a rule could mute.
pub(super) struct Muffled<'a> {
    pub(super) event: &'a Event,
    pub(super) key: &'a str,
    pub(super) before: Option<&'a Subject>,
    pub(super) weight: Level,
}

impl Muffled<'_> {
    fn seen(&self) -> Seen<'_> {
        Seen::event(self.event, self.weight)
    }

    /// Since when it was bad, if this event is its end: that is told if the failure was.
    fn ended(&self) -> Option<Timestamp> {
        let before = self.before.filter(|_| self.event.status.is_success())?;
        let first = bad_since(&before.recent)?;
        Some(first.min(before.since))
    }
}

impl Inhibition {
    /// Whether it is about the event at all.
    pub(super) fn is_about(&self, muffled: &Muffled<'_>) -> bool {
        let inside = |top: &String| muffled.event.scopes.iter().any(|scope| is_in(scope, top));
        self.scope.as_ref().is_none_or(inside) && self.mute.fits(&muffled.seen())
    }

    /// The subject of `failing` that mutes the event.
    pub(super) fn by<'f>(&self, muffled: &Muffled<'_>, failing: &'f [Subject]) -> Option<&'f Subject> {
        let ended = muffled.ended();
        let both_ways = self.when.fits(&muffled.seen());
        failing.iter().find(|subject| {
            let seen = Seen::subject(subject);
            let same = |label: &String| {
                let value = muffled.event.labels.get(label);
                value.is_some() && value == subject.labels.get(label)
            };
            let began = bad_since(&subject.recent).unwrap_or(subject.since);
            subject.key != muffled.key
                && self.fails(subject)
                && self.when.fits(&seen)
                && self.equal.iter().all(same)
                // Two that could mute each other would both be mute.
                && !(both_ways && self.mute.fits(&seen))
                && ended.is_none_or(|ended| ended >= began)
        })
    }

    /// A warning mutes only where the rule names it: what goes on but badly must not hide what broke.
    fn fails(&self, subject: &Subject) -> bool {
        subject.status.is_some_and(|status| {
            status.is_failure()
                || (status == EventStatus::Warning && self.when.status.contains(&EventStatus::Warning))
        })
    }
}
