//! What outlives a session: who the bot is, where to resume, names, and what was sent in part. All of it is bounded.

use std::collections::{HashMap, VecDeque};

use crate::model::Timestamp;
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
    seen: Bounded<()>,
    /// User id → name.
    pub(super) users: Bounded<String>,
    /// Channel id → what is known.
    pub(super) channels: Bounded<Known>,
    /// `team/name` → channel id.
    pub(super) rooms: Bounded<String>,
    /// User id → id of the conversation with that person.
    pub(super) directs: Bounded<String>,
    /// Message id → id of who said it.
    pub(super) askers: Bounded<String>,
    /// Slot → what of its letter is sent.
    pub(super) begun: Bounded<Begun>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            resume: None,
            newest: 0,
            alive: Timestamp::default(),
            seen: Bounded::new(SEEN),
            users: Bounded::new(NAMES),
            channels: Bounded::new(NAMES),
            rooms: Bounded::new(NAMES),
            directs: Bounded::new(NAMES),
            askers: Bounded::new(ASKERS),
            begun: Bounded::new(BEGUN),
        }
    }
}

impl Memory {
    /// Notes an id; whether it is new.
    pub(super) fn first_time(&mut self, id: &str) -> bool {
        let new = self.seen.get(id).is_none();
        if new {
            self.seen.put(id, ());
        }
        new
    }
}

/// The newest values by key; the oldest is forgotten first.
#[derive(Debug)]
pub(super) struct Bounded<V> {
    most: usize,
    order: VecDeque<String>,
    values: HashMap<String, V>,
}

impl<V> Bounded<V> {
    fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), values: HashMap::new() }
    }

    /// Remembers.
    pub(super) fn put(&mut self, key: &str, value: V) {
        if self.values.insert(key.to_owned(), value).is_some() {
            return;
        }
        self.order.push_back(key.to_owned());
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    /// Recalls.
    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.values.get(key)
    }

    /// Forgets.
    pub(super) fn remove(&mut self, key: &str) {
        if self.values.remove(key).is_some() {
            self.order.retain(|known| known != key);
        }
    }

    /// The keys, newest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.order.iter().rev().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut map = Bounded::new(2);
        for key in ["a", "b", "a", "c"] {
            map.put(key, ());
        }
        assert_eq!(map.keys().collect::<Vec<_>>(), ["c", "b"]);
        map.remove("b");
        assert!(map.get("b").is_none() && map.get("c").is_some());
    }

    #[test]
    fn a_post_is_new_once() {
        let mut memory = Memory::default();
        assert!(memory.first_time("p") && !memory.first_time("p"));
    }
}
