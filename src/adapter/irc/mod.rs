//! IRC: one session on one network. The protocol itself is in `wire::irc`.

mod more;
mod options;
mod outgoing;
mod recent;
mod sending;
mod session;

use std::sync::{Arc, Mutex};

use super::{Abilities, Adapter, Ended, Limit, Link, Lookup, OptionRow, Unit};
use crate::net::dial::Proxy;
use crate::net::tls::{self, TlsOptions};
use crate::wire::irc::{Profile, Rate};

use more::More;

/// An IRC network as configured. Public fields may be changed before the first session.
#[derive(Debug)]
pub struct Irc {
    /// The server's name or address, and its port.
    pub server: (String, u16),
    /// How to verify the server; `None` talks in the clear.
    pub tls: Option<TlsOptions>,
    /// A proxy to go through.
    pub proxy: Option<Proxy>,
    /// Nick, passwords, channels, patience.
    pub profile: Profile,
    /// The polite rate of outgoing lines.
    pub rate: Rate,
    /// How many lines of a long answer go out before the reader has to ask for `more`.
    pub lines: usize,
    /// Whether the program ends when this connection does, for supervisors that want it so.
    pub exit_on_disconnect: bool,
    /// What is left of long answers; outlives a session.
    more: Arc<Mutex<More>>,
}

impl Adapter for Irc {
    const ABILITIES: Abilities = Abilities {
        longest: Limit { most: 400, unit: Unit::Bytes },
        edits: false,
        threads: false,
        buttons: false,
        files: false,
        reactions: false,
        in_flight: 64,
    };
    const SUMMARY: &'static str = "any IRC network: TLS, SASL, NickServ, several at once";
    const PAGE: &'static str = include_str!("../../../docs/adapters/irc.md");
    const OPTIONS: &'static [OptionRow] = options::OPTIONS;

    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        options::read(lookup)
    }

    fn check(&self) -> Result<(), String> {
        self.tls.as_ref().map_or(Ok(()), |options| tls::client_config(options).map(drop))
    }

    fn exits_on_disconnect(&self) -> bool {
        self.exit_on_disconnect
    }

    async fn session(&self, link: &Link) -> Ended {
        session::run(self, link).await
    }
}
