//! The workflows that an earlier life left open go on: what ended is not run again, what never began begins, what was
//! cut off is run again where that is safe. For the rest its person is asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::{info, warn};

use super::control::cut_in;
use super::inner::{Call, Inner, Key, read_part};
use super::start::restore;
use super::{Flow, Told, live};
use crate::action::Action;
use crate::bot::choices::{After, Terms};
use crate::bot::engine::prepare::{Given, Trust, prepare_as};
use crate::bot::engine::{Asker, Engine, Job, Order, render};
use crate::bot::outbox::{Body, slot};
use crate::bot::reply;
use crate::model::{Ends, Execution, Noun, Status, Way};
use crate::runner::Outcome;
use crate::store::{Change, NewDelivery, StoreError};

/// The tag of an action that may be run again when nobody knows how it ended.
const REPEATABLE: &str = "repeatable";

/// For how long the question can be answered by a button.
const ASKED_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// How a step stood when the bot stopped.
enum Stood {
    /// It was never recorded, or never started.
    NotBegun,
    /// It ended, and its workflow does not know yet.
    Ended(Status, Value),
    /// It waits for somebody's word, or is a workflow itself.
    Open(Status),
    /// It was running.
    CutOff,
}

impl Engine {
    /// Takes up every workflow that is open.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recall_flows(self: &Arc<Self>) -> Result<(), StoreError> {
        let open = self.store.read(crate::store::Reader::open_flows).await?;
        for execution in open {
            let id = execution.id;
            if let Err(why) = self.recall_flow(execution).await {
                warn!(execution = id, why, "a workflow cannot go on");
            }
        }
        Ok(())
    }

    async fn recall_flow(self: &Arc<Self>, execution: Execution) -> Result<(), String> {
        let (job, refused) = self.job_of(&execution).await?;
        let job = Arc::new(job);
        self.take_up(&job);
        if let Some(why) = refused {
            self.finish(&job, Outcome::refused(why));
            return Ok(());
        }
        let parts = self.store.flow(execution.id).await.map_err(|error| error.to_string())?;
        let calls: BTreeMap<Key, Call> =
            parts.iter().filter_map(|(key, text)| read_part(key, text)).collect();
        let shelf = self.shelf_for(&job);
        let machine = match restore(&job, parts, &shelf) {
            Ok(machine) => machine,
            Err(error) => {
                self.finish(&job, Outcome::refused(error.to_string()));
                return Ok(());
            }
        };
        let mut stood = Vec::new();
        for (key, call) in &calls {
            stood.push((*key, self.stood(call).await.map_err(|error| error.to_string())?));
        }
        let mut inner = Inner::new(machine);
        for (key, call) in calls {
            inner.take_back(key, call);
        }
        let flow = Flow::new(job.clone(), self.depth_of(&job), shelf, inner);
        self.flows.add(&flow);
        info!(execution = execution.id, steps = stood.len(), "a workflow goes on");
        self.advance(&flow, None, |inner, now| {
            for (key, stood) in stood {
                self.settle(inner, key, stood, now);
            }
            if !inner.cut.is_empty() {
                // Refused where it is over: then nothing starts anyway.
                let _ = inner.conductor.pause();
            }
        });
        let cut = cut_in(&flow.lock());
        if let Some(tasks) = cut {
            self.ask_about(&flow, &tasks);
        }
        tokio::spawn(live::live(self.clone(), flow, true));
        Ok(())
    }

    fn settle(&self, inner: &mut Inner, key: Key, stood: Stood, now: crate::model::Timestamp) {
        let Some(call) = inner.calls.get(&key).cloned() else { return };
        match stood {
            Stood::NotBegun => inner.repeat(key, self.store.id(Noun::Execution)),
            Stood::Ended(status, result) => inner.end(key, status, result, now),
            Stood::Open(status @ (Status::Pending | Status::Paused)) => {
                inner.told(&Told { child: call.child, status, result: Value::Null }, now);
            }
            Stood::Open(_) => {}
            Stood::CutOff if self.is_repeatable(&call) => inner.repeat(key, self.store.id(Noun::Execution)),
            Stood::CutOff => inner.cut.push(key),
        }
    }

    /// Whether an action may be run again when nobody knows how it ended: it says so, or does nothing at all.
    fn is_repeatable(&self, call: &Call) -> bool {
        let home = self.homes.current();
        let says = |action: &Action| action.tags.iter().any(|tag| tag == REPEATABLE);
        let action = home.actions.get(&call.action);
        action.is_some_and(|action| says(action) || crate::runner::is_instant(&action.runner))
    }

    async fn stood(&self, call: &Call) -> Result<Stood, StoreError> {
        let child = call.child;
        let found =
            self.store.read(move |reader| Ok((reader.execution(child)?, reader.result(child)?))).await?;
        let (Some(execution), result) = found else { return Ok(Stood::NotBegun) };
        Ok(match (execution.status, execution.started) {
            (Status::Abandoned, None) => Stood::NotBegun,
            (Status::Abandoned, Some(_)) => Stood::CutOff,
            (status, _) if execution.ended.is_some() => {
                Stood::Ended(status, result.map_or(Value::Null, |(result, _)| result))
            }
            (status, _) => Stood::Open(status),
        })
    }

    /// The job of a workflow that is open, and why it may not go on, if so: with the rights its person has now.
    async fn job_of(&self, execution: &Execution) -> Result<(Job, Option<String>), String> {
        let home = self.homes.current();
        let secrets = self.store.secrets(execution.id).await.map_err(|error| error.to_string())?;
        let mut parameters = execution.parameters.clone();
        parameters.extend(secrets);
        let asker = Asker {
            person: execution.person.clone(),
            name: execution.person_name.clone(),
            place: execution.place.clone(),
            room_name: None,
        };
        let alias = execution.alias.as_ref().and_then(|name| home.alias(name));
        let prepare = |trust| {
            prepare_as(&home, &asker, alias, &execution.action, Given::Recorded(parameters.clone()), trust)
        };
        let own = if execution.step.is_some() { Trust::Workflow } else { Trust::Person };
        let (mut order, refused) = match prepare(own) {
            Ok(order) => (order, None),
            Err(refusal) => {
                let why = format!("{} may not run it any more: {refusal}", execution.person_name);
                match prepare(Trust::Workflow) {
                    Ok(order) => (order, Some(why)),
                    Err(_) => (self.gone_order(execution, &home, &asker)?, Some(why)),
                }
            }
        };
        order.command.clone_from(&execution.command);
        order.cause = execution.cause;
        order.rerun_of = execution.rerun_of;
        order.step.clone_from(&execution.step);
        order.quiet = execution.step.is_some();
        self.recall_rule(&mut order, execution).await?;
        order.demands.clear();
        Ok((Job::new(execution.id, execution.asked, order, Vec::new()), refused))
    }

    /// An order that is only good for telling that its action is no longer there.
    fn gone_order(
        &self,
        execution: &Execution,
        home: &Arc<crate::bot::home::Home>,
        asker: &Asker,
    ) -> Result<Order, String> {
        let given = Given::Values(Map::new());
        let order = prepare_as(home, asker, None, "core.noop", given, Trust::Workflow);
        order.map_err(|error| format!("{} is no longer there: {error}", execution.action))
    }

    /// Asks the person what becomes of what was cut off: kept until it is delivered.
    fn ask_about(&self, flow: &Flow, tasks: &str) {
        let job = &flow.job;
        let Some(place) = &job.order.asker.place else { return };
        let id = job.id;
        let mut post = render::addressed(&job.order, reply::cut_off(id, &job.order.command, tasks));
        let ways = vec![
            Way::new("run again", format!("resume {id} rerun"), Ends::All),
            Way::new("count as failed", format!("resume {id} skip"), Ends::All),
            Way::new("end it", format!("kill {id}"), Ends::All),
        ];
        let terms = Terms { may: None, lasts: ASKED_FOR, ways, after: After::Tells };
        let slot = slot(place, format!("{}/cut", job.lane()));
        let offer = self.choices.attach(&mut post, &slot, place, terms);
        let now = self.world.now();
        let body = Body { place: place.clone(), post };
        let told = body.delivery(self.store.id(Noun::Delivery), slot, "notice", now);
        self.store.record(Change::Deliver(Box::new(NewDelivery { execution: Some(id), offer, ..told })));
    }
}
