//! What outlives a session: who the bot is, where to resume, names, and what was sent in part. All of it is bounded.

use crate::model::{Newest, Timestamp};
use crate::wire::mattermost::Kind;

/// Posts that are told apart from ones heard before.
const SEEN: usize = 20_000;
/// People and channels whose names are kept.
const NAMES: usize = 10_000;
/// Messages whose asker is known.
const ASKERS: usize = 2_000;
/// Letters that were sent in part.
const BEGUN: usize = 500;

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Me {
    /// Its user id.
    pub(super) id: String,
    /// Its name, without `@`.
    pub(super) name: String,
}

/// What is known of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// What kind it is.
    pub(super) kind: Kind,
    /// `ops`.
    pub(super) name: String,
}

/// A letter of several posts, of which some are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    /// The letter's print: another one in the slot begins anew.
    pub(super) print: String,
    /// The posts that were made.
    pub(super) made: Vec<String>,
}

/// What outlives a session.
#[derive(Debug)]
pub(super) struct Memory {
    /// The connection to resume, and the number of the event that comes next.
    pub(super) resume: Option<(String, i64)>,
    /// When the newest post known was made, in the server's milliseconds.
    pub(super) newest: i64,
    /// When the server was last heard, on our clock.
    pub(super) alive: Timestamp,
    /// Posts and presses that were heard.
    seen: Newest<String, ()>,
    /// User id → name.
    pub(super) users: Newest<String, String>,
    /// Channel id → what is known.
    pub(super) channels: Newest<String, Known>,
    /// `team/name` → channel id.
    pub(super) rooms: Newest<String, String>,
    /// User id → id of the conversation with that person.
    pub(super) directs: Newest<String, String>,
    /// Message id → id of who said it.
    pub(super) askers: Newest<String, String>,
    /// Slot → what of its letter is sent.
    pub(super) begun: Newest<String, Begun>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            resume: None,
            newest: 0,
            alive: Timestamp::default(),
            seen: Newest::new(SEEN),
            users: Newest::new(NAMES),
            channels: Newest::new(NAMES),
            rooms: Newest::new(NAMES),
            directs: Newest::new(NAMES),
            askers: Newest::new(ASKERS),
            begun: Newest::new(BEGUN),
        }
    }
}

impl Memory {
    /// Notes an id; whether it is new.
    pub(super) fn first_time(&mut self, id: &str) -> bool {
        self.seen.insert(id.to_owned(), ()).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_new_once() {
        let mut memory = Memory::default();
        assert!(memory.first_time("p") && !memory.first_time("p"));
    }
}
