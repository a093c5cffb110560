//! What the server itself says: numerics, errors, and the notices of its services.

use irc::proto::{Message, Response};

use super::{Client, Event, Stage};
use crate::model::Timestamp;

impl Client {
    pub(super) fn hear_numeric(&mut self, response: Response, arguments: &[String], now: Timestamp) {
        let second = arguments.get(1).map_or("", String::as_str);
        match response {
            Response::RPL_ISUPPORT => self.isupport.read(arguments),
            Response::RPL_ENDOFMOTD | Response::ERR_NOMOTD => self.greeted(now),
            Response::RPL_LOGGEDIN if matches!(self.stage, Stage::LoggingIn(_)) => self.join(now),
            Response::RPL_ISON
                if self.nick.is_free(arguments.last().map_or("", String::as_str), &self.isupport) =>
            {
                self.take_nick();
            }
            Response::RPL_HOSTHIDDEN => self.host_is(second),
            Response::ERR_NOSUCHCHANNEL
            | Response::ERR_TOOMANYCHANNELS
            | Response::ERR_UNAVAILRESOURCE
            | Response::ERR_CHANNELISFULL
            | Response::ERR_INVITEONLYCHAN
            | Response::ERR_BANNEDFROMCHAN
            | Response::ERR_BADCHANNELKEY
            | Response::ERR_BADCHANMASK
            | Response::ERR_NOCHANMODES => self.join_refused(arguments, now),
            Response::ERR_CANNOTSENDTOCHAN => {
                tracing::warn!(
                    channel = second,
                    answer = arguments.last(),
                    "the irc server did not pass a message on"
                );
                self.undelivered(arguments);
            }
            Response::ERR_NOSUCHNICK | Response::ERR_TOOMANYTARGETS | Response::ERR_NOSUCHSERVICE => {
                self.undelivered(arguments);
            }
            _ => {}
        }
    }

    pub(super) fn hear_error(&mut self, why: &str) {
        // A server that refuses before its welcome is asked again slowly: it may count the tries.
        self.events.push(match self.stage {
            Stage::Registering(_) => Event::Refused(format!("the server refuses the connection: {why}")),
            _ => Event::Lost(format!("the server closed the connection: {why}")),
        });
    }

    /// Never answered (two bots would talk for ever); only NickServ's answer matters.
    pub(super) fn hear_notice(&mut self, message: &Message, text: &str) {
        let from_services =
            message.source_nickname().is_some_and(|nick| self.isupport.same(nick, "NickServ"));
        if from_services && self.is_up() && self.nick.is_alternate(&self.isupport) {
            // Perhaps it has just ended whoever had the nick.
            self.out.push(format!("ISON {}", self.nick.wanted()));
        }
        if !from_services || !matches!(self.stage, Stage::LoggingIn(_)) {
            return;
        }
        let text = text.to_lowercase();
        let accepted = ["you are now", "password accepted", "now recognized", "successfully identified"];
        let refused = ["incorrect", "invalid", "not registered", "isn't registered", "wrong password"];
        if refused.iter().any(|word| text.contains(word)) {
            tracing::warn!("nickserv refuses the password: check `NICKSERV_PASSWORD`");
        } else if !accepted.iter().any(|word| text.contains(word)) {
            return;
        }
        self.join(self.heard_at);
    }
}
