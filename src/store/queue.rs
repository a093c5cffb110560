//! The queue before the writer's thread: bounded, in order, filled without waiting.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::StoreError;
use super::change::{Change, Done};

/// Writes that may wait; more are refused with [`StoreError::Full`]. At a few kilobytes each this is
/// some megabytes, and several seconds of a slow disk.
const MOST: usize = 4_096;

/// Writes that share one commit at most: so that the first of a flood does not wait for the last.
const GROUP: usize = 512;

/// A write and whoever waits for it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) change: Change,
    pub(super) reply: oneshot::Sender<Result<Done, StoreError>>,
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
    reserve: bool,
    closed: bool,
}

impl Queue {
    /// Appends a write; hands it back with the reason if it cannot be taken.
    pub(super) fn push(&self, order: Order) -> Result<(), (Order, StoreError)> {
        let mut state = self.state();
        if state.closed {
            return Err((order, StoreError::Closed));
        }
        if state.waiting.len() >= MOST {
            return Err((order, StoreError::Full));
        }
        state.waiting.push_back(order);
        self.bell.notify_one();
        Ok(())
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
        let idle = |state: &mut State| state.waiting.is_empty() && !state.reserve && !state.closed;
        let mut state = self.bell.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        if state.closed && state.waiting.is_empty() {
            return Work::End;
        }
        state.reserve = false;
        let count = state.waiting.len().min(GROUP);
        Work::Commit(state.waiting.drain(..count).collect())
    }

    /// No code under this lock can panic half-way, so a poisoned one is as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
