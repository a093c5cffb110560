//! Hours in which only what is bad enough disturbs.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::clock::{day, instant};
use crate::model::{Level, Timestamp};

/// Quiet hours.
#[derive(Debug, Clone)]
pub struct Quiet {
    /// Their name.
    pub name: String,
    /// The days on which they begin; every day if empty.
    pub days: Vec<Weekday>,
    /// When they begin, by the clock of the zone.
    pub from: Time,
    /// When they end; not later than `from` is the next day.
    pub to: Time,
    /// The time zone.
    pub zone: TimeZone,
    /// Events of this level and above disturb nevertheless; none do without it.
    pub below: Option<Level>,
    /// What becomes of the others.
    pub then: Then,
}

/// What becomes of an event in quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// One message with all of them afterwards.
    Digest,
    /// Nothing is sent.
    Drop,
    /// Each is sent afterwards.
    Hold,
}

/// Hours that follow each other without a gap are followed this far.
const MOST_HOURS: usize = 20;

/// The quiet hours that hold an event of this level now, and when the last of those that follow each other ends.
pub(super) fn quiet(all: &[Quiet], level: Level, now: Timestamp) -> Option<(&Quiet, Timestamp)> {
    let holds = |quiet: &&Quiet| quiet.below.is_none_or(|below| level < below);
    let at = |time: Timestamp| {
        all.iter().filter(holds).find_map(|quiet| quiet.until(time).map(|until| (quiet, until)))
    };
    let (first, mut end) = at(now)?;
    for _ in 0..MOST_HOURS {
        match at(end) {
            Some((next, until)) if next.then != Then::Drop => end = until,
            _ => break,
        }
    }
    Some((first, end))
}

impl Quiet {
    /// When they end, if `now` is within them.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let today = day(&self.zone, now)?;
        let days = [today.yesterday().ok(), Some(today)];
        days.into_iter().flatten().find_map(|first| {
            let begins = self.days.is_empty() || self.days.contains(&first.weekday());
            let last = if self.from >= self.to { first.tomorrow().ok()? } else { first };
            let (from, to) = (instant(&self.zone, first, self.from)?, instant(&self.zone, last, self.to)?);
            (begins && from <= now && now < to).then_some(to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn hours(days: &[Weekday], from: (i8, i8), to: (i8, i8)) -> Quiet {
        Quiet {
            name: "night".to_owned(),
            days: days.to_vec(),
            from: Time::constant(from.0, from.1, 0, 0),
            to: Time::constant(to.0, to.1, 0, 0),
            zone: TimeZone::get("Europe/Amsterdam").unwrap(),
            below: Some(Level::Critical),
            then: Then::Digest,
        }
    }

    #[test]
    fn a_night_is_quiet_from_evening_to_morning() {
        let night = hours(&[], (22, 0), (7, 0));
        assert_eq!(night.until(at("2026-11-21T21:30:00Z")), Some(at("2026-11-22T06:00:00Z")));
        assert_eq!(night.until(at("2026-11-22T05:59:59Z")), Some(at("2026-11-22T06:00:00Z")));
        assert_eq!(night.until(at("2026-11-22T06:00:00Z")), None);
        assert_eq!(night.until(at("2026-11-21T20:30:00Z")), None);
    }

    #[test]
    fn the_day_is_the_one_on_which_the_night_begins() {
        let friday = hours(&[Weekday::Friday], (22, 0), (7, 0));
        assert_eq!(friday.until(at("2026-11-20T23:30:00Z")), Some(at("2026-11-21T06:00:00Z")));
        assert_eq!(friday.until(at("2026-11-19T23:30:00Z")), None);
        assert_eq!(friday.until(at("2026-11-21T22:30:00Z")), None);
    }

    #[test]
    fn an_end_that_does_not_exist_is_the_jump_of_the_clock_and_one_that_comes_twice_the_first() {
        let night = hours(&[], (22, 0), (2, 30));
        assert_eq!(night.until(at("2026-03-29T00:59:00Z")), Some(at("2026-03-29T01:00:00Z")));
        assert_eq!(night.until(at("2026-03-29T01:00:00Z")), None);
        assert_eq!(night.until(at("2026-10-25T00:15:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(night.until(at("2026-10-25T01:15:00Z")), None);
    }

    #[test]
    fn hours_that_follow_each_other_end_with_the_last() {
        let weekend = hours(&[Weekday::Saturday, Weekday::Sunday], (0, 0), (0, 0));
        let all = [hours(&[], (22, 0), (7, 0)), weekend];
        let end = |now| quiet(&all, Level::Error, at(now)).map(|(_, end)| end);
        assert_eq!(end("2026-11-20T22:30:00Z"), Some(at("2026-11-23T06:00:00Z")));
        assert_eq!(end("2026-11-23T12:00:00Z"), None);
        assert!(quiet(&all, Level::Critical, at("2026-11-20T22:30:00Z")).is_none());
    }

    #[test]
    fn hours_without_an_end_and_the_ends_of_time_are_no_trouble() {
        let always = [hours(&[], (0, 0), (0, 0))];
        assert!(quiet(&always, Level::Ok, at("2026-11-20T22:30:00Z")).is_some());
        for micros in [i64::MIN, i64::MAX, 0] {
            let _ = quiet(&always, Level::Ok, Timestamp::from_micros(micros));
        }
    }
}
