//! Running one action, for `chatops action run` while the bot runs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::problem::{self, Problem};
use crate::bot::engine::{Ended, Refusal};

/// What to run, for whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// The action, as `pack.name`.
    action: String,
    /// Its parameters; those with a default may be left out.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// The Unix user who asks; only beside `var/token`: whoever has another token asks as `api:NAME`.
    #[serde(default)]
    user: Option<String>,
}

/// Runs it to its end, which its own time limit bounds: `{"id", "status", "why", "result"}`, whatever
/// the status. 403, 404 or 422 when it was not begun. A caller that hangs up does not end it.
pub(super) async fn run(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    problem::Body(asked): problem::Body<Run>,
) -> Result<Json<Value>, Problem> {
    let person = match (&caller, asked.user) {
        (Caller::Local(_), Some(user)) => Caller::Local(Some(user)).person(),
        (Caller::Token { name, .. }, Some(_)) => {
            let detail = format!("user: whoever has a token asks as `api:{name}`");
            return Err(Problem::wrong(detail).field("user"));
        }
        (caller, None) => caller.person(),
    };
    let ended = site.bot.run_action(person, &asked.action, asked.parameters).await;
    ended.map(|ended| Json(answer(&ended))).map_err(|refusal| refused(&refusal))
}

/// How it ended, as JSON.
fn answer(ended: &Ended) -> Value {
    json!({"id": ended.id, "status": ended.status, "why": ended.why, "result": ended.result})
}

fn refused(refusal: &Refusal) -> Problem {
    let status = match refusal {
        Refusal::Access(_) | Refusal::Unknown => StatusCode::FORBIDDEN,
        Refusal::Draining => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::NoAction(_) => StatusCode::NOT_FOUND,
        Refusal::Immutable(_) | Refusal::Parameters(_) | Refusal::Lock(_) | Refusal::Grant(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    };
    Problem::new(status, refusal.to_string())
}
