//! One supervisor per connection: starts sessions for ever, with a wait between them that fits why
//! the last one ended. Backoff and jitter live here, once, for all adapters.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::adapter::{Ended, Link, Service};
use crate::model::Timestamp;
use crate::net::World;

/// For this long after a loss a lost connection is tried again at a quick pace.
const QUICK_PHASE: Duration = Duration::from_secs(60);

/// The longest wait between two tries in the quick phase. The first try comes at once.
const QUICK_WAIT: Duration = Duration::from_millis(400);

/// The longest wait between two tries after the quick phase.
const SLOW_WAIT: Duration = Duration::from_secs(30);

/// The longest wait after refused credentials or rights.
const REFUSED_WAIT: Duration = Duration::from_secs(300);

/// A session that lived this long was a good one: the next loss starts over with quick tries.
const GOOD_SESSION: Duration = Duration::from_secs(10);

/// The state of one connection, as `doctor`, metrics and the console show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Between sessions, or not yet registered.
    Connecting {
        /// Since when.
        since: Timestamp,
        /// Why the last session ended.
        why: Option<String>,
    },
    /// Hears and speaks.
    Up {
        /// Since when.
        since: Timestamp,
    },
    /// The service refuses the bot; tried again slowly.
    Refused {
        /// Since when.
        since: Timestamp,
        /// What the service said.
        why: String,
    },
    /// Told to stop.
    Stopped,
}

/// What to do when a session is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLoss {
    /// Connect again, for ever.
    Reconnect,
    /// End the process, for those who let a supervisor restart it.
    Exit,
}

/// The waits between sessions.
#[derive(Debug)]
struct Pace {
    lost: Option<Timestamp>,
    tries: u32,
    refusals: u32,
}

impl Pace {
    fn new() -> Self {
        Self { lost: None, tries: 0, refusals: 0 }
    }

    /// How long to wait after a session that ran from `began` and ended like this.
    fn wait(&mut self, world: &World, began: Timestamp, ended: &Ended) -> Duration {
        let now = world.now();
        if now.since(began) >= GOOD_SESSION {
            *self = Self::new();
        }
        match ended {
            Ended::Stopped => Duration::ZERO,
            Ended::Refused(_) => {
                self.refusals += 1;
                let most = Duration::from_secs(5).saturating_mul(1 << self.refusals.min(6)).min(REFUSED_WAIT);
                most / 2 + world.jitter(most / 2)
            }
            Ended::Lost(_) => {
                let lost = *self.lost.get_or_insert(now);
                self.tries += 1;
                if self.tries == 1 {
                    return Duration::ZERO;
                }
                if now.since(lost) < QUICK_PHASE {
                    return QUICK_WAIT / 2 + world.jitter(QUICK_WAIT / 2);
                }
                self.refusals += 1;
                let most = Duration::from_secs(1).saturating_mul(1 << self.refusals.min(5)).min(SLOW_WAIT);
                QUICK_WAIT + world.jitter(most)
            }
        }
    }
}

/// Keeps one adapter connected until `link.stop`; `state` tells how it stands. Returns why, if the
/// process should end because of a loss.
pub async fn keep(
    service: Arc<Service>,
    link: Link,
    on_loss: OnLoss,
    state: watch::Sender<State>,
) -> Option<String> {
    let mut pace = Pace::new();
    loop {
        let began = link.world.now();
        let ended = session(service.clone(), link.clone()).await;
        let now = link.world.now();
        if link.stop.is_cancelled() || ended == Ended::Stopped {
            state.send_replace(State::Stopped);
            return None;
        }
        let wait = pace.wait(&link.world, began, &ended);
        match &ended {
            Ended::Stopped => {}
            Ended::Lost(why) => {
                warn!(adapter = %link.name, why, ?wait, "connection lost");
                state.send_replace(State::Connecting { since: now, why: Some(why.clone()) });
                if on_loss == OnLoss::Exit {
                    return Some(format!("adapter `{}` lost its connection: {why}", link.name));
                }
            }
            Ended::Refused(why) => {
                say_once(&state, &link, why, now);
            }
        }
        tokio::select! {
            () = link.world.sleep(wait) => {}
            () = link.stop.cancelled() => {}
        }
    }
}

fn say_once(state: &watch::Sender<State>, link: &Link, why: &str, now: Timestamp) {
    let same = matches!(&*state.borrow(), State::Refused { why: said, .. } if said == why);
    if same {
        info!(adapter = %link.name, why, "still refused");
        return;
    }
    error!(adapter = %link.name, why, "the service refuses the bot; trying again slowly");
    state.send_replace(State::Refused { since: now, why: why.to_owned() });
}

/// One session in a task of its own, so that a panic in an adapter ends that session only.
async fn session(service: Arc<Service>, link: Link) -> Ended {
    let task = tokio::spawn(async move { service.session(&link).await });
    match task.await {
        Ok(ended) => ended,
        Err(error) => Ended::Lost(format!("the adapter failed: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Ended {
        Ended::Lost("reset".to_owned())
    }

    #[test]
    fn a_loss_is_tried_at_once_then_within_half_a_second() {
        let (world, clock) = World::manual(Timestamp::from_micros(0));
        let mut pace = Pace::new();
        assert_eq!(pace.wait(&world, world.now(), &lost()), Duration::ZERO);
        for _ in 0..100 {
            let wait = pace.wait(&world, world.now(), &lost());
            assert!(wait > Duration::ZERO && wait <= Duration::from_millis(500), "{wait:?}");
            clock.advance(Duration::from_millis(100));
        }
    }

    #[test]
    fn after_a_minute_the_waits_grow_to_thirty_seconds_and_no_further() {
        let (world, clock) = World::manual(Timestamp::from_micros(0));
        let mut pace = Pace::new();
        pace.wait(&world, world.now(), &lost());
        clock.advance(Duration::from_secs(61));
        let longest = (0..200).map(|_| pace.wait(&world, world.now(), &lost())).max();
        assert!(longest > Some(Duration::from_secs(10)), "{longest:?}");
        assert!(longest <= Some(SLOW_WAIT + QUICK_WAIT), "{longest:?}");
    }

    #[test]
    fn a_refused_login_backs_off_at_once() {
        let (world, _clock) = World::manual(Timestamp::from_micros(0));
        let mut pace = Pace::new();
        let refused = Ended::Refused("bad password".to_owned());
        assert!(pace.wait(&world, world.now(), &refused) >= Duration::from_secs(5));
        let longest = (0..50).map(|_| pace.wait(&world, world.now(), &refused)).max();
        assert!(longest <= Some(REFUSED_WAIT));
    }

    #[test]
    fn a_connection_that_is_cut_again_and_again_is_back_quickly_each_time() {
        let (world, clock) = World::manual(Timestamp::from_micros(0));
        let mut pace = Pace::new();
        for _ in 0..100 {
            let began = world.now();
            clock.advance(Duration::from_secs(20));
            assert_eq!(pace.wait(&world, began, &lost()), Duration::ZERO);
        }
    }

    #[test]
    fn a_long_session_makes_the_next_loss_a_first_one() {
        let (world, clock) = World::manual(Timestamp::from_micros(0));
        let mut pace = Pace::new();
        for _ in 0..10 {
            pace.wait(&world, world.now(), &lost());
        }
        let began = world.now();
        clock.advance(Duration::from_secs(3600));
        assert_eq!(pace.wait(&world, began, &lost()), Duration::ZERO);
    }
}
