//! What outlives a session: the place in the stream of events, the channels, open interactions, answers half sent.

use std::time::Duration;

use super::channels::Channels;
use crate::model::{Newest, Slot, Timestamp};

/// Discord takes back the token of an interaction after 15 minutes; a request needs a moment too.
const TOKEN_LIFE: Duration = Duration::from_secs(14 * 60 + 30);

/// A session that can be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resume {
    /// Its id.
    pub(super) session: String,
    /// The gateway that knows it.
    pub(super) url: String,
    /// The last event that was heard.
    pub(super) seq: u64,
    /// How often that gateway could not be reached.
    pub(super) failures: u32,
}

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Me {
    /// The id of its account.
    pub(super) id: u64,
    /// The id of its application.
    pub(super) application: u64,
    /// How people address it.
    pub(super) names: Vec<String>,
}

/// An interaction that may still be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    /// What its answers are authorised by.
    pub(super) token: String,
    /// When it was made.
    pub(super) at: Timestamp,
    /// Whether its first answer is still to come: the one that replaces "thinking...".
    pub(super) unanswered: bool,
}

/// An answer on its way: what keeps its parts from being said twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Partial {
    /// Tells the answer from others in its slot.
    pub(super) salt: String,
    /// The messages that it already has.
    pub(super) said: Vec<String>,
}

/// What outlives a session.
#[derive(Debug)]
pub(super) struct Memory {
    /// Where to go on.
    pub(super) resume: Option<Resume>,
    /// Not to connect again before this time.
    pub(super) not_before: Timestamp,
    /// Not to identify again before this time.
    pub(super) identify_after: Timestamp,
    /// Whether few sessions of the day are left.
    pub(super) few_sessions: bool,
    /// Who the bot is, once known.
    pub(super) me: Option<Me>,
    /// Rooms and threads.
    pub(super) channels: Channels,
    /// Interactions by id.
    pub(super) interactions: Newest<String, Open>,
    /// Answers on their way, by slot.
    pub(super) partial: Newest<Slot, (u64, Partial)>,
    /// Messages and interactions that were heard.
    pub(super) seen: Newest<u64, ()>,
    /// Rooms of direct conversations, by person.
    pub(super) direct: Newest<u64, u64>,
    /// The first words of messages that get a thread.
    pub(super) titles: Newest<u64, String>,
    /// Whether the slash command is known to be registered.
    pub(super) registered: bool,
    /// Whether messages without text were already told of.
    pub(super) told_empty: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            resume: None,
            not_before: Timestamp::default(),
            identify_after: Timestamp::default(),
            few_sessions: false,
            me: None,
            channels: Channels::default(),
            interactions: Newest::new(1000),
            partial: Newest::new(1000),
            seen: Newest::new(10_000),
            direct: Newest::new(1000),
            titles: Newest::new(1000),
            registered: false,
            told_empty: false,
        }
    }
}

impl Memory {
    /// The interaction with this id, while it may be answered.
    pub(super) fn open(&self, id: &str, now: Timestamp) -> Option<Open> {
        self.interactions.get(id).filter(|open| now.since(open.at) < TOKEN_LIFE).cloned()
    }

    /// Whether an id is heard for the first time.
    pub(super) fn first_time(&mut self, id: u64) -> bool {
        self.seen.insert(id, ()).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_may_be_answered_for_a_quarter_of_an_hour() {
        let mut memory = Memory::default();
        let open = Open { token: "t".to_owned(), at: Timestamp::default(), unanswered: true };
        memory.interactions.insert("7".to_owned(), open);
        let minute = |minutes: u64| Timestamp::default().plus(Duration::from_secs(minutes * 60));
        assert!(memory.open("7", minute(14)).is_some());
        assert!(memory.open("7", minute(15)).is_none() && memory.open("8", minute(1)).is_none());
    }
}
