//! Workflows on the page of their execution: the tasks as they stand, letting it rest and go on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::fields::Fields;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, executions, shown, to};
use crate::bot::engine::{Cut, GoesOn, NoFlow};
use crate::http::again::no_flow;
use crate::model::{Execution, Status, Timestamp};
use crate::runner::is_workflow;
use crate::store::{Filter, Reader, StoreError};
use crate::text::human;

/// Tasks on a page, the newest; all of them are in the API.
const MOST: usize = 200;
/// Run again from what failed.
pub(super) const FAILED: &str = "failed";
/// Run again from a task.
pub(super) const TASK: &str = "task";

/// What a page shows of a workflow; for anything else only whether the page looks different now.
pub(super) async fn values(console: &Console, execution: &Execution) -> Result<Value, StoreError> {
    let engine = console.site.bot.engine();
    let id = execution.id;
    if !is_workflow(&execution.runner) {
        let turn = if execution.status == Status::Pending { "waits" } else { "" };
        return Ok(json!({"turn": turn}));
    }
    let filter = Filter { of: Some(id), limit: MOST + 1, ..Filter::default() };
    let read = move |reader: &Reader| reader.executions(&filter);
    let mut steps = console.site.bot.store().read(read).await?;
    let more = steps.len() > MOST;
    steps.truncate(MOST);
    steps.reverse();
    // What the store says is behind: pausing is the workflow's own matter.
    let status = engine.open(id).map_or(execution.status, |open| open.status);
    let rests = matches!(status, Status::Pausing | Status::Paused);
    let turn = match status {
        Status::Pending => "waits",
        _ if rests => "rests",
        _ => "",
    };
    let now = console.site.world.now();
    let mut names: Vec<&str> = steps.iter().filter_map(name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(json!({
        "is": true, "open": engine.is_open_flow(id), "status": status, "mood": shown::mood(status), "rests": rests,
        "turn": turn, "cut": engine.cut_off(id), "goes_on": GoesOn::from_failed(execution).is_some(),
        "names": names, "summary": summary(&steps), "more": more,
        "tasks": steps.iter().map(|step| task(step, now)).collect::<Vec<_>>(),
    }))
}

/// The task without its item: `deploy` of `deploy#3`.
fn name(step: &Execution) -> Option<&str> {
    let task = step.step.as_ref()?.task.as_str();
    Some(task.split('#').next().unwrap_or(task))
}

fn task(step: &Execution, now: Timestamp) -> Value {
    let took = step.ended.unwrap_or(now).since(step.started.unwrap_or(step.asked));
    let whole = Duration::from_secs(took.as_secs());
    let took = if step.ended.is_some() || whole.is_zero() { took } else { whole };
    json!({
        "id": step.id, "task": step.step.as_ref().map(|step| &step.task), "status": step.status,
        "mood": shown::mood(step.status), "open": !step.status.is_final(), "took": human::duration(took),
        "action": step.action, "why": step.why,
    })
}

/// `4 succeeded, 1 running`.
fn summary(steps: &[Execution]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for step in steps {
        *counts.entry(step.status.as_str()).or_default() += 1;
    }
    let parts: Vec<String> = counts.into_iter().map(|(status, count)| format!("{count} {status}")).collect();
    parts.join(", ")
}

/// Lets it start nothing more.
pub(super) async fn pause(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let paused = console.site.bot.engine().pause(id, &viewer.asker());
    done(&console, &viewer, id, paused, "pause").await
}

/// Lets it go on; `cut` says what becomes of the tasks that a restart cut off.
pub(super) async fn resume(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let cut = match fields.raw("cut") {
        "rerun" => Some(Cut::Rerun),
        "skip" => Some(Cut::Skip),
        _ => None,
    };
    let resumed = console.site.bot.engine().resume(id, cut, &viewer.asker());
    done(&console, &viewer, id, resumed, "resume").await
}

async fn done(
    console: &Console,
    viewer: &Viewer,
    id: i64,
    done: Result<(), NoFlow>,
    word: &str,
) -> Result<Response, Trouble> {
    match done {
        Ok(()) => to(&format!("/executions/{id}?done={word}")),
        Err(why) => executions::page(console, viewer, id, "", Some(&no_flow(&why))).await,
    }
}
