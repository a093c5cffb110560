//! Who comes and goes: joins, parts, kicks, nicks, accounts.

use irc::proto::{Command, Message, Prefix};

use super::{Client, Event, WHO_TOKEN};
use crate::model::Timestamp;

impl Client {
    /// Takes a line about somebody's coming or going, the client's own among them.
    pub(super) fn hear_movement(&mut self, message: &Message, command: &Command, now: Timestamp) {
        let Some(Prefix::Nickname(nick, user, host)) = &message.prefix else { return };
        let (folded, mine) = (self.isupport.fold(nick), self.is_me(nick));
        match command {
            Command::JOIN(channel, account, _) if mine => {
                self.mask_length = user.len() + 1 + host.len();
                self.entered(channel);
            }
            Command::JOIN(channel, account, _) if self.tells_accounts() => {
                let channel = self.isupport.fold(channel);
                self.roster.seen(folded, &channel, account.as_deref().unwrap_or("*"));
            }
            Command::PART(channel, _) => self.departed(nick, channel, now),
            Command::KICK(channel, whom, why) => {
                if self.is_me(whom) {
                    tracing::warn!(%channel, by = %nick, ?why, "kicked: going back soon");
                }
                self.departed(whom, channel, now);
            }
            Command::QUIT(_) => {
                self.roster.gone(&folded);
                self.freed(nick);
                self.events.push(Event::Unknown(folded));
            }
            Command::NICK(to) => self.renamed(nick, to),
            Command::ACCOUNT(account) => {
                self.roster.account(&folded, account);
                self.events.push(Event::Unknown(folded));
            }
            Command::CHGHOST(user, host) if mine => self.mask_length = user.len() + 1 + host.len(),
            _ => {}
        }
    }

    fn entered(&mut self, channel: &str) {
        let folded = self.isupport.fold(channel);
        self.channels.joined(&folded);
        if self.tells_accounts() && self.isupport.whox {
            self.out.push(format!("WHO {channel} %tcna,{WHO_TOKEN}"));
        }
    }

    fn departed(&mut self, nick: &str, channel: &str, now: Timestamp) {
        let channel = self.isupport.fold(channel);
        if self.is_me(nick) {
            self.channels.left(&channel, now, &self.profile.patience);
            self.roster.closed(&channel);
        } else {
            self.roster.left(&self.isupport.fold(nick), &channel);
        }
    }

    fn renamed(&mut self, from: &str, to: &str) {
        if self.is_me(from) {
            self.nick.is_now(to);
            return self.events.push(Event::Nick);
        }
        let (old, new) = (self.isupport.fold(from), self.isupport.fold(to));
        self.roster.renamed(&old, new.clone());
        self.freed(from);
        self.events.push(Event::Renamed { from: old, to: new });
    }

    /// Somebody no longer has a nick: perhaps ours.
    fn freed(&mut self, nick: &str) {
        if self.nick.is_freed_by(nick, &self.isupport) {
            self.take_nick();
        }
    }
}
