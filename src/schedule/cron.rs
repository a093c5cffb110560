//! Cron expressions: five fields, as cron(5) has them, with names, ranges, lists and steps.
//!
//! Days: where both the day of the month and the day of the week are restricted (do not begin with `*`), a day fits that
//! fits either of them, else both must fit. That is POSIX's rule.
//!
//! Changed clocks: with an hour field of `*` or `*/1` the expression follows the clocks as they are, through both of two
//! doubled hours and over a skipped one. With given hours each time comes once: the first of two, and the moment
//! of the jump for one that is skipped.

use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::days::{self, Clocks};
use crate::model::Timestamp;

/// A checked expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    times: Vec<Time>,
    clocks: Clocks,
    month_days: Field,
    months: Field,
    week_days: Field,
}

/// The values of one field, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// Whether it begins with `*`.
    open: bool,
}

impl Field {
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| value < 64 && self.bits & (1 << value) != 0)
    }
}

/// What a field may hold.
struct Kind {
    name: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind { name: "minute", first: 0, last: 59, names: &[] },
    Kind { name: "hour", first: 0, last: 23, names: &[] },
    Kind { name: "day of the month", first: 1, last: 31, names: &[] },
    Kind { name: "month", first: 1, last: 12, names: &MONTHS },
    Kind { name: "day of the week", first: 0, last: 7, names: &WEEKDAYS },
];

const MONTHS: [&str; 13] =
    ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Words for whole expressions.
const MACROS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Cron {
    /// Reads `*/5 8-18 * * mon-fri`, or `@daily` and its like.
    ///
    /// # Errors
    /// One sentence that names the field; also for what never comes, such as the 30th of February.
    pub fn parse(text: &str) -> Result<Self, String> {
        let given = text.trim();
        let full =
            MACROS.iter().find(|(word, _)| given.eq_ignore_ascii_case(word)).map_or(given, |(_, full)| full);
        let parts: Vec<&str> = full.split_whitespace().collect();
        let Ok(parts) = <[&str; 5]>::try_from(parts) else {
            return Err(format!(
                "`{given}` is no cron expression: five fields are needed, minute, hour, day, month, weekday"
            ));
        };
        let mut fields = [Field { bits: 0, open: false }; 5];
        for ((field, kind), part) in fields.iter_mut().zip(&KINDS).zip(parts) {
            *field = read(part, kind)?;
        }
        let [minutes, hours, month_days, months, mut week_days] = fields;
        if week_days.has(7) {
            week_days.bits |= 1;
        }
        let all_day = hours.bits == (1 << 24) - 1;
        let clocks = if all_day { Clocks::AsShown } else { Clocks::Once };
        let cron = Self {
            text: given.to_owned(),
            times: times(hours, minutes),
            clocks,
            month_days,
            months,
            week_days,
        };
        match cron.next(&TimeZone::UTC, Timestamp::from_micros(0)) {
            Some(_) => Ok(cron),
            None => Err(format!("`{given}` never comes: no month that it names has such a day")),
        }
    }

    /// The first moment after `after` that fits.
    pub fn next(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        days::next(zone, after, |day| self.fits(day), &self.times, self.clocks)
    }

    fn fits(&self, day: Date) -> bool {
        let month_day = self.month_days.has(day.day());
        let week_day = self.week_days.has(day.weekday().to_sunday_zero_offset());
        let days = match self.month_days.open || self.week_days.open {
            true => month_day && week_day,
            false => month_day || week_day,
        };
        self.months.has(day.month()) && days
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn times(hours: Field, minutes: Field) -> Vec<Time> {
    let hours = (0..24).filter(|hour| hours.has(*hour));
    hours
        .flat_map(|hour| {
            (0..60)
                .filter(|minute| minutes.has(*minute))
                .map(move |minute| Time::constant(hour, minute, 0, 0))
        })
        .collect()
}

fn read(text: &str, kind: &Kind) -> Result<Field, String> {
    let mut bits = 0;
    for part in text.split(',') {
        bits |=
            range(part, kind).map_err(|why| format!("the {} `{text}` cannot be used: {why}", kind.name))?;
    }
    Ok(Field { bits, open: text.starts_with('*') })
}

/// `*`, `7`, `1-5`, each perhaps with `/step`; `7/2` is from 7 to the end.
fn range(part: &str, kind: &Kind) -> Result<u64, String> {
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => {
            let step: u32 = step
                .parse()
                .ok()
                .filter(|step| *step > 0 && *step <= 59)
                .ok_or_else(|| format!("`{step}` is no step"))?;
            (span, Some(step))
        }
        None => (part, None),
    };
    let (first, last) = match (span, span.split_once('-')) {
        ("*", _) => (kind.first, kind.last),
        (_, Some((first, last))) => (value(first, kind)?, value(last, kind)?),
        (one, None) => {
            let first = value(one, kind)?;
            (first, if step.is_some() { kind.last } else { first })
        }
    };
    if first > last {
        return Err(format!("`{span}` goes backwards"));
    }
    let step = usize::try_from(step.unwrap_or(1)).unwrap_or(1);
    Ok((first..=last).step_by(step).fold(0, |bits, value| bits | 1 << value))
}

fn value(text: &str, kind: &Kind) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    if !lower.is_empty()
        && let Some(place) = kind.names.iter().position(|name| *name == lower)
    {
        return Ok(u32::try_from(place).unwrap_or(0));
    }
    let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse::<u32>()
        .ok()
        .filter(|_| digits)
        .filter(|number| (kind.first..=kind.last).contains(number));
    number.ok_or_else(|| format!("`{text}` is none of {} to {}", kind.first, kind.last))
}

