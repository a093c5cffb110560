//! Registration: capabilities, SASL, nick, until the server's welcome.

use irc::proto::{CapSubCommand, Command, Message, Response};

use super::nick::Nick;
use super::profile::{Login, Profile};
use super::sasl;

/// What the client can use. Not `echo-message`: some servers then delay each line by 40 ms.
const USEFUL: [&str; 9] = [
    "message-tags",
    "server-time",
    "account-tag",
    "extended-join",
    "account-notify",
    "batch",
    "multi-prefix",
    "labeled-response",
    "chghost",
];

/// What the server granted.
#[derive(Debug, Default, Clone)]
pub(super) struct Granted(Vec<String>);

impl Granted {
    /// Whether a capability is on.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|granted| granted == name)
    }
}

/// What a line brought about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing to speak of.
    On,
    /// The server welcomed the client.
    Welcome,
    /// It will not have it; the sentence says what to do.
    Refused(String),
}

/// The state of registration.
#[derive(Debug, Default)]
pub(super) struct Registration {
    offered: Vec<String>,
    waiting: usize,
    pub(super) granted: Granted,
    authenticating: bool,
    ended: bool,
}

impl Registration {
    /// The first lines.
    pub(super) fn begin(profile: &Profile) -> Vec<String> {
        let mut lines = vec!["CAP LS 302".to_owned()];
        if let Some(password) = &profile.password {
            lines.push(format!("PASS :{}", password.expose()));
        }
        lines.push(format!("NICK {}", profile.nick));
        lines.push(format!("USER {} 0 * :{}", user_name(&profile.nick), profile.real_name));
        lines
    }

    /// Takes one line of the server.
    pub(super) fn hear(
        &mut self,
        message: &Message,
        profile: &Profile,
        nick: &mut Nick,
        out: &mut Vec<String>,
    ) -> Step {
        match &message.command {
            Command::CAP(_, CapSubCommand::LS, mark, Some(more)) if mark.as_deref() == Some("*") => {
                self.offer(more);
            }
            Command::CAP(_, CapSubCommand::LS, Some(list), None) => {
                self.offer(list);
                self.request(profile, out);
            }
            Command::CAP(_, CapSubCommand::ACK, list, rest) => {
                self.grant(rest.as_deref().or(list.as_deref()).unwrap_or_default(), profile, out);
            }
            Command::CAP(_, CapSubCommand::NAK, ..) => self.answered(out),
            Command::AUTHENTICATE(mark) if mark == "+" => respond(profile, out),
            Command::Response(response, arguments) => {
                return self.hear_numeric(*response, arguments, profile, nick, out);
            }
            _ => {}
        }
        Step::On
    }

    fn hear_numeric(
        &mut self,
        response: Response,
        arguments: &[String],
        profile: &Profile,
        nick: &mut Nick,
        out: &mut Vec<String>,
    ) -> Step {
        let said = arguments.last().map_or("", String::as_str);
        match response {
            Response::RPL_WELCOME => return Step::Welcome,
            Response::ERR_NICKNAMEINUSE | Response::ERR_UNAVAILRESOURCE | Response::ERR_NICKCOLLISION => {
                match nick.another() {
                    Some(other) => out.push(format!("NICK {other}")),
                    None => {
                        return Step::Refused(format!(
                            "nick `{}` and others like it are in use",
                            profile.nick
                        ));
                    }
                }
            }
            Response::ERR_ERRONEOUSNICKNAME => {
                return Step::Refused(format!(
                    "the server does not accept nick `{}` ({said}): set another",
                    nick.current()
                ));
            }
            Response::ERR_PASSWDMISMATCH => {
                return Step::Refused(format!("the server refuses the password ({said}): check `PASSWORD`"));
            }
            Response::ERR_YOUREBANNEDCREEP => {
                return Step::Refused(format!("banned from the server ({said})"));
            }
            Response::RPL_SASLSUCCESS | Response::ERR_SASLALREADY => self.end(out),
            Response::ERR_NICKLOCKED
            | Response::ERR_SASLFAIL
            | Response::ERR_SASLTOOLONG
            | Response::ERR_SASLABORT => {
                return Step::Refused(sasl_advice(profile, said));
            }
            _ => {}
        }
        Step::On
    }

