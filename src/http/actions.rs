//! Actions: which there are, what they take, and running one.

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
use crate::action::Action;
use crate::bot::engine::{Ended, Refusal};
use crate::bot::home::runner_parameters;
use crate::model::Status;

/// What to run, for whom.
#[derive(Debug, Deserialize, JsonSchema)]
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
    /// Whether to wait for its end; else the answer is 202 with its `id`.
    #[serde(default = "yes")]
    wait: bool,
}

const fn yes() -> bool {
    true
}

/// Runs it to its end, which its own time limit bounds: `{"id", "status", "why", "result"}`, whatever
/// the status. 202 and `pending` where it waits for approval. 403, 404 or 422 when it was not begun. A caller that hangs up does not end it. With `"wait": false` 202 as
/// soon as it was begun.
pub(super) async fn run(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    problem::Body(asked): problem::Body<Run>,
) -> Result<(StatusCode, Json<Ran>), Problem> {
    let person = match (&caller, asked.user) {
        (Caller::Local(_), Some(user)) => Caller::Local(Some(user)).person(),
        (Caller::Token { name, .. }, Some(_)) => {
            let detail = format!("user: whoever has a token asks as `api:{name}`");
            return Err(Problem::wrong(detail).field("user"));
        }
        (caller, None) => caller.person(),
    };
    let begun = site.bot.begin_action(person, &asked.action, asked.parameters);
    let begun = begun.map_err(|refusal| refused(&refusal))?;
    if let Some(asked_first) = begun.asked {
        // A panic there is in the log; then nothing waits.
        let _ = asked_first.await;
        if site.bot.engine().awaits(begun.id) {
            let why =
                Some(format!("it waits for approval; `chatops approval show {}` tells whose", begun.id));
            let ran = Ran { id: begun.id, status: Status::Pending, why, result: None };
            return Ok((StatusCode::ACCEPTED, Json(ran)));
        }
    }
    if !asked.wait {
        let ran = Ran { id: begun.id, status: Status::Requested, why: None, result: None };
        return Ok((StatusCode::ACCEPTED, Json(ran)));
    }
    let lost = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the bot is stopping");
    let Ended { id, status, why, result, post: _ } = begun.done.await.map_err(lost)?;
    Ok((StatusCode::OK, Json(Ran { id, status, why, result: Some(result) })))
}

/// How it ended, or that it began.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ran {
    /// The execution.
    id: i64,
    /// Where it stands.
    #[schemars(with = "String")]
    status: Status,
    /// One sentence, where the status does not say it all.
    why: Option<String>,
    /// The result, secrets cut.
    result: Option<Value>,
}

/// What can be run.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Brief {
    /// Its name, as `pack.name`.
    #[serde(rename = "ref")]
    reference: String,
    /// What it does.
    description: String,
    /// Who carries it out.
    runner: String,
    /// Whether it runs at all.
    enabled: bool,
}

/// The same with its parameters.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Full {
    #[serde(flatten)]
    brief: Brief,
    /// What it takes.
    parameters: Vec<Parameter>,
    /// What people type to run it.
    commands: Vec<String>,
}

/// What an action takes.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Parameter {
    /// Its name.
    name: String,
    /// What is accepted, in words.
    accepts: String,
    /// What it is for.
    description: Option<String>,
    /// Whether it must be given.
    required: bool,
    /// Whether it is hidden everywhere.
    secret: bool,
    /// What it is when it is not given, unless that is secret.
    default: Option<Value>,
    /// The only values.
    #[serde(rename = "enum")]
    choices: Option<Vec<Value>>,
}

fn brief(action: &Action) -> Brief {
    Brief {
        reference: action.reference(),
        description: action.description.clone(),
        runner: action.runner.clone(),
        enabled: action.enabled,
    }
}

/// What can be run, by name.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let home = site.bot.homes().current();
    paging.cut(home.actions.values().map(|action| brief(action)).collect()).map(Json)
}

/// One action with its parameters.
pub(super) async fn show(
    State(site): State<Site>,
    Path(reference): Path<String>,
) -> Result<Json<Full>, Problem> {
    let home = site.bot.homes().current();
    let action = home.actions.get(&reference);
    let action = action.ok_or_else(|| Problem::missing(format!("action `{reference}` does not exist")))?;
    let mut parameters = action.parameters_with(runner_parameters(action));
    parameters.retain(|parameter| !parameter.is_immutable());
    let parameters = parameters.iter().map(|one| Parameter {
        name: one.name.clone(),
        accepts: one.accepts(),
        description: one.description.clone(),
        required: one.is_required(),
        secret: one.is_secret(),
        default: one.default.clone().filter(|_| !one.is_secret()),
        choices: one.choices.clone(),
    });
    let aliases = home.listed.iter().filter(|alias| alias.enabled && alias.action_ref == reference);
    let commands = aliases.flat_map(|alias| &alias.formats).filter_map(|format| format.display.clone());
    let (parameters, commands) = (parameters.collect(), commands.collect());
    Ok(Json(Full { brief: brief(action), parameters, commands }))
}

/// Why an action was not begun.
pub(super) fn refused(refusal: &Refusal) -> Problem {
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
