//! Virtual time: seconds from 0, and what is due when.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::Timestamp;

/// The longest time an action may take: a year.
const LONGEST: f64 = 366.0 * 86_400.0;

/// The point `seconds` after the start.
pub(super) fn at(seconds: f64) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is limited, parts of a microsecond do not count"
    )]
    let micros = (seconds.clamp(0.0, LONGEST) * 1e6).round() as i64;
    Timestamp::from_micros(micros)
}

/// A point of time as answers show it: seconds, whole where they are.
pub(super) fn seconds(time: Timestamp) -> Value {
    let micros = time.as_micros();
    if micros % 1_000_000 == 0 {
        return json!(micros / 1_000_000);
    }
    #[expect(clippy::cast_precision_loss, reason = "a virtual second is small")]
    let parts = micros as f64 / 1e6;
    json!(parts)
}

/// Things due at a time; of one time the first put in comes first.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    due: BTreeMap<(Timestamp, u64), T>,
    count: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { due: BTreeMap::new(), count: 0 }
    }
}

impl<T> Agenda<T> {
    pub(super) fn put(&mut self, time: Timestamp, what: T) {
        self.due.insert((time, self.count), what);
        self.count += 1;
    }

    /// When the first thing is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(time, _)| *time)
    }

    /// Takes the first thing, if it is due.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<T> {
        let key = *self.due.keys().next().filter(|(time, _)| *time <= now)?;
        self.due.remove(&key)
    }
}
