//! Who is logged in to which account, for servers that do not tag each message with it.
//!
//! The knowledge comes from extended-join, account-notify and WHOX together, and lasts only while
//! the person shares a channel with the client: after that nobody would tell of a log-out.

use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
struct Member {
    account: Option<String>,
    channels: BTreeSet<String>,
}

/// The people in the client's channels, by folded nick.
#[derive(Debug, Default)]
pub(super) struct Roster {
    members: HashMap<String, Member>,
}

impl Roster {
    /// Somebody is in a channel; `account` as the server says it, `*` or `0` for none.
    pub(super) fn seen(&mut self, nick: String, channel: &str, account: &str) {
        let member = self.members.entry(nick).or_default();
        member.channels.insert(channel.to_owned());
        member.account = named(account);
    }

    /// Somebody logged in or out.
    pub(super) fn account(&mut self, nick: &str, account: &str) {
        if let Some(member) = self.members.get_mut(nick) {
            member.account = named(account);
        }
    }

    /// Somebody has another nick.
    pub(super) fn renamed(&mut self, from: &str, to: String) {
        if let Some(member) = self.members.remove(from) {
            self.members.insert(to, member);
        }
    }

    /// Somebody left a channel.
    pub(super) fn left(&mut self, nick: &str, channel: &str) {
        if let Some(member) = self.members.get_mut(nick) {
            member.channels.remove(channel);
            if member.channels.is_empty() {
                self.members.remove(nick);
            }
        }
    }

    /// Somebody left the network.
    pub(super) fn gone(&mut self, nick: &str) {
        self.members.remove(nick);
    }

    /// The client itself left a channel.
    pub(super) fn closed(&mut self, channel: &str) {
        self.members.retain(|_, member| {
            member.channels.remove(channel);
            !member.channels.is_empty()
        });
    }

    /// The account of somebody who shares a channel.
    pub(super) fn account_of(&self, nick: &str) -> Option<&str> {
        self.members.get(nick)?.account.as_deref()
    }
}

fn named(account: &str) -> Option<String> {
    (!matches!(account, "*" | "0" | "")).then(|| account.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_known_while_a_channel_is_shared() {
        let mut roster = Roster::default();
        roster.seen("al".into(), "#a", "alice");
        roster.seen("al".into(), "#b", "alice");
        roster.renamed("al", "ally".into());
        roster.left("ally", "#a");
        assert_eq!(roster.account_of("ally"), Some("alice"));
        roster.closed("#b");
        assert_eq!(roster.account_of("ally"), None);
    }

    #[test]
    fn a_log_out_is_believed() {
        let mut roster = Roster::default();
        roster.seen("al".into(), "#a", "alice");
        roster.account("al", "*");
        assert_eq!(roster.account_of("al"), None);
    }
}
