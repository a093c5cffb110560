//! Who sends what is due: one small trait, so that several machines can share the work later without
//! another change.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Row;
use serde_json::Value;
use tokio::sync::Notify;

use super::{Change, Reader, Settled, Store, StoreError};
use crate::model::{Slot, Timestamp};

/// A delivery in our hands.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The delivery.
    pub delivery: i64,
    /// Where it goes and what it shows.
    pub slot: Slot,
    /// The execution whose answer it is.
    pub execution: Option<i64>,
    /// The message, as it was put in.
    pub body: Value,
    /// How often it was tried.
    pub tries: i64,
    /// When sending it is given up.
    pub expires: Timestamp,
    /// The fencing epoch under which it was claimed.
    pub epoch: i64,
}

/// Who sends what is due.
pub trait Claims: Send + Sync {
    /// The fencing epoch if we hold `adapter/irc`, `notifier/ops`...; the owner is one life of one process.
    fn hold(&self, name: &str) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;

    /// Due heads of lanes of one door, at most `room`; nothing from a lane that has one out.
    fn take(
        &self,
        notifier: &str,
        now: Timestamp,
        room: usize,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// This process is sending the delivery already: it is not handed out.
    fn adopt(&self, delivery: i64);

    /// What became of deliveries; queued when called.
    fn settle(&self, settled: Settled) -> impl Future<Output = Result<(), StoreError>> + Send + 'static;

    /// Returns when something may be due, or after `longest`.
    fn wake(&self, longest: Duration) -> impl Future<Output = ()> + Send;
}

/// One process has everything: who is out is known in memory.
#[derive(Clone)]
pub struct MemoryClaims {
    store: Store,
    out: Arc<Mutex<HashSet<i64>>>,
    bell: Arc<Notify>,
}

impl MemoryClaims {
    /// Claims over a store of which this is the only process.
    pub fn new(store: Store) -> Self {
        let bell = store.bell();
        Self { store, out: Arc::default(), bell }
    }

    fn out(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claims for MemoryClaims {
    async fn hold(&self, _name: &str) -> Result<Option<i64>, StoreError> {
        Ok(Some(self.store.worker()))
    }

    async fn take(&self, notifier: &str, now: Timestamp, room: usize) -> Result<Vec<Claimed>, StoreError> {
        let (notifier, epoch, before) = (notifier.to_owned(), self.store.worker(), self.out().len());
        let most = room + before;
        let heads = self.store.read(move |reader| heads(reader, &notifier, now, most, epoch)).await?;
        let mut out = self.out();
        let free = heads.into_iter().filter(|claimed| !out.contains(&claimed.delivery)).take(room);
        let taken: Vec<_> = free.collect();
        out.extend(taken.iter().map(|claimed| claimed.delivery));
        Ok(taken)
    }

    fn adopt(&self, delivery: i64) {
        self.out().insert(delivery);
    }

    fn settle(&self, settled: Settled) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let (delivery, done) = (settled.delivery, settled.again.is_none());
        let commit = self.store.write(Change::Settle(Box::new(settled)));
        let claims = self.clone();
        async move {
            commit.await?;
            if done {
                claims.out().remove(&delivery);
            }
            Ok(())
        }
    }

    async fn wake(&self, longest: Duration) {
        let world = self.store.world().clone();
        // A wait that runs out is as good as a bell.
        let _ = world.timeout(longest, self.bell.notified()).await;
    }
}

fn heads(reader: &Reader, notifier: &str, now: Timestamp, most: usize, epoch: i64) -> Result<Vec<Claimed>, StoreError> {
    let sql = "SELECT id, notifier, target, lane, execution, body, tries, expires FROM delivery AS d \
               WHERE notifier = ?1 AND done IS NULL AND due <= ?2 AND NOT EXISTS ( \
                 SELECT 1 FROM delivery AS e WHERE e.notifier = d.notifier AND e.target = d.target \
                 AND e.lane = d.lane AND e.done IS NULL AND e.id < d.id) \
               ORDER BY id LIMIT ?3";
    let mut select = reader.connection().prepare_cached(sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = select.query_map((notifier, now.as_micros(), most), |row| Ok(claimed(row, epoch)))?;
    rows.map(|row| row?).collect()
}

fn claimed(row: &Row<'_>, epoch: i64) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        delivery: row.get(0)?,
        slot: Slot { notifier: row.get(1)?, target: row.get(2)?, lane: row.get(3)? },
        execution: row.get(4)?,
        body: serde_json::from_str(&row.get::<_, String>(5)?)?,
        tries: row.get(6)?,
        expires: Timestamp::from_micros(row.get(7)?),
        epoch,
    })
}
