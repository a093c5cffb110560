//! What people say: a `PRIVMSG` as the rest of the program wants it.

use std::collections::HashSet;

use irc::proto::{BatchSubCommand, Message, Prefix};

use super::formatting;
use super::isupport::Isupport;
use super::roster::Roster;
use crate::model::Timestamp;

/// Open batches to remember.
const BATCHES: usize = 64;

/// Where something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// In a channel.
    Channel {
        /// The name in the server's lower case.
        folded: String,
        /// The name as it was written.
        shown: String,
    },
    /// To the client alone.
    Direct,
}

/// Something that a person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The nick.
    pub nick: String,
    /// The nick in the server's lower case.
    pub folded_nick: String,
    /// `user@host`, as the server shows it.
    pub mask: String,
    /// The services account, in ASCII lower case, if the server vouches for one.
    pub account: Option<String>,
    /// Where.
    pub target: Target,
    /// The text without colours.
    pub text: String,
    /// The text as it came.
    pub raw: String,
    /// The network's id of the message, where it has one.
    pub id: Option<String>,
    /// The server's time of it, where it tells.
    pub at: Option<Timestamp>,
}

/// Tells live talk from history that a bouncer or server plays back: no command may run twice.
#[derive(Debug, Default)]
pub(super) struct Playback {
    batches: HashSet<String>,
    welcomed: Option<Timestamp>,
}

impl Playback {
    /// The server's time of its welcome: what was said before is history, by the same clock.
    pub(super) fn welcomed(&mut self, message: &Message) {
        self.welcomed = server_time(message);
    }

    /// A batch begins or ends.
    pub(super) fn batch(&mut self, reference: &str, kind: Option<&BatchSubCommand>) {
        if let Some(ended) = reference.strip_prefix('-') {
            self.batches.remove(ended);
            return;
        }
        let history = match kind {
            Some(BatchSubCommand::CUSTOM(kind)) => {
                ["chathistory", "znc.in/playback"].iter().any(|name| kind.eq_ignore_ascii_case(name))
            }
            _ => false,
        };
        if history && self.batches.len() < BATCHES {
            self.batches.insert(reference.trim_start_matches('+').to_owned());
        }
    }

    fn is_history(&self, message: &Message, at: Option<Timestamp>) -> bool {
        let batched = tag(message, "batch").is_some_and(|batch| self.batches.contains(batch));
        batched || matches!((self.welcomed, at), (Some(welcomed), Some(at)) if at < welcomed)
    }
}

/// What vouches for people.
pub(super) enum Vouching<'a> {
    /// Each message is tagged with its account.
    Tags,
    /// The roster knows.
    Roster(&'a Roster),
    /// Nothing does.
    Nobody,
}

/// Reads a `PRIVMSG`; `None` where it is not a live person's talk to a channel or to the client.
pub(super) fn read(
    message: &Message,
    target: &str,
    text: &str,
    isupport: &Isupport,
    playback: &Playback,
    vouching: &Vouching<'_>,
) -> Option<Said> {
    let Some(Prefix::Nickname(nick, user, host)) = &message.prefix else { return None };
    let at = server_time(message);
    let is_bot = ["bot", "draft/bot"].iter().any(|name| has_tag(message, name));
    if is_bot || isupport.is_status_message(target) || playback.is_history(message, at) {
        return None;
    }
    let folded_nick = isupport.fold(nick);
    let account = match vouching {
        Vouching::Tags => tag(message, "account"),
        Vouching::Roster(roster) => roster.account_of(&folded_nick),
        Vouching::Nobody => None,
    };
    let target = if isupport.is_channel(target) {
        Target::Channel { folded: isupport.fold(target), shown: target.to_owned() }
    } else {
        Target::Direct
    };
    Some(Said {
        nick: nick.clone(),
        folded_nick,
        mask: format!("{user}@{host}"),
        account: account.map(str::to_ascii_lowercase),
        target,
        text: formatting::strip(text).into_owned(),
        raw: text.to_owned(),
        id: tag(message, "msgid").filter(|id| id.len() <= 200).map(str::to_owned),
        at,
    })
}

fn tag<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let tags = message.tags.as_ref()?;
    let value = tags.iter().find(|tag| tag.0 == name)?.1.as_deref()?;
    (!value.is_empty()).then_some(value)
}

fn has_tag(message: &Message, name: &str) -> bool {
    message.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag.0 == name))
}

fn server_time(message: &Message) -> Option<Timestamp> {
    let time: jiff::Timestamp = tag(message, "time")?.parse().ok()?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(line: &str, playback: &Playback, vouching: &Vouching<'_>) -> Option<Said> {
        let message: Message = line.parse().unwrap();
        let irc::proto::Command::PRIVMSG(target, text) = message.command.clone() else { panic!("{line}") };
        read(&message, &target, &text, &Isupport::default(), playback, vouching)
    }

    #[test]
    fn a_tagged_message_is_vouched_for() {
        let line =
            "@account=Alice;msgid=x1;time=2026-11-21T08:40:00.123Z :Al!u@h PRIVMSG #Ops :\x02!run\x02 date";
        let said = hear(line, &Playback::default(), &Vouching::Tags).unwrap();
        assert_eq!((said.account.as_deref(), said.id.as_deref()), (Some("alice"), Some("x1")));
        assert_eq!((said.text.as_str(), said.raw.as_str()), ("!run date", "\x02!run\x02 date"));
        assert_eq!(said.target, Target::Channel { folded: "#ops".into(), shown: "#Ops".into() });
        assert_eq!(said.at.unwrap().as_secs(), 1_795_250_400);
    }

    #[test]
    fn a_tag_is_not_believed_where_the_server_does_not_vouch() {
        let said =
            hear("@account=alice :al!u@h PRIVMSG bot :hi", &Playback::default(), &Vouching::Nobody).unwrap();
        assert_eq!((said.account, said.target), (None, Target::Direct));
    }

    #[test]
    fn history_does_not_run_again() {
        let mut playback = Playback::default();
        playback.batch("+r1", Some(&BatchSubCommand::CUSTOM("CHATHISTORY".into())));
        let line = "@batch=r1 :al!u@h PRIVMSG #ops :!deploy";
        assert_eq!(hear(line, &playback, &Vouching::Tags), None);
        playback.batch("-r1", None);
        assert!(hear(line, &playback, &Vouching::Tags).is_some());
        playback.welcomed(&"@time=2026-11-21T08:40:00.000Z :s 001 bot :hi".parse().unwrap());
        let line = "@time=2026-11-21T08:39:59.000Z :al!u@h PRIVMSG #ops :!deploy";
        assert_eq!(hear(line, &playback, &Vouching::Tags), None);
    }

    #[test]
    fn other_bots_and_talk_among_operators_are_not_heard() {
        let playback = Playback::default();
        assert_eq!(hear("@bot :al!u@h PRIVMSG #ops :hi", &playback, &Vouching::Tags), None);
        let mut isupport = Isupport::default();
        isupport.read(&["bot".into(), "PREFIX=(ov)@+".into(), "end".into()]);
        let message: Message = ":al!u@h PRIVMSG @#ops :hi".parse().unwrap();
        assert_eq!(read(&message, "@#ops", "hi", &isupport, &playback, &Vouching::Tags), None);
    }
}
