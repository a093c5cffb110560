//! What a door remembers beside its letters: the newest so many of each, so that it never grows.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The newest entries; the oldest is forgotten past a number.
#[derive(Debug)]
pub(super) struct Newest<K, V> {
    known: HashMap<K, V>,
    order: VecDeque<K>,
    most: usize,
}

impl<K: Clone + Eq + Hash, V> Newest<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), most }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.known.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.known.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, key: &K) -> bool {
        let there = self.known.remove(key).is_some();
        if there {
            self.order.retain(|known| known != key);
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut newest = Newest::new(2);
        for key in ["a", "b", "a", "c"] {
            newest.insert(key, ());
        }
        assert_eq!((newest.get(&"a"), newest.get(&"b"), newest.get(&"c")), (None, Some(&()), Some(&())));
        assert!(newest.remove(&"b") && !newest.remove(&"b"));
    }
}
