//! Days and the times on them, looked through for the next moment.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::zone;
use crate::model::Timestamp;

/// So many days are looked through: the 29th of February comes within 8 years.
const HORIZON: usize = 366 * 9;

/// What a time of day that comes twice, or not at all, means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Each time once: the first of two, and the jump of the clocks where there is none.
    Once,
    /// As often as the clocks show it.
    AsShown,
}

/// The first moment after `after` on a day that fits, at one of `times`, which are in order.
pub(super) fn next(
    zone: &TimeZone,
    after: Timestamp,
    fits: impl Fn(Date) -> bool,
    times: &[Time],
    clocks: Clocks,
) -> Option<Timestamp> {
    let mut day = zone::local(zone, after)?.date();
    for _ in 0..HORIZON {
        if fits(day)
            && let Some(found) = on(zone, day, times, clocks, after)
        {
            return Some(found);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn on(zone: &TimeZone, day: Date, times: &[Time], clocks: Clocks, after: Timestamp) -> Option<Timestamp> {
    let later = |at: &Timestamp| *at > after;
    match clocks {
        Clocks::Once => times.iter().filter_map(|time| zone::once(zone, day, *time)).find(later),
        // What comes twice is not in the order of the times.
        Clocks::AsShown => times.iter().flat_map(|time| zone::each(zone, day, *time)).filter(later).min(),
    }
}
