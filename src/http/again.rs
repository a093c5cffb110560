//! Ending an execution, running one again, letting a workflow rest and go on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::executions::found;
use super::problem::{Path, Problem, Raw};
use super::{Site, actions, patch};
use crate::bot::engine::{Cut, GoesOn, NoFlow, NotAgain};
use crate::model::Execution;
use crate::runner::is_workflow;

/// What became of a wish.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Changed {
    /// The execution.
    id: i64,
    /// Where it stands.
    status: &'static str,
}

/// Ends one that waits or runs.
pub(super) async fn cancel(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Changed>, Problem> {
    let shown = match &caller {
        Caller::Local(_) => "the command line".to_owned(),
        Caller::Token { .. } => caller.person().to_string(),
    };
    site.bot.kill_for(id, caller.person(), shown).map_err(|error| Problem::missing(error.to_string()))?;
    Ok(Json(Changed { id, status: "canceling" }))
}

/// One that began.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Begun {
    /// The new execution.
    id: i64,
    /// The one that it repeats.
    rerun_of: i64,
    /// Where it stands.
    status: &'static str,
}

/// Where a workflow begins that runs again; nothing else has tasks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Again {
    /// At these tasks; without any at its start.
    from: Vec<String>,
    /// Where it failed.
    failed: bool,
}

/// Runs one again, with the rights of whoever asks now: 202 with the new one.
pub(super) async fn rerun(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    Raw(body): Raw,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let again: Again = if body.is_empty() { Again::default() } else { patch::read(&body)? };
    let first = found(&site, id).await?;
    let goes_on = goes_on(&first, again.from, again.failed)?;
    let begun = site.bot.rerun(caller.person(), first, goes_on).await;
    let begun = begun.map_err(|why| not_again(&why))?;
    Ok((StatusCode::ACCEPTED, Json(Begun { id: begun.id, rerun_of: id, status: "requested" })))
}

/// Where an execution begins that runs again; 409 where it has nothing of the kind.
pub(super) fn goes_on(
    first: &Execution,
    tasks: Vec<String>,
    failed: bool,
) -> Result<Option<GoesOn>, Problem> {
    let conflict = |why: String| Problem::new(StatusCode::CONFLICT, why);
    if failed {
        let goes_on = GoesOn::from_failed(first);
        return goes_on.map(Some).ok_or_else(|| conflict(format!("{} is no workflow that failed", first.id)));
    }
    if tasks.is_empty() {
        return Ok(None);
    }
    match is_workflow(&first.runner) {
        true => Ok(Some(GoesOn { from: first.id, tasks })),
        false => Err(conflict(format!("{} is no workflow, so it has no tasks", first.id))),
    }
}

/// Why an execution is not run again.
pub(super) fn not_again(why: &NotAgain) -> Problem {
    match why {
        NotAgain::Unreadable(error) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        NotAgain::Refused(refusal) => actions::refused(refusal),
        NotAgain::Foreign => Problem::new(StatusCode::FORBIDDEN, why.to_string()),
    }
}

/// Lets a workflow start nothing more.
pub(super) async fn pause(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Changed>, Problem> {
    found(&site, id).await?;
    site.bot.engine().pause(id, &caller.asker()).map_err(|why| no_flow(&why))?;
    Ok(Json(Changed { id, status: "pausing" }))
}

/// What becomes of the tasks that a restart cut off.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Resumed {
    /// rerun: they run again; skip: they count as failed. Needed where a restart cut some off.
    cut: Option<CutOff>,
}

/// The same as a word.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CutOff {
    Rerun,
    Skip,
}

/// Lets a workflow go on.
pub(super) async fn resume(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    Raw(body): Raw,
) -> Result<Json<Changed>, Problem> {
    let resumed: Resumed = if body.is_empty() { Resumed::default() } else { patch::read(&body)? };
    let cut = resumed.cut.map(|cut| match cut {
        CutOff::Rerun => Cut::Rerun,
        CutOff::Skip => Cut::Skip,
    });
    found(&site, id).await?;
    site.bot.engine().resume(id, cut, &caller.asker()).map_err(|why| no_flow(&why))?;
    Ok(Json(Changed { id, status: "running" }))
}

/// Why a workflow was not paused or resumed.
pub(super) fn no_flow(why: &NoFlow) -> Problem {
    Problem::new(StatusCode::CONFLICT, why.to_string())
}
