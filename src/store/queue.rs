//! The queues before the writer's thread, people's changes before events: bounded, in order, filled without waiting.

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

/// Events that may wait; more are refused with [`StoreError::Full`], and their senders come again.
const MOST_EVENTS: usize = 8_192;

/// Bytes that the waiting events may have had as they were sent.
const MOST_BYTES: u64 = 64 << 20;

/// Events that are in each commit however many changes of people wait: neither starves the other.
const EVENTS_LEAST: usize = 64;

/// How long writes that nobody waits for lie before they are committed without company: each commit costs a wait for
/// the disk and the pages of all indexes, so a burst of answers shares a few.
const COMPANY: Duration = Duration::from_millis(10);

/// How long what became of a delivery lies for company. Lost by a crash it is sent twice, under the same id; the next
/// of its lane waits for it.
const SETTLING: Duration = Duration::from_millis(3);

/// How long an event lies for the others that came with the last one: those who were answered together come again
/// together, a moment after each other. Only where that were at least [`CROWD`], and never before people's changes.
const TOGETHER: Duration = Duration::from_micros(300);

/// So many events of one commit are a crowd.
const CROWD: usize = 4;

/// So many events of one commit, and others right behind them, are a storm.
const STORM: usize = 8;

/// A storm is over when so long no such commit began.
const CALM: Duration = Duration::from_millis(20);

/// A write and whoever waits for it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) change: Change,
    /// `None` where nobody does.
    pub(super) reply: Option<oneshot::Sender<Result<Done, StoreError>>>,
}

impl Order {
    /// How long it may lie; `None` for what is committed at once.
    fn patience(&self) -> Option<Duration> {
        match (&self.change, &self.reply) {
            (Change::Settle(_), _) => Some(SETTLING),
            (_, Some(_)) => None,
            (_, None) => Some(COMPANY),
        }
    }

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

/// The two queues.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    people: VecDeque<Order>,
    events: VecDeque<Order>,
    /// The size of `events`, as they were sent.
    bytes: u64,
    /// How many of all are to be committed at once.
    urgent: usize,
    /// How many events the last commit had.
    crowd: usize,
    /// When the last commit with a storm's share of events began.
    storm: Option<Instant>,
    /// When the first of the events came that wait.
    first_event: Option<Instant>,
    /// Until when the others may lie.
    until: Option<Instant>,
    reserve: bool,
    closed: bool,
}

impl State {
    /// How long the writer has nothing to do; `None` without an end.
    fn idle(&self, now: Instant) -> Option<Duration> {
        let due = self.urgent > 0 || self.waiting() >= GROUP || self.reserve || self.closed;
        if due {
            return Some(self.company(now).unwrap_or(Duration::ZERO));
        }
        self.until.map(|until| until.saturating_duration_since(now))
    }

    /// How long to wait for the rest of a crowd of events, if nothing else is to be done.
    fn company(&self, now: Instant) -> Option<Duration> {
        let alone = self.urgent == self.events.len() && !self.reserve && !self.closed;
        let some = self.crowd >= CROWD && self.events.len() < self.crowd;
        let first = self.first_event.filter(|_| alone && some)?;
        Some((first + TOGETHER).saturating_duration_since(now))
    }

    fn waiting(&self) -> usize {
        self.people.len() + self.events.len()
    }

    /// Why a write cannot be taken.
    fn refusal(&self, change: &Change) -> Option<StoreError> {
        let full = match size(change) {
            Some(bytes) => self.events.len() >= MOST_EVENTS || self.bytes.saturating_add(bytes) > MOST_BYTES,
            None => self.people.len() >= MOST,
        };
        match self.closed {
            true => Some(StoreError::Closed),
            false => full.then_some(StoreError::Full),
        }
    }

    /// Appends a write; tells whether the writer must know, which otherwise wakes by itself in time.
    fn add(&mut self, order: Order) -> bool {
        let sooner = match order.patience() {
            None => {
                self.urgent += 1;
                true
            }
            Some(patience) => {
                let until = Instant::now() + patience;
                let sooner = self.until.is_none_or(|earlier| until < earlier);
                if sooner {
                    self.until = Some(until);
                }
                sooner
            }
        };
        match size(&order.change) {
            Some(bytes) => {
                self.bytes += bytes;
                if self.events.is_empty() {
                    self.first_event = Some(Instant::now());
                }
                self.events.push_back(order);
            }
            None => self.people.push_back(order),
        }
        sooner || self.waiting() == GROUP || self.events.len() == self.crowd
    }

    /// What goes into the next commit: people's changes, then events.
    fn group(&mut self) -> Vec<Order> {
        let people = self.people.len().min(GROUP - EVENTS_LEAST.min(self.events.len()));
        let events = self.events.len().min(GROUP - people);
        let mut group: Vec<_> = self.people.drain(..people).collect();
        group.extend(self.events.drain(..events));
        self.crowd = events;
        if events >= STORM {
            self.storm = Some(Instant::now());
        }
        self.first_event = (!self.events.is_empty()).then(Instant::now);
        self.bytes -= group.iter().filter_map(|order| size(&order.change)).sum::<u64>();
        self.urgent -= group.iter().filter(|order| order.patience().is_none()).count();
        self.until = (self.waiting() > 0).then(Instant::now);
        group
    }
}

/// How many bytes an event had; `None` for what is no event.
fn size(change: &Change) -> Option<u64> {
    match change {
        Change::Accept(accept) => Some(accept.raw_size),
        _ => None,
    }
}

impl Queue {
    /// How many wait: people's changes, events.
    pub(super) fn lengths(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.people.len(), state.events.len())
    }

    /// Appends a write to its queue. One that cannot be taken is answered with the reason.
    pub(super) fn push(&self, order: Order) {
        let mut state = self.state();
        if let Some(refusal) = state.refusal(&order.change) {
            drop(state);
            order.answer(Err(refusal));
            return;
        }
        if state.add(order) {
            self.bell.notify_one();
        }
    }

    /// Asks for more ids.
    pub(super) fn reserve(&self) {
        let mut state = self.state();
        if !state.reserve {
            state.reserve = true;
            self.bell.notify_one();
        }
    }

    /// Whether events come as fast as they can be written.
    pub(super) fn is_stormy(&self) -> bool {
        self.state().storm.is_some_and(|last| last.elapsed() < CALM)
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
        if state.closed && state.waiting() == 0 {
            return Work::End;
        }
        state.reserve = false;
        Work::Commit(state.group())
    }

    /// No code under this lock can panic half-way, so a poisoned one is as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
