//! Which messages were heard before: the newest keys in memory, in front of the database's own check.

use std::collections::{HashSet, VecDeque};

/// Keys kept in memory. Services repeat a message within minutes, so this covers far more than one day of talk to the bot.
const MOST: usize = 50_000;

/// The newest message keys.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Notes a key; whether it was new.
    pub(super) fn first_time(&mut self, key: String) -> bool {
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_heard_once() {
        let mut seen = Seen::default();
        assert!(seen.first_time("irc #ops 1".to_owned()));
        assert!(!seen.first_time("irc #ops 1".to_owned()));
    }

    #[test]
    fn the_oldest_keys_are_forgotten() {
        let mut seen = Seen::default();
        for key in 0..=MOST {
            seen.first_time(key.to_string());
        }
        assert_eq!((seen.known.len(), seen.order.len()), (MOST, MOST));
        assert!(seen.first_time("0".to_owned()));
    }
}
