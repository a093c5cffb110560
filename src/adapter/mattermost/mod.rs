//! Mattermost: one session with one server, as a bot account or a person. The protocol is in `wire::mattermost`.

mod body;
mod calls;
mod examine;
mod hearing;
mod memory;
mod missed;
mod opening;
mod options;
mod rooms;
mod sending;
mod session;
mod trouble;

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::options::{Manner, Reach};
use super::{Abilities, Adapter, Call, Check, Ended, Limit, Link, Lookup, OptionRow, Returned, Unit};
use crate::model::Secret;
use crate::net::World;
use crate::net::tls;
use memory::Memory;

/// The longest post of a server that does not tell.
const LONGEST: usize = 16_383;

/// A Mattermost server as configured.
#[derive(Debug)]
pub struct Mattermost {
    /// `https://chat.example.org/sub`, without a slash at its end.
    url: String,
    /// Of a bot account or a person.
    token: Secret,
    /// The team of `#name`.
    team: Option<String>,
    /// Where the server reaches the bot's own listener; without it there are no buttons.
    callback: Option<String>,
    /// The tokens of slash commands.
    slash: Vec<Secret>,
    manner: Manner,
    reach: Reach,
    exit_on_disconnect: bool,
    /// What outlives a session.
    memory: Mutex<Memory>,
}

impl Mattermost {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server can do, with posts of `longest` characters.
    fn abilities(&self, longest: usize) -> Abilities {
        Abilities {
            longest: Limit { most: longest, unit: Unit::Chars },
            buttons: self.callback.is_some(),
            reactions: self.manner.react,
            ..Self::ABILITIES
        }
    }
}

impl Adapter for Mattermost {
    const ABILITIES: Abilities = Abilities {
        longest: Limit { most: LONGEST, unit: Unit::Chars },
        edits: true,
        threads: true,
        buttons: false,
        files: true,
        reactions: false,
        in_flight: 1,
    };
    const SUMMARY: &'static str =
        "Mattermost: bot account or person, threads, edits, buttons, slash commands";
    const PAGE: &'static str = include_str!("../../../docs/adapters/mattermost.md");
    const OPTIONS: &'static [OptionRow] = options::OPTIONS;

    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        options::read(lookup)
    }

    fn check(&self) -> Result<(), String> {
        self.reach.http.builder(&World::real()).map(drop)?;
        tls::client_config(&self.reach.via.tls).map(drop)
    }

    fn exits_on_disconnect(&self) -> bool {
        self.exit_on_disconnect
    }

    async fn session(&self, link: &Link) -> Ended {
        session::run(self, link).await
    }

    fn call(&self, link: &Link, call: &Call<'_>) -> Returned {
        calls::answer(self, link, call)
    }

    async fn examine(&self, world: &World) -> Vec<Check> {
        examine::all(self, world).await
    }
}
