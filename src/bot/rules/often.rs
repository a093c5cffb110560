//! How often rules ran lately: counted here, and at the start read from what was recorded.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::model::Timestamp;
use crate::route;

/// When each rule ran, as far as it counts. At most as many times a rule as it may run.
#[derive(Debug, Default)]
pub(super) struct Often(HashMap<String, Ran>);

/// What one rule ran.
#[derive(Debug, Default)]
struct Ran {
    times: VecDeque<Timestamp>,
    /// The events because of which it ran in an earlier life: looked at again, they run nothing and count once.
    recorded: HashSet<i64>,
}

impl Often {
    /// Whether it is known how often a rule ran.
    pub(super) fn knows(&self, rule: &str) -> bool {
        self.0.contains_key(rule)
    }

    /// Takes over what was recorded of a rule, the newest first: when it ran, and because of which event.
    pub(super) fn recall(&mut self, rule: &str, ran: Vec<(Timestamp, i64)>) {
        let times = ran.iter().rev().map(|(at, _)| *at).collect();
        let recorded = ran.into_iter().map(|(_, event)| event).collect();
        self.0.insert(rule.to_owned(), Ran { times, recorded });
    }

    /// Whether a rule ran because of this event in an earlier life, lately.
    pub(super) fn is_recorded(&self, rule: &str, event: i64) -> bool {
        self.0.get(rule).is_some_and(|ran| ran.recorded.contains(&event))
    }

    /// Whether a rule may run now; if so, that counts.
    pub(super) fn may(&mut self, rule: &str, limit: route::Often, now: Timestamp) -> bool {
        let ran = &mut self.0.entry(rule.to_owned()).or_default().times;
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

    #[test]
    fn what_ran_in_an_earlier_life_counts_and_its_event_counts_once() {
        let limit = route::Often { count: 2, within: Duration::from_secs(60) };
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        let mut often = Often::default();
        assert!(!often.knows("a"));
        often.recall("a", vec![(at(30), 8), (at(10), 7)]);
        assert!(often.knows("a") && often.is_recorded("a", 7) && !often.is_recorded("a", 9));
        let ran: Vec<bool> = [40, 71, 80, 91].map(|second| often.may("a", limit, at(second))).into();
        assert_eq!(ran, [false, true, false, true]);
    }
}
