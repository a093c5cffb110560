//! How fast, and whether, a notifier is sent to: rate, circuit breaker, and the wait before the next try. Pure: the
//! time is handed in.

use std::time::Duration;

use crate::model::{SendError, Timestamp};

/// After so many failures in a row the notifier rests.
const FAILURES: u32 = 5;

/// The first rest of a notifier that fails; it doubles up to [`LONGEST_REST`].
const FIRST_REST: Duration = Duration::from_secs(1);

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(300);

/// The longest wait that a `Retry-After` may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Rates are measured and held over this time.
const SPAN: Duration = Duration::from_secs(10);

/// The slowest rate that complaints can lead to, per second.
const SLOWEST: f64 = 0.1;

/// A minute without a complaint raises a lowered rate by this factor.
const RAISE: f64 = 1.5;

/// A rate lowered by complaints is forgotten above this, per second.
const FORGOTTEN: f64 = 1000.0;

/// How a notifier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It takes what it gets.
    Up,
    /// It failed last.
    Failing,
    /// It failed so often that it rests.
    Resting,
}

impl State {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Failing => "failing",
            Self::Resting => "resting",
        }
    }
}

/// The pace of one notifier.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    most: usize,
    /// What the admin allows at most, a second.
    allowed: Option<f64>,
    /// Deliveries a second; `None` for as fast as it takes them.
    rate: Option<f64>,
    tokens: f64,
    filled: Timestamp,
    raised: Timestamp,
    sent: u64,
    counted: Timestamp,
    /// Failures in a row that may pass, and of any kind.
    failures: u32,
    in_a_row: u32,
    failing_since: Option<Timestamp>,
    /// Nothing is sent for a while: since when, and how long.
    pause: Option<(Timestamp, Duration)>,
    rest: Duration,
    resting: bool,
    last_error: Option<String>,
}

/// What a pace says of the next delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permit {
    /// So many may go.
    Go(usize),
    /// None, for so long.
    Wait(Duration),
}

impl Pace {
    /// At most `most` on the way at once.
    pub(super) fn new(most: usize, now: Timestamp) -> Self {
        Self {
            most,
            allowed: None,
            rate: None,
            tokens: 0.0,
            filled: now,
            raised: now,
            sent: 0,
            counted: now,
            failures: 0,
            in_a_row: 0,
            failing_since: None,
            pause: None,
            rest: FIRST_REST,
            resting: false,
            last_error: None,
        }
    }

    /// Keeps to what an admin allows: so many at once, so many a second.
    pub(super) fn allow(&mut self, most: usize, rate: Option<f64>, now: Timestamp) {
        self.most = most;
        if self.allowed != rate {
            (self.allowed, self.rate) = (rate, rate);
            (self.tokens, self.filled, self.raised) = (1.0, now, now);
        }
    }

    /// How many may go now, with `out` on the way.
    pub(super) fn permit(&mut self, now: Timestamp, out: usize) -> Permit {
        if let Some(left) = self.paused(now) {
            return Permit::Wait(left);
        }
        let most = if self.resting { 1 } else { self.most };
        let room = most.saturating_sub(out);
        let Some(rate) = self.rate else { return Permit::Go(room) };
        self.fill(now, rate);
        match self.tokens {
            tokens if tokens >= 1.0 => Permit::Go(room.min(tokens as usize)),
            tokens => Permit::Wait(Duration::from_secs_f64((1.0 - tokens) / rate)),
        }
    }

    /// What is left of the pause. A clock that jumped back begins it anew, and never makes it longer.
    fn paused(&mut self, now: Timestamp) -> Option<Duration> {
        let (since, span) = self.pause?;
        if now < since {
            self.pause = Some((now, span));
            return Some(span);
        }
        let left = span.saturating_sub(now.since(since));
        if left.is_zero() {
            self.pause = None;
        }
        self.pause.map(|_| left)
    }

    fn rests(&mut self, now: Timestamp, span: Duration) {
        let left = self.paused(now).unwrap_or_default();
        self.pause = Some((now, span.max(left)));
    }

