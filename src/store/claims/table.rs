//! What is out, in memory.

use std::collections::{HashMap, HashSet};

use super::Stored;
use crate::model::{Slot, Timestamp};

/// What this process is sending.
#[derive(Debug, Default)]
pub(super) struct Table {
    out: HashMap<i64, Slot>,
    /// How many are out of a lane.
    lanes: HashMap<Slot, usize>,
    /// How many are out of a notifier's lanes.
    doors: HashMap<String, usize>,
    /// Lanes in which something was due while one was out.
    wanted: HashSet<Slot>,
    /// How many `take`s are between reading and choosing.
    takers: usize,
    /// What stopped being out meanwhile: they may have read it as due, before it was settled.
    gone: HashSet<i64>,
    /// The latest time that a `take` was asked for.
    latest: Timestamp,
}

impl Table {
    /// How many are out of the lanes of `notifier`.
    pub(super) fn count(&self, notifier: &str) -> usize {
        self.doors.get(notifier).copied().unwrap_or(0)
    }

    /// Whether a row that was read as due is none to be chosen.
    pub(super) fn is_out(&self, id: i64) -> bool {
        self.out.contains_key(&id) || self.gone.contains(&id)
    }

    /// It is out from now on.
    pub(super) fn add(&mut self, id: i64, slot: &Slot) {
        if self.out.insert(id, slot.clone()).is_none() {
            *self.lanes.entry(slot.clone()).or_default() += 1;
            *self.doors.entry(slot.notifier.clone()).or_default() += 1;
        }
    }

    /// It is out no more. Tells whether something in its lane was passed over because of it.
    pub(super) fn remove(&mut self, id: i64) -> bool {
        if self.takers > 0 {
            self.gone.insert(id);
        }
        let Some(slot) = self.out.remove(&id) else { return false };
        less(&mut self.doors, &slot.notifier);
        less(&mut self.lanes, &slot);
        self.wanted.remove(&slot)
    }

    /// Keeps of the heads those whose lane has none out, at most `room`; they are out from now on.
    pub(super) fn choose(&mut self, heads: Vec<Stored>, room: usize) -> Vec<Stored> {
        let mut chosen = Vec::new();
        for head in heads {
            if chosen.len() == room {
                break;
            }
            if self.is_out(head.id) {
                continue;
            }
            if self.lanes.contains_key(&head.slot) {
                self.wanted.insert(head.slot);
                continue;
            }
            self.add(head.id, &head.slot);
            chosen.push(head);
        }
        chosen
    }

    /// A `take` begins to read.
    pub(super) fn enter(&mut self) {
        self.takers += 1;
    }

    /// It has chosen, or was dropped.
    pub(super) fn leave(&mut self) {
        self.takers -= 1;
        if self.takers == 0 {
            self.gone.clear();
        }
    }

    /// How far the clock was put back since the last call; `None` where it only went on.
    pub(super) fn put_back(&mut self, now: Timestamp) -> Option<std::time::Duration> {
        let back = self.latest.since(now);
        if back >= std::time::Duration::from_secs(1) {
            self.latest = now;
            return Some(back);
        }
        self.latest = self.latest.max(now);
        None
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{at, delivery};

    fn head(id: i64, lane: &str) -> Stored {
        Stored::fresh(&delivery(id, lane))
    }

    fn ids(chosen: &[Stored]) -> Vec<i64> {
        chosen.iter().map(|one| one.id).collect()
    }

    #[test]
    fn what_was_passed_over_for_a_busy_lane_is_told_when_the_lane_is_free() {
        let mut table = Table::default();
        assert_eq!(ids(&table.choose(vec![head(1, "a"), head(2, "b")], 9)), [1, 2]);
        assert_eq!(ids(&table.choose(vec![head(2, "b"), head(3, "a")], 9)), [] as [i64; 0]);
        assert_eq!((table.count("adapter/irc"), table.remove(2), table.remove(1)), (2, false, true));
        assert_eq!((table.count("adapter/irc"), table.remove(1)), (0, false));
        assert_eq!(ids(&table.choose(vec![head(3, "a")], 9)), [3]);
    }

    #[test]
    fn what_ended_while_it_was_being_read_is_not_chosen() {
        let mut table = Table::default();
        table.add(1, &head(1, "a").slot);
        table.enter();
        table.remove(1);
        assert!(table.choose(vec![head(1, "a")], 9).is_empty());
        table.leave();
        assert_eq!(ids(&table.choose(vec![head(1, "a")], 9)), [1], "due again");
    }

    #[test]
    fn only_a_clock_that_was_put_back_is_noticed() {
        let mut table = Table::default();
        assert_eq!((table.put_back(at(100)), table.put_back(at(5_000))), (None, None));
        assert_eq!(table.put_back(at(4_000)), Some(std::time::Duration::from_secs(1_000)));
        assert_eq!((table.put_back(at(4_000)), table.put_back(at(4_001))), (None, None));
    }
}
