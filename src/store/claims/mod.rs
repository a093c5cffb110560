//! Who sends which delivery: the one small door through which several processes may share the work later.

mod memory;
#[cfg(test)]
mod suite;
mod table;

use std::future::Future;
use std::time::Duration;

use rusqlite::Row;
use serde_json::Value;

pub use memory::MemoryClaims;

use super::change::{NewDelivery, Settled};
use super::{StoreError, rows};
use crate::model::{Slot, Timestamp};

/// A delivery as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its id.
    pub id: i64,
    /// Where it goes and what it shows.
    pub slot: Slot,
    /// The event that it tells of, the first one where it gathers several.
    pub event: Option<i64>,
    /// The execution whose answer it is.
    pub execution: Option<i64>,
    /// What it is for, one word.
    pub purpose: String,
    /// The message, opaque to the store.
    pub body: Value,
    /// `held`, `due`, `sent`, `dead` or `dropped`.
    pub state: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it may be sent.
    pub due: Timestamp,
    /// When sending it is given up. Nothing is dropped by itself: whoever sends decides.
    pub expires: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// What the other side said last, or why it was dropped.
    pub answer: Option<String>,
    /// When it was sent, given up or dropped.
    pub done: Option<Timestamp>,
}

impl Stored {
    pub(super) const COLUMNS: &'static str = "id, notifier, target, lane, execution, purpose, body, state, due, expires, tries, answer, \
         event, made, done";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            slot: Slot { notifier: row.get(1)?, target: row.get(2)?, lane: row.get(3)? },
            execution: row.get(4)?,
            purpose: row.get(5)?,
            body: rows::parsed(row, 6)?,
            state: row.get(7)?,
            due: Timestamp::from_micros(row.get(8)?),
            expires: Timestamp::from_micros(row.get(9)?),
            tries: row.get(10)?,
            answer: row.get(11)?,
            event: row.get(12)?,
            made: Timestamp::from_micros(row.get(13)?),
            done: row.get::<_, Option<i64>>(14)?.map(Timestamp::from_micros),
        })
    }

    pub(crate) fn fresh(delivery: &NewDelivery) -> Self {
        Self {
            id: delivery.id,
            slot: delivery.slot.clone(),
            event: None,
            execution: delivery.execution,
            purpose: delivery.purpose.clone(),
            body: delivery.body.clone(),
            state: "due".to_owned(),
            made: delivery.due,
            due: delivery.due,
            expires: delivery.expires,
            tries: 0,
            answer: None,
            done: None,
        }
    }
}

/// A delivery that this process is sending: nobody else does until it is settled or released.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The delivery.
    pub delivery: Stored,
    /// The life that claimed it. A later life's epoch is larger, and what an earlier one says is void.
    pub epoch: i64,
}

/// Work that is shared. Two rules hold for every implementation, and `suite` proves them: a lane never has two
/// deliveries out, and a head that waits for its next try is never overtaken.
pub trait Claims: Send + Sync {
    /// Our fencing epoch if we hold `name` (`adapter/irc`, `notifier/ops`); `None` if another process does.
    fn hold(&self, name: &str) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;

    /// Due heads of lanes of `notifier`, at most `room`, nothing from a lane that has one out.
    fn take(
        &self,
        notifier: &str,
        now: Timestamp,
        room: usize,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Claims a fresh delivery that this process sends from memory, before its write is queued: `take` never
    /// hands it out. Several of one lane may be adopted; their order is then the caller's.
    fn adopt(&self, delivery: &NewDelivery) -> Claimed;

    /// What became of claimed deliveries. On an error they stay claimed; settle them again.
    fn settle(&self, done: Vec<(Claimed, Settled)>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives a delivery back untried: it is due as before.
    fn release(&self, claimed: &Claimed) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Waits until `take` may find something that it did not find the last time through this handle, for any of the
    /// notifiers that were asked for through it, at most `longest`. Without a `take` before it does not wait. Clone
    /// a handle for each task that waits.
    fn wake(&self, longest: Duration) -> impl Future<Output = ()> + Send;
}
