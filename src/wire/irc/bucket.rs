//! The polite rate of outgoing lines.

use std::str::FromStr;
use std::time::Duration;

use crate::model::Timestamp;

/// How fast lines may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// `burst` lines at once, then one every `every`. Written `5/2s`.
    Limited {
        /// How many lines go out at once after a pause.
        burst: u32,
        /// The time that earns one more line.
        every: Duration,
    },
    /// As fast as the connection takes them. Written `off`.
    Off,
}

impl Default for Rate {
    /// What networks bear without a word: five lines, then one every two seconds.
    fn default() -> Self {
        Self::Limited { burst: 5, every: Duration::from_secs(2) }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a rate: write `off`, or lines and seconds such as `5/2s`");
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        let (burst, every) = text.split_once('/').ok_or_else(wrong)?;
        let burst = burst.trim().parse().ok().filter(|burst| *burst > 0).ok_or_else(wrong)?;
        let seconds: f64 = every.trim().trim_end_matches('s').parse().map_err(|_| wrong())?;
        let every = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
        Ok(if every.is_zero() { Self::Off } else { Self::Limited { burst, every } })
    }
}

/// A token bucket of lines.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    /// When the bucket would be full again.
    full_at: Timestamp,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate) -> Self {
        Self { rate, full_at: Timestamp::from_micros(0) }
    }

    /// Takes one line's worth; or says how long to wait for it.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let Rate::Limited { burst, every } = self.rate else { return Ok(()) };
        let from = self.full_at.max(now);
        let debt = from.plus(every).since(now);
        let most = every * burst;
        if debt > most {
            return Err(debt - most);
        }
        self.full_at = from.plus(every);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut bucket = Bucket::new("2/3s".parse().unwrap());
        let now = Timestamp::from_micros(1_000_000);
        assert_eq!(bucket.take(now), Ok(()));
        assert_eq!(bucket.take(now), Ok(()));
        assert_eq!(bucket.take(now), Err(Duration::from_secs(3)));
        let later = now.plus(Duration::from_secs(3));
        assert_eq!(bucket.take(later), Ok(()));
        assert_eq!(bucket.take(later), Err(Duration::from_secs(3)));
    }

    #[test]
    fn rates_read_as_written() {
        assert_eq!("5/2".parse(), Ok(Rate::default()));
        assert_eq!("off".parse(), Ok(Rate::Off));
        for wrong in ["", "5", "0/2", "a/b", "5/-1", "5/1e300"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong:?}");
        }
    }
}
