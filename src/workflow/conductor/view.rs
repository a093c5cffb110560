//! The workflow as an expression sees it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::state::{Run, State, TaskStatus};
use crate::workflow::Datastore;
use crate::workflow::expression::Scope;

/// Where an expression stands.
pub(super) struct View<'a> {
    pub(super) state: &'a State,
    pub(super) last: &'a HashMap<String, BTreeMap<usize, usize>>,
    pub(super) data: &'a dyn Datastore,
    pub(super) context: &'a Map<String, Value>,
    /// The run that ended, with its result and status.
    pub(super) ended: Option<(usize, &'a Value, TaskStatus)>,
    /// The task the expression belongs to, and its branch.
    pub(super) task: Option<(&'a str, usize)>,
    pub(super) item: Option<&'a Value>,
}

impl View<'_> {
    /// The last run of a task: on this branch, then on those it came from. What runs on other branches is not seen.
    fn run_of(&self, task: &str) -> Option<usize> {
        let routes = self.last.get(task)?;
        let own = self.task.map_or(0, |(_, route)| route);
        let known = routes.get(&own).copied();
        let before = || {
            let own = self.state.routes.get(own)?;
            let on_the_way =
                |route: &usize| self.state.routes.get(*route).is_some_and(|other| own.starts_with(other));
            routes.iter().rev().find(|(route, _)| on_the_way(route)).map(|(_, run)| *run)
        };
        known.or_else(before)
    }

    /// `{"task_id", "task_name", "task_execution_id", ...}`, as StackStorm gives it.
    fn describe(&self, index: usize, run: &Run) -> Value {
        let result = self.state.result_of(index);
        let id = self.context.get("st2").and_then(|st2| st2.get("workflow_execution_id")).cloned();
        let own = id
            .as_ref()
            .and_then(Value::as_str)
            .map_or_else(|| index.to_string(), |id| format!("{id}.{index}"));
        json!({
            "task_id": run.task,
            "task_name": run.task,
            "task_execution_id": own,
            "workflow_execution_id": id,
            "route": run.route,
            "result": result,
            "status": run.status.as_str(),
            "start_timestamp": run.started.to_string(),
            "end_timestamp": run.ended.map(|ended| ended.to_string()),
        })
    }
}

impl Scope for View<'_> {
    fn context(&self) -> &Map<String, Value> {
        self.context
    }

    fn in_task(&self) -> bool {
        self.task.is_some()
    }

    fn result(&self) -> Option<&Value> {
        self.ended.map(|(_, result, _)| result)
    }

    fn status(&self) -> Option<&str> {
        // Before the task has ended: how it ended in the round before, if it is in a loop.
        let before = || {
            let (name, route) = self.task?;
            self.last.get(name)?.get(&route).map(|run| self.state.runs[*run].status)
        };
        self.ended.map(|(_, _, status)| status).or_else(before).map(TaskStatus::as_str)
    }

    fn item(&self, name: Option<&str>) -> Result<Value, String> {
        let item = match (self.item, name) {
            (Some(item), _) => item,
            (None, None) => return Ok(Value::Null),
            (None, Some(_)) => return Err("there is no item here: the task has no `with`".to_owned()),
        };
        match (name, item) {
            (None, item) => Ok(item.clone()),
            (Some(name), Value::Object(parts)) => {
                parts.get(name).cloned().ok_or_else(|| format!("the item has no part `{name}`"))
            }
            (Some(name), _) => Err(format!("the item is no mapping, it has no part `{name}`")),
        }
    }

    fn task_status(&self, task: &str) -> Value {
        let run = self.run_of(task).map(|index| &self.state.runs[index]);
        json!(run.map_or("null", |run| run.status.as_str()))
    }

    fn task(&self, task: Option<&str>) -> Result<Value, String> {
        let current = || self.ended.map(|(run, _, _)| run);
        let run = match task {
            Some(name) => self.run_of(name),
            None => current().or_else(|| self.task.and_then(|(name, _)| self.run_of(name))),
        };
        let name = task.or(self.task.map(|(name, _)| name)).unwrap_or_default();
        let index = run.ok_or_else(|| format!("the task `{name}` has not run"))?;
        Ok(self.describe(index, &self.state.runs[index]))
    }

    fn kv(&self, key: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String> {
        self.data.get(key, decrypt, default)
    }
}

impl State {
    /// What a run gave: of a task with items `{"items": [{"status", "result"}, ...]}`.
    pub fn result_of(&self, run: usize) -> Value {
        match self.items.get(&run) {
            Some(items) => {
                let one = |item: &super::Item| json!({"status": item.status, "result": item.result});
                json!({"items": items.iter().map(one).collect::<Vec<_>>()})
            }
            None => self.runs[run].result.clone(),
        }
    }
}
