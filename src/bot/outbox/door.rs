//! The outgoing queue of one adapter: order kept in each place, the latest letter of a slot wins,
//! a letter that failed waits at the head of its place.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{debug, warn};

use super::{Keep, Letter, REPLY_EXPIRES};
use crate::adapter::{Abilities, Boxed, Outlet, Parcel};
use crate::model::{Handle, Place, Receipt, SendError, Slot, Timestamp};
use crate::net::World;
use crate::store::{Claimed, Settled};

/// Letters that only memory holds, for one adapter: past this number new ones are dropped and counted.
const MOST_VOLATILE: usize = 10_000;

/// Handles of posted messages kept for editing; the oldest is forgotten past this number.
const MOST_HANDLES: usize = 10_000;

/// The longest wait between two tries of one letter.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Where a door writes what became of a letter.
pub trait Ledger: Send + Sync {
    /// A stored delivery was tried.
    fn settled(&self, claimed: &Claimed, settled: Settled);
    /// A slot has a message on the service now.
    fn posted(&self, slot: &Slot, handle: &Handle);
}

/// The outgoing queue of one adapter.
pub struct Door {
    state: Mutex<State>,
    bell: Notify,
    world: World,
    ledger: Box<dyn Ledger>,
}

struct State {
    abilities: Abilities,
    /// Slots with a letter that may go, oldest first. A slot is here at most once, and not while it is out.
    queue: VecDeque<Slot>,
    waiting: HashMap<Slot, Waiting>,
    out: HashMap<Slot, Waiting>,
    busy: HashMap<Place, usize>,
    handles: Handles,
    volatile: usize,
    dropped: u64,
    /// Letters that are no longer out and not written down yet.
    settling: usize,
}

#[derive(Clone)]
struct Waiting {
    letter: Letter,
    put: Timestamp,
    not_before: Timestamp,
    tries: u32,
    taken: Timestamp,
}

impl Door {
    /// An empty queue for a service with `abilities`.
    pub fn new(abilities: Abilities, world: World, ledger: Box<dyn Ledger>) -> Self {
        let state = State {
            abilities,
            queue: VecDeque::new(),
            waiting: HashMap::new(),
            out: HashMap::new(),
            busy: HashMap::new(),
            handles: Handles::default(),
            volatile: 0,
            dropped: 0,
            settling: 0,
        };
        Self { state: Mutex::new(state), bell: Notify::new(), world, ledger }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
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

    /// What the service can do.
    pub fn abilities(&self) -> Abilities {
        self.lock().abilities
    }

    /// How many letters wait or are on the way.
    pub fn depth(&self) -> usize {
        let state = self.lock();
        state.waiting.len() + state.out.len() + state.settling
    }

    /// Queues a letter, replacing the one that waits in its slot. A step on the way is dropped
    /// where the service cannot edit; a volatile letter is dropped when too many wait.
    pub fn put(&self, letter: Letter) {
        let now = self.world.now();
        let mut state = self.lock();
        if matches!(letter.keep, Keep::Progress) && !state.abilities.edits {
            return;
        }
        let volatile = !matches!(letter.keep, Keep::Stored(_));
        if volatile && state.volatile >= MOST_VOLATILE && !state.waiting.contains_key(&letter.slot) {
            state.dropped += 1;
            if state.dropped.is_power_of_two() {
                warn!(slot = %letter.slot, dropped = state.dropped, "too many answers wait, one was dropped");
            }
            return;
        }
        let waiting = Waiting { letter, put: now, not_before: now, tries: 0, taken: now };
        state.wait(waiting, Side::Back);
        drop(state);
        self.bell.notify_one();
    }

    /// Takes back the letter that waits in a slot. Whether there was one; what is on the way stays.
    pub(super) fn withdraw(&self, slot: &Slot) -> bool {
        let mut state = self.lock();
        let Some(waiting) = state.waiting.remove(slot) else { return false };
        state.queue.retain(|queued| queued != slot);
        state.volatile -= usize::from(!matches!(waiting.letter.keep, Keep::Stored(_)));
        true
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
        let mut state = self.lock();
        let mut held: HashSet<Place> = HashSet::new();
        let mut soonest: Option<Timestamp> = None;
        let mut found = None;
        for (index, slot) in state.queue.iter().enumerate() {
            let Some(waiting) = state.waiting.get(slot) else { continue };
            let place = &waiting.letter.place;
            if !held.is_empty() && held.contains(place) {
                continue;
            }
            if waiting.not_before > now {
                soonest = Some(soonest.map_or(waiting.not_before, |time| time.min(waiting.not_before)));
                held.insert(place.clone());
            } else if state.busy.get(place).is_some_and(|busy| *busy >= state.abilities.in_flight) {
                held.insert(place.clone());
            } else {
                found = Some(index);
                break;
            }
        }
        let slot = found.and_then(|index| state.queue.remove(index));
        let waiting = slot.and_then(|slot| state.waiting.remove(&slot));
        let Some(mut waiting) = waiting else {
            return Err(soonest.map(|time| time.since(now)));
        };
        waiting.taken = now;
        Ok(state.send(waiting))
    }

    fn finish(&self, slot: &Slot) -> Option<Waiting> {
        let mut state = self.lock();
        let waiting = state.out.remove(slot)?;
        state.release(&waiting.letter.place);
        if state.waiting.contains_key(slot) {
            state.queue.push_back(slot.clone());
        }
        Some(waiting)
    }

    fn retry(&self, mut waiting: Waiting, after: Option<Duration>) -> Option<Timestamp> {
        let now = self.world.now();
        if now.since(waiting.put) > REPLY_EXPIRES {
            return None;
        }
        let most = Duration::from_millis(500).saturating_mul(1 << waiting.tries.min(10)).min(LONGEST_RETRY);
        waiting.not_before = now.plus(after.unwrap_or_else(|| self.world.jitter(most)));
        waiting.tries += 1;
        let again = waiting.not_before;
        let mut state = self.lock();
        if !state.waiting.contains_key(&waiting.letter.slot) {
            state.wait(waiting, Side::Front);
        }
        Some(again)
    }

    fn settle_one(&self, parcel: &Parcel, outcome: Result<Receipt, SendError>) {
        let Some(waiting) = self.finish(&parcel.slot) else { return };
        if let Keep::Awaited(reply) = &waiting.letter.keep {
            return reply.tell(outcome);
        }
        let (at, keep) = (waiting.taken, waiting.letter.keep.clone());
        let again = match &outcome {
            Ok(receipt) => {
                if let Some(handle) = &receipt.handle {
                    self.lock().handles.insert(parcel.slot.clone(), handle.clone());
                    self.ledger.posted(&parcel.slot, handle);
                }
                None
            }
            Err(SendError::Retry { why, after }) => {
                debug!(slot = %parcel.slot, why, "an answer waits for its next try");
                self.retry(waiting, *after)
            }
            Err(SendError::Gone { why }) => {
                debug!(slot = %parcel.slot, why, "the message to edit is gone, posting anew");
                self.lock().handles.remove(&parcel.slot);
                self.retry(waiting, Some(Duration::ZERO))
            }
            Err(SendError::Refused { why } | SendError::NoRoom { why }) => {
                warn!(slot = %parcel.slot, why, "an answer was refused");
                None
            }
        };
        // A letter that is tried again stays claimed and due: written down, the store would give it out a
        // second time, and after a crash only when its wait is over.
        if let (Keep::Stored(claimed), None) = (keep, again) {
            let delivery = claimed.delivery.id;
            let span = self.world.now().since(at);
            let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            self.ledger.settled(&claimed, Settled { delivery, at, millis, outcome, again });
        }
    }
}

impl State {
    fn wait(&mut self, waiting: Waiting, side: Side) {
        let slot = waiting.letter.slot.clone();
        let volatile = usize::from(!matches!(waiting.letter.keep, Keep::Stored(_)));
        self.volatile += volatile;
        if let Some(earlier) = self.waiting.insert(slot.clone(), waiting) {
            self.volatile -= usize::from(!matches!(earlier.letter.keep, Keep::Stored(_)));
        } else if !self.out.contains_key(&slot) {
            match side {
                Side::Back => self.queue.push_back(slot),
                Side::Front => self.queue.push_front(slot),
            }
        }
    }

