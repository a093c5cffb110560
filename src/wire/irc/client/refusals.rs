//! What the server does not do for the client (join a channel, pass a message on), and numerics that the crate
//! does not know.

use super::{Client, Event, WHO_TOKEN};
use crate::model::Timestamp;

impl Client {
    pub(super) fn undelivered(&mut self, arguments: &[String]) {
        if let (Some(to), Some(why)) = (arguments.get(1), arguments.last()) {
            self.events.push(Event::Undelivered { to: to.clone(), why: why.clone() });
        }
    }

    /// Numerics that the crate does not know: 489 and 520 refuse a JOIN, 531 and 716 a private message,
    /// 354 answers WHO.
    pub(super) fn hear_raw(&mut self, command: &str, arguments: &[String], now: Timestamp) {
        match (command, arguments) {
            ("489" | "520", _) => self.join_refused(arguments, now),
            ("531" | "716", _) => self.undelivered(arguments),
            ("354", [_, token, channel, nick, account]) if token == WHO_TOKEN => {
                self.roster.seen(self.isupport.fold(nick), &self.isupport.fold(channel), account);
            }
            _ => {}
        }
    }

    pub(super) fn join_refused(&mut self, arguments: &[String], now: Timestamp) {
        let (Some(channel), Some(said)) = (arguments.get(1), arguments.last()) else { return };
        if self.channels.refused(&self.isupport.fold(channel), said, now, &self.profile.patience) {
            tracing::warn!(%channel, answer = %said, "the irc server does not let the bot in: trying again later");
        }
    }
}
