//! When something comes round, apart from its first time.

use std::fmt;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::cron::Cron;
use super::days::{self, Clocks};
use super::monthly::Monthly;
use super::words;
use crate::model::Timestamp;

/// When something comes round. Displayed as people write it, which [`super::spoken`] reads back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// At its anchor, and never again.
    Once,
    /// So much time after its anchor, again and again, whatever clocks show.
    Every(Duration),
    /// On some days of the week, a bit each from Monday, at some times of day.
    Days {
        /// Bit 0 is Monday.
        days: u8,
        /// In order.
        times: Vec<Time>,
    },
    /// On some of such days in each month: the first monday, the last weekday.
    Monthly(Monthly),
    /// By a cron expression.
    Cron(Cron),
}

impl When {
    /// The first moment after `after`. `anchor` is when a single one is due, or when spans begin.
    pub fn next(&self, zone: &TimeZone, anchor: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Once => (anchor > after).then_some(anchor),
            Self::Every(span) => {
                let span = i64::try_from(span.as_micros()).ok().filter(|span| *span > 0)?;
                let passed = after.as_micros().saturating_sub(anchor.as_micros()).max(0);
                let next =
                    anchor.as_micros().checked_add((passed / span).checked_add(1)?.checked_mul(span)?)?;
                Some(Timestamp::from_micros(next))
            }
            Self::Days { days, times } => {
                let fits = |day: jiff::civil::Date| days & (1 << day.weekday().to_monday_zero_offset()) != 0;
                days::next(zone, after, fits, times, Clocks::Once)
            }
            Self::Monthly(monthly) => {
                days::next(zone, after, |day| monthly.fits(day), &monthly.times, Clocks::Once)
            }
            Self::Cron(cron) => cron.next(zone, after),
        }
    }

    /// Whether it comes once only.
    pub fn is_once(&self) -> bool {
        *self == Self::Once
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once => f.write_str("once"),
            Self::Every(span) => write!(f, "every {}", words::span(*span)),
            Self::Days { days, times } => {
                write!(f, "every {} at {}", words::days(*days), words::times(times))
            }
            Self::Monthly(monthly) => write!(f, "{monthly}"),
            Self::Cron(cron) => write!(f, "cron \"{cron}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::zone::tests::at;
    use super::*;

    #[test]
    fn spans_count_from_their_anchor_whatever_clocks_do() {
        let when = When::Every(Duration::from_secs(900));
        let zone = super::super::zone::known("Europe/Amsterdam").unwrap();
        let anchor = at("2026-10-25T00:07:00Z");
        assert_eq!(when.next(&zone, anchor, anchor), Some(at("2026-10-25T00:22:00Z")));
        assert_eq!(when.next(&zone, anchor, at("2026-10-25T01:22:00Z")), Some(at("2026-10-25T01:37:00Z")));
        assert_eq!(when.next(&zone, anchor, Timestamp::from_micros(i64::MAX)), None);
    }

    #[test]
    fn days_of_the_week_come_by_the_clocks_of_the_zone() {
        let when = When::Days { days: 0b1_1111, times: vec![Time::constant(9, 0, 0, 0)] };
        let zone = super::super::zone::known("Europe/Amsterdam").unwrap();
        let next = |after: &str| when.next(&zone, Timestamp::from_micros(0), at(after)).unwrap();
        assert_eq!(next("2026-10-23T06:59:59Z"), at("2026-10-23T07:00:00Z"));
        assert_eq!(
            next("2026-10-23T07:00:00Z"),
            at("2026-10-26T08:00:00Z"),
            "over the weekend, clocks went back"
        );
    }
}
