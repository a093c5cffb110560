//! Whether a word counts, and how far the words that were given go. Pure.

use std::collections::HashSet;

use crate::access::{Access, Asked, Asker, Sameness, Unfit};
use crate::config::{Demand, Reason};
use crate::model::Person;
use crate::store::Vote;

/// What somebody may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Say {
    /// It may run.
    Approve,
    /// It may not.
    Deny,
}

impl Say {
    /// The word that is typed, and kept.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// Which of the demands a word of `voter` counts for.
///
/// # Errors
/// It counts for none: why not for the first.
pub(super) fn counts(
    access: &Access,
    voter: &Asker<'_>,
    asked: &Asked<'_>,
    requester: &Person,
    demands: &[Demand],
) -> Result<Vec<usize>, Unfit> {
    let mut first = None;
    let mut good = Vec::new();
    for (index, demand) in demands.iter().enumerate() {
        match access.may_decide(voter, asked, requester, demand) {
            Ok(()) => good.push(index),
            Err(why) => drop(first.get_or_insert(why)),
        }
    }
    match first {
        Some(why) if good.is_empty() => Err(why),
        _ => Ok(good),
    }
}

/// Somebody who had a say already and may be the same person.
pub(super) fn double<'v>(access: &Access, votes: &'v [Vote], voter: &Person) -> Option<&'v Vote> {
    let who = access.identity(voter);
    let other = |vote: &&Vote| vote.who != who && access.sameness(&vote.person, voter) != Sameness::Different;
    votes.iter().find(other)
}

/// Whether one of these demands wants a reason.
pub(super) fn wants_reason(demands: &[Demand], counts: &[usize]) -> bool {
    counts.iter().filter_map(|index| demands.get(*index)).any(|demand| demand.reason == Reason::Required)
}

/// For each demand how many approved and how many must.
pub fn standing(demands: &[Demand], votes: &[Vote]) -> Vec<(usize, usize)> {
    let one = |(index, demand): (usize, &Demand)| {
        let good =
            votes.iter().filter(|vote| vote.verdict == Say::Approve.word() && vote.counts.contains(&index));
        (good.map(|vote| &vote.who).collect::<HashSet<_>>().len(), demand.count)
    };
    demands.iter().enumerate().map(one).collect()
}

/// Whether all demands are met.
pub(super) fn is_met(demands: &[Demand], votes: &[Vote]) -> bool {
    standing(demands, votes).into_iter().all(|(have, need)| have >= need)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Map;

    use super::*;
    use crate::model::Timestamp;

    const POLICY: &str = "people: {alice: [irc:alice, slack:U1], bob: [irc:bob], carol: [irc:carol]}\n\
                          groups: {sre: [alice, bob], boss: [carol]}\n\
                          roles: {a: [{approve: [deploy.*]}]}\ngrants: [{role: a, to: [bob, alice]}]\n";

    fn access() -> Access {
        Access::read(Path::new("access.yaml"), POLICY, vec!["slack:ROOT".parse().unwrap()]).unwrap()
    }

    fn demand(by: &[&str], count: usize) -> Demand {
        Demand { by: by.iter().map(|name| (*name).to_owned()).collect(), count, ..Demand::default() }
    }

    fn ask(voter: &str, requester: &str, demands: &[Demand]) -> Result<Vec<usize>, String> {
        let (person, parameters) = (voter.parse().unwrap(), Map::new());
        let voter = Asker { person: &person, place: None, room_name: None };
        let asked = Asked { action: "deploy.release", alias: None, parameters: &parameters };
        counts(&access(), &voter, &asked, &requester.parse().unwrap(), demands).map_err(|why| why.to_string())
    }

    fn vote(who: &str, verdict: Say, counts: &[usize]) -> Vote {
        Vote {
            who: who.into(),
            person: format!("irc:{who}").parse().unwrap(),
            name: who.into(),
            place: None,
            verdict: verdict.word().into(),
            counts: counts.to_vec(),
            reason: None,
            at: Timestamp::from_micros(1),
        }
    }

    #[test]
    fn a_word_counts_for_what_its_person_may_decide() {
        let both = [demand(&["sre"], 1), demand(&["boss"], 1)];
        assert_eq!(ask("irc:bob", "irc:alice", &both), Ok(vec![0]));
        assert_eq!(ask("irc:carol", "irc:alice", &both), Ok(vec![1]));
        assert_eq!(ask("irc:bob", "irc:alice", &[demand(&[], 1)]), Ok(vec![0]));
        let why = ask("irc:carol", "irc:alice", &[demand(&["sre"], 1)]).unwrap_err();
        assert_eq!(why, "that is for `sre` to decide");
        assert_eq!(
            ask("irc:carol", "irc:alice", &[demand(&[], 1)]).unwrap_err(),
            "no rule lets you approve `deploy.release`"
        );
    }

    #[test]
    fn who_asks_never_approves_under_no_name() {
        let any = [demand(&[], 1)];
        let never = "who asks never approves: it takes a second person";
        for (voter, requester) in
            [("irc:alice", "irc:alice"), ("slack:U1", "irc:alice"), ("irc:alice", "irc:~alice")]
        {
            assert_eq!(ask(voter, requester, &any).unwrap_err(), never, "{voter} {requester}");
        }
        assert!(ask("irc:~bob", "irc:alice", &any).unwrap_err().contains("does not vouch"));
        // Somebody nobody named, on another service, may be the same person; so may an admin.
        for (voter, requester) in
            [("irc:zed", "slack:U9"), ("slack:ROOT", "irc:alice"), ("irc:bob", "irc:~mallory")]
        {
            assert!(ask(voter, requester, &any).unwrap_err().contains("two people"), "{voter} {requester}");
        }
        assert_eq!(ask("slack:ROOT", "slack:U9", &any), Ok(vec![0]));
    }

    #[test]
    fn votes_are_counted_by_person_and_demand() {
        let demands = [demand(&["sre"], 2), demand(&["boss"], 1)];
        let mut votes = vec![vote("bob", Say::Approve, &[0]), vote("bob", Say::Approve, &[0])];
        assert_eq!(standing(&demands, &votes), [(1, 2), (0, 1)]);
        votes.push(vote("alice", Say::Approve, &[0, 1]));
        assert!(is_met(&demands, &votes));
        votes.push(vote("carol", Say::Deny, &[1]));
        assert_eq!(standing(&demands, &votes), [(2, 2), (1, 1)]);
        assert!(is_met(&[], &[]));
    }

    #[test]
    fn one_person_with_two_ids_has_one_vote() {
        let votes = [vote("bob", Say::Approve, &[0])];
        assert!(double(&access(), &votes, &"irc:bob".parse().unwrap()).is_none());
        assert!(double(&access(), &votes, &"irc:carol".parse().unwrap()).is_none());
        assert_eq!(double(&access(), &votes, &"slack:ROOT".parse().unwrap()).unwrap().who, "bob");
    }
}