    fn fill(&mut self, now: Timestamp, rate: f64) {
        let burst = (rate * SPAN.as_secs_f64()).max(1.0);
        self.tokens = (self.tokens + rate * now.since(self.filled).as_secs_f64()).min(burst);
        self.filled = now;
        if now.since(self.raised) >= Duration::from_secs(60) {
            self.raised = now;
            let raised = rate * RAISE;
            self.rate = match self.allowed {
                Some(allowed) => Some(raised.min(allowed)),
                None => Some(raised).filter(|rate| *rate < FORGOTTEN),
            };
        }
    }

    /// One goes.
    pub(super) fn goes(&mut self, now: Timestamp) {
        self.tokens -= 1.0;
        if now.since(self.counted) > SPAN {
            (self.counted, self.sent) = (now, 0);
        }
        self.sent += 1;
    }

    /// One was taken. Whether that ends a row of failures.
    pub(super) fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.in_a_row = 0;
        self.resting = false;
        self.rest = FIRST_REST;
        self.last_error = None;
        self.failing_since.take().is_some()
    }

    /// One was not taken; `jitter` shortens a rest.
    pub(super) fn failed(
        &mut self,
        error: &SendError,
        now: Timestamp,
        jitter: impl Fn(Duration) -> Duration,
    ) {
        self.last_error = Some(error.to_string());
        self.failing_since.get_or_insert(now);
        self.in_a_row += 1;
        let SendError::Retry { after, .. } = error else { return };
        if let Some(after) = after {
            self.slow_down(now);
            self.rests(now, (*after).min(LONGEST_ASKED));
            return;
        }
        self.failures += 1;
        if self.failures >= FAILURES {
            self.resting = true;
            let half = self.rest / 2;
            self.rests(now, half + jitter(half));
            self.rest = (self.rest * 2).min(LONGEST_REST);
        }
    }

    /// The other side said that it is too much: from now on less than it was.
    fn slow_down(&mut self, now: Timestamp) {
        let seen = self.sent as f64 / now.since(self.counted).as_secs_f64().max(1.0);
        let before = self.rate.unwrap_or(FORGOTTEN).min(seen.max(SLOWEST));
        self.rate = Some((before * 0.7).max(SLOWEST));
        (self.tokens, self.filled, self.raised) = (1.0, now, now);
    }

    pub(super) fn state(&self) -> State {
        match (self.resting, self.failing_since) {
            (true, _) => State::Resting,
            (false, Some(_)) => State::Failing,
            (false, None) => State::Up,
        }
    }

    pub(super) fn failing_since(&self) -> Option<Timestamp> {
        self.failing_since
    }

    pub(super) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// How many failures there were in a row, of any kind.
    pub(super) fn in_a_row(&self) -> u32 {
        self.in_a_row
    }
}

