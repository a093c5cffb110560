//! Claims of the one process that owns a SQLite file: what is out is known in memory, what is due in the table.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{Claimed, Claims, Stored};
use crate::model::{Slot, Timestamp};
use crate::net::World;
use crate::store::change::{Change, Done, NewDelivery, Settled};
use crate::store::{Store, StoreError};

/// Claims over a [`Store`]. Clones share what is out; make one `new` for each store.
#[derive(Debug)]
pub struct MemoryClaims {
    store: Store,
    world: World,
    table: Arc<Mutex<Table>>,
    /// Counts releases, which no commit tells of.
    released: watch::Sender<u64>,
    /// The commits that `take` has seen, and the releases.
    seen: (AtomicU64, AtomicU64),
}

/// What is out.
#[derive(Debug, Default)]
struct Table {
    out: HashMap<i64, Slot>,
    /// How many `take`s are between reading and choosing.
    takers: usize,
    /// What stopped being out meanwhile: they may have read it as due, before it was settled.
    gone: HashSet<i64>,
}

impl Table {
    fn remove(&mut self, id: i64) {
        self.out.remove(&id);
        if self.takers > 0 {
            self.gone.insert(id);
        }
    }
}

/// A `take` at work, also one whose future is dropped.
struct Taking<'a>(&'a MemoryClaims);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let mut table = self.0.table();
        table.takers -= 1;
        if table.takers == 0 {
            table.gone.clear();
        }
    }
}

impl Clone for MemoryClaims {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            world: self.world.clone(),
            table: self.table.clone(),
            released: self.released.clone(),
            seen: (AtomicU64::new(0), AtomicU64::new(0)),
        }
    }
}

impl MemoryClaims {
    /// Nothing is out yet.
    pub fn new(store: Store, world: World) -> Self {
        let table = Arc::default();
        Self { store, world, table, released: watch::Sender::new(0), seen: Default::default() }
    }

    /// No code under this lock can panic half-way, so a poisoned one is as good.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(&self, delivery: Stored) -> Claimed {
        self.table().out.insert(delivery.id, delivery.slot.clone());
        Claimed { delivery, epoch: self.store.worker() }
    }

    fn taking(&self) -> Taking<'_> {
        self.table().takers += 1;
        Taking(self)
    }

    /// Keeps of the due heads those whose lane has none out, and claims them at once.
    fn choose(&self, heads: Vec<Stored>, room: usize) -> Vec<Claimed> {
        let mut table = self.table();
        let mut busy: HashSet<Slot> = table.out.values().cloned().collect();
        let epoch = self.store.worker();
        let free = heads
            .into_iter()
            .filter(|head| !table.gone.contains(&head.id) && busy.insert(head.slot.clone()))
            .take(room);
        let chosen: Vec<_> = free.map(|delivery| Claimed { delivery, epoch }).collect();
        table.out.extend(chosen.iter().map(|claimed| (claimed.delivery.id, claimed.delivery.slot.clone())));
        chosen
    }
}

impl Claims for MemoryClaims {
    /// One process owns the file, so it holds every name.
    async fn hold(&self, _name: &str) -> Result<Option<i64>, StoreError> {
        Ok(Some(self.store.worker()))
    }

    async fn take(&self, notifier: &str, now: Timestamp, room: usize) -> Result<Vec<Claimed>, StoreError> {
        self.seen.0.store(*self.store.delivered().borrow(), Ordering::Relaxed);
        self.seen.1.store(*self.released.borrow(), Ordering::Relaxed);
        let _taking = self.taking();
        // Heads that are out are read too, and must not crowd out the others.
        let limit = room.saturating_add(self.table().out.len());
        let notifier = notifier.to_owned();
        let heads = self.store.read(move |reader| reader.due(&notifier, now, limit)).await?;
        Ok(self.choose(heads, room))
    }

    fn adopt(&self, delivery: &NewDelivery) -> Claimed {
        self.claim(Stored::fresh(delivery))
    }

    async fn settle(&self, done: Vec<(Claimed, Settled)>) -> Result<(), StoreError> {
        // All are queued before the first is awaited: one commit.
        let writes: Vec<_> = done
            .into_iter()
            .map(|(claimed, settled)| (claimed, self.store.write(Change::Settle(Box::new(settled)))))
            .collect();
        let mut outcome = Ok(());
        for (claimed, write) in writes {
            match write.await {
                Ok(Done::Written | Done::Stale) => {
                    self.table().remove(claimed.delivery.id);
                }
                Ok(other) => tracing::error!(?other, "a settled delivery was answered with something else"),
                Err(error) => outcome = Err(error),
            }
        }
        self.released.send_modify(|count| *count += 1);
        outcome
    }

    async fn release(&self, claimed: &Claimed) -> Result<(), StoreError> {
        self.table().remove(claimed.delivery.id);
        self.released.send_modify(|count| *count += 1);
        Ok(())
    }

    async fn wake(&self, longest: Duration) {
        let seen = (self.seen.0.load(Ordering::Relaxed), self.seen.1.load(Ordering::Relaxed));
        let (mut commits, mut releases) = (self.store.delivered(), self.released.subscribe());
        tokio::select! {
            _ = commits.wait_for(|count| *count > seen.0) => {}
            _ = releases.wait_for(|count| *count > seen.1) => {}
            () = self.world.sleep(longest) => {}
        }
    }
}
