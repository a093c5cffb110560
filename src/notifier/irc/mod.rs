//! IRC channels and people: connect, join, say, quit; what the server does not pass on is reported, never "sent".

mod talk;
mod target;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Doors, Edits, Mode, Notice, Notifier, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::net::dial::{Dial, Proxy};
use crate::net::http::{Span, span};
use crate::net::tls::{self, TlsOptions};
use crate::text::{marks, render};
use crate::wire::irc::{Login, Patience, Profile, Rate, sentence};
use target::Target;

/// Ports by custom.
const CLEAR_PORT: u16 = 6667;
const TLS_PORT: u16 = 6697;

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Irc {
    /// The server's name or address.
    server: String,
    /// Its port; without it 6697, in clear 6667.
    #[serde(default)]
    port: Option<u16>,
    /// What the bot is called there.
    #[serde(default = "nickname")]
    nickname: String,
    /// The server's password.
    #[serde(default)]
    password: Option<Secret>,
    /// The account of SASL.
    #[serde(default)]
    sasl_user: Option<String>,
    /// Belongs to `sasl_user`.
    #[serde(default)]
    sasl_password: Option<Secret>,
    /// Channels and nicks; a channel may have its key behind a colon.
    targets: Vec<Secret>,
    /// Whether the connection is encrypted.
    #[serde(default = "on")]
    tls: bool,
    /// Certificates to trust beside the system's, a PEM file.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// The client's certificates and private key, one PEM file.
    #[serde(default)]
    client_certificate: Option<PathBuf>,
    /// SHA-256 of the only certificate that is good.
    #[serde(default)]
    fingerprint: Option<String>,
    /// A proxy on the way, `socks5://` or `http://`.
    #[serde(default)]
    proxy: Option<Secret>,
    /// Lines of one notice at most; more are cut.
    #[serde(default = "lines")]
    lines: usize,
    /// Lines and seconds, such as `4/8s`.
    #[serde(default)]
    rate: Option<String>,
    /// How long to wait for a connection.
    #[serde(default = "connect_limit", deserialize_with = "span")]
    #[schemars(with = "Span")]
    connect_timeout: Duration,
    /// How long a notice may take in all.
    #[serde(default = "limit", deserialize_with = "span")]
    #[schemars(with = "Span")]
    timeout: Duration,
}

fn nickname() -> String {
    "chatops".to_owned()
}

fn on() -> bool {
    true
}

/// More lines than this at once annoy a channel.
fn lines() -> usize {
    10
}

fn connect_limit() -> Duration {
    Duration::from_secs(8)
}

fn limit() -> Duration {
    Duration::from_secs(30)
}

impl Notifier for Irc {
    const SUMMARY: &'static str = "says it in IRC channels and to people: connects, says, quits";
    const PAGE: &'static str = include_str!("../../../docs/notifiers/irc.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if self.server.is_empty() || self.server.contains(bad) {
            return Err(
                "`server` must be the name or address of a server; `port` has its own option".to_owned()
            );
        }
        target::check_nick("nickname", &self.nickname)?;
        for (key, secret) in [("password", &self.password), ("sasl_password", &self.sasl_password)] {
            if secret.as_ref().is_some_and(|secret| secret.expose().contains(char::is_control)) {
                return Err(format!("`{key}` holds a line break or another control character"));
            }
        }
        if self.sasl_user.is_some() && self.login().is_none() {
            return Err("`sasl_user` needs `sasl_password` or `client_certificate`".to_owned());
        }
        if self.targets.is_empty() {
            return Err("`targets` is empty: nobody would hear of anything".to_owned());
        }
        self.targets.iter().try_for_each(|text| text.expose().parse::<Target>().map(drop))?;
        if self.lines == 0 {
            return Err("`lines` must be 1 or more".to_owned());
        }
        if let Rate::Limited { burst, every } = self.rate()? {
            let waits = u32::try_from(self.lines).unwrap_or(u32::MAX).saturating_sub(burst);
            if every.saturating_mul(waits) >= self.timeout {
                return Err("`lines` at this `rate` take longer than `timeout`".to_owned());
            }
        }
        self.dial().map(drop)
    }

    fn warnings(&self) -> Vec<String> {
        let secret = self.password.is_some() || self.sasl_password.is_some();
        let careless = !self.tls && secret;
        let clear = "the password is sent in the clear: turn on `tls`".to_owned();
        if careless { vec![clear] } else { Vec::new() }
    }

    fn targets(&self) -> Vec<String> {
        self.parsed().iter().map(|target| target.name().to_owned()).collect()
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let own = self.parsed().into_iter().find(|target| target.name() == notice.target);
        let target = match own {
            Some(target) => target,
            None => notice.target.parse().map_err(refused)?,
        };
        let words = words(notice);
        if doors.mode == Mode::Rehearse {
            return Ok(Receipt { handle: None, answer: self.shown(&target, &words) });
        }
        let talk = talk::hold(self, doors.world, &target, &words);
        let answer = doors.world.timeout(self.timeout, talk).await;
        let late = || super::later(format!("`{}` did not take it within {:?}", self.address(), self.timeout));
        Ok(Receipt { handle: None, answer: answer.map_err(|_| late())?? })
    }
}

