//! The HTTP side of a running bot: health, and the calls by which the command line changes it.
//!
//! Every call under `/api/v1` needs the bearer token in `var/token`, which only the bot's own user can read.

mod actions;
mod auth;
mod chat;
mod executions;
mod health;
mod problem;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use auth::Token;

use crate::bot::Bot;
use crate::model::Timestamp;
use crate::net::World;

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// What every handler sees.
#[derive(Clone)]
pub struct Site {
    bot: Arc<Bot>,
    token: Arc<Token>,
    world: World,
    started: Timestamp,
}

/// Serves on `listener` until `stop`, then lets open requests end.
pub async fn serve(
    listener: TcpListener,
    bot: Arc<Bot>,
    token: Token,
    world: World,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let started = world.now();
    let site = Site { bot, token: Arc::new(token), world, started };
    let api = Router::new()
        .route("/status", get(health::status))
        .route("/chat", post(chat::say))
        .route("/actions/run", post(actions::run))
        .route("/reload", post(executions::reload))
        .route("/executions", get(executions::list))
        .route("/executions/{id}/cancel", post(executions::cancel))
        .layer(axum::middleware::from_fn_with_state(site.clone(), auth::require));
    let app = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .nest("/api/v1", api)
        .fallback(problem::nowhere)
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(site);
    axum::serve(listener, app).with_graceful_shutdown(async move { stop.cancelled().await }).await
}
