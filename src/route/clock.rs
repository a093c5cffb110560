//! Times of day in a time zone, also where clocks are changed.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::model::Timestamp;

/// The day that it is somewhere.
pub(super) fn day(zone: &TimeZone, now: Timestamp) -> Option<Date> {
    let now = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?;
    Some(zone.to_datetime(now).date())
}

/// When it is this time on this day. A time that comes twice is the first; one that does not come is the moment
/// at which clocks jump over it.
pub(super) fn instant(zone: &TimeZone, day: Date, time: Time) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let mut found = ambiguous.earlier().ok()?;
    if is_gap {
        found = zone.following(found).next().map_or(found, |jump| jump.timestamp());
    }
    Some(Timestamp::from_micros(found.as_microsecond()))
}

/// The next time after `now` that it is this time.
pub(super) fn next(zone: &TimeZone, time: Time, now: Timestamp) -> Option<Timestamp> {
    let today = day(zone, now)?;
    let days = [Some(today), today.tomorrow().ok()];
    days.into_iter().flatten().filter_map(|day| instant(zone, day, time)).find(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first_and_one_that_never_comes_the_jump() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let half_past_two = Time::constant(2, 30, 0, 0);
        let on = |month, day| instant(&zone, Date::constant(2026, month, day), half_past_two).unwrap();
        assert_eq!(on(10, 25), at("2026-10-25T00:30:00Z"));
        assert_eq!(on(3, 29), at("2026-03-29T01:00:00Z"));
        assert_eq!(on(7, 1), at("2026-07-01T00:30:00Z"));
    }

    #[test]
    fn the_next_time_is_today_or_tomorrow() {
        let eight = Time::constant(8, 0, 0, 0);
        let after = |now| next(&TimeZone::UTC, eight, at(now)).unwrap();
        assert_eq!(after("2026-11-21T07:59:59Z"), at("2026-11-21T08:00:00Z"));
        assert_eq!(after("2026-11-21T08:00:00Z"), at("2026-11-22T08:00:00Z"));
        assert_eq!(next(&TimeZone::UTC, eight, Timestamp::from_micros(i64::MAX)), None);
    }
}
