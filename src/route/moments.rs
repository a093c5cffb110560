//! What an event is in the life of its subject, and which of it a rule wants to hear.

use std::time::Duration;

use super::recent::{is_same, worst};
use super::{Asked, subject};
use crate::model::{EventStatus, Level, Moment, Subject};

/// All about approvals: the word `approvals` of `on:`.
pub(super) const APPROVALS: [Moment; 4] =
    [Moment::Pending, Moment::Approved, Moment::Denied, Moment::TimedOut];

/// Why a moment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody told it.
    Told,
    /// It has run for so long.
    Running(Duration),
    /// It no longer flaps.
    Calm,
    /// It was to be looked at again, and there is nothing to tell.
    Nothing,
}

/// Whether a subject changes too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaps {
    No,
    Begins,
    GoesOn,
}

/// What an event is in the life of its subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) cause: Cause,
    /// Its own moment.
    moment: Moment,
    /// It is the first success after something bad, a warning among it.
    pub(super) ends: bool,
    /// It is the first success after a failure.
    recovered: bool,
    /// The outcome differs from the last.
    changed: bool,
    pub(super) flaps: Flaps,
    /// How bad it is: an end weighs as much as what it ends, and what the bot tells by itself is worth a look.
    pub(super) weight: Level,
}

impl Facts {
    pub(super) fn of(asked: &Asked<'_>, before: Option<&Subject>, next: &Subject) -> Self {
        let status = asked.event.status;
        let cause = cause(asked, before);
        let last = before.and_then(|before| before.status).filter(|_| cause == Cause::Told);
        let moment = own(&asked.event.kind, status);
        let bad = before.filter(|_| status.is_success() && cause == Cause::Told).and_then(worst);
        let recovered = moment == Moment::Success && bad.is_some_and(EventStatus::is_failure);
        let changed = status.is_outcome() && last.is_some_and(|last| !is_same(last, status));
        let was = before.is_some_and(|before| before.flapping);
        let flaps = match (was, next.flapping) {
            _ if cause != Cause::Told => Flaps::No,
            (false, true) => Flaps::Begins,
            (true, true) => Flaps::GoesOn,
            _ => Flaps::No,
        };
        let earlier = before.filter(|_| bad.is_some() || flaps == Flaps::Begins || cause == Cause::Calm);
        let least = if matches!(cause, Cause::Running(_)) { Level::Warning } else { Level::Ok };
        let weight = asked.event.level.max(least);
        let weight = earlier.map_or(weight, |before| before.level.max(weight));
        Self { cause, moment, ends: bad.is_some(), recovered, changed, flaps, weight }
    }

    /// What of it one hears who wants to hear of `on`.
    pub(super) fn heard(&self, on: &[Moment]) -> Heard {
        let bit = |heard: bool, bit: u8| if heard { bit } else { 0 };
        match self.cause {
            Cause::Nothing => return Heard(0),
            Cause::Running(_) => return Heard(bit(wants(on, Moment::StillRunning), Heard::RUNNING)),
            Cause::Calm => return Heard(bit(wants(on, Moment::Flapping), Heard::CALM)),
            Cause::Told => {}
        }
        let inside = self.moment == Moment::Canceled && on.contains(&Moment::Error);
        let own = wants(on, self.moment) || inside;
        let recovered = self.recovered && (own || wants(on, Moment::Recovered));
        let changed = self.changed && (own || wants(on, Moment::Changed));
        let begins = self.flaps == Flaps::Begins && wants(on, Moment::Flapping);
        let all = [
            (own, Heard::OWN),
            (recovered, Heard::RECOVERED),
            (changed, Heard::CHANGED),
            (begins, Heard::FLAPPING),
        ];
        Heard(all.into_iter().fold(0, |bits, (heard, one)| bits | bit(heard, one)))
    }

    /// What is told to one who hears this of it.
    pub(super) fn told(&self, heard: Heard) -> Option<Moment> {
        let order = [
            (Heard::RUNNING, Moment::StillRunning),
            (Heard::CALM, Moment::Changed),
            (Heard::FLAPPING, Moment::Flapping),
            (Heard::RECOVERED, Moment::Recovered),
            (Heard::OWN, self.moment),
            (Heard::CHANGED, Moment::Changed),
        ];
        order.into_iter().find(|(bit, _)| heard.0 & bit != 0).map(|(_, moment)| moment)
    }
}

/// What of an event one hears: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard(u8);

impl Heard {
    const OWN: u8 = 1;
    const RECOVERED: u8 = 2;
    const CHANGED: u8 = 4;
    const FLAPPING: u8 = 8;
    const RUNNING: u8 = 16;
    const CALM: u8 = 32;

    /// What a route with a limit of its own hears of a start without an end.
    pub(super) const fn running() -> Self {
        Self(Self::RUNNING)
    }

    /// What both hear.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

/// Whether a list names a moment; the empty one names all.
pub(super) fn wants(on: &[Moment], moment: Moment) -> bool {
    on.is_empty() || on.contains(&moment) || on.contains(&Moment::Any)
}

fn cause(asked: &Asked<'_>, before: Option<&Subject>) -> Cause {
    if asked.derived.is_none() {
        return Cause::Told;
    }
    match before.and_then(|before| Some((before, subject::overdue(before, asked.now)?))) {
        Some((_, Moment::Changed)) => Cause::Calm,
        Some((before, _)) => {
            before.opened.map_or(Cause::Nothing, |opened| Cause::Running(asked.now.since(opened)))
        }
        None => Cause::Nothing,
    }
}

/// The moment of an event for itself. What is about an approval is that alone: its denial is no failure of a job.
fn own(kind: &str, status: EventStatus) -> Moment {
    let approval = kind.strip_prefix("approval.");
    let approval = approval.and_then(|word| APPROVALS.into_iter().find(|moment| moment.word() == word));
    approval.unwrap_or(match status {
        EventStatus::Started => Moment::Started,
        EventStatus::Ok | EventStatus::Resolved => Moment::Success,
        EventStatus::Warning => Moment::Warning,
        EventStatus::Failed | EventStatus::Error => Moment::Error,
        EventStatus::Canceled => Moment::Canceled,
        EventStatus::Pending | EventStatus::Info | EventStatus::Unknown => Moment::Any,
    })
}
