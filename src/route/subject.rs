//! What a subject is after an event.

use std::time::Duration;

use super::recent::{Repeat, cut, flaps, is_same, worst};
use super::{Asked, Limits};
use crate::model::{EventStatus, Moment, Outcome, Subject, Timestamp};

/// A start that is this much older than the last outcome came late: its end was told already.
const LATE: Duration = Duration::from_secs(2);

/// What the bot has to tell by itself about a subject whose `overdue` has come: that it no longer flaps, that it
/// still runs, or (`None`) nothing.
pub fn overdue(subject: &Subject, now: Timestamp) -> Option<Moment> {
    let due = subject.overdue.is_some_and(|overdue| overdue <= now);
    match subject.opened {
        _ if !due => None,
        _ if subject.flapping => Some(Moment::Changed),
        opened => opened.map(|_| Moment::StillRunning),
    }
}

/// A subject on its way from one state to the next.
pub(super) struct Step<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) before: Option<&'a Subject>,
    pub(super) limits: &'a Limits,
    /// When routes tell the same again.
    pub(super) repeats: &'a [Repeat],
    /// After how long a start is told next, when it has run for so long; asked only for what runs.
    pub(super) running: &'a dyn Fn(Duration) -> Option<Duration>,
}

impl Step<'_> {
    pub(super) fn next(&self) -> Subject {
        match self.before {
            Some(before) if self.asked.derived.is_some() => self.by_itself(before.clone()),
            Some(before) => self.told(before.clone()),
            None => self.told(self.new()),
        }
    }

    fn new(&self) -> Subject {
        let event = self.asked.event;
        Subject {
            key: event.subject(),
            source: String::new(),
            kind: String::new(),
            title: String::new(),
            labels: event.labels.clone(),
            status: None,
            level: event.level,
            since: self.happened(),
            opened: None,
            overdue: None,
            recent: Vec::new(),
            flapping: false,
            acknowledged: None,
            event: self.asked.id,
        }
    }

    /// When it happened by the sender's clock, never in the future.
    fn happened(&self) -> Timestamp {
        self.asked.event.at.map_or(self.asked.now, |at| at.min(self.asked.now))
    }

    fn told(&self, mut subject: Subject) -> Subject {
        let event = self.asked.event;
        subject.source.clone_from(&event.source);
        subject.kind.clone_from(&event.kind);
        subject.title.clone_from(&event.title);
        if subject.labels != event.labels {
            subject.labels.clone_from(&event.labels);
        }
        subject.event = self.asked.id;
        self.rewind(&mut subject);
        if event.status.is_outcome() {
            self.ends(&mut subject);
        } else if event.status == EventStatus::Started {
            self.begins(&mut subject);
        }
        self.watch(&mut subject);
        subject
    }

    /// Our own clock may have jumped back: nothing is remembered as of the future, and nothing waits for it.
    fn rewind(&self, subject: &mut Subject) {
        let now = self.asked.now;
        let ahead = |time: Option<Timestamp>| time.is_some_and(|time| time > now);
        if ahead(subject.recent.last().map(|outcome| outcome.at)) || ahead(subject.opened) {
            subject.overdue = None;
        }
        subject.recent.iter_mut().for_each(|outcome| outcome.at = outcome.at.min(now));
        subject.since = subject.since.min(now);
        subject.opened = subject.opened.map(|opened| opened.min(now));
    }

    fn begins(&self, subject: &mut Subject) {
        let late = |outcome: &Outcome| self.happened().plus(LATE) < outcome.at;
        if subject.recent.last().is_some_and(late) {
            return;
        }
        let named = self.asked.event.started.map(|started| started.min(self.asked.now));
        let began = named.unwrap_or_else(|| self.happened());
        // What tells its start again and again runs since the first, unless it says itself that it began anew.
        let anew = named.is_some() && subject.opened.is_some_and(|opened| began > opened);
        if anew || subject.opened.is_none() {
            subject.opened = Some(began);
            if !subject.flapping {
                subject.overdue = None;
            }
        }
    }

    fn ends(&self, subject: &mut Subject) {
        let (event, now) = (self.asked.event, self.asked.now);
        let same = subject.status.is_some_and(|before| is_same(before, event.status));
        let was_bad = worst(subject).is_some();
        let worse = subject.status.is_none() || event.level > subject.level;
        if event.status.is_success() || worse {
            subject.acknowledged = None;
        }
        if !same {
            subject.since = self.happened();
        }
        subject.recent.push(Outcome { at: now, status: event.status });
        cut(&mut subject.recent, self.repeats);
        subject.status = Some(event.status);
        subject.opened = None;
        let limit = self.limits.flapping;
        subject.flapping = limit.is_some_and(|limit| {
            if !same {
                subject.overdue = None;
            }
            subject.flapping || (!same && flaps(&subject.recent, now, limit))
        });
        // Until it ends well and stays so, the worst of it: who heard of that hears of the end.
        let worst = subject.flapping || (was_bad && !event.status.is_success());
        subject.level = if worst { subject.level.max(event.level) } else { event.level };
    }

    /// When to look at it again by itself.
    fn watch(&self, subject: &mut Subject) {
        let now = self.asked.now;
        if subject.flapping {
            let calm = self.limits.flapping.map(|limit| now.plus(limit.within));
            subject.overdue = subject.overdue.or(calm);
            return;
        }
        let Some(opened) = subject.opened else {
            subject.overdue = None;
            return;
        };
        // What runs too long when it is first heard of is told at once, and after that at twice the time.
        let elapsed = if self.asked.derived.is_some() { now.since(opened) } else { Duration::ZERO };
        let waits = subject.overdue.filter(|overdue| *overdue > now);
        let next = || (self.running)(elapsed).map(|span| opened.plus(span).max(now));
        subject.overdue = waits.or_else(next);
    }

    fn by_itself(&self, mut subject: Subject) -> Subject {
        subject.event = self.asked.id;
        self.rewind(&mut subject);
        if overdue(&subject, self.asked.now).is_some() {
            if subject.flapping {
                subject.flapping = false;
                if let Some(status) = subject.status.filter(|status| status.is_success()) {
                    subject.level = status.usual_level();
                }
            }
            subject.overdue = None;
        }
        self.watch(&mut subject);
        subject
    }
}
