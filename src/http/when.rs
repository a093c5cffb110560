//! Times and spans as callers write them, and pages of lists.

use std::time::Duration;

use serde_json::{Value, json};

use super::problem::Problem;
use crate::config::units;
use crate::model::Timestamp;

/// The most entries of a page.
const MOST: usize = 1_000;
/// The entries of a page where nobody says.
const USUAL: usize = 50;

/// How many entries a page may have.
pub(super) fn limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(USUAL).clamp(1, MOST)
}

/// The id to ask for the next page with `before`; null at the end.
pub(super) fn next(ids: &[i64], limit: usize) -> Value {
    ids.last().filter(|_| ids.len() >= limit).map_or(Value::Null, |id| json!(id))
}

/// A time such as `2026-11-21T08:40:00Z`, a date, or a span before now such as `2h`.
pub(super) fn time(text: &str, field: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_micros(time.as_microsecond()));
    }
    let midnight = text.parse::<jiff::civil::Date>().ok();
    if let Some(zoned) = midnight.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok()) {
        return Ok(Timestamp::from_micros(zoned.timestamp().as_microsecond()));
    }
    let ago = units::duration(text).ok().and_then(|span| i64::try_from(span.as_micros()).ok());
    ago.map(|micros| Timestamp::from_micros(now.as_micros().saturating_sub(micros))).ok_or_else(|| {
        Problem::wrong(format!(
            "{field}: `{text}` is no time: write `2026-11-21T08:40:00Z`, `2026-11-21`, or a span before now such as `2h`"
        ))
        .field(field)
    })
}

/// The same where there need be none.
pub(super) fn optional(
    text: Option<&String>,
    field: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| time(text, field, now)).transpose()
}

/// A span such as `2h`.
pub(super) fn span(text: &str, field: &str) -> Result<Duration, Problem> {
    units::duration(text).map_err(|why| Problem::wrong(format!("{field}: {why}")).field(field))
}

/// A time in an answer.
pub(super) fn shown(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| json!(time.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_dates_or_spans_before_now() {
        let now = Timestamp::from_micros(10_000_000_000);
        let micros = |text: &str| time(text, "since", now).ok().map(Timestamp::as_micros);
        assert_eq!(micros("1970-01-01T00:00:01Z"), Some(1_000_000));
        assert_eq!(micros("1970-01-02"), Some(86_400_000_000));
        assert_eq!(micros("1h"), Some(6_400_000_000));
        assert_eq!(micros("yesterday"), None);
    }

    #[test]
    fn a_full_page_has_a_next_one() {
        assert_eq!((next(&[9, 8], 2), next(&[9], 2), next(&[], 2)), (json!(8), Value::Null, Value::Null));
        assert_eq!((limit(None), limit(Some(0)), limit(Some(9_999))), (50, 1, 1_000));
    }
}
