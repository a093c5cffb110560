//! What a simulation answers: one JSON object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::clock::seconds;
use super::run::{Start, Story};
use crate::model::Timestamp;
use crate::workflow::finding::path_or_null;
use crate::workflow::spec::RESERVED;
use crate::workflow::{Finding, Run};

impl Story {
    /// `{"steps", "starts", "published", "task_statuses", "commands", "workflow_statuses", "final_context",
    /// "output", "status", "errors"}`, and `refused` if something was.
    pub fn to_json(&self) -> Value {
        let state = self.conductor.state();
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
        put("steps", self.steps());
        put("starts", self.starts.iter().map(Start::to_json).collect());
        let published = self.published.iter();
        put(
            "published",
            published
                .map(|(at, task, vars)| json!({"at": seconds(*at), "task": task, "vars": vars}))
                .collect(),
        );
        put("task_statuses", state.runs.iter().filter(|run| !is_command(run)).map(status).collect());
        put("commands", json!(self.commands));
        let statuses = self.statuses.iter();
        put(
            "workflow_statuses",
            statuses.map(|(at, status)| json!({"at": seconds(*at), "status": status})).collect(),
        );
        let ended = state.status.is_final();
        put("final_context", if ended { json!(self.conductor.final_context()) } else { Value::Null });
        if !self.refused.is_empty() {
            let refused = self.refused.iter();
            put("refused", refused.map(|one| json!({"at": seconds(one.at), "do": one.ask.name(), "error": one.why.to_string()})).collect());
        }
        put("output", json!(state.output));
        put("status", json!(state.status));
        put("errors", json!(state.errors));
        if self.cut {
            put("error", json!("the workflow does not end: it was cut after 20000 starts"));
        }
        Value::Object(out)
    }

    /// What started at each instant, sorted: `task`, or `task#3` for an item.
    fn steps(&self) -> Value {
        let mut steps: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
        for start in &self.starts {
            steps.entry(start.at).or_default().push(start.name());
        }
        let step = |(at, mut tasks): (Timestamp, Vec<String>)| {
            tasks.sort();
            json!({"at": seconds(at), "tasks": tasks})
        };
        steps.into_iter().map(step).collect()
    }
}

impl Start {
    /// The task, with the number of the item.
    pub fn name(&self) -> String {
        match self.offer.item {
            Some(item) => format!("{}#{item}", self.offer.task),
            None => self.offer.task.clone(),
        }
    }

    fn to_json(&self) -> Value {
        let offer = &self.offer;
        let mut out = json!({"at": seconds(self.at), "task": offer.task, "action": offer.action});
        if offer.action.is_some() {
            out["input"] = offer.input.clone();
        }
        let numbers = [("item", offer.item), ("items", offer.items), ("concurrency", offer.limit)];
        for (key, number) in numbers.into_iter().filter_map(|(key, number)| Some((key, number?))) {
            out[key] = json!(number);
        }
        if offer.delay > 0 {
            out["delay"] = json!(offer.delay);
        }
        out
    }
}

fn is_command(run: &Run) -> bool {
    RESERVED.contains(&run.task.as_str())
}

fn status(run: &Run) -> Value {
    json!({"task": run.task, "status": run.status.as_str()})
}

/// `{"inspection_errors": [{"category", "path", "message", "expression"?}]}`: one for each category and path and
/// expression, without warnings. Nothing if there is none.
pub(super) fn inspection(findings: &[Finding]) -> Option<Value> {
    let wrong: BTreeSet<usize> = (0..findings.len()).filter(|at| findings[*at].category.is_fatal()).collect();
    let one = |at: &usize| {
        let finding = &findings[*at];
        let path = path_or_null(&finding.path);
        let mut out = json!({"category": finding.category.name(), "path": path, "message": finding.message});
        if let Some((_, expression)) = &finding.expression {
            out["expression"] = json!(expression);
        }
        out
    };
    if wrong.is_empty() {
        None
    } else {
        Some(json!({"inspection_errors": wrong.iter().map(one).collect::<Vec<_>>()}))
    }
}
