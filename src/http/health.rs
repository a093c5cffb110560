//! `/healthz`: the process answers. `/readyz`: and its adapters are connected. `/api/v1/status`: the whole state.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Site;
use crate::bot::link;
use crate::model::Timestamp;

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// 200 when every adapter is up, else 503; the body says which is not, and why.
pub(super) async fn ready(State(site): State<Site>) -> (StatusCode, Json<Value>) {
    let states = site.bot.adapters();
    let all = states.iter().all(|(_, state)| matches!(state, link::State::Up { .. }));
    let adapters: Map<String, Value> = states
        .into_iter()
        .map(|(name, state)| {
            let (word, why, _) = words(state);
            (name.to_string(), json!({"state": word, "why": why}))
        })
        .collect();
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": all, "adapters": adapters})))
}

/// How the bot stands: process, adapters, configuration in force, what is wrong with it, what runs.
pub(super) async fn status(State(site): State<Site>) -> Json<Value> {
    let home = site.bot.homes().current();
    let now = site.world.now();
    let adapters = site.bot.adapters().into_iter().map(|(name, state)| {
        let kind = home.services.iter().find(|wired| wired.instance.name == name).map(|it| it.service.kind());
        let (word, why, since) = words(state);
        let since = since.map(|since| since.to_string());
        json!({"name": name.as_str(), "kind": kind, "state": word, "since": since, "why": why})
    });
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "home": home.root,
        "started": site.started.to_string(),
        "uptime_seconds": now.since(site.started).as_secs(),
        "adapters": adapters.collect::<Vec<_>>(),
        "aliases": home.own_aliases(),
        "actions": home.actions.len(),
        "problems": home.problems,
        "open_executions": site.bot.engine().list().len(),
    }))
}

/// The state in a word, why, and since when.
fn words(state: link::State) -> (&'static str, Option<String>, Option<Timestamp>) {
    match state {
        link::State::Up { since } => ("up", None, Some(since)),
        link::State::Connecting { since, why } => ("connecting", why, Some(since)),
        link::State::Refused { since, why } => ("refused", Some(why), Some(since)),
        link::State::Stopped => ("stopped", None, None),
    }
}
