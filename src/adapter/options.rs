//! What the options of the adapters have in common: the reader, and what every team chat has.

use std::str::FromStr;

use super::{Holds, Lookup, OptionRow};
use crate::model::Secret;
use crate::net::http::HttpOptions;
use crate::net::tls::TlsOptions;
use crate::net::ws::Via;

/// An option that may be shown.
pub(super) const fn row(name: &'static str, summary: &'static str) -> OptionRow {
    OptionRow { name, required: false, holds: Holds::Text, summary }
}

/// An option that may be shown, without which the adapter is off.
pub(super) const fn needed(name: &'static str, summary: &'static str) -> OptionRow {
    OptionRow { name, required: true, holds: Holds::Text, summary }
}

/// An option that is never shown.
pub(super) const fn secret(name: &'static str, summary: &'static str) -> OptionRow {
    OptionRow { name, required: false, holds: Holds::Secret, summary }
}

/// An option that is never shown, without which the adapter is off.
pub(super) const fn needed_secret(name: &'static str, summary: &'static str) -> OptionRow {
    OptionRow { name, required: true, holds: Holds::Secret, summary }
}

/// An option that names a file.
pub(super) const fn file(name: &'static str, summary: &'static str) -> OptionRow {
    OptionRow { name, required: false, holds: Holds::File, summary }
}

pub(super) const CA_FILE: OptionRow =
    file("CA_FILE", "PEM file of the authorities to trust instead of the system's");
pub(super) const CLIENT_CERT: OptionRow = file(
    "CLIENT_CERT",
    "PEM file with the client's certificate and private key, for a proxy that asks for one",
);
pub(super) const PROXY: OptionRow = secret("PROXY", "http://host:port of a proxy that takes CONNECT");
pub(super) const EXIT_ON_DISCONNECT: OptionRow =
    row("EXIT_ON_DISCONNECT", "on: the program ends when this connection does; off by default");
pub(super) const THREAD: OptionRow =
    row("THREAD", "on: every answer goes into a thread; off by default: the answer stands where was asked");
pub(super) const REACT: OptionRow =
    row("REACT", "on: a reaction shows at once that a command was heard, and how it ended; off by default");
pub(super) const WHISPER: OptionRow =
    row("WHISPER", "on: help and refusals are for the asker's eyes only; off by default");

/// Reads options and collects what is wrong.
pub(super) struct Reader<'a> {
    /// Finds the text of an option.
    lookup: Lookup<'a>,
    /// What is wrong so far, a sentence each.
    pub(super) wrong: Vec<String>,
}

/// How a team chat is to be used, as an admin likes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Manner {
    /// Every answer goes into a thread.
    pub(super) thread: bool,
    /// A reaction acknowledges.
    pub(super) react: bool,
    /// Private posts are whispered.
    pub(super) whisper: bool,
}

/// How a team chat is reached: for its HTTP calls and for its WebSocket alike.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Reach {
    /// For `reqwest`. `ca_file` of it adds to the system's authorities.
    pub(super) http: HttpOptions,
    /// For the WebSocket.
    pub(super) via: Via,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: Lookup<'a>) -> Self {
        Self { lookup, wrong: Vec::new() }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A text that must be there; empty, and noted as missing, where it is not.
    pub(super) fn needed(&mut self, name: &str, what: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.wrong.push(format!("`{name}` is missing: set it to {what}"));
            String::new()
        })
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<Secret> {
        let text = (self.lookup)(name).filter(|text| !text.is_empty())?;
        if text.contains(['\r', '\n', '\0']) {
            self.wrong.push(format!("`{name}` may not hold a line end"));
        }
        Some(Secret::new(text))
    }

    pub(super) fn parsed<T: FromStr<Err = String>>(&mut self, name: &str) -> Option<T> {
        match self.text(name)?.parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong.push(format!("`{name}`: {why}"));
                None
            }
        }
    }

    pub(super) fn switch(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None => default,
            Some("on" | "true" | "yes" | "1") => true,
            Some("off" | "false" | "no" | "0") => false,
            Some(other) => {
                self.wrong.push(format!("`{name}`: `{other}` is neither `on` nor `off`"));
                default
            }
        }
    }

    /// An `http` or `https` address without a slash at its end.
    pub(super) fn base(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let good = reqwest::Url::parse(&text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
        if !good {
            self.wrong
                .push(format!("`{name}`: `{text}` is not an address such as `https://chat.example.org`"));
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    pub(super) fn manner(&mut self) -> Manner {
        Manner {
            thread: self.switch(THREAD.name, false),
            react: self.switch(REACT.name, false),
            whisper: self.switch(WHISPER.name, false),
        }
    }

    pub(super) fn reach(&mut self) -> Reach {
        let ca_file = self.text(CA_FILE.name).map(std::path::PathBuf::from);
        let client_cert = self.text(CLIENT_CERT.name).map(std::path::PathBuf::from);
        let proxy = self.parsed(PROXY.name);
        let http = HttpOptions {
            ca_file: ca_file.clone(),
            client_certificate: client_cert.clone(),
            proxy: self.text(PROXY.name).map(Secret::new),
            ..HttpOptions::default()
        };
        Reach { http, via: Via { tls: TlsOptions { ca_file, client_cert, fingerprint: None }, proxy } }
    }
}
