//! Days that come once in a month: the first monday, the second and the fourth tuesday, the last weekday, the 15th.

use std::fmt;

use jiff::civil::{Date, Time};

use super::words;

/// The names of the places in a month; the last one stands for the last.
const PLACES: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "last"];

/// The same with digits.
const SHORT: [&str; 5] = ["1st", "2nd", "3rd", "4th", "5th"];

/// Some days of each month, at some times of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monthly {
    which: Which,
    pub(super) times: Vec<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The first, second... (bits 0 to 4), last (bit 5) of these days of the week, a bit each from Monday.
    Of { places: u8, days: u8 },
    /// Days of the month, a bit each from the first.
    Numbered(u32),
}

impl Monthly {
    /// The places in the month, a bit each as [`place`] gives them, of these days of the week.
    pub(super) fn of(places: u8, days: u8, times: Vec<Time>) -> Self {
        Self { which: Which::Of { places, days }, times }
    }

    /// Days of the month, a bit each from the first.
    pub(super) fn numbered(days: u32, times: Vec<Time>) -> Self {
        Self { which: Which::Numbered(days), times }
    }

    /// Whether a day is one of them.
    pub(super) fn fits(&self, day: Date) -> bool {
        match self.which {
            Which::Numbered(bits) => bits & (1 << (day.day() - 1)) != 0,
            Which::Of { places, days } => {
                let is_one = |day: &Date| days & (1 << day.weekday().to_monday_zero_offset()) != 0;
                let of_month = |number: i8| Date::new(day.year(), day.month(), number).ok();
                let earlier = (1..day.day()).filter_map(of_month).filter(is_one).count();
                let is_last =
                    !(day.day() + 1..=day.days_in_month()).filter_map(of_month).any(|day| is_one(&day));
                is_one(&day)
                    && ((earlier < 5 && places & (1 << earlier) != 0) || (is_last && places & (1 << 5) != 0))
            }
        }
    }
}

/// The place in a month that a word means, as a bit.
pub(super) fn place(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    let named = PLACES.iter().position(|name| *name == word);
    named.or_else(|| SHORT.iter().position(|name| *name == word)).map(|place| 1 << place)
}

/// The day of the month that a word such as `15th` means.
pub(super) fn number(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end))?;
    let good = !digits.is_empty() && digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u32>().ok().filter(|day| good && (1..=31).contains(day))
}

fn ordinal(number: u32) -> String {
    let end = match (number % 10, number / 10) {
        (1, 0 | 2 | 3) => "st",
        (2, 0 | 2) => "nd",
        (3, 0 | 2) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

impl fmt::Display for Monthly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = match self.which {
            Which::Of { places, days } => {
                let named = PLACES.iter().enumerate().filter(|(place, _)| places & (1 << place) != 0);
                let named: Vec<&str> = named.map(|(_, name)| *name).collect();
                format!("{} {}", named.join(" and "), words::days(days))
            }
            Which::Numbered(bits) => {
                let days = (1..=31).filter(|day| bits & (1 << (day - 1)) != 0);
                days.map(ordinal).collect::<Vec<_>>().join(" and ")
            }
        };
        write!(f, "on the {which} of the month at {}", words::times(&self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(monthly: &Monthly, year: i16, month: i8) -> Vec<i8> {
        (1..=31).filter(|day| Date::new(year, month, *day).is_ok_and(|day| monthly.fits(day))).collect()
    }

    #[test]
    fn places_are_counted_in_each_month() {
        let of = |places: u8, days: u8| Monthly::of(places, days, vec![Time::midnight()]);
        assert_eq!(days(&of(1, 1), 2026, 12), [7], "the first monday");
        assert_eq!(days(&of(0b1010, 0b10), 2026, 12), [8, 22], "the second and fourth tuesday");
        assert_eq!(days(&of(0b10_0000, 0b1_0000), 2026, 11), [27], "the last friday");
        assert!(days(&of(0b1_0000, 1), 2026, 12).is_empty(), "no fifth monday in that month");
        assert_eq!(days(&of(0b1_0000, 1), 2026, 11), [30]);
        assert_eq!(days(&of(1, 0b1_1111), 2026, 11), [2], "the first weekday is no sunday");
        assert_eq!(days(&of(0b10_0000, 0b111_1111), 2028, 2), [29], "the last day of a leap month");
        assert_eq!(days(&Monthly::numbered(1 | 1 << 30, vec![]), 2026, 11), [1], "there is no 31st");
    }

    #[test]
    fn words_are_read_and_written() {
        assert_eq!(
            (place("First"), place("3rd"), place("last"), place("next")),
            (Some(1), Some(4), Some(32), None)
        );
        assert_eq!(
            (number("15th"), number("31ST"), number("32nd"), number("th")),
            (Some(15), Some(31), None, None)
        );
        let text = Monthly::numbered(1 | 1 << 1 | 1 << 21, vec![Time::constant(9, 0, 0, 0)]).to_string();
        assert_eq!(text, "on the 1st and 2nd and 22nd of the month at 09:00");
    }
}
