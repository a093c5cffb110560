//! What waits for somebody's word. Whoever calls is the person of the token (`api:NAME`), or beside `var/token` the Unix
//! user (`terminal:USER`); that person needs the right to decide like anybody in a chat.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Site;
use super::caller::Caller;
use super::paging::{Listed, Nothing, Page};
use super::problem::{self, Path, Problem};
use crate::action::Part;
use crate::bot::approvals::{Open, Say, Undecided, standing};
use crate::bot::engine::Decided;
use crate::config::Demand;
use crate::store::Vote;

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
    /// By name: what the schema of the question wants.
    #[serde(default)]
    response: Option<Map<String, Value>>,
    /// By name: values as they would be typed in a chat, read by that schema. Either this or `response`.
    #[serde(default)]
    typed: Option<BTreeMap<String, String>>,
}

impl Answer {
    fn parts(self) -> Result<Vec<(String, Part)>, Problem> {
        match (self.response, self.typed) {
            (Some(values), None) => {
                Ok(values.into_iter().map(|(name, value)| (name, Part::Value(value))).collect())
            }
            (None, Some(typed)) => {
                Ok(typed.into_iter().map(|(name, text)| (name, Part::Typed(text))).collect())
            }
            _ => Err(Problem::wrong("an answer has either `response` or `typed`").field("response")),
        }
    }
}

/// An execution that waits for somebody's word.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Awaited {
    /// The execution.
    id: i64,
    /// What for: approval, code, question.
    waits_for: &'static str,
    /// Who asked, as `adapter:id`.
    person: String,
    /// How that person was shown.
    name: String,
    /// Where, as `adapter:room`.
    place: Option<String>,
    /// What was typed, secrets cut.
    command: String,
    /// The command that matched, as `pack.alias`.
    alias: Option<String>,
    /// What would run, as `pack.action`.
    action: String,
    /// The parameters, secrets as `********`.
    parameters: Map<String, Value>,
    /// Since when.
    asked: String,
    /// Until when.
    until: String,
    /// Who must approve it.
    demands: Vec<Demanded>,
    /// Who had a say.
    votes: Vec<Voted>,
    /// What it asks: `{"schema", "route", "roles", "users", "ttl"}`.
    question: Option<Value>,
    /// Whether the caller may have a say in it.
    yours: bool,
}

/// A demand, and how far it is met.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Demanded {
    /// Roles, groups, people or ids; whoever a rule lets approve it where there are none.
    by: Vec<String>,
    /// Where alone they may.
    #[serde(rename = "in")]
    places: Vec<String>,
    /// Whether whoever decides says why: optional, required.
    #[schemars(with = "String")]
    reason: crate::config::Reason,
    /// How many approved.
    have: usize,
    /// How many must.
    need: usize,
}

/// How far a demand is met.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Met {
    /// How many approved.
    have: usize,
    /// How many must.
    need: usize,
}

/// Somebody's word.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Voted {
    /// Whose, as `adapter:id`.
    person: String,
    /// How that person was shown.
    name: String,
    /// What was said: approve, deny.
    verdict: String,
    /// Why.
    reason: Option<String>,
    /// When.
    at: String,
}

/// What came of somebody's word.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verdict {
    /// The execution.
    id: i64,
    /// approved, denied, withdrawn, answered; null while others have to decide as well.
    verdict: Option<&'static str>,
    /// How far each demand is met, while others have to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    demands: Option<Vec<Met>>,
    /// The answer, with what was filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Value>,
}

impl Verdict {
    const fn of(id: i64, verdict: &'static str) -> Self {
        Self { id, verdict: Some(verdict), demands: None, response: None }
    }
}

/// All that waits, the oldest first; `yours` says whether the caller may decide it.
pub(super) async fn list(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let (home, asker) = (site.bot.homes().current(), caller.asker());
    let one = |open: Open| {
        let yours = open.is_for(&home.access, &asker.who());
        view(&open, yours)
    };
    paging.cut(site.bot.engine().awaiting().into_iter().map(one).collect()).map(Json)
}

