//! What was done since the start, counted for those who watch.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::model::{Receipt, SendError, Timestamp};

/// What was done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    accepted: AtomicU64,
    repeated: AtomicU64,
    /// By notifier; those of the configuration, so few.
    notifiers: Mutex<BTreeMap<String, Sends>>,
}

/// What became of sends of one notifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sends {
    /// Taken by the other side.
    pub delivered: u64,
    /// To be tried again.
    pub retried: u64,
    /// Given up, by why: `refused`, `no_room`, `expired`.
    pub dead: BTreeMap<&'static str, u64>,
}

impl Counters {
    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn repeated(&self) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(
        &self,
        notifier: &str,
        outcome: &Result<Receipt, SendError>,
        again: Option<Timestamp>,
    ) {
        let mut all = self.notifiers.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(notifier.to_owned()).or_default();
        let why = match (outcome, again) {
            (Ok(_), _) => return own.delivered += 1,
            (Err(_), Some(_)) => return own.retried += 1,
            (Err(SendError::Refused { .. }), None) => "refused",
            (Err(SendError::NoRoom { .. }), None) => "no_room",
            (Err(SendError::Retry { .. } | SendError::Gone { .. }), None) => "expired",
        };
        *own.dead.entry(why).or_default() += 1;
    }

    /// Events that were accepted, and those that had been told before.
    pub fn events(&self) -> (u64, u64) {
        (self.accepted.load(Ordering::Relaxed), self.repeated.load(Ordering::Relaxed))
    }

    /// What became of sends, by notifier.
    pub fn sends(&self) -> BTreeMap<String, Sends> {
        self.notifiers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_counted_by_why() {
        let counters = Counters::default();
        let refused = Err(SendError::Refused { why: "400".to_owned() });
        let later = Err(SendError::Retry { why: "503".to_owned(), after: None });
        counters.sent("ops", &Ok(Receipt::default()), None);
        counters.sent("ops", &refused, None);
        counters.sent("ops", &later, Some(Timestamp::default()));
        counters.sent("ops", &later, None);
        let all = counters.sends();
        let dead = BTreeMap::from([("expired", 1), ("refused", 1)]);
        assert_eq!(all["ops"], Sends { delivered: 1, retried: 1, dead });
    }
}
