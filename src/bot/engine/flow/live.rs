//! A workflow from its start to its end: due times, and one message that shows how it goes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::inner::Inner;
use super::{Flow, report};
use crate::action::{cut_secrets, cut_secrets_in};
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
        Ok(flow) => {
            if job.stop.is_cancelled() {
                engine.cancel_flow(job.id, &job.order.asker);
            }
            live(engine, flow, acknowledged).await;
        }
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
            report::progress(job, inner.status(), inner.conductor.lines(), elapsed, self.world.now())
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
            (inner.children(), outcome(flow, &inner), report::summary(&inner.conductor.lines()))
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

/// How a workflow ended, in the shape of StackStorm's result; secrets that were opened for it are cut.
fn outcome(flow: &Flow, inner: &Inner) -> Outcome {
    let job = &flow.job;
    let status = inner.status();
    let mut result = inner.conductor.result();
    let hides = job.order.prepared.parameters.get("display_published") == Some(&Value::Bool(false));
    if let (true, Some(result)) = (hides, result.as_object_mut()) {
        result.shift_remove("published");
    }
    let revealed = flow.shelf.revealed();
    let failure = inner.conductor.failure().filter(|_| status == Status::Failed);
    let killed = job.killed_by().map(|by| format!("ended by {by}")).filter(|_| status == Status::Canceled);
    Outcome {
        status,
        why: failure.map(|why| cut_secrets(&why, &revealed)).or(killed),
        result: cut_secrets_in(&result, &revealed),
        effects: Vec::new(),
    }
}
