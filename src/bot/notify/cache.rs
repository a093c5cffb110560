//! The events accepted last, so that a courier need not read them back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::model::{Event, Timestamp};
use crate::store::StoredEvent;

/// Events kept.
const MOST: usize = 4_096;
/// What they may weigh together, in bytes as [`weight`] estimates them.
const HEAVIEST: usize = 16 << 20;
/// What an event weighs beside its texts and its payload, in bytes.
const BARE: usize = 1_024;
/// What a value of a payload weighs beside its texts, in bytes: a value, and its share of a node of a map.
const NODE: usize = 96;

/// An event and when it came.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) event: Arc<Event>,
    pub(super) at: Timestamp,
}

impl From<StoredEvent> for Known {
    fn from(stored: StoredEvent) -> Self {
        Self { id: stored.id, event: stored.event, at: stored.at }
    }
}

/// The newest events by id; the store has all of them.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Newest>);

#[derive(Debug, Default)]
struct Newest {
    by_id: HashMap<i64, Known>,
    /// Ids with their weights, the oldest first.
    order: VecDeque<(i64, usize)>,
    weight: usize,
}

impl Newest {
    fn is_full(&self) -> bool {
        self.order.len() > MOST || (self.weight > HEAVIEST && self.order.len() > 1)
    }
}

/// About the memory that an event takes.
fn weight(event: &Event) -> usize {
    let parts: usize = event.parts.iter().map(weight).sum();
    let labels: usize = event.labels.iter().map(|(name, value)| NODE + name.len() + value.len()).sum();
    BARE + event.title.len() + event.text.len() + labels + parts + value_weight(&event.payload)
}

/// Payloads are at most as deep as they were read, which is bounded.
fn value_weight(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(value_weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| NODE + key.len() + value_weight(value)).sum(),
        _ => 0,
    };
    NODE + inner
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an event, for the oldest ones.
    pub(super) fn put(&self, known: Known) {
        let weight = weight(&known.event);
        let mut newest = self.lock();
        newest.order.push_back((known.id, weight));
        newest.weight += weight;
        newest.by_id.insert(known.id, known);
        while newest.is_full() {
            let Some((oldest, weight)) = newest.order.pop_front() else { return };
            newest.weight -= weight;
            newest.by_id.remove(&oldest);
        }
    }

    /// The event, if it is still known.
    pub(super) fn get(&self, id: i64) -> Option<Known> {
        self.lock().by_id.get(&id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_known_and_the_oldest_forgotten() {
        let cache = Cache::default();
        let event = Arc::new(Event::from_json(&serde_json::json!({"title": "t"})).unwrap());
        for id in 0..=MOST as i64 {
            cache.put(Known { id, event: event.clone(), at: Timestamp::default() });
        }
        assert!(cache.get(0).is_none() && cache.get(1).is_some() && cache.get(MOST as i64).is_some());
    }

    #[test]
    fn few_large_ones_are_kept_and_the_newest_whatever_it_weighs() {
        let cache = Cache::default();
        let put = |id: i64, size: usize| {
            let payload = serde_json::json!({"log": ["x".repeat(size)]});
            let event = Event { payload, ..Event::from_json(&serde_json::json!({"title": "t"})).unwrap() };
            cache.put(Known { id, event: Arc::new(event), at: Timestamp::default() });
        };
        (0..1_000).for_each(|id| put(id, 256 << 10));
        let kept = (0..1_000).filter(|id| cache.get(*id).is_some()).count();
        assert!((32..64).contains(&kept) && cache.get(999).is_some(), "{kept} of 256 KiB");
        assert!(cache.lock().weight <= HEAVIEST);
        put(1_000, HEAVIEST);
        assert_eq!((cache.get(1_000).is_some(), cache.lock().order.len()), (true, 1));
        put(1_001, 1);
        assert_eq!((cache.get(1_000).is_none(), cache.lock().by_id.len()), (true, 1));
    }
}
