//! What waits for somebody's word. Whoever calls is the person of the token (`api:NAME`), or beside `var/token` the Unix
//! user (`terminal:USER`); that person needs the right to decide like anybody in a chat.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::problem::{self, Path, Problem};
use crate::action::Part;
use crate::bot::approvals::{Open, Say, Undecided, standing};
use crate::bot::engine::{Asker, Decided};

/// Why, where that is said.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Word {
    reason: Option<String>,
}

/// The answer to a question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    response: Map<String, Value>,
}

/// All that waits on one page, the oldest first; `yours` says whether the caller may decide it.
pub(super) async fn list(State(site): State<Site>, Extension(caller): Extension<Caller>) -> Json<Value> {
    let (home, asker) = (site.bot.homes().current(), Asker::alone(caller.person()));
    let one = |open: Open| {
        let yours = open.is_for(&home.access, &asker.who());
        whole(&open, yours)
    };
    let results: Vec<Value> = site.bot.engine().awaiting().into_iter().map(one).collect();
    Json(json!({"count": results.len(), "next": null, "previous": null, "results": results}))
}

/// One of them.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let (home, asker) = (site.bot.homes().current(), Asker::alone(caller.person()));
    let open = site.bot.engine().waiting_for(id).await.map_err(|why| refused(&why))?;
    let yours = open.is_for(&home.access, &asker.who());
    Ok(Json(whole(&open, yours)))
}

/// One as JSON; parameters without secrets.
fn whole(open: &Open, yours: bool) -> Value {
    let execution = &open.execution;
    let votes: Vec<Value> = open
        .votes
        .iter()
        .map(|vote| {
            json!({"person": vote.person, "name": vote.name, "verdict": vote.verdict, "reason": vote.reason, "at": vote.at.to_string()})
        })
        .collect();
    let demands = open.needs.demands.iter().zip(standing(&open.needs.demands, &open.votes));
    let demands: Vec<Value> = demands
        .map(|(demand, (have, need))| {
            json!({"by": demand.by, "in": demand.places, "reason": demand.reason, "have": have, "need": need})
        })
        .collect();
    json!({
        "id": execution.id, "waits_for": open.kind.word(), "person": execution.person, "name": execution.person_name,
        "place": execution.place.as_ref().map(ToString::to_string), "command": execution.command,
        "alias": execution.alias, "action": execution.action, "parameters": execution.parameters,
        "asked": open.asked.to_string(), "until": open.until.to_string(), "demands": demands, "votes": votes,
        "question": open.needs.question.as_ref().map(|question| question.result(None)), "yours": yours,
    })
}

/// Approves.
pub(super) async fn approve(
    site: State<Site>,
    caller: Extension<Caller>,
    id: Path<i64>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    decide(site, caller, id, body, Say::Approve).await
}

/// Denies.
pub(super) async fn deny(
    site: State<Site>,
    caller: Extension<Caller>,
    id: Path<i64>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    decide(site, caller, id, body, Say::Deny).await
}

/// The reason in a body, which may be left out.
fn reason(body: &Bytes) -> Result<Option<String>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let read = serde_json::from_slice::<Word>(body);
    read.map(|word| word.reason).map_err(|error| Problem::wrong(error.to_string()).field("reason"))
}

async fn decide(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    body: Bytes,
    say: Say,
) -> Result<Json<Value>, Problem> {
    let reason = reason(&body)?;
    let home = site.bot.homes().current();
    let decided = site.bot.engine().decide(&home, id, &Asker::alone(caller.person()), say, reason).await;
    let word = match decided.map_err(|why| refused(&why))? {
        Decided::Approved => json!({"id": id, "verdict": "approved"}),
        Decided::Denied => json!({"id": id, "verdict": "denied"}),
        Decided::Counted(standing) => {
            let counts: Vec<_> =
                standing.iter().map(|(have, need)| json!({"have": have, "need": need})).collect();
            json!({"id": id, "verdict": null, "demands": counts})
        }
    };
    Ok(Json(word))
}

/// Takes back what the caller asked for.
pub(super) async fn withdraw(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let home = site.bot.homes().current();
    let withdrawn = site.bot.engine().withdraw(&home, id, &Asker::alone(caller.person())).await;
    withdrawn.map_err(|why| refused(&why))?;
    Ok(Json(json!({"id": id, "verdict": "withdrawn"})))
}

/// Answers a question: `{"response": {...}}`, checked against its schema.
pub(super) async fn answer(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    problem::Body(answer): problem::Body<Answer>,
) -> Result<Json<Value>, Problem> {
    let home = site.bot.homes().current();
    let given = answer.response.into_iter().map(|(name, value)| (name, Part::Value(value))).collect();
    let response = site.bot.engine().answer(&home, id, &Asker::alone(caller.person()), given).await;
    let response = response.map_err(|why| refused(&why))?;
    Ok(Json(json!({"id": id, "verdict": "answered", "response": response})))
}

fn refused(why: &Undecided) -> Problem {
    let status = match why {
        Undecided::Gone(_) => StatusCode::NOT_FOUND,
        Undecided::Unfit(_) | Undecided::Own(_) | Undecided::Double(_) | Undecided::NotYours(_) => {
            StatusCode::FORBIDDEN
        }
        Undecided::Again(_) | Undecided::Busy | Undecided::Changed(_) => StatusCode::CONFLICT,
        Undecided::Reason(..) | Undecided::LongReason(_) | Undecided::Answer(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Undecided::Draining | Undecided::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let problem = Problem::new(status, why.to_string());
    match why {
        Undecided::Reason(..) | Undecided::LongReason(_) => problem.field("reason"),
        _ => problem,
    }
}