    fn send(&mut self, waiting: Waiting) -> Parcel {
        let letter = waiting.letter.clone();
        if !matches!(letter.keep, Keep::Stored(_)) {
            self.volatile -= 1;
        }
        *self.busy.entry(letter.place.clone()).or_default() += 1;
        let earlier = self.abilities.edits.then(|| self.handles.get(&letter.slot)).flatten();
        self.out.insert(letter.slot.clone(), waiting);
        let delivery = match &letter.keep {
            Keep::Stored(claimed) => Some(claimed.delivery.id),
            Keep::Progress | Keep::Volatile | Keep::Awaited(_) => None,
        };
        Parcel {
            slot: letter.slot,
            place: letter.place,
            post: letter.post,
            sign: None,
            earlier,
            answer: letter.answer,
            delivery,
        }
    }

    fn release(&mut self, place: &Place) {
        if let Some(busy) = self.busy.get_mut(place) {
            *busy -= 1;
            if *busy == 0 {
                self.busy.remove(place);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Front,
    Back,
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
        if let Some(waiting) = self.finish(&parcel.slot) {
            let mut state = self.lock();
            if !state.waiting.contains_key(&parcel.slot) {
                state.wait(waiting, Side::Front);
            }
        }
        self.bell.notify_one();
    }
}

/// The handles of the newest slots.
#[derive(Default)]
struct Handles {
    known: HashMap<Slot, Handle>,
    order: VecDeque<Slot>,
}

impl Handles {
    fn get(&self, slot: &Slot) -> Option<Handle> {
        self.known.get(slot).cloned()
    }

    fn insert(&mut self, slot: Slot, handle: Handle) {
        if self.known.insert(slot.clone(), handle).is_none() {
            self.order.push_back(slot);
        }
        while self.order.len() > MOST_HANDLES {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    fn remove(&mut self, slot: &Slot) {
        self.known.remove(slot);
        self.order.retain(|known| known != slot);
    }
}

#[cfg(test)]
#[path = "door_tests.rs"]
mod tests;
