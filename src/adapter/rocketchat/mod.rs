//! Rocket.Chat: one session on one server. The protocol itself is in `wire::rocketchat`: DDP is for hearing only, all
//! else goes over REST.

mod courier;
mod examine;
mod hearing;
mod known;
mod login;
mod missed;
mod options;
mod post;
mod rooms;
mod session;
mod upload;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::options::{Manner, Reach};
use super::{Abilities, Adapter, Check, Ended, Limit, Link, Lookup, OptionRow, Unit};
use crate::model::Secret;
use crate::net::{World, tls};
use crate::wire::rocketchat::Waits;

use known::Known;

/// A Rocket.Chat server as configured.
#[derive(Debug)]
pub struct Rocketchat {
    /// Its address, without a slash at the end.
    base: String,
    /// What logs the bot in.
    credentials: Credentials,
    manner: Manner,
    reach: Reach,
    /// Whether the program ends when this connection does, for supervisors that want it so.
    exit_on_disconnect: bool,
    /// How long it waits for what; may be changed before the first session.
    pub patience: Patience,
    /// What outlives a session.
    known: Arc<Mutex<Known>>,
    /// What the server said about time; outlives a session.
    waits: Arc<Waits>,
}

/// What logs the bot in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Credentials {
    /// A personal access token and whose it is.
    Token { user_id: String, token: Secret },
    /// A name or mail address and its password.
    Password { user: String, password: Secret },
}

/// How long a session waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For connecting, and for each step of logging in.
    pub connect: Duration,
    /// Silence after which the bot asks for a sign of life.
    pub silence: Duration,
    /// Silence after which the connection counts as dead.
    pub death: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), silence: seconds(20), death: seconds(45) }
    }
}

impl Adapter for Rocketchat {
    const ABILITIES: Abilities = Abilities {
        // The server counts as JavaScript does.
        longest: Limit { most: 5000, unit: Unit::Utf16 },
        edits: true,
        threads: true,
        buttons: false,
        files: true,
        reactions: false,
        in_flight: 1,
    };
    const SUMMARY: &'static str = "Rocket.Chat: channels, threads, direct messages, coloured results, files";
    const PAGE: &'static str = include_str!("../../../docs/adapters/rocketchat.md");
    const OPTIONS: &'static [OptionRow] = options::OPTIONS;

    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        options::read(lookup)
    }

    fn check(&self) -> Result<(), String> {
        tls::client_config(&self.reach.via.tls).map(drop)?;
        self.reach.http.builder(&World::real()).map(drop)
    }

    fn exits_on_disconnect(&self) -> bool {
        self.exit_on_disconnect
    }

    async fn session(&self, link: &Link) -> Ended {
        session::run(self, link).await
    }

    async fn examine(&self, world: &World) -> Vec<Check> {
        examine::run(self, world).await
    }
}
