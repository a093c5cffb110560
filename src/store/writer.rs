//! The one thread that writes: takes whatever waits, carries it out in order, commits it as one.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::apply::Context;
use super::audit::Head;
use super::ids::Ids;
use super::{Change, Done, Keys, StoreError};
use crate::net::World;

/// The most changes of one commit.
const GROUP: usize = 512;

/// What the thread is asked to do.
pub(super) enum Task {
    /// Carry out a change and tell how it went.
    Write(Change, oneshot::Sender<Result<Done, StoreError>>),
    /// Reserve the next block of ids.
    Reserve,
    /// Commit what waits, give back unused ids, and end.
    Close(oneshot::Sender<()>),
}

/// The thread's own things.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
    pub(super) world: World,
    pub(super) worker: i64,
    pub(super) head: Head,
    pub(super) ids: Arc<Ids>,
    /// Rings after each commit that may have made a delivery due.
    pub(super) bell: Arc<tokio::sync::Notify>,
}

type Waiting = (oneshot::Sender<Result<Done, StoreError>>, Result<Done, StoreError>);

impl Writer {
    /// Works until the queue is closed or told to.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Task>) {
        let mut tasks = Vec::with_capacity(GROUP);
        while queue.blocking_recv_many(&mut tasks, GROUP) > 0 {
            let mut closing = None;
            let mut changes = Vec::with_capacity(tasks.len());
            for task in tasks.drain(..) {
                match task {
                    Task::Write(change, answer) => changes.push((change, answer)),
                    Task::Reserve => self.reserve(),
                    Task::Close(answer) => closing = Some(answer),
                }
            }
            self.group(changes);
            if let Some(answer) = closing {
                self.close();
                // Whoever asked may have stopped waiting.
                let _ = answer.send(());
                return;
            }
        }
        self.close();
    }

    fn reserve(&self) {
        if let Err(error) = self.ids.reserve(&self.connection) {
            warn!(%error, "no new ids could be reserved");
        }
    }

    fn close(&self) {
        if let Err(error) = self.ids.give_back(&self.connection) {
            warn!(%error, "unused ids were not given back");
        }
        let stopped = "UPDATE worker SET stopped = ?2 WHERE id = ?1";
        if let Err(error) = self.connection.execute(stopped, (self.worker, self.world.now().as_micros())) {
            warn!(%error, "the end of this process was not recorded");
        }
        if let Err(error) = self.connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
            warn!(%error, "the write-ahead log was not folded into the database");
        }
    }

    /// One transaction for all; a change that fails by itself leaves the others in.
    fn group(&mut self, changes: Vec<(Change, oneshot::Sender<Result<Done, StoreError>>)>) {
        if changes.is_empty() {
            return;
        }
        let before = self.head.clone();
        let mut answers = Vec::with_capacity(changes.len());
        let committed = self.carry_out(changes, &mut answers);
        if let Err(error) = &committed {
            self.head = before;
            // A commit that failed may leave its transaction open; then there is nothing to lose.
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            warn!(%error, changes = answers.len(), "a commit failed");
        }
        for (answer, outcome) in answers {
            let outcome = match &committed {
                Ok(()) => outcome,
                Err(error) => Err(error.clone()),
            };
            // Nobody waits for most audit records.
            let _ = answer.send(outcome);
        }
        self.bell.notify_waiters();
    }

    fn carry_out(
        &mut self,
        changes: Vec<(Change, oneshot::Sender<Result<Done, StoreError>>)>,
        answers: &mut Vec<Waiting>,
    ) -> Result<(), StoreError> {
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
        let mut failed = begun.err().map(StoreError::from);
        for (change, answer) in changes {
            let outcome = match &failed {
                Some(error) => Err(error.clone()),
                None => self.one(&change),
            };
            if let Err(error @ (StoreError::DiskFull | StoreError::ReadOnly)) = &outcome {
                failed.get_or_insert_with(|| error.clone());
            }
            answers.push((answer, outcome));
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(self.connection.execute_batch("COMMIT")?),
        }
    }

    fn one(&mut self, change: &Change) -> Result<Done, StoreError> {
        let before = self.head.clone();
        self.connection.prepare_cached("SAVEPOINT one")?.execute([])?;
        let mut context = Context {
            connection: &self.connection,
            keys: &self.keys,
            world: &self.world,
            worker: self.worker,
            head: &mut self.head,
        };
        let outcome = context.apply(change);
        if let Err(error) = &outcome {
            warn!(%error, "a change was not written");
            self.head = before;
            self.connection.prepare_cached("ROLLBACK TO one")?.execute([])?;
        }
        self.connection.prepare_cached("RELEASE one")?.execute([])?;
        outcome
    }
}
