//! Heartbeats, and whether the other side still lives: pure, fed with times.

use std::time::Duration;

use crate::model::Timestamp;

/// After this silence a heartbeat is sent ahead of its time.
const ASK: Duration = Duration::from_secs(20);
/// After this silence the connection counts as dead.
const DEAD: Duration = Duration::from_secs(45);
/// A heartbeat gets at least this long to be answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// The heart of one connection.
#[derive(Debug)]
pub struct Heart {
    interval: Duration,
    next: Timestamp,
    heard: Timestamp,
    unanswered: Option<Timestamp>,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// Nothing yet.
    Wait,
    /// Send a heartbeat.
    Send,
    /// The connection is dead: why.
    Dead(&'static str),
}

impl Heart {
    /// A heart that beats every `interval`, first after `first` (a random part of it, as the protocol asks).
    pub fn new(now: Timestamp, interval: Duration, first: Duration) -> Self {
        Self { interval, next: now.plus(first), heard: now, unanswered: None }
    }

    /// Something was heard, whatever it is.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard = now;
    }

    /// Our last heartbeat was answered.
    pub fn answered(&mut self) {
        self.unanswered = None;
    }

    /// How long nothing has to be done.
    pub fn rest(&self, now: Timestamp) -> Duration {
        let ask = if self.unanswered.is_none() { self.heard.plus(ASK) } else { self.heard.plus(DEAD) };
        self.next.min(ask).since(now)
    }

    /// What to do now.
    pub fn beat(&mut self, now: Timestamp) -> Beat {
        if now.since(self.heard) >= DEAD {
            return Beat::Dead("nothing was heard for 45 s");
        }
        if now >= self.next {
            if let Some(sent) = self.unanswered {
                if now.since(sent) >= PATIENCE {
                    return Beat::Dead("a heartbeat was not answered");
                }
                self.next = sent.plus(PATIENCE);
                return Beat::Wait;
            }
            return self.send(now);
        }
        if self.unanswered.is_none() && now.since(self.heard) >= ASK {
            return self.send(now);
        }
        Beat::Wait
    }

    fn send(&mut self, now: Timestamp) -> Beat {
        self.unanswered = Some(now);
        self.next = now.plus(self.interval);
        Beat::Send
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn heart() -> Heart {
        Heart::new(at(0), Duration::from_secs(41), Duration::from_secs(15))
    }

    #[test]
    fn the_first_beat_is_early_and_the_next_ones_regular() {
        let mut heart = heart();
        assert_eq!(heart.beat(at(14)), Beat::Wait);
        assert_eq!(heart.beat(at(15)), Beat::Send);
        heart.answered();
        heart.heard(at(40));
        assert_eq!(heart.rest(at(40)), Duration::from_secs(16));
        assert_eq!(heart.beat(at(56)), Beat::Send);
    }

    #[test]
    fn an_unanswered_beat_is_a_dead_connection_though_events_come() {
        let mut heart = heart();
        assert_eq!(heart.beat(at(15)), Beat::Send);
        heart.heard(at(55));
        assert!(matches!(heart.beat(at(56)), Beat::Dead(_)));
    }

    #[test]
    fn silence_is_asked_about_and_given_up_before_a_minute_is_over() {
        let mut heart = Heart::new(at(0), Duration::from_secs(41), Duration::from_secs(40));
        assert_eq!(heart.rest(at(0)), Duration::from_secs(20));
        assert_eq!(heart.beat(at(20)), Beat::Send);
        assert_eq!(heart.beat(at(44)), Beat::Wait);
        assert!(matches!(heart.beat(at(45)), Beat::Dead(_)));
    }

    #[test]
    fn a_beat_ahead_of_time_gets_its_patience() {
        let mut heart = Heart::new(at(0), Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!(heart.beat(at(1)), Beat::Send);
        assert_eq!(heart.beat(at(3)), Beat::Wait);
        assert_eq!(heart.rest(at(3)), Duration::from_secs(3));
        assert!(matches!(heart.beat(at(6)), Beat::Dead(_)));
    }
}
