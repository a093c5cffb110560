//! The channels to be in: joining, keys, kicks, refusals.

use std::collections::BTreeMap;
use std::time::Duration;

use super::isupport::Isupport;
use super::profile::{Channel, Patience};
use crate::model::{Secret, Timestamp};

/// Room for the names and keys of one JOIN.
const JOIN_BYTES: usize = 400;
/// How often a wait doubles.
const DOUBLINGS: u32 = 10;

/// How a channel stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The client is in it.
    In,
    /// It is being joined, or will be again soon after a kick.
    Pending,
    /// The server refused; asked again slowly.
    Refused(String),
    /// It is not among the configured channels.
    Unknown,
}

#[derive(Debug)]
struct State {
    name: String,
    key: Option<Secret>,
    standing: Standing,
    /// When to ask (again).
    due: Option<Timestamp>,
    setbacks: u32,
}

/// All configured channels by folded name.
#[derive(Debug, Default)]
pub(super) struct Channels {
    states: BTreeMap<String, State>,
}

impl Channels {
    /// Begins to join: everything is due at once.
    pub(super) fn begin(&mut self, channels: &[Channel], isupport: &Isupport, now: Timestamp) {
        for Channel { name, key } in channels {
            let (name, key) = (name.clone(), key.clone());
            let state = State { key, standing: Standing::Pending, due: Some(now), setbacks: 0, name };
            self.states.insert(isupport.fold(&state.name), state);
        }
    }

    /// Whether the server has answered for each.
    pub(super) fn are_settled(&self) -> bool {
        self.states.values().all(|state| state.standing != Standing::Pending)
    }

    /// How the channel with this folded name stands.
    pub(super) fn standing(&self, folded: &str) -> Standing {
        self.states.get(folded).map_or(Standing::Unknown, |state| state.standing.clone())
    }

    /// The server says that the client is in.
    pub(super) fn joined(&mut self, folded: &str) {
        if let Some(state) = self.states.get_mut(folded) {
            state.standing = Standing::In;
            state.due = None;
        }
    }

    /// The client was kicked or forced out.
    pub(super) fn left(&mut self, folded: &str, now: Timestamp, patience: &Patience) {
        if let Some(state) = self.states.get_mut(folded) {
            state.standing = Standing::Pending;
            state.due = Some(now.plus(state.setback(patience.rejoin)));
        }
    }

    /// The server refuses; true the first time, so that it is reported once.
    pub(super) fn refused(&mut self, folded: &str, why: &str, now: Timestamp, patience: &Patience) -> bool {
        let Some(state) = self.states.get_mut(folded) else { return false };
        let new = !matches!(&state.standing, Standing::Refused(_)) && state.standing != Standing::In;
        if state.standing != Standing::In {
            state.standing = Standing::Refused(why.to_owned());
            state.due = Some(now.plus(state.setback(patience.refused)));
        }
        new
    }

    /// The JOIN lines that are due.
    pub(super) fn due(&mut self, now: Timestamp, isupport: &Isupport) -> Vec<String> {
        let mut due: Vec<_> =
            self.states.values_mut().filter(|state| state.due.is_some_and(|due| due <= now)).collect();
        // Keys are matched to names by place, so channels with keys come first.
        due.sort_by_key(|state| state.key.is_none());
        let mut lines: Vec<(usize, String, String)> = Vec::new();
        for state in due {
            state.due = None;
            let key = state.key.as_ref().map_or("", Secret::expose);
            let size = state.name.len() + key.len() + 2;
            match lines.last_mut() {
                Some((count, names, keys))
                    if *count < isupport.join_targets && names.len() + keys.len() + size < JOIN_BYTES =>
                {
                    *count += 1;
                    names.extend([",", &state.name]);
                    if !key.is_empty() {
                        keys.extend([",", key]);
                    }
                }
                _ => lines.push((1, state.name.clone(), key.to_owned())),
            }
        }
        lines
            .into_iter()
            .map(|(_, names, keys)| format!("JOIN {names} {keys}").trim_end().to_owned())
            .collect()
    }
}

impl State {
    fn setback(&mut self, base: Duration) -> Duration {
        let wait = base * (1 << self.setbacks.min(3));
        self.setbacks = (self.setbacks + 1).min(DOUBLINGS);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(names: &[&str]) -> Channels {
        let channels: Vec<Channel> = names.iter().map(|name| name.parse().unwrap()).collect();
        let mut all = Channels::default();
        all.begin(&channels, &Isupport::default(), Timestamp::from_micros(0));
        all
    }

    #[test]
    fn channels_are_joined_together_and_keys_come_first() {
        let mut channels = begun(&["#a", "#b:sesame", "#c", "#d", "#e"]);
        let now = Timestamp::from_micros(0);
        assert_eq!(channels.due(now, &Isupport::default()), ["JOIN #b,#a,#c,#d sesame", "JOIN #e"]);
        assert!(channels.due(now, &Isupport::default()).is_empty());
    }

    #[test]
    fn a_refusal_is_reported_once_and_asked_again_slowly() {
        let (mut channels, patience) = (begun(&["#a"]), Patience::default());
        let now = Timestamp::from_micros(0);
        channels.due(now, &Isupport::default());
        assert!(channels.refused("#a", "banned", now, &patience));
        assert!(!channels.refused("#a", "banned", now, &patience));
        assert!(channels.are_settled());
        assert!(channels.due(now.plus(Duration::from_secs(59)), &Isupport::default()).is_empty());
        assert_eq!(channels.due(now.plus(Duration::from_secs(120)), &Isupport::default()), ["JOIN #a"]);
    }

    #[test]
    fn after_a_kick_the_channel_is_joined_again() {
        let (mut channels, patience) = (begun(&["#a"]), Patience::default());
        let now = Timestamp::from_micros(0);
        channels.due(now, &Isupport::default());
        channels.joined("#a");
        assert_eq!(channels.standing("#a"), Standing::In);
        channels.left("#a", now, &patience);
        assert!(channels.due(now, &Isupport::default()).is_empty());
        assert_eq!(channels.due(now.plus(patience.rejoin), &Isupport::default()), ["JOIN #a"]);
    }
}