#[cfg(test)]
mod tests {
    use super::super::zone::tests::at;
    use super::*;

    fn next(text: &str, zone: &str, after: &str) -> String {
        let zone = super::super::zone::known(zone).unwrap();
        Cron::parse(text).unwrap().next(&zone, at(after)).unwrap().to_string().replace(".000", "")
    }

    #[test]
    fn fields_take_lists_ranges_steps_and_names() {
        for (text, after, expected) in [
            ("*/5 * * * *", "2026-11-21T10:02:00Z", "2026-11-21T10:05:00Z"),
            ("0,30 9-10 * * *", "2026-11-21T10:30:00Z", "2026-11-22T09:00:00Z"),
            ("0 9 * * mon-fri", "2026-11-21T10:00:00Z", "2026-11-23T09:00:00Z"),
            ("0 0 1 JAN *", "2026-11-21T10:00:00Z", "2027-01-01T00:00:00Z"),
            ("10/20 0 * * *", "2026-11-21T00:11:00Z", "2026-11-21T00:30:00Z"),
            ("0 12 * * 7", "2026-11-21T10:00:00Z", "2026-11-22T12:00:00Z"),
            ("0 0 29 2 *", "2026-11-21T10:00:00Z", "2028-02-29T00:00:00Z"),
            ("@hourly", "2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"),
        ] {
            assert_eq!(next(text, "UTC", after), expected, "{text}");
        }
    }

    #[test]
    fn two_restricted_kinds_of_days_fit_either_and_an_open_one_asks_for_both() {
        assert_eq!(next("0 0 13 * fri", "UTC", "2026-11-21T00:00:00Z"), "2026-11-27T00:00:00Z");
        assert_eq!(next("0 0 13 * fri", "UTC", "2026-12-12T00:00:00Z"), "2026-12-13T00:00:00Z");
        assert_eq!(next("0 0 */2 * fri", "UTC", "2026-11-21T00:00:00Z"), "2026-11-27T00:00:00Z");
        assert_eq!(next("0 0 */2 * fri", "UTC", "2026-11-27T00:00:00Z"), "2026-12-11T00:00:00Z");
    }

    #[test]
    fn a_given_hour_comes_once_and_every_hour_as_often_as_clocks_show_it() {
        let zone = "Europe/Amsterdam";
        assert_eq!(next("30 2 * * *", zone, "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
        assert_eq!(next("30 2 * * *", zone, "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
        assert_eq!(next("30 * * * *", zone, "2026-10-25T00:30:00Z"), "2026-10-25T01:30:00Z");
        assert_eq!(next("*/30 * * * *", zone, "2026-03-29T00:30:00Z"), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (text, part) in [
            ("* * * *", "five fields"),
            ("60 * * * *", "the minute `60`"),
            ("* 5-3 * * *", "goes backwards"),
            ("* * * foo *", "the month `foo`"),
            ("*/0 * * * *", "`0` is no step"),
            ("* * 0 * *", "the day of the month"),
            ("0 0 30 2 *", "never comes"),
            ("0 0 * * +1", "the day of the week"),
        ] {
            let error = Cron::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
