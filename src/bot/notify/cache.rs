//! The events accepted last, so that a courier need not read them back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Event, Timestamp};
use crate::store::StoredEvent;

/// Events kept.
const MOST: usize = 4_096;

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
    order: VecDeque<i64>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an event, for the oldest one.
    pub(super) fn put(&self, known: Known) {
        let mut newest = self.lock();
        newest.order.push_back(known.id);
        newest.by_id.insert(known.id, known);
        if newest.order.len() > MOST {
            let oldest = newest.order.pop_front();
            oldest.and_then(|id| newest.by_id.remove(&id));
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
}
