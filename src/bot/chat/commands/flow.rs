//! `pause`, `resume`, `rerun ... from`: workflows.

use std::sync::Arc;

use super::{Call, Need, Reply, Row, Run, history, table};
use crate::bot::engine::{Cut, GoesOn, NoFlow};
use crate::bot::reply;
use crate::model::{Execution, Timestamp};
use crate::text::human::duration;
use crate::text::{Block, Post, Tone};

/// Starts nothing more in a workflow.
pub(super) static PAUSE: Row = Row {
    name: "pause",
    display: "pause {{id}}",
    formats: &["pause {{id}}"],
    summary: "let a workflow start nothing more; what runs comes to its end",
    need: Need::Something,
    permit: "chatops.kill",
    run: Run::Now(pause),
};

/// Goes on with it.
pub(super) static RESUME: Row = Row {
    name: "resume",
    display: "resume {{id}}",
    formats: &["resume {{id}}"],
    summary: "go on with a paused workflow",
    need: Need::Something,
    permit: "chatops.kill",
    run: Run::Now(|call| resume(call, None)),
};

/// The same; tasks that a restart cut off run again.
pub(super) static RESUME_RERUN: Row = Row {
    name: "resume_rerun",
    display: "resume {{id}} rerun",
    formats: &["resume {{id}} rerun"],
    summary: "go on with a workflow; tasks that a restart cut off run again",
    need: Need::Something,
    permit: "chatops.kill",
    run: Run::Now(|call| resume(call, Some(Cut::Rerun))),
};

/// The same; they count as failed.
pub(super) static RESUME_SKIP: Row = Row {
    name: "resume_skip",
    display: "resume {{id}} skip",
    formats: &["resume {{id}} skip"],
    summary: "go on with a workflow; tasks that a restart cut off count as failed",
    need: Need::Something,
    permit: "chatops.kill",
    run: Run::Now(|call| resume(call, Some(Cut::Skip))),
};

/// Runs a workflow again from a task, or from its start.
pub(super) static RERUN_FROM: Row = Row {
    name: "rerun_from",
    display: "rerun {{id}} from {{task}}",
    formats: &["rerun {{id}} from {{task}}"],
    summary: "run a workflow again from a task, or from its start: `rerun 12 from start`",
    need: Need::Something,
    permit: "chatops.history",
    run: Run::Later(|call| Box::pin(rerun_from(call))),
};

/// How many tasks `show` lists.
const SHOWN: usize = 50;

/// What a workflow has started, the oldest first.
pub(super) fn tasks(steps: Vec<Execution>, now: Timestamp) -> Option<Block> {
    let more = steps.len().saturating_sub(SHOWN);
    let row = |step: Execution| {
        let began = step.started.unwrap_or(step.asked);
        let took = duration(step.ended.unwrap_or(now).since(began));
        let task = step.step.map(|step| step.task).unwrap_or_default();
        vec![task, step.status.to_string(), took, step.action, step.id.to_string()]
    };
    let mut rows: Vec<Vec<String>> = steps.into_iter().take(SHOWN).map(row).collect();
    if more > 0 {
        rows.push(vec![format!("and {more} more")]);
    }
    (!rows.is_empty()).then(|| table(&["task", "status", "time", "action", "id"], rows))
}

fn pause(call: &Call) -> Reply {
    controlled(call, |id| {
        call.chat.engine.pause(id, &call.asker)?;
        Ok(format!("{id} starts nothing more; `resume {id}` lets it go on"))
    })
}

fn resume(call: &Call, cut: Option<Cut>) -> Reply {
    controlled(call, |id| {
        call.chat.engine.resume(id, cut, &call.asker)?;
        Ok(format!("{id} goes on"))
    })
}

/// Does something to a workflow of the asker's, or of anybody's for who may.
fn controlled(call: &Call, act: impl FnOnce(i64) -> Result<String, NoFlow>) -> Reply {
    let typed = call.param("id").unwrap_or_default();
    let Ok(id) = typed.trim_start_matches('#').parse::<i64>() else {
        return Reply::Problem(reply::problem(&format!("`{typed}` is not an id; `ps` lists what runs")));
    };
    let open = call.chat.engine.open(id);
    if open.is_none_or(|open| open.person != call.asker.person && !call.may("chatops.kill")) {
        let why = format!("no workflow {id} of yours runs; `ps` lists what runs");
        return Reply::Problem(reply::problem(&why));
    }
    match act(id) {
        Ok(said) => Reply::Said(Post::said(&said).tone(Tone::Working)),
        Err(error) => Reply::Problem(reply::problem(&error.to_string())),
    }
}

async fn rerun_from(call: Arc<Call>) -> Reply {
    let tasks: Vec<String> = call
        .param("task")
        .unwrap_or_default()
        .split([',', ' '])
        .filter(|task| !task.is_empty())
        .map(str::to_owned)
        .collect();
    let (first, _) = match history::one(&call).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let from_start = matches!(&tasks[..], [only] if only == "start");
    let goes_on = (!from_start).then_some(GoesOn { from: first.id, tasks });
    history::again(&call, first, goes_on).await
}