/// One of them.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Awaited>, Problem> {
    let (home, asker) = (site.bot.homes().current(), caller.asker());
    let open = site.bot.engine().waiting_for(id).await.map_err(|why| undecided(&why))?;
    let yours = open.is_for(&home.access, &asker.who());
    Ok(Json(view(&open, yours)))
}

/// One as the API answers; parameters without secrets.
fn view(open: &Open, yours: bool) -> Awaited {
    let execution = &open.execution;
    let vote = |vote: &Vote| Voted {
        person: vote.person.to_string(),
        name: vote.name.clone(),
        verdict: vote.verdict.clone(),
        reason: vote.reason.clone(),
        at: vote.at.to_string(),
    };
    let demand = |(demand, (have, need)): (&Demand, (usize, usize))| Demanded {
        by: demand.by.clone(),
        places: demand.places.clone(),
        reason: demand.reason,
        have,
        need,
    };
    let demands = open.needs.demands.iter().zip(standing(&open.needs.demands, &open.votes));
    Awaited {
        id: execution.id,
        waits_for: open.kind.word(),
        person: execution.person.to_string(),
        name: execution.person_name.clone(),
        place: execution.place.as_ref().map(ToString::to_string),
        command: execution.command.clone(),
        alias: execution.alias.clone(),
        action: execution.action.clone(),
        parameters: execution.parameters.clone(),
        asked: open.asked.to_string(),
        until: open.until.to_string(),
        demands: demands.map(demand).collect(),
        votes: open.votes.iter().map(vote).collect(),
        question: open.needs.question.as_ref().map(|question| question.result(None)),
        yours,
    }
}

/// Approves.
pub(super) async fn approve(
    site: State<Site>,
    caller: Extension<Caller>,
    id: Path<i64>,
    body: Bytes,
) -> Result<Json<Verdict>, Problem> {
    decide(site, caller, id, body, Say::Approve).await
}

/// Denies.
pub(super) async fn deny(
    site: State<Site>,
    caller: Extension<Caller>,
    id: Path<i64>,
    body: Bytes,
) -> Result<Json<Verdict>, Problem> {
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
) -> Result<Json<Verdict>, Problem> {
    let reason = reason(&body)?;
    let home = site.bot.homes().current();
    let decided = site.bot.engine().decide(&home, id, &caller.asker(), say, reason).await;
    Ok(Json(match decided.map_err(|why| undecided(&why))? {
        Decided::Approved => Verdict::of(id, "approved"),
        Decided::Denied => Verdict::of(id, "denied"),
        Decided::Counted(standing) => {
            let met = standing.into_iter().map(|(have, need)| Met { have, need });
            Verdict { id, verdict: None, demands: Some(met.collect()), response: None }
        }
    }))
}

/// Takes back what the caller asked for.
pub(super) async fn withdraw(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Verdict>, Problem> {
    let home = site.bot.homes().current();
    let withdrawn = site.bot.engine().withdraw(&home, id, &caller.asker()).await;
    withdrawn.map_err(|why| undecided(&why))?;
    Ok(Json(Verdict::of(id, "withdrawn")))
}

/// Answers a question: `{"response": {...}}` or `{"typed": {...}}`, checked against its schema.
pub(super) async fn answer(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    problem::Body(answer): problem::Body<Answer>,
) -> Result<Json<Verdict>, Problem> {
    let home = site.bot.homes().current();
    let response = site.bot.engine().answer(&home, id, &caller.asker(), answer.parts()?).await;
    let response = response.map_err(|why| undecided(&why))?;
    Ok(Json(Verdict { response: Some(response), ..Verdict::of(id, "answered") }))
}

/// Why a word did not count.
pub(super) fn undecided(why: &Undecided) -> Problem {
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
