//! Spans of time and sizes as people read them.

use std::time::Duration;

/// `0.2 s`, `3.2 s`, `45 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`: two units at most.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => tenths(span),
        10..60 => format!("{seconds} s"),
        60..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => pair(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

fn tenths(span: Duration) -> String {
    let millis = span.as_millis();
    if millis > 0 && millis < 100 {
        return format!("{millis} ms");
    }
    let text = format!("{:.1}", span.as_secs_f64());
    format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
}

fn pair(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// `0 B`, `512 B`, `1.2 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut left = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0.
    while left >= 1023.95 && unit + 1 < UNITS.len() {
        left /= 1024.0;
        unit += 1;
    }
    let text = format!("{left:.1}");
    format!("{} {}", text.strip_suffix(".0").unwrap_or(&text), UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        let shown = |millis| duration(Duration::from_millis(millis));
        assert_eq!([shown(0), shown(40), shown(200), shown(3210)], ["0 s", "40 ms", "0.2 s", "3.2 s"]);
        assert_eq!([shown(45_900), shown(250_000), shown(120_000)], ["45 s", "4 min 10 s", "2 min"]);
        assert_eq!([shown(7_500_000), shown(273_600_000)], ["2 h 5 min", "3 d 4 h"]);
    }

    #[test]
    fn sizes_have_one_digit_after_the_point() {
        let shown = [size(0), size(512), size(1024), size(1_258_291), size(1024 * 1024 - 1)];
        assert_eq!(shown, ["0 B", "512 B", "1 KiB", "1.2 MiB", "1 MiB"]);
    }
}