    fn offer(&mut self, list: &str) {
        self.offered.extend(list.split_whitespace().map(str::to_owned));
    }

    fn offers(&self, name: &str) -> Option<&str> {
        self.offered.iter().find_map(|offered| {
            let (key, value) = offered.split_once('=').unwrap_or((offered, ""));
            (key == name).then_some(value)
        })
    }

    /// Asks for each capability alone: one that is refused must not take the others with it.
    fn request(&mut self, profile: &Profile, out: &mut Vec<String>) {
        let mut wanted: Vec<_> = USEFUL.into_iter().filter(|name| self.offers(name).is_some()).collect();
        if let Some(login) = &profile.login {
            match self.offers("sasl") {
                Some(mechanisms) if takes(mechanisms, login) => wanted.push("sasl"),
                _ => tracing::warn!("the irc server offers no sasl that fits: going on without an account"),
            }
        }
        self.waiting = wanted.len();
        out.extend(wanted.iter().map(|name| format!("CAP REQ :{name}")));
        if wanted.is_empty() {
            self.end(out);
        }
    }

    fn grant(&mut self, list: &str, profile: &Profile, out: &mut Vec<String>) {
        for name in list.split_whitespace() {
            if name == "sasl" {
                self.authenticating = true;
                out.push(format!("AUTHENTICATE {}", mechanism(profile)));
            }
            self.granted.0.push(name.to_owned());
        }
        self.answered(out);
    }

    fn answered(&mut self, out: &mut Vec<String>) {
        self.waiting = self.waiting.saturating_sub(1);
        if self.waiting == 0 && !self.authenticating {
            self.end(out);
        }
    }

    /// SASL is done before this, since the server welcomes the client right after.
    fn end(&mut self, out: &mut Vec<String>) {
        if !std::mem::replace(&mut self.ended, true) {
            out.push("CAP END".to_owned());
        }
    }
}

fn mechanism(profile: &Profile) -> &'static str {
    match profile.login {
        Some(Login::External) => "EXTERNAL",
        _ => "PLAIN",
    }
}

/// A server without a list of mechanisms takes what its services take.
fn takes(mechanisms: &str, login: &Login) -> bool {
    let name = match login {
        Login::Plain { .. } => "PLAIN",
        Login::External => "EXTERNAL",
    };
    mechanisms.is_empty() || mechanisms.split(',').any(|offered| offered.eq_ignore_ascii_case(name))
}

fn respond(profile: &Profile, out: &mut Vec<String>) {
    let response = match &profile.login {
        Some(Login::Plain { user, password }) => sasl::plain(user, password.expose()),
        _ => Vec::new(),
    };
    out.extend(sasl::chunks(&response).into_iter().map(|chunk| format!("AUTHENTICATE {chunk}")));
}

fn sasl_advice(profile: &Profile, said: &str) -> String {
    match &profile.login {
        Some(Login::Plain { user, .. }) => {
            format!("the services refuse account `{user}` ({said}): check `SASL_USER` and `SASL_PASSWORD`")
        }
        _ => format!(
            "the services do not know the client certificate ({said}): add its fingerprint to the account with `CERT ADD`"
        ),
    }
}

/// The user name of the prefix: ASCII letters and digits.
fn user_name(nick: &str) -> String {
    let name: String = nick.chars().filter(char::is_ascii_alphanumeric).take(9).collect();
    if name.is_empty() { "chatops".to_owned() } else { name }
}

#[cfg(test)]
#[path = "register_tests.rs"]
mod tests;
