//! A small memory of what was heard last.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The latest values by key; the oldest is forgotten first.
#[derive(Debug)]
pub(super) struct Recent {
    most: usize,
    order: VecDeque<Arc<str>>,
    values: HashMap<Arc<str>, String>,
}

impl Recent {
    /// Room for `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), values: HashMap::new() }
    }

    /// Remembers.
    pub(super) fn put(&mut self, key: &Arc<str>, value: &str) {
        if let Some(known) = self.values.get_mut(key) {
            return value.clone_into(known);
        }
        if self.order.len() == self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.values.insert(key.clone(), value.to_owned());
    }

    /// Recalls.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Forgets every key of a value.
    pub(super) fn remove_value(&mut self, value: &str) {
        let keys: Vec<_> =
            self.values.iter().filter(|(_, known)| *known == value).map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| self.remove(key));
    }

    /// Has another value wherever there was `from`.
    pub(super) fn replace_value(&mut self, from: &str, to: &str) {
        self.values.values_mut().filter(|known| *known == from).for_each(|known| to.clone_into(known));
    }

    /// Forgets.
    pub(super) fn remove(&mut self, key: &str) {
        if self.values.remove(key).is_some() {
            self.order.retain(|known| &**known != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut recent = Recent::new(2);
        for key in ["a", "b", "a", "c"] {
            recent.put(&key.into(), key);
        }
        assert_eq!((recent.get("a"), recent.get("b"), recent.get("c")), (None, Some("b"), Some("c")));
        recent.remove("b");
        recent.put(&"d".into(), "d");
        assert_eq!((recent.get("c"), recent.get("d")), (Some("c"), Some("d")));
    }
}
