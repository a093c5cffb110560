//! Mail by SMTP (RFC 5321), one delivery for each recipient: plain, STARTTLS or TLS from the first byte.

mod guard;
mod message;
mod page;
mod recipients;
mod smtp;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Doors, Edits, Mode, Notice, Notifier, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::net::http::{Span, span};
use recipients::{mailbox, mailboxes};

/// Ports by custom: relay, submission, submission over TLS.
const PLAIN_PORT: u16 = 25;
const STARTTLS_PORT: u16 = 587;
const TLS_PORT: u16 = 465;

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server.
    host: String,
    /// Its port; without it 587, 465 with `tls`, 25 in clear.
    #[serde(default)]
    port: Option<u16>,
    /// TLS after a plain beginning; on unless `tls` is.
    #[serde(default)]
    starttls: Option<bool>,
    /// TLS from the first byte.
    #[serde(default)]
    tls: bool,
    /// For logging in.
    #[serde(default)]
    username: Option<String>,
    /// Belongs to `username`.
    #[serde(default)]
    password: Option<Secret>,
    /// The sender.
    from: String,
    /// Who gets it.
    #[serde(default)]
    to: Vec<String>,
    /// Who gets a copy.
    #[serde(default)]
    cc: Vec<String>,
    /// Who gets a copy that the others do not see.
    #[serde(default)]
    bcc: Vec<String>,
    /// Where answers go.
    #[serde(default)]
    reply_to: Option<String>,
    /// More headers.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// What the bot calls itself to the server.
    #[serde(default)]
    hello: Option<String>,
    /// How long to wait for a connection.
    #[serde(default = "connect_limit", deserialize_with = "span")]
    #[schemars(with = "Span")]
    connect_timeout: Duration,
    /// How long a mail may take in all.
    #[serde(default = "limit", deserialize_with = "span")]
    #[schemars(with = "Span")]
    timeout: Duration,
    /// Certificates to trust beside the system's, a PEM file.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// The client's certificates and private key, one PEM file.
    #[serde(default)]
    client_certificate: Option<PathBuf>,
    /// Whether any certificate of the server is good enough: only for a test.
    #[serde(default)]
    insecure_skip_verify: bool,
}

fn connect_limit() -> Duration {
    Duration::from_secs(10)
}

fn limit() -> Duration {
    Duration::from_secs(30)
}

/// How a connection is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// It is not.
    Plain,
    /// TLS after `STARTTLS`.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

impl Notifier for Email {
    const SUMMARY: &'static str = "sends mail by SMTP";
    const PAGE: &'static str = include_str!("../../../docs/notifiers/email.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        if self.tls && self.starttls == Some(true) {
            return Err(
                "`tls` and `starttls` exclude each other: `tls` is TLS from the first byte".to_owned()
            );
        }
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if self.host.is_empty() || self.host.contains(bad) {
            return Err("`host` must be the name or address of a mail server".to_owned());
        }
        if self.hello.as_ref().is_some_and(|name| name.is_empty() || name.contains(bad)) {
            return Err("`hello` must be a host name".to_owned());
        }
        self.login()?;
        mailbox("from", &self.from)?;
        self.reply_to.iter().try_for_each(|text| mailbox("reply_to", text).map(drop))?;
        if self.recipients()?.is_empty() {
            return Err("`to` is empty: nobody would hear of anything".to_owned());
        }
        self.headers.iter().try_for_each(|(name, value)| message::check_header(name, value))?;
        if self.cover() == Cover::Plain && (self.ca_file.is_some() || self.client_certificate.is_some()) {
            return Err("`ca_file` and `client_certificate` need `tls` or `starttls`".to_owned());
        }
        smtp::parameters(self).map(drop)
    }

    fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.insecure_skip_verify {
            all.push(
                "`insecure_skip_verify` is on: anyone on the way can read and change what is sent; `ca_file` \
                 trusts a private authority"
                    .to_owned(),
            );
        }
        if self.cover() == Cover::Plain && self.password.as_ref().is_some_and(|it| !it.is_empty()) {
            all.push("the password is sent in the clear: turn on `tls` or `starttls`".to_owned());
        }
        all
    }

    fn targets(&self) -> Vec<String> {
        self.recipients().unwrap_or_default().iter().map(|mailbox| mailbox.email.to_string()).collect()
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let mail = message::build(self, notice).map_err(refused)?;
        if doors.mode == Mode::Rehearse {
            return Ok(Receipt { handle: None, answer: self.shown(&mail) });
        }
        let answer = smtp::send(self, doors.world, mail.envelope(), &mail.formatted()).await?;
        Ok(Receipt { handle: None, answer })
    }
}

impl Email {
    fn cover(&self) -> Cover {
        match (self.tls, self.starttls) {
            (true, _) => Cover::Tls,
            (false, Some(false)) => Cover::Plain,
            (false, _) => Cover::Starttls,
        }
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(match self.cover() {
            Cover::Plain => PLAIN_PORT,
            Cover::Starttls => STARTTLS_PORT,
            Cover::Tls => TLS_PORT,
        })
    }

    /// User and password, where the server wants them.
    fn login(&self) -> Result<Option<(&str, &Secret)>, String> {
        let user = self.username.as_deref().filter(|text| !text.is_empty());
        match (user, self.password.as_ref().filter(|secret| !secret.is_empty())) {
            (Some(user), Some(password)) => Ok(Some((user, password))),
            (None, None) => Ok(None),
            (Some(_), None) => Err("`username` needs a `password`".to_owned()),
            (None, Some(_)) => Err("`password` needs a `username`".to_owned()),
        }
    }

    /// Everyone who gets the mail, each once.
    fn recipients(&self) -> Result<Vec<Mailbox>, String> {
        let mut all: Vec<Mailbox> = Vec::new();
        for (key, texts) in [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)] {
            for mailbox in mailboxes(key, texts)? {
                if !all.iter().any(|known| known.email == mailbox.email) {
                    all.push(mailbox);
                }
            }
        }
        Ok(all)
    }

    /// The dialogue that would be held.
    fn shown(&self, mail: &lettre::Message) -> String {
        let cover = match self.cover() {
            Cover::Plain => "in the clear",
            Cover::Starttls => "with STARTTLS",
            Cover::Tls => "over TLS",
        };
        let login = match self.login() {
            Ok(Some((user, _))) => format!("AUTH {user} ***\n"),
            _ => String::new(),
        };
        let envelope = mail.envelope();
        let from = envelope.from().map(ToString::to_string).unwrap_or_default();
        let to = envelope.to().iter().map(|to| format!("RCPT TO:<{to}>\n")).collect::<String>();
        let text = String::from_utf8_lossy(&mail.formatted()).replace("\r\n", "\n");
        let port = self.port();
        format!("SMTP to {}:{port}, {cover}\n{login}MAIL FROM:<{from}>\n{to}\n{}", self.host, text.trim_end())
    }
}
