//! The options of the IRC adapter.

use std::sync::{Arc, Mutex};

use super::Irc;
use super::more::More;
use crate::adapter::options::{self, file, needed, row, secret};
use crate::adapter::{Lookup, OptionRow};
use crate::net::dial;
use crate::net::tls::TlsOptions;
use crate::wire::irc::{Channel, Login, Patience, Profile, Rate};

/// The port without TLS by custom.
const CLEAR_PORT: u16 = 6667;
const TLS_PORT: u16 = 6697;
/// More lines than this at once annoy a channel.
const LINES: usize = 10;

pub(super) const OPTIONS: &[OptionRow] = &[
    needed("SERVER", "host:port of the server; port 6697 if left out"),
    row("TLS", "on or off; on by default, except on port 6667"),
    row("NICK", "the bot's nick; chatops by default"),
    secret("CHANNELS", "channels to join, with commas; `#ops:key` for one with a key"),
    secret("PASSWORD", "the server's own password"),
    row("SASL_USER", "the services account; the nick by default"),
    secret("SASL_PASSWORD", "its password: logs in by SASL PLAIN"),
    file(
        "CLIENT_CERT",
        "PEM file with certificate and key: logs in by SASL EXTERNAL where there is no SASL_PASSWORD",
    ),
    row("FINGERPRINT", "SHA-256 of the one server certificate to accept, instead of asking the authorities"),
    secret("NICKSERV_PASSWORD", "for networks without SASL: identifies with NickServ, takes the nick back"),
    row("RATE", "lines at once and seconds for each further line; 5/2s by default, or off"),
    row("LINES", "lines of a long answer before `more` has to be said; 10 by default"),
    options::CA_FILE,
    options::PROXY,
    options::EXIT_ON_DISCONNECT,
];

/// Reads the options of an IRC network.
struct Reader<'a>(options::Reader<'a>);

impl Reader<'_> {
    fn server(&mut self) -> (String, u16) {
        let Some(text) = self.0.text("SERVER") else {
            self.0.wrong.push("`SERVER` is missing: set it to `host:port`".to_owned());
            return Default::default();
        };
        let with_port = if text.contains(':') { text.clone() } else { format!("{text}:{TLS_PORT}") };
        dial::host_and_port(&with_port).unwrap_or_else(|| {
            self.0.wrong.push(format!("`SERVER`: `{text}` is not `host:port`"));
            Default::default()
        })
    }

    fn tls(&mut self, port: u16) -> Option<TlsOptions> {
        let options = TlsOptions {
            ca_file: self.0.text("CA_FILE").map(Into::into),
            client_cert: self.0.text("CLIENT_CERT").map(Into::into),
            fingerprint: self.0.parsed("FINGERPRINT"),
        };
        if self.0.switch("TLS", port != CLEAR_PORT) {
            return Some(options);
        }
        if options != TlsOptions::default() {
            self.0.wrong.push("`CA_FILE`, `CLIENT_CERT` and `FINGERPRINT` need `TLS=on`".to_owned());
        }
        None
    }

    fn login(&mut self, nick: &str, tls: Option<&TlsOptions>) -> Option<Login> {
        let (user, password) = (self.0.text("SASL_USER"), self.0.secret("SASL_PASSWORD"));
        match (user, password) {
            (user, Some(password)) => {
                Some(Login::Plain { user: user.unwrap_or_else(|| nick.to_owned()), password })
            }
            (_, None) if tls.is_some_and(|tls| tls.client_cert.is_some()) => Some(Login::External),
            (Some(_), None) => {
                self.0.wrong.push("`SASL_USER` needs `SASL_PASSWORD` or `CLIENT_CERT`".to_owned());
                None
            }
            (None, None) => None,
        }
    }

    fn nick(&mut self) -> String {
        let nick = self.0.text("NICK").unwrap_or_else(|| "chatops".to_owned());
        let bad = |c: char| c.is_whitespace() || c.is_control() || "!@#&:,*?.".contains(c);
        if nick.contains(bad) || nick.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            self.0
                .wrong
                .push(format!("`NICK`: `{nick}` is not a nick: letters, digits and `_-[]{{}}|^` only"));
        }
        nick
    }

    fn channels(&mut self) -> Vec<Channel> {
        let text = self.0.text("CHANNELS").unwrap_or_default();
        let names = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty());
        let (mut channels, mut wrong) = (Vec::new(), Vec::new());
        for name in names {
            match name.parse() {
                Ok(channel) => channels.push(channel),
                Err(why) => wrong.push(format!("`CHANNELS`: {why}")),
            }
        }
        self.0.wrong.append(&mut wrong);
        channels
    }

    fn lines(&mut self) -> usize {
        let Some(text) = self.0.text("LINES") else { return LINES };
        text.parse().ok().filter(|lines| *lines > 0).unwrap_or_else(|| {
            self.0.wrong.push(format!("`LINES`: `{text}` is not a number of lines"));
            LINES
        })
    }
}

/// Builds the adapter.
pub(super) fn read(lookup: Lookup<'_>) -> Result<Irc, Vec<String>> {
    let mut reader = Reader(options::Reader::new(lookup));
    let server = reader.server();
    let tls = reader.tls(server.1);
    let nick = reader.nick();
    let profile = Profile {
        real_name: nick.clone(),
        password: reader.0.secret("PASSWORD"),
        login: reader.login(&nick, tls.as_ref()),
        nickserv: reader.0.secret("NICKSERV_PASSWORD"),
        channels: reader.channels(),
        patience: Patience::default(),
        nick,
    };
    let irc = Irc {
        server,
        tls,
        proxy: reader.0.parsed("PROXY"),
        profile,
        rate: reader.0.parsed::<Rate>("RATE").unwrap_or_default(),
        lines: reader.lines(),
        exit_on_disconnect: reader.0.switch("EXIT_ON_DISCONNECT", false),
        more: Arc::new(Mutex::new(More::default())),
    };
    if reader.0.wrong.is_empty() { Ok(irc) } else { Err(reader.0.wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Irc, Vec<String>> {
        read(&mut |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn one_option_is_enough() {
        let irc = from(&[("SERVER", "irc.example.org")]).unwrap();
        assert_eq!(irc.server, ("irc.example.org".into(), 6697));
        assert!(irc.tls.is_some() && irc.profile.nick == "chatops" && irc.rate == Rate::default());
        assert!(from(&[("SERVER", "irc.example.org:6667")]).unwrap().tls.is_none());
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let wrong = from(&[
            ("TLS", "maybe"),
            ("NICK", "a b"),
            ("CHANNELS", "#ops,#"),
            ("RATE", "fast"),
            ("SASL_USER", "bot"),
            ("PROXY", "socks5://x:1"),
        ])
        .unwrap_err();
        for name in ["SERVER", "TLS", "NICK", "CHANNELS", "RATE", "SASL_USER", "PROXY"] {
            assert!(
                wrong.iter().any(|sentence| sentence.starts_with(&format!("`{name}`"))),
                "{name}: {wrong:?}"
            );
        }
    }

    #[test]
    fn the_login_follows_from_what_is_given() {
        let plain = from(&[("SERVER", "a:1"), ("NICK", "bot"), ("SASL_PASSWORD", "sesame")]).unwrap();
        assert!(matches!(plain.profile.login, Some(Login::Plain { user, .. }) if user == "bot"));
        let external = from(&[("SERVER", "a:1"), ("CLIENT_CERT", "/x.pem")]).unwrap();
        assert!(matches!(external.profile.login, Some(Login::External)));
    }
}
