//! How long commands took, counted in a histogram for those who watch.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::Status;

/// The upper ends of the histogram's parts, in seconds.
pub const ENDS: [f64; 12] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// How long commands took, by how they ended.
#[derive(Debug, Default)]
pub struct Durations(Mutex<BTreeMap<&'static str, Histogram>>);

/// How many took how long.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// How many took at most as long as each of [`ENDS`].
    pub at_most: [u64; ENDS.len()],
    /// How many there were.
    pub count: u64,
    /// How long all of them took, in seconds.
    pub sum: f64,
}

impl Durations {
    pub(super) fn count(&self, status: Status, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(status.as_str()).or_default();
        own.count += 1;
        own.sum += seconds;
        own.at_most
            .iter_mut()
            .zip(ENDS)
            .filter(|(_, end)| seconds <= *end)
            .for_each(|(count, _)| *count += 1);
    }

    /// What was counted since the start.
    pub fn all(&self) -> BTreeMap<&'static str, Histogram> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts_all_that_were_quicker() {
        let durations = Durations::default();
        durations.count(Status::Succeeded, Duration::from_millis(60));
        durations.count(Status::Succeeded, Duration::from_secs(4000));
        let all = durations.all();
        let own = &all["succeeded"];
        assert_eq!((own.count, own.at_most[0], own.at_most[2], own.at_most[11]), (2, 0, 1, 1));
        assert!((own.sum - 4000.06).abs() < 1e-6);
    }
}
