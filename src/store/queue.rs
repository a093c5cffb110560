//! The queue before the writer's thread: bounded, in order, filled without waiting.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::StoreError;
use super::change::{Change, Done};

/// Writes that may wait; more are refused with [`StoreError::Full`]. At a few kilobytes each this is
/// some megabytes, and several seconds of a slow disk.
const MOST: usize = 16_384;

/// Writes that share one commit at most: so that the first of a flood does not wait for the last.
const GROUP: usize = 512;

/// How long writes that nobody waits for lie before they are committed without company: each commit costs a wait for
/// the disk and the pages of all indexes, so a burst of answers shares a few.
const COMPANY: Duration = Duration::from_millis(10);

/// A write and whoever waits for it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) change: Change,
    /// `None` where nobody does.
    pub(super) reply: Option<oneshot::Sender<Result<Done, StoreError>>>,
}

impl Order {
    /// Tells whoever waits what came of it. With nobody there, a failure goes to the log.
    pub(super) fn answer(self, outcome: Result<Done, StoreError>) {
        match (self.reply, outcome) {
            // Whoever dropped the future does not want to know.
            (Some(reply), outcome) => drop(reply.send(outcome)),
            (None, Err(error)) => tracing::warn!(%error, "a record was not written"),
            (None, Ok(_)) => {}
        }
    }
}

/// What the writer does next.
#[derive(Debug)]
pub(super) enum Work {
    /// Commit these, none at all if only ids are to be reserved.
    Commit(Vec<Order>),
    /// The queue is closed and empty.
    End,
}

/// The queue of people's changes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Order>,
    /// How many of `waiting` somebody waits for.
    awaited: usize,
    /// When the first of the others came.
    since: Option<Instant>,
    reserve: bool,
    closed: bool,
}

impl State {
    /// How long the writer has nothing to do; `None` without an end.
    fn idle(&self, now: Instant) -> Option<Duration> {
        let due = self.awaited > 0 || self.waiting.len() >= GROUP || self.reserve || self.closed;
        if due {
            return Some(Duration::ZERO);
        }
        self.since.map(|since| COMPANY.saturating_sub(now.saturating_duration_since(since)))
    }
}

impl Queue {
    /// Appends a write. One that cannot be taken is answered with the reason.
    pub(super) fn push(&self, order: Order) {
        let mut state = self.state();
        let refusal = match state.closed {
            true => StoreError::Closed,
            false if state.waiting.len() >= MOST => StoreError::Full,
            false => {
                let (awaited, first) = (order.reply.is_some(), state.since.is_none());
                state.waiting.push_back(order);
                state.awaited += usize::from(awaited);
                if first {
                    state.since = Some(Instant::now());
                }
                // The writer sleeps until the others are due by itself.
                if awaited || first || state.waiting.len() == GROUP {
                    self.bell.notify_one();
                }
                return;
            }
        };
        drop(state);
        order.answer(Err(refusal));
    }

    /// Asks for more ids.
    pub(super) fn reserve(&self) {
        let mut state = self.state();
        if !state.reserve {
            state.reserve = true;
            self.bell.notify_one();
        }
    }

    /// Takes no more; what waits is still done.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.bell.notify_one();
    }

    /// Waits for work.
    pub(super) fn next(&self) -> Work {
        let mut state = self.state();
        loop {
            state = match state.idle(Instant::now()) {
                Some(Duration::ZERO) => break,
                Some(idle) => self.bell.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner).0,
                None => self.bell.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        if state.closed && state.waiting.is_empty() {
            return Work::End;
        }
        state.reserve = false;
        let count = state.waiting.len().min(GROUP);
        let group: Vec<_> = state.waiting.drain(..count).collect();
        state.awaited -= group.iter().filter(|order| order.reply.is_some()).count();
        state.since = (!state.waiting.is_empty()).then(Instant::now);
        Work::Commit(group)
    }

    /// No code under this lock can panic half-way, so a poisoned one is as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::begin;

    #[tokio::test]
    async fn what_is_too_much_is_refused_at_once_and_groups_are_bounded() {
        let queue = Queue::default();
        let push = |id| {
            let (reply, answer) = oneshot::channel();
            queue.push(Order { change: begin(id), reply: Some(reply) });
            answer
        };
        let waiting: Vec<_> = (0..MOST as i64).map(push).collect();
        assert_eq!(push(0).await, Ok(Err(StoreError::Full)));
        let Work::Commit(group) = queue.next() else { panic!() };
        assert_eq!(group.len(), GROUP);
        let taken = push(0);
        queue.close();
        assert_eq!(push(0).await, Ok(Err(StoreError::Closed)));
        drop((waiting, taken));
        let groups =
            std::iter::repeat_with(|| queue.next()).take_while(|work| matches!(work, Work::Commit(_)));
        assert_eq!(groups.count(), MOST / GROUP - 1 + 1);
    }

    #[test]
    fn what_nobody_waits_for_waits_for_company_and_then_goes_in_its_order() {
        let queue = Queue::default();
        let record = |id| queue.push(Order { change: begin(id), reply: None });
        record(1);
        record(2);
        assert!(queue.state().idle(Instant::now()).is_some_and(|idle| !idle.is_zero()));
        let Work::Commit(group) = queue.next() else { panic!() };
        assert_eq!(group.len(), 2);
        record(3);
        let (reply, _answer) = oneshot::channel();
        queue.push(Order { change: begin(4), reply: Some(reply) });
        assert_eq!(queue.state().idle(Instant::now()), Some(Duration::ZERO));
        let Work::Commit(group) = queue.next() else { panic!() };
        assert!(group[0].reply.is_none() && group[1].reply.is_some());
        assert_eq!(queue.state().idle(Instant::now()), None);
    }
}
