//! What runs, ending it, and loading the configuration again.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Site;
use super::caller::Caller;
use super::problem::Problem;

/// What waits and runs.
pub(super) async fn list(State(site): State<Site>) -> Json<Value> {
    let open = site.bot.engine().list().into_iter().map(|listed| {
        json!({
            "id": listed.id, "status": listed.status, "action": listed.action, "command": listed.command,
            "person": listed.person, "asked": listed.asked.to_string(), "parameters": listed.parameters,
        })
    });
    Json(Value::Array(open.collect()))
}

/// Ends one.
pub(super) async fn cancel(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let by = match &caller {
        Caller::Local(_) => "the command line".to_owned(),
        Caller::Token { .. } => caller.person().to_string(),
    };
    site.bot.kill(id, &by).map_err(|error| Problem::new(StatusCode::NOT_FOUND, error.to_string()))?;
    Ok(Json(json!({"id": id, "status": "canceling"})))
}

/// Loads the configuration again: 200 with what changed and what is wrong in single files.
pub(super) async fn reload(State(site): State<Site>) -> Json<Value> {
    let report = site.bot.reload("the command line").await;
    Json(json!({"aliases": report.aliases, "actions": report.actions, "problems": report.problems}))
}
