//! What outlives a session: the place in the stream of events, the channels, open interactions, answers half sent.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use super::channels::Channels;
use crate::model::{Slot, Timestamp};

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
    pub(super) interactions: Bounded<String, Open>,
    /// Answers on their way, by slot.
    pub(super) partial: Bounded<Slot, (u64, Partial)>,
    /// Messages and interactions that were heard.
    pub(super) seen: Bounded<u64, ()>,
    /// Rooms of direct conversations, by person.
    pub(super) direct: Bounded<u64, u64>,
    /// The first words of messages that get a thread.
    pub(super) titles: Bounded<u64, String>,
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
            interactions: Bounded::new(1000),
            partial: Bounded::new(1000),
            seen: Bounded::new(10_000),
            direct: Bounded::new(1000),
            titles: Bounded::new(1000),
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

/// A map that forgets the oldest.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    most: usize,
    known: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    /// Room for `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: HashMap::new(), order: VecDeque::new() }
    }

    /// Notes something; gives what was there before.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.known.insert(key.clone(), value);
        if before.is_none() {
            self.order.push_back(key);
        }
        while self.known.len() > self.most {
            let Some(oldest) = self.order.pop_front() else { break };
            self.known.remove(&oldest);
        }
        before
    }

    /// What is known.
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.known.get(key)
    }

    /// The same, to change it.
    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.known.get_mut(key)
    }

    /// Forgets it.
    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        if self.known.remove(key).is_some() {
            self.order.retain(|known| known.borrow() != key);
        }
    }

    /// All that is known.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.known.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut map = Bounded::new(2);
        for key in 1..=3 {
            map.insert(key, key * 10);
        }
        assert_eq!((map.get(&1), map.get(&2), map.get(&3)), (None, Some(&20), Some(&30)));
        map.remove(&2);
        map.insert(4, 40);
        assert_eq!((map.get(&3), map.get(&4)), (Some(&30), Some(&40)));
    }

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
