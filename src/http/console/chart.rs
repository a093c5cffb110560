//! Tries of deliveries minute by minute, as a small drawing made here.

use std::fmt::Write;

use crate::model::Timestamp;
use crate::store::Minute;

/// Minutes shown.
pub(super) const MINUTES: i64 = 60;
/// Width of one minute and of the bar in it, in the drawing's own units.
const STEP: i64 = 10;
const BAR: i64 = 7;
/// Height of the tallest bar.
const TALL: i64 = 96;
/// A minute, in microseconds.
const MINUTE: i64 = 60_000_000;

/// The drawing, and its numbers in words.
pub(super) struct Chart {
    /// An `svg` element.
    pub(super) svg: String,
    /// The tallest minute.
    pub(super) most: u64,
    /// All that were delivered.
    pub(super) sent: u64,
    /// All tries that failed.
    pub(super) failed: u64,
}

/// Draws the last hour.
pub(super) fn draw(minutes: &[Minute], now: Timestamp) -> Chart {
    let first = now.as_micros() / MINUTE - MINUTES + 1;
    let shown = |it: &&Minute| it.at.as_micros() / MINUTE >= first;
    let most = minutes.iter().filter(shown).map(|it| it.sent + it.failed).max().unwrap_or(0);
    let (sent, failed) =
        minutes.iter().filter(shown).fold((0, 0), |(sent, failed), it| (sent + it.sent, failed + it.failed));
    let (width, height) = (MINUTES * STEP, TALL + 4);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{sent} delivered and {failed} failed tries in the last hour, at most {most} in a minute\">"
    );
    for line in [0, TALL / 2, TALL] {
        let _ = write!(svg, "<line class=\"rule\" x1=\"0\" x2=\"{width}\" y1=\"{0}\" y2=\"{0}\"/>", line + 1);
    }
    for minute in minutes.iter().filter(shown) {
        let x = (minute.at.as_micros() / MINUTE - first) * STEP + (STEP - BAR) / 2;
        let (good, bad) = (tall(minute.sent, most), tall(minute.failed, most));
        let clock = minute.at.to_string();
        let clock = clock.get(11..16).unwrap_or_default();
        let _ = write!(svg, "<g><title>{clock}: {} delivered, {} failed</title>", minute.sent, minute.failed);
        for (class, height, bottom) in [("sent", good, 0), ("failed", bad, good)] {
            if height > 0 {
                let y = TALL + 1 - bottom - height;
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{BAR}\" height=\"{height}\" rx=\"1.5\"/>"
                );
            }
        }
        svg.push_str("</g>");
    }
    svg.push_str("</svg>");
    Chart { svg, most, sent, failed }
}

/// The height of a count; what there is at all is seen.
fn tall(count: u64, most: u64) -> i64 {
    let tall = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(TALL);
    let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    if count == 0 { 0 } else { (tall / most).max(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hour_is_drawn_and_counted() {
        let now = Timestamp::from_micros(100 * MINUTE + 5);
        let minute = |at: i64, sent, failed| Minute { at: Timestamp::from_micros(at * MINUTE), sent, failed };
        let chart = draw(&[minute(20, 500, 0), minute(41, 3, 1), minute(100, 8, 0)], now);
        assert_eq!((chart.most, chart.sent, chart.failed), (8, 11, 1));
        assert_eq!(chart.svg.matches("<rect").count(), 3);
        assert!(chart.svg.contains("x=\"1\"") && chart.svg.contains("x=\"591\""), "{}", chart.svg);
        assert!(chart.svg.contains("01:40: 8 delivered, 0 failed"), "{}", chart.svg);
        assert_eq!(draw(&[], now).svg.matches("<rect").count(), 0);
    }
}
