//! One connection's state, fed with lines and the time.

mod movement;
mod refusals;
mod replies;

use irc::proto::{Command, Message};

use super::channels::{Channels, Standing};
use super::ctcp::Ctcp;
use super::isupport::Isupport;
use super::nick::Nick;
use super::profile::Profile;
use super::register::{Registration, Step};
use super::roster::Roster;
use super::speech::{self, Playback, Said, Vouching};
use super::split::Splitter;
use crate::model::Timestamp;

/// The longest `user@host` that servers show, for before ours is known.
const LONGEST_MASK: usize = 11 + 64;
/// The token of our WHO requests.
const WHO_TOKEN: &str = "81";

/// The token of a PING that asks for a receipt.
const RECEIPT: &str = "taken-";

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Welcomed, logged in, and in every channel that let the client in.
    Up,
    /// The client's nick is now another.
    Nick,
    /// Somebody said something.
    Said(Said),
    /// Somebody has another nick (both in the server's lower case).
    Renamed {
        /// The nick until now.
        from: String,
        /// The nick from now on.
        to: String,
    },
    /// Nothing is known any more of a nick (in the server's lower case): it quit, or changed its account.
    Unknown(String),
    /// The server has taken everything that was sent before [`Client::ask_receipt`] with this number.
    Taken(u64),
    /// The server says that something said to a nick or a channel did not get there.
    Undelivered {
        /// The nick or channel, as the server writes it.
        to: String,
        /// The server's words.
        why: String,
    },
    /// The server ended the connection, or is silent for too long.
    Lost(String),
    /// The server or the services will not have the client; the sentence says what to do.
    Refused(String),
}

/// How far the connection is, and until when the step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Registering(Timestamp),
    /// Waiting for the end of the message of the day: the server's parameters come before it.
    Welcomed(Timestamp),
    LoggingIn(Timestamp),
    Joining(Timestamp),
    Up,
}

/// One connection's state.
#[derive(Debug)]
pub struct Client {
    profile: Profile,
    stage: Stage,
    registration: Registration,
    isupport: Isupport,
    nick: Nick,
    mask_length: usize,
    channels: Channels,
    roster: Roster,
    playback: Playback,
    ctcp: Ctcp,
    heard_at: Timestamp,
    asked: bool,
    out: Vec<String>,
    events: Vec<Event>,
}

impl Client {
    /// A client of a connection that was just opened; its first lines are waiting in [`Self::lines`].
    pub fn new(profile: Profile, now: Timestamp) -> Self {
        Self {
            stage: Stage::Registering(now.plus(profile.patience.welcome)),
            registration: Registration::default(),
            isupport: Isupport::default(),
            nick: Nick::new(&profile.nick),
            mask_length: LONGEST_MASK,
            channels: Channels::default(),
            roster: Roster::default(),
            playback: Playback::default(),
            ctcp: Ctcp::default(),
            heard_at: now,
            asked: false,
            out: Registration::begin(&profile),
            events: Vec::new(),
            profile,
        }
    }

