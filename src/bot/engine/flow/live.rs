//! A workflow from its start to its end: due times, and one message that shows how it goes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Flow, report};
use crate::bot::engine::{Asker, Engine, Job, render};
use crate::bot::outbox::Keep;
use crate::model::Status;
use crate::runner::Outcome;

/// A workflow that takes longer than this is shown.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// How it goes is shown this often, where messages can be edited.
const SHOWN_EVERY: Duration = Duration::from_secs(3);

/// Whoever waits for nothing looks again after this.
const IDLE: Duration = Duration::from_secs(3600);

/// Runs a workflow that was admitted.
pub(in crate::bot::engine) async fn run(engine: Arc<Engine>, job: Arc<Job>) {
    let acknowledged = engine.acknowledge(&job);
    match engine.begin_flow(&job).await {
        Ok(flow) => live(engine, flow, acknowledged).await,
        Err(outcome) => engine.finish(&job, *outcome),
    }
}

/// Sees a workflow through.
pub(super) async fn live(engine: Arc<Engine>, flow: Arc<Flow>, acknowledged: bool) {
    let mut shown = acknowledged;
    let mut next = engine.world.now().plus(if acknowledged { SHOWN_EVERY } else { SHOWN_AFTER });
    loop {
        let now = engine.world.now();
        let (over, due, at_once) = {
            let inner = flow.lock();
            (inner.is_over(), inner.conductor.next_due(), inner.goes_on())
        };
        if over {
            break;
        }
        if at_once || due.is_some_and(|due| due <= now) {
            engine.advance(&flow, None, |_, _| {});
            tokio::task::yield_now().await;
            continue;
        }
        if next <= now {
            engine.show_flow(&flow, shown);
            shown = true;
            next = now.plus(SHOWN_EVERY);
        }
        let wake = due.map_or(next, |due| due.min(next));
        let wait = wake.since(now).min(IDLE);
        tokio::select! {
            () = flow.bell.notified() => {}
            () = engine.world.sleep(wait) => {}
        }
    }
    engine.end_flow(&flow);
}

impl Engine {
    fn show_flow(&self, flow: &Flow, shown: bool) {
        let job = &flow.job;
        if job.order.quiet || job.order.alias.as_ref().is_some_and(|alias| !alias.ack.enabled) {
            return;
        }
        let elapsed = self.world.now().since(job.asked);
        let post = {
            let inner = flow.lock();
            report::progress(job, inner.status(), inner.conductor.state(), elapsed, self.world.now())
        };
        let post = self.with_kill(job, render::addressed(&job.order, post));
        // The first one is said everywhere; the later ones only change it.
        let keep = if shown { Keep::Progress } else { Keep::Volatile };
        self.say(job, post, keep, false, false);
    }

    /// It is over: what is still asked for it is not asked any more, and its person gets the end.
    fn end_flow(self: &Arc<Self>, flow: &Arc<Flow>) {
        self.flows.remove(flow.job.id);
        let (children, outcome, summary) = {
            let inner = flow.lock();
            let state = inner.conductor.state();
            (inner.children(), outcome(&flow.job, &inner), report::summary(state))
        };
        for child in children {
            // It may have ended by now.
            let asker = Asker { name: "the end of its workflow".to_owned(), ..flow.job.order.asker.clone() };
            let _ = self.kill_for(child, &asker);
        }
        *flow.job.summary.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(summary);
        self.finish(&flow.job, outcome);
    }
}

/// How a workflow ended, in the shape of StackStorm's: `{"output", "errors"?}`.
fn outcome(job: &Job, inner: &super::inner::Inner) -> Outcome {
    let state = inner.conductor.state();
    let mut result = Map::new();
    result.insert("output".to_owned(), state.output.clone().map_or(Value::Null, Value::Object));
    let status = inner.status();
    let errors: Vec<Value> = state.errors.iter().map(|error| json!(error)).collect();
    let first = state.errors.first().filter(|_| status == Status::Failed).map(|error| match &error.task_id {
        Some(task) => format!("task {task}: {}", error.message),
        None => error.message.clone(),
    });
    if status == Status::Failed {
        result.insert("errors".to_owned(), Value::Array(errors));
    }
    let killed = job.killed_by().map(|by| format!("ended by {by}")).filter(|_| status == Status::Canceled);
    Outcome { status, why: first.or(killed), result: Value::Object(result), effects: Vec::new() }
}
