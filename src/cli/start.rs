//! What `serve`, `chat` and `action run` have in common: the home is loaded, the database opened, the bot wired.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;

use super::Global;
use super::locate::{self, home_dir, variables};
use crate::bot::Bot;
use crate::bot::chat::commands;
use crate::bot::home::{Built, Home, Homes, load};
use crate::config::home::{HomeDir, Watch};
use crate::config::settings::LogFormat;
use crate::net::World;
use crate::store::{InstanceLock, Keys, Reader, Store, StoreError};
use crate::telemetry::{self, Collector, Traces};

/// A bot that is wired and not yet connected.
pub(super) struct Started {
    /// The bot.
    pub(super) bot: Arc<Bot>,
    /// Its home.
    pub(super) dir: HomeDir,
    /// Time and randomness.
    pub(super) world: World,
    /// Tells why the process should end.
    pub(super) ended: mpsc::Receiver<String>,
    /// Tells of changed files since before the home was loaded.
    pub(super) watch: Watch,
    /// Whether somebody chose where the API listens.
    pub(super) listen_is_set: bool,
    /// Traces that are still to be posted.
    pub(super) traces: Option<Traces>,
    /// Held while the process lives.
    _lock: InstanceLock,
}

/// How much a command writes to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logs {
    /// As configured.
    ToStderr,
    /// Warnings only, unless configured: the terminal is for the conversation.
    Quiet,
}

/// The built-in commands.
pub(super) fn built() -> Built {
    Built { pack: commands::PACK, aliases: commands::aliases() }
}

/// Loads the home without opening a database.
pub(super) fn load_home(dir: &HomeDir) -> Home {
    load(dir, &variables(), &built(), None)
}

/// The same with what was set while the bot ran, as far as the database of the home tells.
pub(super) fn load_whole_home(dir: &HomeDir) -> Home {
    let home = load_home(dir);
    let live = || {
        let reader = Reader::open_readonly(&home.settings.database_in(dir.root())).ok()?;
        reader.live(&Keys::load(&dir.var_dir()).ok()?).ok()
    };
    match live() {
        Some(live) => home.with(&live, World::real().now()),
        None => home,
    }
}

/// Whether another process holds the database.
pub(super) fn is_taken(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<StoreError>(), Some(StoreError::InUse { .. }))
}

/// The same error with what to do, for another process that holds the database.
pub(super) fn advised(error: anyhow::Error) -> anyhow::Error {
    if !is_taken(&error) {
        return error;
    }
    anyhow::anyhow!("{error}: end that one first, or name another home with `--home`")
}

/// Wires a bot over the home.
pub(super) async fn start(global: &Global, logs: Logs) -> anyhow::Result<Started> {
    crate::net::tls::install();
    let dir = home_dir(global)?;
    let world = locate::world(global)?;
    // Watched first, so that no change after the load is missed.
    let watch = Watch::start(&dir, world.clone());
    let home = load_home(&dir);
    let traces = start_logs(&home, logs);
    let var = dir.var_dir();
    std::fs::create_dir_all(&var).with_context(|| format!("cannot make `{}`", var.display()))?;
    let database = home.settings.database_in(dir.root());
    let lock = InstanceLock::take(&var)?;
    let keys = Keys::load_or_create(&var).context("cannot read or make the keys in var")?;
    let store = Store::open(&database, keys, world.clone())
        .with_context(|| format!("cannot open the database `{}`", database.display()))?;
    let listen_is_set = home.sets("CHATOPS_LISTEN");
    let homes = Homes::new(home, dir.clone(), variables(), built(), store.clone(), world.clone());
    let (bot, ended) = Bot::start(homes, store, world.clone()).await?;
    Ok(Started { bot, dir, world, ended, watch, listen_is_set, traces, _lock: lock })
}

fn start_logs(home: &Home, logs: Logs) -> Option<Traces> {
    let format = match home.settings.log_format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    };
    let quiet = logs == Logs::Quiet && !home.sets("CHATOPS_LOG");
    let filter = if quiet { "error" } else { home.settings.log.as_str() };
    let (warning, traces) = telemetry::start(filter, format, Collector::find(|name| home.variable(name)));
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    traces
}
