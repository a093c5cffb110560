//! `/healthz`: the process answers. `/readyz`: and its adapters are connected.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Site;
use crate::bot::link;

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// 200 when every adapter is up, else 503; the body says which is not, and why.
pub(super) async fn ready(State(site): State<Site>) -> (StatusCode, Json<Value>) {
    let mut all = true;
    let mut adapters = serde_json::Map::new();
    for (name, state) in site.bot.adapters() {
        let (word, why) = match state {
            link::State::Up { .. } => ("up", None),
            link::State::Connecting { why, .. } => ("connecting", why),
            link::State::Refused { why, .. } => ("refused", Some(why)),
            link::State::Stopped => ("stopped", None),
        };
        all &= word == "up";
        adapters.insert(name.to_string(), json!({"state": word, "why": why}));
    }
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": all, "adapters": adapters})))
}