    /// The lines to send at once, without line ends; each is safe as it is.
    pub fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.out)
    }

    /// What happened since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The client's nick by now.
    pub fn nick(&self) -> &str {
        self.nick.current()
    }

    /// The configured nick.
    pub fn wanted_nick(&self) -> &str {
        self.nick.wanted()
    }

    /// Whether the session is up.
    pub fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    /// How to cut text so that it reaches the others whole.
    pub fn splitter(&self) -> Splitter {
        Splitter::new(self.isupport.line_length, self.nick.current().len() + 1 + self.mask_length)
    }

    /// A name in the server's lower case.
    pub fn fold(&self, name: &str) -> String {
        self.isupport.fold(name)
    }

    /// How a channel stands.
    pub fn standing(&self, channel: &str) -> Standing {
        self.channels.standing(&self.isupport.fold(channel))
    }

    /// Takes one line of the server.
    pub fn hear(&mut self, line: &str, now: Timestamp) {
        let message: Message = match line.parse() {
            Ok(message) => message,
            Err(error) => return tracing::debug!(%error, "the irc server said something unreadable"),
        };
        if let Command::PRIVMSG(target, text) = &message.command {
            return self.hear_speech(&message, target, text, now);
        }
        if matches!(self.stage, Stage::Registering(_)) {
            self.register(&message, now);
        }
        match &message.command {
            Command::PING(token, _) => self.out.push(format!("PONG :{token}")),
            Command::PONG(one, other) => self.hear_pong(other.as_deref().unwrap_or(one)),
            Command::ERROR(why) => self.hear_error(why),
            Command::NOTICE(_, text) => self.hear_notice(&message, text),
            Command::Response(response, arguments) => self.hear_numeric(*response, arguments, now),
            Command::Raw(command, arguments) => self.hear_raw(command, arguments, now),
            Command::BATCH(reference, kind, _) => self.playback.batch(reference, kind.as_ref()),
            command => self.hear_movement(&message, command, now),
        }
        self.advance(now);
    }

    /// Something came from the server: it lives.
    pub fn alive(&mut self, now: Timestamp) {
        self.heard_at = now;
        self.asked = false;
    }

    /// Does what time brings: asks for a sign of life, joins, looks for the nick, gives up.
    pub fn tick(&mut self, now: Timestamp) {
        let (patience, silence) = (self.profile.patience, now.since(self.heard_at));
        if silence >= patience.death {
            return self.events.push(Event::Lost(format!("no sign of life for {} s", silence.as_secs())));
        }
        if silence >= patience.silence && !std::mem::replace(&mut self.asked, true) {
            self.out.push("PING :still-there".to_owned());
        }
        if matches!(self.stage, Stage::Joining(_) | Stage::Up) {
            self.out.extend(self.channels.due(now, &self.isupport));
        }
        if self.is_up() {
            let password = self.profile.nickserv.as_ref();
            self.out.extend(self.nick.look(now, patience.regain, password, &self.isupport));
        }
        self.advance(now);
    }

    /// Asks the server to say when it has taken what was sent so far: it answers in order.
    pub fn ask_receipt(&mut self, number: u64) {
        self.out.push(format!("PING :{RECEIPT}{number}"));
    }

    fn hear_pong(&mut self, token: &str) {
        let number = token.strip_prefix(RECEIPT).and_then(|number| number.parse().ok());
        self.events.extend(number.map(Event::Taken));
    }

    fn register(&mut self, message: &Message, now: Timestamp) {
        match self.registration.hear(message, &self.profile, &mut self.nick, &mut self.out) {
            Step::On => {}
            Step::Refused(why) => self.events.push(Event::Refused(why)),
            Step::Welcome => {
                self.playback.welcomed(message);
                if let Command::Response(_, arguments) = &message.command {
                    self.nick.is_now(arguments.first().map_or("", String::as_str));
                }
                self.stage = Stage::Welcomed(now.plus(self.profile.patience.login));
            }
        }
    }

    /// Goes on to the next stage where this one is over or took its time.
    fn advance(&mut self, now: Timestamp) {
        match self.stage {
            Stage::Registering(limit) if now >= limit => {
                self.events.push(Event::Lost("no welcome from the server".to_owned()));
            }
            Stage::Welcomed(limit) | Stage::LoggingIn(limit) if now >= limit => self.join(now),
            Stage::Joining(limit) if now >= limit || self.channels.are_settled() => {
                self.stage = Stage::Up;
                self.events.push(Event::Up);
            }
            _ => {}
        }
    }

    fn greeted(&mut self, now: Timestamp) {
        if !matches!(self.stage, Stage::Welcomed(_)) {
            return;
        }
        match &self.profile.nickserv {
            Some(password) if !self.registration.granted.has("sasl") => {
                let account = if self.nick.is_alternate(&self.isupport) { self.nick.wanted() } else { "" };
                let line = format!("PRIVMSG NickServ :IDENTIFY {account} {}", password.expose());
                self.out.push(line.replace("  ", " "));
                self.stage = Stage::LoggingIn(now.plus(self.profile.patience.login));
            }
            _ => self.join(now),
        }
    }

    fn join(&mut self, now: Timestamp) {
        self.channels.begin(&self.profile.channels, &self.isupport, now);
        self.out.extend(self.channels.due(now, &self.isupport));
        self.stage = Stage::Joining(now.plus(self.profile.patience.join));
    }

    fn hear_speech(&mut self, message: &Message, target: &str, text: &str, now: Timestamp) {
        if message.source_nickname().is_some_and(|nick| self.is_me(nick)) {
            return;
        }
        if text.starts_with('\x01') {
            if let (Some(body), Some(nick)) = (self.ctcp.answer(text, now), message.source_nickname()) {
                self.out.push(format!("NOTICE {nick} :{body}"));
            }
            return;
        }
        let vouching = if self.registration.granted.has("account-tag") {
            Vouching::Tags
        } else if self.tells_accounts() {
            Vouching::Roster(&self.roster)
        } else {
            Vouching::Nobody
        };
        let said = speech::read(message, target, text, &self.isupport, &self.playback, &vouching);
        self.events.extend(said.map(Event::Said));
    }

    fn tells_accounts(&self) -> bool {
        let granted = &self.registration.granted;
        !granted.has("account-tag") && granted.has("extended-join") && granted.has("account-notify")
    }

    fn is_me(&self, nick: &str) -> bool {
        self.isupport.same(nick, self.nick.current())
    }

    fn take_nick(&mut self) {
        self.out.push(format!("NICK {}", self.nick.wanted()));
    }

    fn host_is(&mut self, host: &str) {
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        self.mask_length = self.mask_length.max("~123456789@".len() + host.len());
    }
}

#[cfg(test)]
mod tests;
