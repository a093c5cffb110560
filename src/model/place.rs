//! Where something is said.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::AdapterName;

/// What kind of room a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Room {
    /// Several people read it.
    Shared,
    /// One person and the bot.
    Direct,
}

/// Where something is said: an adapter, a room there (by its stable id), perhaps a thread in it.
/// Displayed as `irc:#ops` or `slack:C0123/1700000000.000100`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The adapter instance.
    pub adapter: AdapterName,
    /// The room's stable id: a channel, or for direct messages what the adapter sends them to.
    pub room: Arc<str>,
    /// The thread's stable id.
    pub thread: Option<Arc<str>>,
    /// Shared or direct.
    pub kind: Room,
}

impl Place {
    /// A shared room.
    pub fn room(adapter: AdapterName, room: &str) -> Self {
        Self { adapter, room: room.into(), thread: None, kind: Room::Shared }
    }

    /// A conversation with one person.
    pub fn direct(adapter: AdapterName, room: &str) -> Self {
        Self { adapter, room: room.into(), thread: None, kind: Room::Direct }
    }

    /// Whether only one person and the bot read it.
    pub fn is_direct(&self) -> bool {
        self.kind == Room::Direct
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.adapter, self.room)?;
        match &self.thread {
            Some(thread) => write!(f, "/{thread}"),
            None => Ok(()),
        }
    }
}
