//! Words for spans, days and times of day, read and written.

use std::time::Duration;

use jiff::civil::Time;

/// The names of the days, from Monday.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// All days of the week, a bit each from Monday.
const ALL: u8 = 0b111_1111;
const WEEKDAYS: u8 = 0b001_1111;
const WEEKEND: u8 = 0b110_0000;

/// The days that a word means.
pub(super) fn day(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    match word.as_str() {
        "day" | "days" => return Some(ALL),
        "weekday" | "weekdays" | "workday" => return Some(WEEKDAYS),
        "weekend" | "weekends" => return Some(WEEKEND),
        _ => {}
    }
    let single = word.strip_suffix('s').filter(|short| short.ends_with("day")).unwrap_or(&word);
    let fits = |name: &&str| *name == single || (single.len() == 3 && name.starts_with(single));
    DAYS.iter().position(fits).map(|place| 1 << place)
}

/// The word or words for days.
pub(super) fn days(bits: u8) -> String {
    match bits {
        ALL => return "day".to_owned(),
        WEEKDAYS => return "weekday".to_owned(),
        WEEKEND => return "weekend".to_owned(),
        _ => {}
    }
    let named = DAYS.iter().enumerate().filter(|(place, _)| bits & (1 << place) != 0);
    named.map(|(_, name)| *name).collect::<Vec<_>>().join(" and ")
}

/// Times of day as they are written.
pub(super) fn times(times: &[Time]) -> String {
    let time = |time: &Time| format!("{:02}:{:02}", time.hour(), time.minute());
    times.iter().map(time).collect::<Vec<_>>().join(" and ")
}

/// The seconds of a unit.
pub(super) fn unit(word: &str) -> Option<u64> {
    Some(match word.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    })
}

/// A number with its unit in one word: `15m`.
pub(super) fn short(word: &str) -> Option<Duration> {
    let letters = word.find(|c: char| !c.is_ascii_digit())?;
    let seconds = word[..letters].parse::<u64>().ok()?.checked_mul(unit(&word[letters..])?)?;
    Some(Duration::from_secs(seconds))
}

/// A span as it is written.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, name) =
        units.into_iter().find(|(size, _)| seconds.is_multiple_of(*size)).unwrap_or((1, "second"));
    match seconds / size {
        // "every day" asks for a time of day.
        1 if name == "day" => "24 hours".to_owned(),
        1 => name.to_owned(),
        count => format!("{count} {name}s"),
    }
}

/// A time of day: `9:00`, `17:30`, `5pm`, `noon`, `midnight`.
pub(super) fn time(word: &str) -> Option<Time> {
    let word = word.to_lowercase();
    match word.as_str() {
        "noon" => return Time::new(12, 0, 0, 0).ok(),
        "midnight" => return Some(Time::midnight()),
        _ => {}
    }
    let (clock, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (word.as_str(), None),
    };
    let digits = |text: &str, most: usize| {
        let good = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = match clock.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (digits(hour, 2)?, digits(minute, 2)?),
        None if half.is_some() => (digits(clock, 2)?, 0),
        _ => return None,
    };
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_as_people_write_them() {
        let read = |word: &str| time(word).map(|time| (time.hour(), time.minute()));
        for (word, expected) in [
            ("9:00", Some((9, 0))),
            ("17:30", Some((17, 30))),
            ("12am", Some((0, 0))),
            ("12pm", Some((12, 0))),
            ("5:30PM", Some((17, 30))),
            ("noon", Some((12, 0))),
            ("midnight", Some((0, 0))),
            ("24:00", None),
            ("9", None),
            ("9:5", None),
            ("13pm", None),
            ("9:60", None),
            ("-1:00", None),
        ] {
            assert_eq!(read(word), expected, "{word}");
        }
    }

    #[test]
    fn days_are_read_and_written() {
        assert_eq!((day("Mondays"), day("thu"), day("weekday")), (Some(1), Some(8), Some(31)));
        assert_eq!((day("th"), day("someday")), (None, None));
        assert_eq!((days(9), days(127)), ("monday and thursday".to_owned(), "day".to_owned()));
    }

    #[test]
    fn spans_are_read_and_written() {
        assert_eq!(short("90m"), Some(Duration::from_secs(5400)));
        assert_eq!((short("m"), short("15"), short("99999999999999999999w")), (None, None, None));
        assert_eq!(span(Duration::from_secs(5400)), "90 minutes");
        assert_eq!(span(Duration::from_secs(3600)), "hour");
    }
}
