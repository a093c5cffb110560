//! One step of a workflow: what happened is told to the conductor, what that changes is written, what it offers
//! starts.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::warn;

use super::inner::{Inner, Key};
use super::{Flow, Told};
use crate::bot::engine::{Engine, Job};
use crate::model::{Status, Timestamp};
use crate::runner::Outcome;
use crate::store::{Change, Done, Finish, StoreError};

impl Engine {
    /// Does a step. `finish` is the end of an execution that brought it about: it is committed with what the workflow
    /// makes of it.
    pub(super) fn advance(
        self: &Arc<Self>,
        flow: &Arc<Flow>,
        finish: Option<Box<Finish>>,
        act: impl FnOnce(&mut Inner, Timestamp),
    ) {
        let mut refused = self.step(flow, finish, act);
        // What cannot start fails at once, and what follows may fail as well.
        while !refused.is_empty() {
            let ends = std::mem::take(&mut refused);
            refused = self.step(flow, None, |inner, now| {
                for (key, result) in ends {
                    inner.end(key, Status::Failed, result, now);
                }
            });
        }
        flow.bell.notify_one();
    }

    /// The step; gives what could not start.
    fn step(
        self: &Arc<Self>,
        flow: &Arc<Flow>,
        finish: Option<Box<Finish>>,
        act: impl FnOnce(&mut Inner, Timestamp),
    ) -> Vec<(Key, Value)> {
        let now = self.world.now();
        // Before the workflow's own lock: whoever lists what runs takes the two in this order.
        let stopping = self.lock().stopping;
        let launches = {
            let mut inner = flow.lock();
            act(&mut inner, now);
            inner.offer(&self.store, now);
            // Under the lock: what is written later stands later in the queue.
            self.write_step(flow.job.id, finish, inner.take_write(flow.job.id));
            if stopping { Vec::new() } else { inner.take_launches() }
        };
        let started = launches.into_iter().filter_map(|(key, call)| {
            let why = self.launch(flow, key, &call).err()?;
            Some((key, json!({"succeeded": false, "failed": true, "error": why})))
        });
        started.collect()
    }

    fn write_step(&self, execution: i64, finish: Option<Box<Finish>>, flow: Option<crate::store::Flow>) {
        let change = match (finish, flow) {
            (finish, Some(flow)) => Change::Step { finish, flow: Box::new(flow) },
            (Some(finish), None) => Change::Finish(finish),
            (None, None) => return,
        };
        drop(tokio::spawn(remember(execution, self.store.write(change))));
    }

    /// A step of a workflow ended: written together with what the workflow makes of it. Gives the end back where no
    /// workflow waits for it.
    pub(in crate::bot::engine) fn step_ended(
        self: &Arc<Self>,
        job: &Job,
        outcome: &Outcome,
        finish: Box<Finish>,
    ) -> Option<Box<Finish>> {
        let flow = job.order.step.as_ref().and_then(|step| self.flows.get(step.workflow));
        let Some(flow) = flow else { return Some(finish) };
        let told = Told { child: job.id, status: outcome.status, result: outcome.result.clone() };
        self.advance(&flow, Some(finish), |inner, now| inner.told(&told, now));
        None
    }

    /// Whether an end is only the bot's: the step counts as cut off, and the next life sees to it.
    pub(in crate::bot::engine) fn is_cut(&self, job: &Job, outcome: &Outcome) -> bool {
        job.order.step.is_some() && outcome.status == Status::Canceled && self.lock().stopping
    }
}

async fn remember(execution: i64, commit: impl Future<Output = Result<Done, StoreError>>) {
    if let Err(error) = commit.await {
        warn!(execution, %error, "a step of a workflow was not recorded");
    }
}
