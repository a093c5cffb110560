//! Hours in which only what is bad enough disturbs.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::model::{Level, Timestamp};

/// Quiet hours, every day.
#[derive(Debug, Clone)]
pub struct Quiet {
    /// Their name.
    pub name: String,
    /// When they begin, by the clock of the zone.
    pub from: Time,
    /// When they end; earlier than `from` is the next day.
    pub to: Time,
    /// The time zone.
    pub zone: TimeZone,
    /// Events of this level and above disturb nevertheless.
    pub below: Level,
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

impl Quiet {
    /// When they end, if `now` is within them and the level too low to disturb.
    pub fn until(&self, level: Level, now: Timestamp) -> Option<Timestamp> {
        let here = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?.to_zoned(self.zone.clone());
        let (time, over_night) = (here.time(), self.from > self.to);
        let within = if over_night {
            time >= self.from || time < self.to
        } else {
            time >= self.from && time < self.to
        };
        if !within || level >= self.below {
            return None;
        }
        let tomorrow = over_night && time >= self.from;
        let day = if tomorrow { here.date().tomorrow().ok()? } else { here.date() };
        let end = day.to_datetime(self.to).to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp::from_micros(end.timestamp().as_microsecond()))
    }
}
