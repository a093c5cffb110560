//! What the adapter knows beyond one session: caches, what was heard, what was being sent.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Newest, Secret, Timestamp};

/// Messages heard, so that each is heard once: more than come in ten minutes.
const HEARD: usize = 20_000;
/// Rooms, people and messages that are remembered.
const REMEMBERED: usize = 2_000;

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Me {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) roles: Vec<String>,
}

/// A post on its way whose end is not known yet.
#[derive(Debug, Clone)]
pub(super) struct Underway {
    /// The ids that its messages have or will have.
    pub(super) ids: Vec<String>,
    /// How many steps of it are done.
    pub(super) done: usize,
    /// Whether the step after those may be done already.
    pub(super) unsure: bool,
}

#[derive(Debug)]
pub(super) struct Known {
    /// The token of the last login by password.
    pub(super) token: Option<Secret>,
    pub(super) me: Option<Me>,
    /// The server's version: major and minor.
    pub(super) version: Option<(u32, u32)>,
    /// The longest message in characters.
    pub(super) longest: Option<usize>,
    /// When the first session was up, on the server's clock: nothing older is ever heard.
    pub(super) began: Option<Timestamp>,
    /// The server's last sign of life, on its clock: what it said before that was received.
    pub(super) alive: Option<Timestamp>,
    /// The last sign of life before a gap whose messages were not read yet.
    pub(super) gap: Option<Timestamp>,
    /// The ids of what was heard.
    pub(super) heard: Newest<String, ()>,
    /// Message → who wrote it.
    pub(super) askers: Newest<String, String>,
    /// Person → unique name.
    pub(super) people: Newest<String, String>,
    /// Person, or name of one → room of the direct conversation.
    pub(super) directs: Newest<String, String>,
    /// Direct room → how many people are in it, the bot among them.
    pub(super) members: Newest<String, u64>,
    /// Name of a room → its id.
    pub(super) rooms: Newest<String, String>,
    /// Slot and content → how far it is.
    pub(super) underway: Newest<String, Underway>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            token: None,
            me: None,
            version: None,
            longest: None,
            began: None,
            alive: None,
            gap: None,
            heard: Newest::new(HEARD),
            askers: Newest::new(REMEMBERED),
            people: Newest::new(REMEMBERED),
            directs: Newest::new(REMEMBERED),
            members: Newest::new(REMEMBERED),
            rooms: Newest::new(REMEMBERED),
            underway: Newest::new(REMEMBERED),
        }
    }
}

/// What is known; never held over an await.
pub(super) fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
