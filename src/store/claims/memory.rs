//! Claims of the one process that owns a SQLite file: what is out is known in memory, what is due in the table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::sync::watch;

use super::table::Table;
use super::{Claimed, Claims, Stored};
use crate::model::Timestamp;
use crate::net::World;
use crate::store::change::{Change, Done, NewDelivery, Settled};
use crate::store::{Reader, Store, StoreError};

/// The longest sleep without a look at the table: a clock that was put forward or back shows within it.
const LONGEST: Duration = Duration::from_secs(60);

/// Claims over a [`Store`]. Clones share what is out; make one `new` for each store.
#[derive(Debug)]
pub struct MemoryClaims {
    store: Store,
    world: World,
    table: Arc<Mutex<Table>>,
    /// What the last `take` through this handle saw, for each notifier.
    seen: Mutex<HashMap<String, Seen>>,
}

/// How things stood for one notifier.
#[derive(Debug, Clone)]
struct Seen {
    bell: watch::Receiver<u64>,
    count: u64,
    /// When something is due that was not.
    next: Option<Timestamp>,
}

/// A `take` at work, also one whose future is dropped.
struct Taking<'a>(&'a MemoryClaims);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.table().leave();
    }
}

impl Clone for MemoryClaims {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            world: self.world.clone(),
            table: self.table.clone(),
            seen: Mutex::default(),
        }
    }
}

/// What one look at the table found.
struct Look {
    heads: Vec<Stored>,
    next: Option<Timestamp>,
    /// Whether something is held whose time has come.
    ripe: bool,
}

impl MemoryClaims {
    /// Nothing is out yet.
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world, table: Arc::default(), seen: Mutex::default() }
    }

    /// As [`Store::is_stormy`].
    pub fn is_stormy(&self) -> bool {
        self.store.is_stormy()
    }

    /// No code under these locks can panic half-way, so a poisoned one is as good.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taking(&self) -> Taking<'_> {
        self.table().enter();
        Taking(self)
    }

    async fn look(&self, notifier: &str, now: Timestamp, room: usize) -> Result<Look, StoreError> {
        // Heads that are out are due too, and must not crowd out the others.
        let limit = room.saturating_add(self.table().count(notifier));
        let (notifier, table) = (notifier.to_owned(), self.table.clone());
        let read = move |reader: &Reader| {
            if reader.is_ripe(&notifier, now)? {
                return Ok(Look { heads: Vec::new(), next: None, ripe: true });
            }
            let mut heads = Vec::new();
            for id in reader.due_ids(&notifier, now, limit)? {
                if !table.lock().unwrap_or_else(PoisonError::into_inner).is_out(id) {
                    heads.extend(reader.delivery(id)?.filter(|head| head.state == "due"));
                }
            }
            Ok(Look { heads, next: reader.due_after(&notifier, now)?, ripe: false })
        };
        // One transaction, so that the locks of the log are taken once.
        self.store.read(move |reader| reader.at_one_moment(read)).await
    }

    /// What is due, when what was held for it has become due by a commit.
    async fn look_at_ripe(&self, notifier: &str, now: Timestamp, room: usize) -> Result<Look, StoreError> {
        let look = self.look(notifier, now, room).await?;
        if !look.ripe {
            return Ok(look);
        }
        self.store.write(Change::Ripen { notifier: notifier.to_owned(), at: now }).await?;
        self.look(notifier, now, room).await
    }

    fn give_back(&self, claimed: &Claimed) {
        self.table().remove(claimed.delivery.id);
        self.ring(claimed);
    }

    fn ring(&self, claimed: &Claimed) {
        self.store.bells().ring(&claimed.delivery.slot.notifier);
    }
}

impl Claims for MemoryClaims {
    /// One process owns the file, so it holds every name.
    async fn hold(&self, _name: &str) -> Result<Option<i64>, StoreError> {
        Ok(Some(self.store.worker()))
    }

    async fn take(&self, notifier: &str, now: Timestamp, room: usize) -> Result<Vec<Claimed>, StoreError> {
        let bell = self.store.bells().of(notifier);
        let count = *bell.borrow();
        self.seen().insert(notifier.to_owned(), Seen { bell, count, next: None });
        let put_back = self.table().put_back(now);
        if let Some(by) = put_back {
            tracing::warn!(seconds = by.as_secs(), "the clock was put back");
            self.store.write(Change::Rewind { at: now, by }).await?;
        }
        let _taking = self.taking();
        let look = self.look_at_ripe(notifier, now, room).await?;
        if let Some(seen) = self.seen().get_mut(notifier) {
            seen.next = look.next;
        }
        let epoch = self.store.worker();
        let chosen = self.table().choose(look.heads, room);
        Ok(chosen.into_iter().map(|delivery| Claimed { delivery, epoch }).collect())
    }

    fn adopt(&self, delivery: &NewDelivery) -> Claimed {
        self.table().add(delivery.id, &delivery.slot);
        Claimed { delivery: Stored::fresh(delivery), epoch: self.store.worker() }
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
                // With nothing left in the lane there is nothing new, unless it came since and was passed over.
                Ok(Done::Emptied) => {
                    let wanted = self.table().remove(claimed.delivery.id);
                    if wanted {
                        self.ring(&claimed);
                    }
                }
                Ok(Done::Written | Done::Stale) => self.give_back(&claimed),
                Ok(other) => tracing::error!(?other, "a settled delivery was answered with something else"),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    async fn release(&self, claimed: &Claimed) -> Result<(), StoreError> {
        self.give_back(claimed);
        Ok(())
    }

    async fn wake(&self, longest: Duration) {
        let seen: Vec<_> = self.seen().values().cloned().collect();
        if seen.is_empty() {
            return;
        }
        let now = self.world.now();
        let next = seen.iter().filter_map(|seen| seen.next).min().map(|next| next.since(now));
        let span = longest.min(LONGEST).min(next.unwrap_or(LONGEST));
        let bells = seen.into_iter().map(|mut seen| {
            Box::pin(async move { seen.bell.wait_for(|count| *count > seen.count).await.map(|_| ()) })
        });
        tokio::select! {
            _ = select_all(bells) => {}
            () = self.world.sleep(span) => {}
        }
    }
}