/// The time before try number `tries + 1`: full jitter under a second that doubles up to five minutes in the first
/// hour, then between a quarter and a whole hour; what the other side asks for is kept in full, up to an hour.
pub(super) fn wait(
    tries: u32,
    age: Duration,
    asked: Option<Duration>,
    jitter: impl Fn(Duration) -> Duration,
) -> Duration {
    if let Some(asked) = asked {
        return asked.min(LONGEST_ASKED) + jitter(Duration::from_millis(200));
    }
    if age > Duration::from_secs(3600) {
        return Duration::from_secs(900) + jitter(Duration::from_secs(2700));
    }
    let most = Duration::from_secs(1).saturating_mul(1 << tries.min(9)).min(LONGEST_REST);
    // Never quite at once: a service that refuses in no time must not be asked in no time.
    Duration::from_millis(50) + jitter(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn trouble(after: Option<u64>) -> SendError {
        SendError::Retry { why: "503".to_owned(), after: after.map(Duration::from_secs) }
    }

    fn whole(most: Duration) -> Duration {
        most
    }

    #[test]
    fn five_failures_in_a_row_bring_a_rest_and_then_one_probe_at_a_time() {
        let mut pace = Pace::new(8, at(0));
        for _ in 0..4 {
            pace.failed(&trouble(None), at(0), whole);
        }
        assert_eq!((pace.permit(at(0), 0), pace.state()), (Permit::Go(8), State::Failing));
        pace.failed(&trouble(None), at(0), whole);
        assert_eq!((pace.permit(at(0), 0), pace.state()), (Permit::Wait(FIRST_REST), State::Resting));
        assert_eq!(pace.permit(at(2), 0), Permit::Go(1));
        assert_eq!(pace.permit(at(2), 1), Permit::Go(0));
        pace.failed(&trouble(None), at(2), whole);
        assert_eq!(pace.permit(at(2), 0), Permit::Wait(FIRST_REST * 2));
        assert!(pace.succeeded());
        assert_eq!((pace.permit(at(10), 0), pace.state()), (Permit::Go(8), State::Up));
        assert!(!pace.succeeded());
    }

    #[test]
    fn what_is_asked_for_is_waited_for_and_slows_all_down() {
        let mut pace = Pace::new(8, at(0));
        (0..100).for_each(|_| pace.goes(at(10)));
        pace.failed(&trouble(Some(30)), at(10), whole);
        assert_eq!(pace.permit(at(10), 0), Permit::Wait(Duration::from_secs(30)));
        let rate = pace.rate.unwrap();
        assert!((6.9..7.1).contains(&rate), "{rate}");
        pace.failed(&trouble(Some(0)), at(45), whole);
        assert!(pace.rate.unwrap() < 7.0);
    }

    #[test]
    fn a_lowered_rate_rises_again_and_is_forgotten() {
        let mut pace = Pace::new(8, at(0));
        pace.failed(&trouble(Some(0)), at(0), whole);
        let low = pace.rate.unwrap();
        for minute in 1..60 {
            pace.permit(at(minute * 61), 0);
        }
        assert!(pace.rate.is_none(), "from {low} to {:?}", pace.rate);
    }

    #[test]
    fn what_an_admin_allows_is_kept_to() {
        let mut pace = Pace::new(8, at(0));
        pace.allow(2, Some(1.0), at(0));
        assert_eq!(pace.permit(at(0), 0), Permit::Go(1));
        pace.goes(at(0));
        assert_eq!(pace.permit(at(0), 0), Permit::Wait(Duration::from_secs(1)));
        assert_eq!(pace.permit(at(600), 0), Permit::Go(2));
        assert_eq!(pace.rate, Some(1.0));
    }

    #[test]
    fn a_refusal_of_one_message_does_not_stop_the_others() {
        let mut pace = Pace::new(8, at(0));
        for _ in 0..20 {
            pace.failed(&SendError::Refused { why: "404".to_owned() }, at(0), whole);
        }
        assert_eq!((pace.permit(at(0), 0), pace.state()), (Permit::Go(8), State::Failing));
    }

    #[test]
    fn waits_double_keep_what_is_asked_and_grow_long_with_age() {
        let seconds = |tries, age, asked: Option<u64>| {
            wait(tries, Duration::from_secs(age), asked.map(Duration::from_secs), whole).as_secs()
        };
        assert_eq!([0, 1, 2, 5, 20].map(|tries| seconds(tries, 0, None)), [1, 2, 4, 32, 300]);
        assert_eq!(seconds(0, 0, Some(7)), 7);
        assert_eq!(seconds(0, 0, Some(90_000)), 3600);
        assert_eq!(seconds(3, 4000, None), 3600);
        assert!(wait(9, Duration::ZERO, None, |_| Duration::ZERO) > Duration::ZERO);
    }

    #[test]
    fn a_clock_that_jumps_back_never_blocks_for_longer_than_asked() {
        let mut pace = Pace::new(8, at(1_000_000));
        assert_eq!(pace.permit(at(0), 0), Permit::Go(8));
        pace.failed(&trouble(Some(30)), at(1_000_000), whole);
        assert_eq!(pace.permit(at(0), 0), Permit::Wait(Duration::from_secs(30)));
        assert_eq!(pace.permit(at(20), 0), Permit::Wait(Duration::from_secs(10)));
        assert_eq!(pace.permit(at(31), 0), Permit::Go(1));
    }
}
