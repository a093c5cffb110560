//! One way out: every message to an adapter waits here, in order, and comes back until it is settled.
//!
//! One [`Door`] per adapter instance. What is [`Keep::Stored`] has a delivery row, written by whoever
//! puts it here; the send does not wait for that commit. After a restart the rows that are still due
//! come back through [`Claims`].

mod door;
mod lines;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use door::Door;

use crate::adapter::{Abilities, Answer};
use crate::model::{AdapterName, Place, Slot, Timestamp};
use crate::net::World;
use crate::store::{Claimed, Claims, Settled, Store};
use crate::text::Post;

/// How long a message is kept when the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// A step on the way: shown only where messages can be edited.
    Progress,
    /// In memory: lost with the process.
    Volatile,
    /// Until it is delivered: the delivery with this id is, or is about to be, in the store.
    Stored(i64),
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
pub struct Outbox<C> {
    claims: Arc<C>,
    store: Store,
    world: World,
    doors: Mutex<BTreeMap<AdapterName, Arc<Door>>>,
}

impl<C: Claims + 'static> Outbox<C> {
    /// An outbox without doors.
    pub fn new(store: Store, claims: Arc<C>, world: World) -> Arc<Self> {
        Arc::new(Self { claims, store, world, doors: Mutex::default() })
    }

    /// The door of `adapter`, made on first use.
    pub fn door(self: &Arc<Self>, adapter: &AdapterName, abilities: Abilities) -> Arc<Door> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Door::new(abilities, self.store.clone(), self.world.clone(), self.settler()));
        doors.entry(adapter.clone()).or_insert_with(make).clone()
    }
}
