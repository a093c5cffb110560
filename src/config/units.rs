//! Spans of time and amounts of bytes, as people write them.

use std::time::Duration;

/// The units of time: their names and seconds.
const SPANS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];

/// A span such as `90`, `90s`, `1.5h`, `1h30m`, `250ms`, `7d`; a bare number means seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time, write for instance `30s`, `5m`, `1h30m` or `7d`");
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_at(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split_at(after, |c| c.is_ascii_alphabetic());
        let scale = SPANS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        total += number.parse::<f64>().map_err(|_| wrong())? * scale;
        rest = after.trim_start();
    }
    let is_some = !text.trim().is_empty();
    Duration::try_from_secs_f64(total).ok().filter(|_| is_some).ok_or_else(wrong)
}

/// The units of size: their names and bytes.
const SIZES: [(&str, usize); 8] = [
    ("", 1),
    ("b", 1),
    ("kib", 1 << 10),
    ("k", 1 << 10),
    ("mib", 1 << 20),
    ("m", 1 << 20),
    ("gib", 1 << 30),
    ("g", 1 << 30),
];

/// An amount of bytes such as `65536`, `64KiB` or `1 MiB`.
pub fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no amount of bytes, write for instance `64KiB` or `1MiB`");
    let (number, unit) = split_at(text.trim(), |c| c.is_ascii_digit());
    let unit = unit.trim().to_ascii_lowercase();
    let scale = SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
    number.parse::<usize>().ok().and_then(|number| number.checked_mul(scale)).ok_or_else(wrong)
}

fn split_at(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        let cases = [
            ("90", 90_000),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
        ];
        for (text, millis) in cases.into_iter().chain([("250ms", 250), ("7d", 604_800_000), ("0", 0)]) {
            assert_eq!(duration(text).map(|span| span.as_millis()), Ok(millis), "{text}");
        }
        for text in ["", "s", "5x", "-1s", "1h-", "nan", "1e400d", "..s", "inf"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn amounts_of_bytes_take_units() {
        let cases =
            [("65536", 65536), ("64KiB", 65536), ("1 MiB", 1 << 20), ("2m", 2 << 20), ("1g", 1 << 30)];
        for (text, amount) in cases {
            assert_eq!(bytes(text), Ok(amount));
        }
        for text in ["", "KiB", "-1", "1.5MiB", "99999999999999999999", "1 parsec"] {
            assert!(bytes(text).is_err(), "{text:?}");
        }
    }
}
