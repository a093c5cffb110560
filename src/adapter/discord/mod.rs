//! Discord: one session on the gateway, requests over REST. The protocol itself is in `wire::discord`.

mod channels;
mod command;
mod drafts;
mod events;
mod examine;
mod gateway;
mod hearing;
mod interaction;
mod memory;
mod options;
mod post;
mod sending;
mod session;
mod target;
mod telling;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::options::{Manner, Reach};
use super::{Abilities, Adapter, Check, Ended, Limit, Link, Lookup, OptionRow, Unit};
use crate::model::Secret;
use crate::net::World;
use crate::wire::discord::Rest;

use memory::Memory;

/// Discord as configured: one bot, on all servers that invited it.
#[derive(Debug)]
pub struct Discord {
    token: Secret,
    api: String,
    /// The server where the slash command is registered; everywhere without one.
    guild: Option<u64>,
    manner: Manner,
    reach: Reach,
    exit_on_disconnect: bool,
    rest: OnceLock<Result<Arc<Rest>, String>>,
    /// What outlives a session.
    memory: Mutex<Memory>,
}

impl Discord {
    fn rest(&self) -> Result<Arc<Rest>, String> {
        let make = || Rest::new(&self.api, self.token.clone(), &self.reach.http).map(Arc::new);
        self.rest.get_or_init(make).clone()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this bot does of what Discord can do.
    fn abilities(&self) -> Abilities {
        Abilities { reactions: self.manner.react, ..Self::ABILITIES }
    }
}

impl Adapter for Discord {
    const ABILITIES: Abilities = Abilities {
        longest: Limit { most: 2000, unit: Unit::Utf16 },
        edits: true,
        threads: true,
        buttons: true,
        files: true,
        reactions: false,
        // One at a time in each place keeps the order.
        in_flight: 1,
    };
    const SUMMARY: &'static str = "Discord: channels, threads, direct messages, buttons, /chatops";
    const PAGE: &'static str = include_str!("../../../docs/adapters/discord.md");
    const OPTIONS: &'static [OptionRow] = options::OPTIONS;

    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        options::read(lookup)
    }

    fn check(&self) -> Result<(), String> {
        self.rest().map(drop)
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
