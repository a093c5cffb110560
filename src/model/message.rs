//! What a person typed.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AdapterName, Person, Place, Timestamp};

/// The identity of a message: adapter, room and the service's id of it. A command runs at most once
/// for one key, also after a reconnect or a restart replays it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// The adapter instance.
    pub adapter: AdapterName,
    /// The room's stable id.
    pub room: Arc<str>,
    /// The service's id of the message, unique in the room.
    pub id: Arc<str>,
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\u{1f}{}\u{1f}{}", self.adapter, self.room, self.id)
    }
}

/// What a person typed, as an adapter hears it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its identity.
    pub key: MessageKey,
    /// Who typed it.
    pub person: Person,
    /// How the service shows that person: free text, for answers only.
    pub name: String,
    /// Where.
    pub place: Place,
    /// How the service shows the room, where that is not its id: `#ops` for `C0123`.
    pub room_name: Option<String>,
    /// The text with the service's markup, entities and colours undone.
    pub text: String,
    /// The text as it came over the wire, for the audit log.
    pub raw: String,
    /// Whether the service marked the message as meant for the bot: a mention entity that is no
    /// longer in `text`. A typed name or prefix is still in `text`.
    pub mentioned: bool,
    /// When it was said, or heard where the service does not tell.
    pub at: Timestamp,
    /// Where to resume reading after this message, where the service can: opaque to all but the adapter.
    pub position: Option<String>,
}
