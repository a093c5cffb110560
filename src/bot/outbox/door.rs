//! The outgoing queue of one adapter: order kept in each place, the latest letter of a slot wins,
//! a letter that failed waits at the head of its place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::queue::{Queue, Waiting};
use super::{Keep, Letter, REPLY_EXPIRES};
use crate::adapter::{Abilities, Boxed, Outlet, Parcel};
use crate::model::{Handle, MessageKey, Place, Receipt, SendError, Slot};
use crate::net::World;
use crate::store::{Claimed, Settled};

/// The longest wait between two tries of one letter.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// The shortest one, whatever the service says: nothing is tried in a tight loop.
const SHORTEST_RETRY: Duration = Duration::from_millis(50);

/// Where a door writes what became of a letter.
pub trait Ledger: Send + Sync {
    /// A stored delivery was tried.
    fn settled(&self, claimed: &Claimed, settled: Settled);
    /// A slot has a message on the service now.
    fn posted(&self, slot: &Slot, handle: &Handle);
}

/// The outgoing queue of one adapter.
pub struct Door {
    state: Mutex<Queue>,
    bell: Notify,
    world: World,
    ledger: Box<dyn Ledger>,
}

/// What follows a try.
enum Next {
    /// Nothing: it is done, or given up.
    Over,
    /// The letter, or what became of it, waits again.
    Waits,
}

