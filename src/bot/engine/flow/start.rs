//! A workflow begins: anew, or where an earlier one failed.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Flow;
use super::inner::Inner;
use crate::bot::engine::{Engine, Job};
use crate::bot::home::Shelf;
use crate::runner::Outcome;
use crate::workflow::{Begin, Category, Conductor, Datastore, Finding, Plan, Rerun};

/// The variables that every workflow sees beside its own.
pub(in crate::bot) const KNOWN: [&str; 2] = ["st2", "parent"];

/// Where a workflow goes on that ran before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoesOn {
    /// The execution that ran before.
    pub from: i64,
    /// The tasks to run again; those that failed, if there is none.
    pub tasks: Vec<String>,
}

/// The datastore as one workflow sees it.
pub(super) struct Data(Arc<Shelf>);

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
        let conductor = match job.order.goes_on.clone() {
            Some(goes_on) => self.again_from(job, &goes_on).await,
            None => self.anew(job).await,
        };
        let conductor = conductor.map_err(Box::new)?;
        let flow = Flow::new(job.clone(), self.depth_of(job), Inner::new(conductor));
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
    pub(super) fn data_for(&self, job: &Job) -> Arc<dyn Datastore> {
        let user = job.order.home.user_of(&job.order.asker.person);
        Arc::new(Data(Shelf::new(self.store.clone(), user)))
    }

    async fn anew(&self, job: &Job) -> Result<Conductor, Outcome> {
        let plan = plan(job).await?;
        let begin = Begin { inputs: job.order.prepared.all.clone(), parent: parent(job) };
        Ok(Conductor::new(Arc::new(plan), begin, self.data_for(job)))
    }

    async fn again_from(&self, job: &Job, goes_on: &GoesOn) -> Result<Conductor, Outcome> {
        let GoesOn { from, tasks } = goes_on;
        let refused = |why: String| Outcome::refused(format!("{from} cannot go on: {why}"));
        let parts = self.store.flow(*from).await.map_err(|error| refused(error.to_string()))?;
        let restored = Conductor::restore(parts, self.data_for(job));
        let mut conductor = restored.map_err(|error| refused(error.to_string()))?;
        let rerun = |task: &String| Rerun { task: task.clone(), reset_items: false };
        let tasks: Vec<Rerun> = tasks.iter().map(rerun).collect();
        conductor.rerun(&tasks).map_err(|error| refused(error.to_string()))?;
        conductor.write_all();
        Ok(conductor)
    }
}

/// Reads and inspects the file that the action names.
async fn plan(job: &Job) -> Result<Plan, Outcome> {
    let Some(file) = job.order.prepared.entry_point.clone() else {
        return Err(Outcome::refused("the action names no `entry_point`, so there is no workflow to run"));
    };
    let text = tokio::fs::read_to_string(&file).await;
    let text = text.map_err(|error| Outcome::refused(format!("cannot read the workflow: {error}")))?;
    let (plan, findings) = Plan::inspect(&file, &text, &KNOWN).map_err(|error| unread(&error.headline()))?;
    let wrong: Vec<&Finding> =
        findings.iter().filter(|finding| finding.category != Category::Warning).collect();
    if wrong.is_empty() { Ok(plan) } else { Err(uninspected(&file, &text, &wrong)) }
}

fn unread(why: &str) -> Outcome {
    let error = json!({"type": "syntax", "message": why, "spec_path": null, "schema_path": null});
    Outcome { result: json!({"output": null, "errors": [error]}), ..Outcome::refused(why) }
}

/// The workflow is not run: everything that is wrong with it.
fn uninspected(file: &Path, text: &str, wrong: &[&Finding]) -> Outcome {
    let errors: Vec<Value> = wrong.iter().map(|finding| finding.to_result()).collect();
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
        "source_channel": channel, "api_url": order.home.settings.public_url.as_ref().map(|url| url.as_str()),
        "pack": order.action.pack, "action": order.action.reference(), "runner": order.prepared.runner,
    });
    let parent = json!({
        "user": user, "api_user": name, "source_channel": channel, "pack": order.action.pack,
        "action_alias_ref": {"ref": order.alias_reference()},
    });
    [("st2".to_owned(), st2), ("parent".to_owned(), parent)].into_iter().collect()
}
