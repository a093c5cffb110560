//! Who waits for deliveries of one notifier is woken by what touches that notifier, and by nothing else.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// A counter for each notifier that somebody has asked for.
#[derive(Debug, Default)]
pub(super) struct Bells(Mutex<HashMap<String, watch::Sender<u64>>>);

impl Bells {
    /// The counter of a notifier, from now on.
    pub(super) fn of(&self, notifier: &str) -> watch::Receiver<u64> {
        let mut all = self.all();
        match all.get(notifier) {
            Some(bell) => bell.subscribe(),
            None => all.entry(notifier.to_owned()).or_insert_with(|| watch::Sender::new(0)).subscribe(),
        }
    }

    /// Something may be due for a notifier that was not.
    pub(super) fn ring(&self, notifier: &str) {
        if let Some(bell) = self.all().get(notifier) {
            bell.send_modify(|count| *count += 1);
        }
    }

    /// No code under this lock can panic half-way, so a poisoned one is as good.
    fn all(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
