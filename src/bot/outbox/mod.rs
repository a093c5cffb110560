//! One way out: every message to an adapter waits here, in order, and comes back until it is settled.
//!
//! One [`Door`] per adapter instance. What is [`Keep::Stored`] has a delivery row, written by whoever
//! puts it here; the send does not wait for that commit. After a restart the rows that are still due
//! come back through [`Claims`].

mod door;
mod queue;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

pub use door::{Door, Ledger};

use crate::adapter::{Abilities, Answer, Sign};
use crate::model::{AdapterName, Handle, MessageKey, Place, Receipt, SendError, Slot, Timestamp};
use crate::net::World;
use crate::store::{Change, Claimed, Claims, MemoryClaims, NewDelivery, Settled, Store, StoreError};
use crate::text::Post;

/// How long a message is kept when the process dies.
#[derive(Debug, Clone)]
pub enum Keep {
    /// A step on the way: shown only where messages can be edited.
    Progress,
    /// In memory: lost with the process.
    Volatile,
    /// Until it is delivered: its delivery is, or is about to be, in the store.
    Stored(Arc<Claimed>),
    /// In memory; whoever put it waits for what becomes of its one try, and keeps it otherwise.
    Awaited(Reply),
    /// A change of a message that stands; never posted, and dropped where anything newer is on its way there.
    Amend,
    /// A sign on the message it answers instead of a text: tried once.
    Sign(Sign),
}

/// Who waits for what becomes of a letter; told once.
#[derive(Debug, Clone)]
pub struct Reply(Arc<Mutex<Option<oneshot::Sender<Outcome>>>>);

/// What became of a letter.
pub type Outcome = Result<Receipt, SendError>;

impl Reply {
    /// A reply, and where it arrives. Dropped untold, the letter was replaced or withdrawn.
    pub fn new() -> (Self, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    fn tell(&self, outcome: Outcome) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // Whoever waited may have given up.
            let _ = sender.send(outcome);
        }
    }
}

/// A message for a slot.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The slot it fills; a letter that still waits there is replaced.
    pub slot: Slot,
    /// Where it goes.
    pub place: Place,
    /// What it says.
    pub post: Arc<Post>,
    /// The message it answers, if any.
    pub answer: Option<Answer>,
    /// How long it is kept.
    pub keep: Keep,
}

/// What a stored delivery of the outbox holds in its `body`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Body {
    /// Where it goes.
    pub place: Place,
    /// What it says.
    pub post: Post,
}

impl Body {
    /// Its delivery: due at once, given up after [`REPLY_EXPIRES`], of no execution and without buttons.
    pub fn delivery(&self, id: i64, slot: Slot, purpose: &str, now: Timestamp) -> NewDelivery {
        NewDelivery {
            id,
            slot,
            execution: None,
            purpose: purpose.to_owned(),
            body: serde_json::to_value(self).unwrap_or_default(),
            offer: None,
            due: now,
            expires: now.plus(REPLY_EXPIRES),
        }
    }
}

/// A reply is given up after this time: the conversation has moved on.
pub const REPLY_EXPIRES: Duration = Duration::from_secs(24 * 3600);

/// The name of an adapter's door in slots and deliveries.
pub fn door_name(adapter: &AdapterName) -> String {
    format!("adapter/{adapter}")
}

/// The slot at `place` that shows `lane`.
pub fn slot(place: &Place, lane: impl Into<String>) -> Slot {
    Slot { notifier: door_name(&place.adapter), target: place.to_string(), lane: lane.into() }
}

/// All doors.
pub struct Outbox {
    claims: MemoryClaims,
    store: Store,
    world: World,
    doors: Mutex<BTreeMap<AdapterName, Arc<Door>>>,
    /// What became of letters, on its way into the store.
    settling: TaskTracker,
}

impl Outbox {
    /// An outbox without doors.
    pub fn new(store: Store, world: World) -> Arc<Self> {
        Arc::new(Self {
            claims: MemoryClaims::new(store.clone(), world.clone()),
            store,
            world,
            doors: Mutex::default(),
            settling: TaskTracker::new(),
        })
    }

    fn doors(&self) -> MutexGuard<'_, BTreeMap<AdapterName, Arc<Door>>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The door of `adapter`, made on first use; from then on what is due in the store goes out through it.
    pub fn door(self: &Arc<Self>, adapter: &AdapterName, abilities: Abilities) -> Arc<Door> {
        let mut doors = self.doors();
        if let Some(door) = doors.get(adapter) {
            return door.clone();
        }
        let settling = self.settling.clone();
        let ledger = Box::new(Books { settling, claims: self.claims.clone(), store: self.store.clone() });
        let door = Arc::new(Door::new(abilities, self.world.clone(), ledger));
        doors.insert(adapter.clone(), door.clone());
        tokio::spawn(refill(
            self.claims.clone(),
            self.store.clone(),
            self.world.clone(),
            door_name(adapter),
            Arc::downgrade(&door),
        ));
        door
    }

    /// Queues a letter at the door of its place. A place whose adapter was never configured in this
    /// life has no door: a stored letter waits in the store, any other is dropped.
    pub fn put(&self, letter: Letter) {
        let door = self.doors().get(&letter.place.adapter).cloned();
        match door {
            Some(door) => door.put(letter),
            None => self.leave(letter),
        }
    }