/// The notice as lines, each safe to send.
fn words(notice: &Notice) -> Vec<String> {
    let text = render(&notice.post(), &marks::IRC_PLAIN);
    let lines = text.split(['\n', '\r']).map(|line| sentence(line.trim_end()).replace('\t', "    "));
    lines.filter(|line| !line.is_empty()).collect()
}

impl Irc {
    /// The targets that can be read, which after `check` are all.
    fn parsed(&self) -> Vec<Target> {
        self.targets.iter().filter_map(|text| text.expose().parse().ok()).collect()
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { TLS_PORT } else { CLEAR_PORT })
    }

    fn address(&self) -> String {
        format!("{}:{}", self.server, self.port())
    }

    fn rate(&self) -> Result<Rate, String> {
        let rate = self.rate.as_deref().map(str::parse).transpose();
        rate.map(Option::unwrap_or_default).map_err(|why| format!("`rate`: {why}"))
    }

    fn login(&self) -> Option<Login> {
        match &self.sasl_password {
            Some(password) => {
                let user = self.sasl_user.clone().unwrap_or_else(|| self.nickname.clone());
                Some(Login::Plain { user, password: password.clone() })
            }
            None => self.client_certificate.as_ref().map(|_| Login::External),
        }
    }

    /// Where to connect.
    fn dial(&self) -> Result<Dial, String> {
        let fingerprint = self.fingerprint.as_deref().map(str::parse).transpose();
        let options = TlsOptions {
            ca_file: self.ca_file.clone(),
            client_cert: self.client_certificate.clone(),
            fingerprint: fingerprint.map_err(|why| format!("`fingerprint`: {why}"))?,
        };
        let tls = match self.tls {
            true => Some(tls::client_config(&options)?),
            false if options == TlsOptions::default() => None,
            false => return Err("`ca_file`, `client_certificate` and `fingerprint` need `tls`".to_owned()),
        };
        let proxy = self.proxy.as_ref().map(|proxy| proxy.expose().parse::<Proxy>()).transpose();
        let proxy = proxy.map_err(|why| format!("`proxy`: {why}"))?;
        let host = self.server.trim_matches(['[', ']']).to_owned();
        Ok(Dial { host, port: self.port(), tls, proxy })
    }

    /// Who speaks, and the one channel to be in.
    fn profile(&self, target: &Target) -> Profile {
        Profile {
            nick: self.nickname.clone(),
            real_name: self.nickname.clone(),
            password: self.password.clone().filter(|password| !password.is_empty()),
            login: self.login(),
            nickserv: None,
            channels: target.channel().into_iter().cloned().collect(),
            patience: Patience {
                connect: self.connect_timeout,
                welcome: self.timeout,
                ..Patience::default()
            },
        }
    }

    /// What would be said.
    fn shown(&self, target: &Target, words: &[String]) -> String {
        let cover = if self.tls { "over TLS" } else { "in the clear" };
        let join = match target.channel() {
            Some(channel) => {
                format!("JOIN {}{}\n", channel.name, if channel.key.is_some() { " ***" } else { "" })
            }
            None => String::new(),
        };
        let said = words.iter().map(|line| format!("PRIVMSG {} :{line}\n", target.name()));
        let said: String = said.take(self.lines).collect();
        format!("IRC to {}, {cover}, as {}\n{join}{said}QUIT", self.address(), self.nickname)
    }
}
