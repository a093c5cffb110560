//! How fast a notifier may be asked: `in_flight: 8` and `rate: 10/s`. Whoever sends keeps to it.

/// More deliveries at once than this help no service.
const MOST_IN_FLIGHT: u64 = 64;
/// The units of a rate and their seconds.
const UNITS: [(&str, f64); 3] = [("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// How many deliveries may be on their way at once: 1 to 64.
///
/// # Errors
/// The number is outside of that; one sentence.
pub(super) fn in_flight(given: i64) -> Result<usize, String> {
    let number = u64::try_from(given).ok().filter(|number| (1..=MOST_IN_FLIGHT).contains(number));
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("`in_flight` must be from 1 to {MOST_IN_FLIGHT}, not `{given}`"))
}

/// A rate of deliveries: `10/s`, `30/m`, `0.5/s`, `100/h`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// As it was written.
    text: String,
    per_second: f64,
}

impl Rate {
    /// Reads a rate.
    ///
    /// # Errors
    /// It is no such text, or not more than nothing; one sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), per_second: rate(text)? })
    }

    /// Deliveries per second.
    pub const fn per_second(&self) -> f64 {
        self.per_second
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let read = || {
        let (number, unit) = text.split_once('/')?;
        let seconds = UNITS.iter().find(|(name, _)| *name == unit.trim())?.1;
        let number: f64 = number.trim().parse().ok()?;
        (number.is_finite() && number > 0.0).then_some(number / seconds)
    };
    read()
        .ok_or_else(|| format!("`{text}` is no rate: write a number and `/s`, `/m` or `/h`, such as `10/s`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_for_each_second_minute_or_hour() {
        assert_eq!(rate("10/s"), Ok(10.0));
        assert_eq!(rate("30 / m"), Ok(0.5));
        assert_eq!(rate("7200/h"), Ok(2.0));
        for bad in ["", "10", "10/d", "/s", "0/s", "-1/s", "inf/s", "NaN/s", "ten/s"] {
            assert!(rate(bad).unwrap_err().contains("is no rate"), "{bad}");
        }
    }

    #[test]
    fn one_to_sixty_four_are_sent_at_once() {
        assert_eq!((in_flight(1), in_flight(64)), (Ok(1), Ok(64)));
        for bad in [0, 65, -1, i64::MAX] {
            assert!(in_flight(bad).unwrap_err().contains("from 1 to 64"), "{bad}");
        }
    }
}
