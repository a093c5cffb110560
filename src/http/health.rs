//! `/healthz`: the process answers. `/readyz`: and its adapters are connected. `/api/v1/status`: the whole state.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Site;
use super::adapters::Adapter;
use crate::bot::link;
use crate::model::Timestamp;

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// 200 when every adapter is up, else 503; the body says which is not, and why. A bot that drains answers people and is
/// ready; `draining` says that it takes nothing new.
pub(super) async fn ready(State(site): State<Site>) -> (StatusCode, Json<Value>) {
    let states = site.bot.adapters();
    let all = states.iter().all(|(_, state)| matches!(state, link::State::Up { .. }));
    let down: Vec<String> = states
        .iter()
        .filter(|(_, state)| !matches!(state, link::State::Up { .. }))
        .map(|(name, _)| name.to_string())
        .collect();
    let adapters: Map<String, Value> = states
        .into_iter()
        .map(|(name, state)| {
            let (word, why, _) = words(state);
            (name.to_string(), json!({"state": word, "why": why}))
        })
        .collect();
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let draining = site.bot.engine().is_draining();
    (status, Json(json!({"ready": all, "draining": draining, "down": down, "adapters": adapters})))
}

/// How the bot stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Status {
    /// The program's version.
    version: &'static str,
    /// Its process.
    pid: u32,
    /// The home directory.
    home: String,
    /// When it started.
    started: String,
    /// For how long it runs.
    uptime_seconds: u64,
    /// The connections to chat services.
    adapters: Vec<Adapter>,
    /// Aliases in force, without the built-in ones.
    aliases: usize,
    /// Actions in force.
    actions: usize,
    /// What is wrong with the configuration.
    problems: Vec<Value>,
    /// Executions that wait or run.
    open_executions: usize,
    /// Whether it takes nothing new.
    draining: bool,
}

/// How the bot stands: process, adapters, configuration in force, what is wrong with it, what runs.
pub(super) async fn status(State(site): State<Site>) -> Json<Status> {
    let home = site.bot.homes().current();
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        home: home.root.display().to_string(),
        started: site.started.to_string(),
        uptime_seconds: site.world.now().since(site.started).as_secs(),
        adapters: super::adapters::all(&site),
        aliases: home.own_aliases(),
        actions: home.actions.len(),
        problems: home.problems.iter().map(|problem| json!(problem)).collect(),
        open_executions: site.bot.engine().list().len(),
        draining: site.bot.engine().is_draining(),
    })
}

/// The state in a word, why, and since when.
pub(super) fn words(state: link::State) -> (&'static str, Option<String>, Option<Timestamp>) {
    match state {
        link::State::Up { since } => ("up", None, Some(since)),
        link::State::Connecting { since, why } => ("connecting", why, Some(since)),
        link::State::Refused { since, why } => ("refused", Some(why), Some(since)),
        link::State::Stopped => ("stopped", None, None),
    }
}
