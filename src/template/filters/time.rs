//! Spans of time: StackStorm's `to_human_time_from_seconds`, and our `human`.

use std::time::Duration;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Value};

use super::metered;
use crate::template::limits::failed;
use crate::template::python;
use crate::text::human;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "to_human_time_from_seconds", |value: &Value| spans(seconds(value)?));
    metered(env, "human", |value: &Value| {
        let seconds = seconds(value)?.clamp(0.0, 1e12);
        Ok::<_, Error>(human::duration(Duration::from_secs_f64(seconds)))
    });
    metered(env, "human_size", |bytes: u64| human::size(bytes));
}

fn seconds(value: &Value) -> Result<f64, Error> {
    let number = match value.kind() {
        ValueKind::Number | ValueKind::Bool => f64::try_from(value.clone()).ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| {
        failed(format!("{} is not a number of seconds", python::repr(value, 200).unwrap_or_default()))
    })
}

/// `1d0h0m0s`: from the largest unit that is not zero down to seconds. Less than a second is told
/// in microseconds. Years are those of the calendar, from its first.
fn spans(seconds: f64) -> Result<String, Error> {
    if !(0.0..=1e11).contains(&seconds) {
        return Err(failed("the seconds must be between 0 and 100000000000"));
    }
    if seconds > 0.0 && seconds < 1.0 {
        return Ok(format!("{}μs", (seconds * 1e6).round()));
    }
    // Halves go to the even neighbour, as Python rounds.
    let total = seconds.round_ties_even() as u64;
    let (years, days) = years(total / DAY);
    let parts =
        [(years, 'y'), (days, 'd'), (total / 3600 % 24, 'h'), (total / 60 % 60, 'm'), (total % 60, 's')];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
    Ok(parts[first..].iter().map(|(count, unit)| format!("{count}{unit}")).collect())
}

/// Whole calendar years in `days` counted from the first day of year 1, and the days over.
fn years(days: u64) -> (u64, u64) {
    let before = |years: u64| years * 365 + years / 4 - years / 100 + years / 400;
    let mut years = days / 365;
    while before(years) > days {
        years -= 1;
    }
    (years, days - before(years))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_months_are_counted_as_days() {
        assert_eq!(spans(2_678_400.0).unwrap(), "31d0h0m0s");
        assert_eq!(spans(34_218_061.0).unwrap(), "1y31d1h1m1s");
        assert_eq!(spans(31_536_000.0 * 4.0).unwrap(), "3y365d0h0m0s");
    }

    #[test]
    fn less_than_a_second_is_scaled_to_microseconds() {
        assert_eq!(spans(0.5).unwrap(), "500000μs");
    }
}
