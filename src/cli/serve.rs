//! `chatops serve`: the bot with everything that is configured, until a signal ends it.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::start::Started;
use super::{Global, locate, start};
use crate::bot::Bot;
use crate::bot::home::has_services;
use crate::config::settings::ListenOn;
use crate::http::{self, Token};
use crate::net::certificates::Certificates;

/// Without a subcommand: serves what is configured; with nothing configured, chats.
pub(super) fn run_or_chat(global: &Global) -> anyhow::Result<ExitCode> {
    crate::net::tls::install();
    let dir = locate::home_dir(global)?;
    if has_services(&dir, &locate::variables()) { run(global) } else { super::chat::run(global) }
}

/// Serves until SIGTERM or SIGINT, or until an adapter that is to end the process lost its connection.
pub(super) fn run(global: &Global) -> anyhow::Result<ExitCode> {
    super::runtime()?.block_on(async {
        let started = start::start(global, start::Logs::ToStderr).await.map_err(start::advised)?;
        serve(started).await
    })
}

async fn serve(mut started: Started) -> anyhow::Result<ExitCode> {
    let bot = started.bot.clone();
    let stop = CancellationToken::new();
    let api = listen(&started, &stop).await?;
    bot.serve_console();
    bot.connect();
    let home = bot.homes().current();
    if home.services.is_empty() {
        warn!("no chat service is configured: see chatops.env.example, or try `chatops chat`");
    }
    info!(
        aliases = home.own_aliases(),
        actions = home.actions.len(),
        adapters = home.services.len(),
        "ready"
    );
    #[cfg(target_os = "linux")]
    tokio::spawn(super::lean::when_started());
    let code = until_the_end(&bot, &mut started).await?;
    stop.cancel();
    stop_within(&bot, home.settings.grace).await?;
    if let Some(api) = api {
        // The address is of no use to anyone from here on; a file left behind only gives a clearer error later.
        let _ = std::fs::remove_file(started.dir.api());
        let _ = tokio::time::timeout(Duration::from_secs(2), api).await;
    }
    info!("stopped");
    if let Some(traces) = &started.traces {
        traces.flush().await;
    }
    Ok(code)
}

/// Lets what runs go on for `grace`; somebody who asks again does not want to wait.
async fn stop_within(bot: &Arc<Bot>, grace: Duration) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        () = bot.stop(grace) => return Ok(()),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    warn!("told to stop again: canceling what still runs");
    bot.stop(Duration::ZERO).await;
    Ok(())
}

/// Opens the API, and writes its address to `var/api` for the command line.
pub(super) async fn listen(
    started: &Started,
    stop: &CancellationToken,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let home = started.bot.homes().current();
    let ListenOn::Address(address) = home.settings.listen else { return Ok(None) };
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(taken) if !started.listen_is_set => {
            warn!(%address, %taken, "the usual address of the API is taken, using a free port");
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot listen on `{address}` (CHATOPS_LISTEN)"));
        }
    };
    let address = listener.local_addr()?;
    let root = started.dir.root();
    let tls = match &home.settings.tls_cert {
        None => None,
        Some(file) => {
            let key = home.settings.tls_key.as_ref().map(|key| root.join(&key.0));
            let loaded = Certificates::load(&root.join(&file.0), key.as_deref());
            Some(loaded.map_err(|why| anyhow!("CHATOPS_TLS_CERT: {why}"))?)
        }
    };
    if tls.is_none() && !address.ip().is_loopback() {
        warn!(%address, "the API listens in the open without TLS: set CHATOPS_TLS_CERT, put a TLS proxy before it, or listen on 127.0.0.1");
    }
    let token =
        Token::load_or_create(&started.dir.token(), &started.world).context("cannot write var/token")?;
    std::fs::write(started.dir.api(), address.to_string()).context("cannot write var/api")?;
    info!(%address, "API ready");
    let (bot, world, stop) = (started.bot.clone(), started.world.clone(), stop.clone());
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = http::serve(listener, bot, token, world, tls, stop).await {
            error!(%error, "the API ended");
        }
    })))
}

/// What a load is caused by when a file of the home changed, for the audit log.
pub(super) const CHANGED: &str = "a changed file";

async fn until_the_end(bot: &Arc<Bot>, started: &mut Started) -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
            _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
            () = started.watch.changed() => drop(bot.reload(CHANGED).await),
            _ = hangup.recv() => drop(bot.reload("SIGHUP").await),
            Some(why) = started.ended.recv() => {
                error!(why, "ending");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
}
