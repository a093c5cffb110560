//! A workflow begins: anew, or where an earlier one failed.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Flow;
use super::inner::Inner;
use super::machine::Machine;
use crate::bot::engine::{Engine, Job};
use crate::bot::home::{Script, Shelf};
use crate::model::{Execution, Status};
use crate::runner::{Outcome, is_workflow};
use crate::workflow::chain::{Around, ChainRun};
use crate::workflow::{Begin, Conductor, Datastore, Finding, Rerun, RestoreError};

/// Where a workflow goes on that ran before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoesOn {
    /// The execution that ran before.
    pub from: i64,
    /// The tasks to run again; those that failed, if there is none.
    pub tasks: Vec<String>,
}

impl GoesOn {
    /// A workflow that failed, or was ended, goes on from what failed; anything else cannot.
    pub fn from_failed(execution: &Execution) -> Option<Self> {
        let failed = matches!(execution.status, Status::Failed | Status::Canceled);
        let goes_on = is_workflow(&execution.runner) && failed;
        goes_on.then(|| Self { from: execution.id, tasks: Vec::new() })
    }
}

/// The datastore as one workflow sees it.
struct Data(Arc<Shelf>);

impl Datastore for Data {
    fn get(&self, key: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String> {
        self.0.st2kv(key, decrypt, default)
    }
}

impl Engine {
    /// The workflow of a job, at its first step.
    ///
    /// # Errors
    /// How it failed before anything ran.
    pub(super) async fn begin_flow(self: &Arc<Self>, job: &Arc<Job>) -> Result<Arc<Flow>, Box<Outcome>> {
        let shelf = self.shelf_for(job);
        let machine = match &job.order.goes_on {
            Some(goes_on) => self.again_from(job, goes_on, &shelf).await,
            None => anew(job, &shelf),
        };
        let inner = Inner::new(machine.map_err(Box::new)?);
        let flow = Flow::new(job.clone(), self.depth_of(job), shelf, inner);
        self.flows.add(&flow);
        self.advance(&flow, None, |_, _| {});
        Ok(flow)
    }

    /// How many workflows stand around a job.
    pub(super) fn depth_of(&self, job: &Job) -> usize {
        let step = job.order.step.as_ref();
        step.and_then(|step| self.flows.get(step.workflow)).map_or(0, |flow| flow.depth + 1)
    }

    /// The datastore for whoever asked.
    pub(super) fn shelf_for(&self, job: &Job) -> Arc<Shelf> {
        Shelf::new(self.store.clone(), job.order.home.user_of(&job.order.asker.person))
    }

    async fn again_from(&self, job: &Job, goes_on: &GoesOn, shelf: &Arc<Shelf>) -> Result<Machine, Outcome> {
        let GoesOn { from, tasks } = goes_on;
        let refused = |why: String| Outcome::refused(format!("{from} cannot go on: {why}"));
        let parts = self.store.flow(*from).await.map_err(|error| refused(error.to_string()))?;
        let restored = restore(job, parts, shelf);
        let mut machine = restored.map_err(|error| refused(error.to_string()))?;
        let rerun = |task: &String| Rerun { task: task.clone(), reset_items: false };
        let tasks: Vec<Rerun> = tasks.iter().map(rerun).collect();
        machine.rerun(&tasks).map_err(|error| refused(error.to_string()))?;
        machine.write_all();
        Ok(machine)
    }
}

/// A workflow as it was at its last step.
pub(super) fn restore(
    job: &Job,
    parts: Vec<(String, String)>,
    shelf: &Arc<Shelf>,
) -> Result<Machine, RestoreError> {
    if parts.iter().any(|(key, _)| key == "chain") {
        return ChainRun::restore(parts, around(job, shelf)).map(|chain| Machine::Chain(Box::new(chain)));
    }
    let restored = Conductor::restore(parts, Arc::new(Data(shelf.clone())));
    restored.map(|conductor| Machine::Workflow(Box::new(conductor)))
}

fn anew(job: &Job, shelf: &Arc<Shelf>) -> Result<Machine, Outcome> {
    let order = &job.order;
    let inputs = order.prepared.all.clone();
    match order.home.workflows.get(&order.action.reference()) {
        Some(Script::Workflow(plan)) => {
            let begin = Begin { inputs, parent: parent(job) };
            let data = Arc::new(Data(shelf.clone()));
            Ok(Machine::Workflow(Box::new(Conductor::new(plan.clone(), begin, data))))
        }
        Some(Script::Chain(chain)) => {
            Ok(Machine::Chain(Box::new(ChainRun::new(chain.clone(), inputs, around(job, shelf)))))
        }
        // It is not there because of a mistake: which one is the answer.
        None => Err(mistakes(job)),
    }
}

/// What a chain finds around it.
fn around(job: &Job, shelf: &Arc<Shelf>) -> Around {
    let order = &job.order;
    let user = order.asker.person.to_string();
    let parent = json!({"user": user, "api_user": order.asker.name});
    let context =
        json!({"user": user, "api_user": order.asker.name, "pack": order.action.pack, "parent": parent});
    Around {
        templates: order.home.templates_with(Some(shelf)),
        action_context: context.as_object().cloned().unwrap_or_default(),
        config_context: order.prepared.config.clone(),
        stored: Map::new(),
    }
}

/// Everything that is wrong with the file that the action names, in the shape of StackStorm's result.
fn mistakes(job: &Job) -> Outcome {
    let Some(file) = &job.order.prepared.entry_point else {
        return Outcome::refused("the action names no `entry_point`, so there is no workflow to run");
    };
    match job.order.home.inspect_workflow(file) {
        Err(error) => {
            let why = error.headline();
            let error = json!({"type": "syntax", "message": why, "spec_path": null, "schema_path": null});
            Outcome { result: json!({"output": null, "errors": [error]}), ..Outcome::refused(why) }
        }
        Ok((_, wrong)) if wrong.is_empty() => {
            Outcome::refused("the workflow was changed, and is read again in a moment: try once more")
        }
        Ok((text, wrong)) => uninspected(file, &text, &wrong),
    }
}

fn uninspected(file: &Path, text: &str, wrong: &[Finding]) -> Outcome {
    let errors: Vec<Value> = wrong.iter().map(Finding::to_result).collect();
    let first = wrong.first().map_or_else(String::new, |finding| finding.to_error(file, text).headline());
    let why = match wrong.len() {
        1 => first,
        many => format!("{first}; and {} more", many - 1),
    };
    Outcome { result: json!({"output": null, "errors": errors}), ..Outcome::refused(why) }
}

/// `st2` and `parent`: what StackStorm tells every workflow about its own execution.
fn parent(job: &Job) -> Map<String, Value> {
    let order = &job.order;
    let (user, name) = (order.asker.person.to_string(), &order.asker.name);
    let channel = order.asker.place.as_ref().map(|place| place.room.to_string());
    let id = job.id.to_string();
    let st2 = json!({
        "action_execution_id": id, "workflow_execution_id": id, "user": user, "api_user": name,
        "source_channel": channel, "api_url": order.home.settings.public_url.as_ref().map(crate::config::settings::Url::as_str),
        "pack": order.action.pack, "action": order.action.reference(), "runner": order.prepared.runner,
    });
    let parent = json!({
        "user": user, "api_user": name, "source_channel": channel, "pack": order.action.pack,
        "action_alias_ref": {"ref": order.alias_reference()},
    });
    [("st2".to_owned(), st2), ("parent".to_owned(), parent)].into_iter().collect()
}
