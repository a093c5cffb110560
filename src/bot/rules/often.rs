//! How often rules ran lately.

use std::collections::{HashMap, VecDeque};

use crate::model::Timestamp;
use crate::route;

/// When each rule ran, as far as it counts. At most as many times a rule as it may run.
#[derive(Debug, Default)]
pub(super) struct Often(HashMap<String, VecDeque<Timestamp>>);

impl Often {
    /// Whether a rule may run now; if so, that counts.
    pub(super) fn may(&mut self, rule: &str, limit: route::Often, now: Timestamp) -> bool {
        let ran = self.0.entry(rule.to_owned()).or_default();
        while ran.front().is_some_and(|at| now.since(*at) >= limit.within) {
            ran.pop_front();
        }
        let may = ran.len() < limit.count;
        if may {
            ran.push_back(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_rule_runs_so_often_in_a_span_and_again_after_it() {
        let limit = route::Often { count: 2, within: Duration::from_secs(60) };
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        let mut often = Often::default();
        let ran: Vec<bool> =
            [0, 10, 20, 59, 60, 61, 70].map(|second| often.may("a", limit, at(second))).into();
        assert_eq!(ran, [true, true, false, false, true, false, true]);
        assert!(often.may("b", limit, at(70)));
    }
}
