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

    /// It is out no more.
    pub(super) fn remove(&mut self, id: i64) {
        if let Some(slot) = self.out.remove(&id) {
            less(&mut self.doors, &slot.notifier);
            less(&mut self.lanes, &slot);
        }
        if self.takers > 0 {
            self.gone.insert(id);
        }
    }

    /// Keeps of the heads those whose lane has none out, at most `room`; they are out from now on.
    pub(super) fn choose(&mut self, heads: Vec<Stored>, room: usize) -> Vec<Stored> {
        let mut chosen = Vec::new();
        for head in heads {
            if chosen.len() == room {
                break;
            }
            if !self.is_out(head.id) && !self.lanes.contains_key(&head.slot) {
                self.add(head.id, &head.slot);
                chosen.push(head);
            }
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
