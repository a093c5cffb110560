//! Time zones, and what a time of day means in one where clocks are changed.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::model::Timestamp;

/// The zone of an IANA name such as `Europe/Amsterdam`; `UTC` too.
pub fn known(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    (!name.is_empty() && name.chars().all(good)).then(|| TimeZone::get(name).ok()).flatten()
}

/// A moment as the clocks of a zone show it: `2026-12-01 09:00 (Europe/Amsterdam)`.
pub fn written(at: Timestamp, zone: &str) -> String {
    let (Some(known), Some(time)) = (known(zone), instant(at)) else { return at.to_string() };
    let local = known.to_datetime(time);
    let seconds = if local.second() == 0 { String::new() } else { format!(":{:02}", local.second()) };
    format!("{} {:02}:{:02}{seconds} ({zone})", local.date(), local.hour(), local.minute())
}

fn instant(at: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(at.as_micros()).ok()
}

/// What the clocks show at a moment.
pub(super) fn local(zone: &TimeZone, at: Timestamp) -> Option<DateTime> {
    Some(zone.to_datetime(instant(at)?))
}

/// How a time of day comes on a day.
pub(super) enum Comes {
    /// As on every other day, or twice: the first time.
    First(Timestamp),
    /// Clocks jump over it: the moment of the jump.
    Jump(Timestamp),
}

/// When it is this time on this day.
pub(super) fn comes(zone: &TimeZone, day: Date, time: Time) -> Option<Comes> {
    let ambiguous = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let found = ambiguous.earlier().ok()?;
    let micros = |at: jiff::Timestamp| Timestamp::from_micros(at.as_microsecond());
    Some(match is_gap {
        true => {
            Comes::Jump(zone.following(found).next().map_or(micros(found), |jump| micros(jump.timestamp())))
        }
        false => Comes::First(micros(found)),
    })
}

/// When it is this time on this day: the first of two, and the jump of the clocks where there is none.
pub(super) fn once(zone: &TimeZone, day: Date, time: Time) -> Option<Timestamp> {
    comes(zone, day, time).map(|comes| match comes {
        Comes::First(at) | Comes::Jump(at) => at,
    })
}

/// Every moment at which it is this time on this day: none, one or two.
pub(super) fn each(zone: &TimeZone, day: Date, time: Time) -> Vec<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(day.to_datetime(time));
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return Vec::new();
    }
    let mut all: Vec<Timestamp> =
        [ambiguous.earlier(), zone.to_ambiguous_timestamp(day.to_datetime(time)).later()]
            .into_iter()
            .filter_map(|at| Some(Timestamp::from_micros(at.ok()?.as_microsecond())))
            .collect();
    all.dedup();
    all
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A moment out of RFC 3339.
    pub(in crate::schedule) fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn a_zone_is_known_by_its_name_and_no_path_is_one() {
        assert!(known("Europe/Amsterdam").is_some() && known("utc").is_some());
        for wrong in ["", "Mars/Base", "../../etc/passwd", "Europe/Amsterdam\0", "Amsterdam"] {
            assert!(known(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_time_that_is_skipped_is_the_jump_and_one_that_comes_twice_the_first() {
        let zone = known("Europe/Amsterdam").unwrap();
        let time = Time::constant(2, 30, 0, 0);
        assert_eq!(once(&zone, Date::constant(2026, 3, 29), time), Some(at("2026-03-29T01:00:00Z")));
        assert_eq!(once(&zone, Date::constant(2026, 10, 25), time), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(each(&zone, Date::constant(2026, 3, 29), time), []);
        let both = [at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z")];
        assert_eq!(each(&zone, Date::constant(2026, 10, 25), time), both);
    }

    #[test]
    fn a_moment_is_written_as_the_clocks_there_show_it() {
        assert_eq!(
            written(at("2026-12-01T08:00:00Z"), "Europe/Amsterdam"),
            "2026-12-01 09:00 (Europe/Amsterdam)"
        );
        assert_eq!(written(at("2026-12-01T08:00:05Z"), "UTC"), "2026-12-01 08:00:05 (UTC)");
    }
}
