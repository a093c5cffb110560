//! A map of bounded size: past its number the entry that came first is forgotten.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The newest entries by key. An entry that is written again keeps its age.
#[derive(Debug)]
pub struct Newest<K, V> {
    most: usize,
    known: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Newest<K, V> {
    /// Room for `most`.
    pub fn new(most: usize) -> Self {
        Self { most, known: HashMap::new(), order: VecDeque::new() }
    }

    /// Remembers; gives what was there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.known.insert(key.clone(), value);
        if before.is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            let Some(oldest) = self.order.pop_front() else { break };
            self.known.remove(&oldest);
        }
        before
    }

    /// Recalls.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.known.get(key)
    }

    /// The same, to change it.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.known.get_mut(key)
    }

    /// Forgets; whether it was there.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let there = self.known.remove(key).is_some();
        if there {
            self.order.retain(|known| known.borrow() != key);
        }
        there
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.known.iter()
    }

    /// The keys, newest first.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.order.iter().rev()
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
        assert_eq!((newest.get("a"), newest.get("b"), newest.get("c")), (None, Some(&()), Some(&())));
        assert!(newest.remove("b") && !newest.remove("b"));
    }

    #[test]
    fn what_was_there_before_is_given_and_what_was_removed_makes_room() {
        let mut newest = Newest::new(2);
        assert_eq!((newest.insert("a", 1), newest.insert("b", 2)), (None, None));
        assert_eq!((newest.insert("a", 3), newest.insert("c", 4)), (Some(1), None));
        assert_eq!((newest.get("a"), newest.get("b"), newest.get("c")), (None, Some(&2), Some(&4)));
        newest.remove("b");
        newest.insert("d", 5);
        assert_eq!((newest.get("c"), newest.get("d")), (Some(&4), Some(&5)));
        assert_eq!(newest.keys().copied().collect::<Vec<_>>(), ["d", "c"]);
    }
}
