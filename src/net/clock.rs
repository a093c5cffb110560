//! Time, real or turned by hand. Tokio's paused clock is not used: it runs away while the store's
//! thread commits.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::model::Timestamp;

/// Where time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// A clock that a test turns.
    Manual(Arc<ManualClock>),
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Real => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Manual(clock) => *clock.now.borrow(),
        }
    }

    /// Waits until `span` has passed on this clock.
    pub async fn sleep(&self, span: Duration) {
        match self {
            Self::Real => tokio::time::sleep(span).await,
            Self::Manual(clock) => {
                let mut now = clock.now.subscribe();
                let due = now.borrow().plus(span);
                // The sender lives in the Arc that we hold, so waiting cannot fail.
                let _ = now.wait_for(|now| *now >= due).await;
            }
        }
    }
}

/// A clock that stands still until it is turned.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: watch::Sender::new(start) }
    }

    /// Turns it forward and wakes whoever was waiting for that time.
    pub fn advance(&self, span: Duration) {
        self.now.send_modify(|now| *now = now.plus(span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_turned() {
        let manual = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
        let clock = Clock::Manual(manual.clone());
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        while manual.now.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        manual.advance(Duration::from_secs(3600));
        sleeper.await.unwrap();
        assert_eq!(clock.now().as_secs(), 3600);
    }
}
