//! The one handle on everything that is not a pure function.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::clock::{Clock, ManualClock};
use crate::model::{Secret, Timestamp};

/// Time and randomness, handed down from `cli` (or a test) to whoever needs them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct World {
    clock: Clock,
    random: Arc<SystemRandom>,
    proxies: Arc<Proxies>,
}

/// The proxies of the settings, for requests that name none of their own.
#[derive(Debug, Default)]
pub struct Proxies {
    /// For http addresses.
    pub http: Option<Secret>,
    /// For https addresses.
    pub https: Option<Secret>,
    /// Hosts that are reached without, separated by commas.
    pub except: String,
}

/// A wait reached its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {0:?}")]
pub struct Elapsed(pub Duration);

impl World {
    /// The machine's own clock and randomness.
    pub fn real() -> Self {
        Self { clock: Clock::Real, random: Arc::new(SystemRandom::new()), proxies: Arc::default() }
    }

    /// A world whose clock stands at `start` until the returned handle turns it.
    pub fn manual(start: Timestamp) -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(start));
        (Self { clock: Clock::Manual(clock.clone()), ..Self::real() }, clock)
    }

    /// The same world, behind proxies.
    pub fn behind(self, proxies: Proxies) -> Self {
        Self { proxies: Arc::new(proxies), ..self }
    }

    /// The proxies that hold where a request names none.
    pub fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits.
    pub async fn sleep(&self, span: Duration) {
        self.clock.sleep(span).await;
    }

    /// The output of `work`, unless `limit` passes first; then `work` is dropped.
    pub async fn timeout<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output, Elapsed> {
        tokio::select! {
            biased;
            output = work => Ok(output),
            () = self.sleep(limit) => Err(Elapsed(limit)),
        }
    }

    /// Random bytes fit for keys and nonces.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).expect("the operating system has randomness");
        bytes
    }

    /// A random span from zero up to `most`: full jitter for retries.
    pub fn jitter(&self, most: Duration) -> Duration {
        let share = u64::from_le_bytes(self.random()) as f64 / u64::MAX as f64;
        most.mul_f64(share)
    }
}