impl Door {
    /// An empty queue for a service with `abilities`.
    pub fn new(abilities: Abilities, world: World, ledger: Box<dyn Ledger>) -> Self {
        Self { state: Mutex::new(Queue::new(abilities)), bell: Notify::new(), world, ledger }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the service can do, as known once connected.
    pub fn set_abilities(&self, abilities: Abilities) {
        self.lock().abilities = abilities;
    }

    /// The message that shows a slot since an earlier life.
    pub(super) fn remember(&self, slot: Slot, handle: Handle) {
        self.lock().handles.insert(slot, handle);
    }

    /// No message shows a slot: the next letter is posted.
    pub(super) fn forget(&self, slot: &Slot) {
        self.lock().handles.remove(slot);
    }

    /// How people call a room.
    pub(super) fn called(&self, room: &Arc<str>, name: &str) {
        let mut state = self.lock();
        if state.names.get(room).is_none_or(|known| known != name) {
            state.names.insert(room.clone(), name.to_owned());
        }
    }

    /// What the service can do.
    pub fn abilities(&self) -> Abilities {
        self.lock().abilities
    }

    /// How many letters wait or are on the way.
    pub fn depth(&self) -> usize {
        self.lock().depth()
    }

    /// Queues a letter, replacing the one that waits in its slot. A step on the way is dropped where the service
    /// cannot edit and where the last word waits already; a volatile letter is dropped when too many wait.
    pub fn put(&self, letter: Letter) {
        let now = self.world.now();
        self.lock().put(letter, now);
        self.bell.notify_one();
    }

    /// Shows on a message that it was heard, where the service has signs for that. The end of its answer ends it.
    pub fn sign(&self, place: &Place, key: &MessageKey) {
        let now = self.world.now();
        self.lock().sign(place, key, now);
        self.bell.notify_one();
    }

    /// Changes a message that stands, known here or found by `on`; never posts one, and never in place of a letter
    /// that is newer.
    pub(super) fn amend(&self, letter: Letter, on: Option<Handle>) {
        let now = self.world.now();
        let mut state = self.lock();
        if let (None, Some(handle)) = (state.handles.get(&letter.slot), on) {
            state.handles.insert(letter.slot.clone(), handle);
        }
        state.put(Letter { keep: Keep::Amend, ..letter }, now);
        drop(state);
        self.bell.notify_one();
    }

    /// Takes back the letter that waits in a slot. Whether there was one; what is on the way stays.
    pub(super) fn withdraw(&self, slot: &Slot) -> bool {
        self.lock().withdraw(slot)
    }

    /// Waits until nothing waits and nothing is on the way.
    pub async fn drained(&self) {
        while self.depth() > 0 {
            self.world.sleep(Duration::from_millis(20)).await;
        }
    }

    /// The next letter that may go, or when to look again.
    fn take(&self) -> Result<Parcel, Option<Duration>> {
        let now = self.world.now();
        self.lock().take(now)
    }

    /// Lets a letter wait for its next try, unless it is too old or a later one has its slot.
    fn retry(&self, mut waiting: Waiting, after: Option<Duration>) -> Next {
        let now = self.world.now();
        if now.since(waiting.put) > REPLY_EXPIRES {
            return Next::Over;
        }
        let mut state = self.lock();
        let step = |letter: &Letter| matches!(letter.keep, Keep::Progress);
        let later = state.later(&waiting.letter.slot);
        if later.is_some_and(|later| step(&waiting.letter) || !step(later)) {
            return Next::Over;
        }
        let most = Duration::from_millis(500).saturating_mul(1 << waiting.tries.min(10)).min(LONGEST_RETRY);
        let wait = after.unwrap_or_else(|| self.world.jitter(most)).max(SHORTEST_RETRY);
        waiting.not_before = now.plus(wait);
        waiting.tries += 1;
        state.wait(waiting);
        Next::Waits
    }

    /// The message to edit is gone: it is posted anew at once, where posting is meant.
    fn anew(&self, mut waiting: Waiting) -> Next {
        let mut state = self.lock();
        let there = state.handles.remove(&waiting.letter.slot);
        if matches!(waiting.letter.keep, Keep::Amend) {
            return Next::Over;
        }
        let later = state.later(&waiting.letter.slot).is_some();
        if !there || later {
            drop(state);
            return self.retry(waiting, None);
        }
        waiting.tries += 1;
        state.wait(waiting);
        Next::Waits
    }

    /// The room is closed: the answer goes to its person directly.
    fn moved(&self, waiting: &Waiting, why: &str) -> Next {
        let slot = &waiting.letter.slot;
        let mut state = self.lock();
        let Some(letter) = state.moved(&waiting.letter) else {
            warn!(%slot, why, "an answer was refused: its room is closed");
            return Next::Over;
        };
        info!(%slot, why, to = %letter.place, "the room is closed, the answer goes to its person");
        state.put(letter, self.world.now());
        Next::Waits
    }

    fn settle_one(&self, parcel: &Parcel, outcome: Result<Receipt, SendError>) {
        let Some(waiting) = self.lock().finish(&parcel.slot) else { return };
        match (&waiting.letter.keep, &outcome) {
            (Keep::Awaited(reply), _) => return reply.tell(outcome),
            (Keep::Sign(_), Err(error)) => return debug!(slot = %parcel.slot, %error, "a sign was not shown"),
            (Keep::Sign(_), Ok(_)) => return,
            _ => {}
        }
        let (at, keep) = (waiting.taken, waiting.letter.keep.clone());
        let next = match &outcome {
            Ok(receipt) => {
                if let Some(handle) = &receipt.handle {
                    self.lock().handles.insert(parcel.slot.clone(), handle.clone());
                    self.ledger.posted(&parcel.slot, handle);
                }
                Next::Over
            }
            Err(SendError::Retry { why, after }) => {
                debug!(slot = %parcel.slot, why, "an answer waits for its next try");
                self.retry(waiting, *after)
            }
            Err(SendError::Gone { why }) => {
                debug!(slot = %parcel.slot, why, "the message to edit is gone");
                self.anew(waiting)
            }
            Err(SendError::NoRoom { why }) => self.moved(&waiting, why),
            Err(SendError::Refused { why }) => {
                warn!(slot = %parcel.slot, why, "an answer was refused");
                Next::Over
            }
        };
        // A letter that is tried again stays claimed and due: written down, the store would give it out a
        // second time, and after a crash only when its wait is over.
        if let (Keep::Stored(claimed), Next::Over) = (keep, next) {
            let delivery = claimed.delivery.id;
            let span = self.world.now().since(at);
            let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            self.ledger.settled(&claimed, Settled { delivery, at, millis, outcome, again: None });
        }
    }
}

impl Outlet for Door {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(async move {
            loop {
                let bell = self.bell.notified();
                match self.take() {
                    Ok(parcel) => return parcel,
                    Err(Some(wait)) => {
                        tokio::select! {
                            () = bell => {}
                            () = self.world.sleep(wait) => {}
                        }
                    }
                    Err(None) => bell.await,
                }
            }
        })
    }

    fn settle(&self, parcel: Parcel, outcome: Result<Receipt, SendError>) {
        // Whoever waits for the door to be empty must not close the books before this letter is in them.
        self.lock().settling += 1;
        self.settle_one(&parcel, outcome);
        self.lock().settling -= 1;
        self.bell.notify_one();
    }

    fn give_back(&self, parcel: Parcel) {
        let mut state = self.lock();
        if let Some(waiting) = state.finish(&parcel.slot)
            && state.later(&parcel.slot).is_none()
        {
            state.wait(waiting);
        }
        drop(state);
        self.bell.notify_one();
    }
}

#[cfg(test)]
#[path = "door_tests.rs"]
mod tests;
