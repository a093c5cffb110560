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
    /// Appends a write. One that cannot be taken is answered with the reason.
    pub(super) fn push(&self, order: Order) {
        let mut state = self.state();
        let refusal = match state.closed {
            true => StoreError::Closed,
            false if state.waiting.len() >= MOST => StoreError::Full,
            false => {
                state.waiting.push_back(order);
                self.bell.notify_one();
                return;
            }
        };
        // Whoever dropped the future does not want to know.
        let _ = order.reply.send(Err(refusal));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::begin;

    #[tokio::test]
    async fn what_is_too_much_is_refused_at_once_and_groups_are_bounded() {
        let queue = Queue::default();
        let push = |id| {
            let (reply, answer) = oneshot::channel();
            queue.push(Order { change: begin(id), reply });
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
}
