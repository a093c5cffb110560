//! A map of bounded size: the oldest entry is forgotten first.

use std::collections::{HashMap, VecDeque};

/// The latest values by key.
#[derive(Debug)]
pub(super) struct Bounded<V> {
    most: usize,
    order: VecDeque<String>,
    values: HashMap<String, V>,
}

impl<V> Bounded<V> {
    /// Room for `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), values: HashMap::new() }
    }

    /// Remembers; whether the key is new.
    pub(super) fn put(&mut self, key: &str, value: V) -> bool {
        if let Some(known) = self.values.get_mut(key) {
            *known = value;
            return false;
        }
        if self.order.len() >= self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        self.order.push_back(key.to_owned());
        self.values.insert(key.to_owned(), value);
        true
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut map = Bounded::new(2);
        assert!(map.put("a", 1) && map.put("b", 2));
        assert!(!map.put("a", 3) && map.put("c", 4));
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (None, Some(&2), Some(&4)));
        map.remove("b");
        map.put("d", 5);
        assert_eq!((map.get("c"), map.get("d")), (Some(&4), Some(&5)));
    }
}
