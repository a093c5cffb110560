//! The one thread that writes: all that waits goes into one commit.

use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use super::apply::Scribe;
use super::audit::Chain;
use super::bells::Bells;
use super::change::{Change, Done};
use super::ids::Ids;
use super::kv::Kv;
use super::queue::{Order, Queue, Work};
use super::{Keys, StoreError};
use crate::net::World;

/// What the thread owns.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
    pub(super) world: World,
    pub(super) chain: Chain,
    pub(super) worker: i64,
    pub(super) ids: Arc<Ids>,
    pub(super) queue: Arc<Queue>,
    pub(super) bells: Arc<Bells>,
    pub(super) kv: Arc<Kv>,
}

type Outcome = (Vec<Result<Done, StoreError>>, Vec<String>);

/// Carries out one change; the outer error fails the group, the inner one that change alone.
type Apply = fn(&mut Scribe<'_>, &Change) -> Result<Result<Done, StoreError>, StoreError>;

/// Closes the queue when the thread ends, also by a panic: nobody waits for a thread that is no more.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        while let Work::Commit(orders) = self.0.next() {
            drop(orders);
        }
    }
}

impl Writer {
    /// Works until the queue is closed and empty, then folds the log into the file.
    pub(super) fn run(mut self) {
        let _closing = Closing(self.queue.clone());
        while let Work::Commit(orders) = self.queue.next() {
            self.commit(orders);
        }
        if let Err(error) = self.ids.give_back(&self.connection) {
            tracing::warn!(%error, "cannot give back unused ids");
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "cannot fold the write-ahead log into the database");
        }
    }

    /// One group, one commit, and then the answers.
    fn commit(&mut self, orders: Vec<Order>) {
        let outcome = self.group(&orders);
        if let Err(error) = &outcome {
            tracing::error!(%error, writes = orders.len(), "cannot commit");
        }
        let (replies, touched): (Vec<_>, _) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => (orders.iter().map(|_| Err(error.clone())).collect(), Vec::new()),
        };
        // Before the answers: whoever looks after its answer has seen what rang.
        for notifier in touched {
            self.bells.ring(&notifier);
        }
        for (order, reply) in orders.into_iter().zip(replies) {
            order.answer(reply);
        }
    }

    /// What came of each, and the notifiers for which something may be due now. First without savepoints, which cost a
    /// copy of each page that a change touches; only when a change turns out to be at fault is the group done again with them.
    fn group(&mut self, orders: &[Order]) -> Result<Outcome, StoreError> {
        match self.attempt(orders, |scribe, change| scribe.apply(change).map(Ok)) {
            Err(error) if error.is_of_one_change() => self.attempt(orders, alone),
            outcome => outcome,
        }
    }

    /// One transaction; nothing of it is kept on an error.
    fn attempt(&mut self, orders: &[Order], apply: Apply) -> Result<Outcome, StoreError> {
        let mut chain = self.chain;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut scribe = Scribe {
            connection: &transaction,
            keys: &self.keys,
            chain: &mut chain,
            worker: self.worker,
            now: self.world.now(),
            ids: &self.ids,
            touched: Vec::new(),
            kv: &self.kv,
            kept: Vec::new(),
        };
        let results =
            orders.iter().map(|order| apply(&mut scribe, &order.change)).collect::<Result<_, _>>()?;
        let Scribe { touched, kept, .. } = scribe;
        if chain != self.chain {
            chain.save(&transaction)?;
        }
        // Last, since changes take ids too: what this commit writes is reserved by it at the latest.
        let reserved = self.ids.reserve(&transaction)?;
        transaction.commit()?;
        self.chain = chain;
        self.ids.committed(&reserved);
        // Before the answers: whoever reads after its answer sees what it wrote.
        self.kv.committed(kept);
        Ok((results, touched))
    }
}

/// One change under a savepoint. If the change is at fault, it alone is undone and its error is the inner
/// result; if the database is, the whole group fails.
fn alone(scribe: &mut Scribe<'_>, change: &Change) -> Result<Result<Done, StoreError>, StoreError> {
    let (before, kept) = (*scribe.chain, scribe.kept.len());
    scribe.run("SAVEPOINT one", [])?;
    let result = scribe.apply(change);
    if let Err(error) = &result {
        if !error.is_of_one_change() || scribe.connection.is_autocommit() {
            return Err(error.clone());
        }
        scribe.run("ROLLBACK TO one", [])?;
        *scribe.chain = before;
        scribe.kept.truncate(kept);
    }
    scribe.run("RELEASE one", [])?;
    Ok(result)
}
