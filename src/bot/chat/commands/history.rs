//! `history`, `show`, `rerun`: what was run, and running it again.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Call, Later, Need, Reply, Row, Run, code, flow, post, table, text};
use crate::bot::engine::{GoesOn, Refusal, repeat};
use crate::bot::reply;
use crate::model::Execution;
use crate::runner::is_workflow;
use crate::store::{Filter, StoreError};
use crate::text::human::duration;
use crate::text::{Block, Post, Span};

/// How many executions `history` shows.
const SHOWN: usize = 15;

/// What was run.
pub(super) static HISTORY: Row = Row {
    name: "history",
    display: "history [{{filter}}]",
    formats: &["history {{filter=}}", "executions {{filter=}}"],
    summary: "what was run last",
    need: Need::Something,
    permit: "chatops.history",
    run: Run::Later(|call| Box::pin(history(call))),
};

/// One execution.
pub(super) static SHOW: Row = Row {
    name: "show",
    display: "show {{id}}",
    formats: &["show {{id}}"],
    summary: "one execution: who, what, when, its result",
    need: Need::Something,
    permit: "chatops.history",
    run: Run::Later(|call| Box::pin(show(call))),
};

/// Runs one again.
pub(super) static RERUN: Row = Row {
    name: "rerun",
    display: "rerun {{id}}",
    formats: &["rerun {{id}}"],
    summary: "run an execution again, with your own rights",
    need: Need::Something,
    permit: "chatops.history",
    run: Run::Later(rerun),
};

/// Runs the last one again.
pub(super) static RERUN_LAST: Row = Row {
    name: "rerun_last",
    display: "!!",
    formats: &["!", "again"],
    summary: "run your last command here again",
    need: Need::Something,
    permit: "chatops.history",
    run: Run::Later(|call| Box::pin(rerun_last(call))),
};

fn rerun(call: Arc<Call>) -> Later {
    Box::pin(async move {
        match one(&call).await {
            Ok((execution, _)) => {
                let goes_on = GoesOn::from_failed(&execution);
                again(&call, execution, goes_on).await
            }
            Err(reply) => reply,
        }
    })
}

async fn read<T: Send + 'static>(
    call: &Call,
    work: impl FnOnce(&crate::store::Reader) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Reply> {
    call.chat.store.read(work).await.map_err(|error| unreadable(&error))
}

fn unreadable(error: &StoreError) -> Reply {
    Reply::Problem(reply::problem(&format!("the history cannot be read: {error}")))
}

async fn history(call: Arc<Call>) -> Reply {
    let person = (!call.may("chatops.history")).then(|| call.asker.person.clone());
    let text = call.param("filter").map(str::to_owned);
    let filtered = text.is_some();
    let filter = Filter { person, text, limit: SHOWN, ..Filter::default() };
    let found = match read(&call, move |reader| reader.executions(&filter)).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    if found.is_empty() {
        let why = if filtered { "nothing that was run fits" } else { "nothing was run yet" };
        return Reply::Said(Post::plain(why));
    }
    let now = call.chat.world.now();
    let row = |execution: Execution| {
        let ago = format!("{} ago", duration(now.since(execution.asked)));
        let command = reply::shorten(&execution.command);
        vec![execution.id.to_string(), execution.status.to_string(), execution.person_name, ago, command]
    };
    let rows = found.into_iter().map(row).collect();
    Reply::Said(post(vec![table(&["id", "status", "who", "when", "command"], rows)]))
}

/// The execution that the call names, if the asker may see it.
pub(super) async fn one(call: &Call) -> Result<(Execution, Option<Value>), Reply> {
    let typed = call.param("id").unwrap_or_default();
    let none =
        || Reply::Problem(reply::problem(&format!("no execution `{typed}` of yours; `history` lists them")));
    let id = typed.trim_start_matches('#').parse::<i64>().map_err(|_| none())?;
    let found = read(call, move |reader| Ok((reader.execution(id)?, reader.result(id)?))).await?;
    let (execution, result) = found;
    let execution =
        execution.filter(|execution| execution.person == call.asker.person || call.may("chatops.history"));
    Ok((execution.ok_or_else(none)?, result.map(|(value, _)| value)))
}

async fn show(call: Arc<Call>) -> Reply {
    let (execution, result) = match one(&call).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let id = execution.id;
    let mut facts: Vec<(&str, String)> = vec![
        ("status", execution.status.to_string()),
        ("asked by", format!("{} ({})", execution.person_name, execution.person)),
        ("asked at", execution.asked.to_string()),
        ("action", execution.action.clone()),
    ];
    if let Some(place) = &execution.place {
        facts.push(("in", place.to_string()));
    }
    if let Some(ended) = execution.ended {
        facts.push(("took", duration(ended.since(execution.started.unwrap_or(execution.asked)))));
    }
    if let Some(why) = &execution.why {
        facts.push(("why", why.clone()));
    }
    if let Some(step) = &execution.step {
        facts.push(("task", format!("{} of {}", step.task, step.workflow)));
    }
    if let Some(rerun_of) = execution.rerun_of {
        facts.push(("rerun of", rerun_of.to_string()));
    }
    if !execution.parameters.is_empty() {
        facts.push(("parameters", Value::Object(execution.parameters.clone()).to_string()));
    }
    let mut body = Vec::new();
    if is_workflow(&execution.runner) {
        match read(&call, move |reader| reader.steps(id)).await {
            Ok(steps) => body.extend(flow::tasks(steps, call.chat.world.now())),
            Err(reply) => return reply,
        }
    }
    let output = call.chat.engine.tail(id).or_else(|| result.as_ref().map(pretty));
    if let Some(output) = output.filter(|output| !output.trim().is_empty()) {
        body.push(Block::Code { lang: String::new(), text: output });
    }
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), vec![text(value)])).collect();
    let title: Vec<Span> = vec![text(format!("execution {id}: ")), code(execution.command)];
    Reply::Said(Post { title, facts, body, ..Post::default() })
}

fn pretty(result: &Value) -> String {
    serde_json::to_string_pretty(result).unwrap_or_default()
}

async fn rerun_last(call: Arc<Call>) -> Reply {
    let room = call.asker.place.clone();
    let filter =
        Filter { person: Some(call.asker.person.clone()), place: room, limit: 1, ..Filter::default() };
    match read(&call, move |reader| reader.executions(&filter)).await {
        Ok(found) => match found.into_iter().next() {
            Some(last) => again(&call, last, None).await,
            None => Reply::Problem(reply::problem("you have run nothing here yet")),
        },
        Err(reply) => reply,
    }
}

/// Runs it again as the one who asks now: access and parameters are checked anew.
pub(super) async fn again(call: &Arc<Call>, first: Execution, goes_on: Option<GoesOn>) -> Reply {
    if call.chat.engine.is_draining() {
        return Reply::Problem(Refusal::Draining.post());
    }
    match repeat(&call.chat.store, &call.home, &call.asker, first, Map::new()).await {
        Ok(mut order) => {
            order.goes_on = goes_on;
            order.message = Some(call.message.clone());
            order.replies = call.replies.clone();
            drop(call.chat.engine.submit(order));
            Reply::Elsewhere
        }
        Err(why) => Reply::Problem(why.post()),
    }
}