    /// Says which message shows a slot, `None` for none: the next letter edits that, or is posted.
    pub fn shows(&self, place: &Place, slot: &Slot, handle: Option<Handle>) {
        let Some(door) = self.doors().get(&place.adapter).cloned() else { return };
        match handle {
            Some(handle) => door.remember(slot.clone(), handle),
            None => door.forget(slot),
        }
    }

    /// What the service at a place can do; `None` where it was never configured in this life.
    pub fn abilities(&self, place: &Place) -> Option<Abilities> {
        self.doors().get(&place.adapter).map(|door| door.abilities())
    }

    /// Shows on a message that it was heard, where the service can; the last answer shows how it went.
    pub fn sign(&self, place: &Place, key: &MessageKey) {
        let door = self.doors().get(&place.adapter).cloned();
        door.inspect(|door| door.sign(place, key));
    }

    /// How people call the room of a place, for answers that cannot be said there.
    pub fn called(&self, place: &Place, name: &str) {
        let door = self.doors().get(&place.adapter).cloned();
        door.inspect(|door| door.called(&place.room, name));
    }

    /// Changes the message of a slot, known here or found by `on`; never posts one, and never over anything newer.
    pub fn amend(&self, letter: Letter, on: Option<Handle>) {
        let door = self.doors().get(&letter.place.adapter).cloned();
        door.inspect(|door| door.amend(letter, on));
    }

    /// Takes a letter back that still waits in its slot. Whether it did: one on the way stays.
    pub fn withdraw(&self, place: &Place, slot: &Slot) -> bool {
        let door = self.doors().get(&place.adapter).cloned();
        door.is_some_and(|door| door.withdraw(slot))
    }

    /// The claims on stored deliveries, shared with whoever else sends them.
    pub fn claims(&self) -> MemoryClaims {
        self.claims.clone()
    }

    fn leave(&self, letter: Letter) {
        debug!(slot = %letter.slot, "no adapter takes this answer now");
        if let Keep::Awaited(reply) = &letter.keep {
            let why = format!("no adapter `{}` is configured", letter.place.adapter);
            reply.tell(Err(SendError::Retry { why, after: None }));
        }
        if let Keep::Stored(claimed) = letter.keep {
            let claims = self.claims.clone();
            self.settling.spawn(async move {
                if let Err(error) = claims.release(&claimed).await {
                    warn!(%error, "an answer without an adapter waits for the next start");
                }
            });
        }
    }

    /// This process is about to send a delivery that is not committed yet. Call it before its write is queued.
    pub fn adopt(&self, delivery: &NewDelivery) -> Arc<Claimed> {
        Arc::new(self.claims.adopt(delivery))
    }

    /// Waits until every door that is open has sent what it has.
    pub async fn drained(&self) {
        let doors: Vec<_> = self.doors().values().cloned().collect();
        for door in doors {
            door.drained().await;
        }
    }

    /// Waits until what became of letters is recorded. Call it when nothing is sent any more.
    pub async fn settled(&self) {
        self.settling.close();
        self.settling.wait().await;
    }
}

/// Where doors write what became of letters.
struct Books {
    settling: TaskTracker,
    claims: MemoryClaims,
    store: Store,
}

impl Ledger for Books {
    fn settled(&self, claimed: &Claimed, settled: Settled) {
        let (claims, claimed) = (self.claims.clone(), claimed.clone());
        self.settling.spawn(async move {
            let delivery = settled.delivery;
            if let Err(error) = claims.settle(vec![(claimed, settled)]).await {
                warn!(delivery, %error, "what became of an answer was not recorded; it may be sent twice");
            }
        });
    }

    fn posted(&self, slot: &Slot, handle: &Handle) {
        drop(self.store.write(Change::Note { slot: slot.clone(), handle: handle.clone() }));
    }
}

/// Letters that are taken out of the store at once.
const REFILL: usize = 100;

/// How long the store is not looked at when nothing rings.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Brings what an earlier life left due, and what memory had no room for.
async fn refill(claims: MemoryClaims, store: Store, world: World, name: String, door: Weak<Door>) {
    loop {
        let Some(open) = door.upgrade() else { return };
        match claims.take(&name, world.now(), REFILL).await {
            Ok(claimed) => {
                for claimed in claimed {
                    take_up(&open, &store, claimed).await;
                }
            }
            Err(StoreError::Closed) => return,
            Err(error) => warn!(door = name, %error, "what is due cannot be read"),
        }
        drop(open);
        claims.wake(LONGEST_SLEEP).await;
    }
}

async fn take_up(door: &Door, store: &Store, claimed: Claimed) {
    let delivery = &claimed.delivery;
    let body: Body = match serde_json::from_value(delivery.body.clone()) {
        Ok(body) => body,
        Err(error) => {
            warn!(delivery = delivery.id, %error, "a stored answer cannot be read");
            return;
        }
    };
    let slot = delivery.slot.clone();
    if let Ok(Some(handle)) = store.read(move |reader| reader.slot(&slot)).await {
        door.remember(delivery.slot.clone(), handle);
    }
    let letter = Letter {
        slot: delivery.slot.clone(),
        place: body.place,
        post: Arc::new(body.post),
        answer: None,
        keep: Keep::Stored(Arc::new(claimed)),
    };
    door.put(letter);
}
