//! Rendering of what a task is started with.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Conductor;
use super::context::join;
use super::parts::Part;
use super::state::{Again, Call, Staged, TaskStatus, Tries};
use super::view::View;
use crate::workflow::expression::{Scope, evaluate};
use crate::workflow::spec::{Task, With};

/// A staged task, ready to be started.
pub(super) struct Rendered {
    pub(super) view: usize,
    /// Seconds to put it off.
    pub(super) delay: u64,
    /// Its retry rule, for a new run.
    pub(super) tries: Option<Tries>,
    pub(super) work: Work,
}

/// What is started.
pub(super) enum Work {
    /// One action, or none.
    One(Call),
    /// The items by index, without those a rerun leaves alone.
    Items { total: usize, calls: BTreeMap<usize, Call>, limit: Option<usize> },
}

/// Where expressions of a task are evaluated.
struct Place<'a> {
    context: &'a Map<String, Value>,
    task: (&'a str, usize),
}

impl Conductor {
    /// What a staged task sees: the views of its arrivals in order, each layer once.
    fn view_of(&mut self, staged: &Staged) -> usize {
        if let Some(Again::Retry(run) | Again::Rerun(run) | Again::Anew(run)) = staged.again {
            return self.state.runs[run].view;
        }
        let before = self.state.steps.len();
        let view = join(&mut self.state.steps, staged.from.iter().map(|arrival| arrival.view));
        self.dirty.extend((before..self.state.steps.len()).map(Part::Step));
        view
    }

    /// Renders a staged task; an error is a sentence.
    pub(super) fn render(&mut self, staged: &Staged) -> Result<Rendered, String> {
        let plan = self.plan.clone();
        let task = plan.workflow.tasks.get(&staged.task).ok_or("the task is not defined")?;
        let view = self.view_of(staged);
        let context = self.contexts.merged(&self.state.layers, &self.state.steps, view);
        let place = Place { context: &context, task: (&staged.task, staged.route) };
        let tries = self.tries(&place, staged)?;
        let delay = match (staged.again, tries) {
            (Some(Again::Retry(_)), Some(tries)) => tries.delay,
            _ => self.whole(&place, task.delay.as_ref(), "delay")?.unwrap_or(0),
        };
        let work = match &task.with {
            Some(with) => self.items(&place, task, with, staged)?,
            None => Work::One(self.call(&place, task, None)?),
        };
        Ok(Rendered { view, delay, tries, work })
    }

    /// The retry rule of a task: that of the run it repeats, or a new one.
    fn tries(&self, place: &Place<'_>, staged: &Staged) -> Result<Option<Tries>, String> {
        if let Some(Again::Retry(run)) = staged.again {
            return Ok(self.state.runs[run].retry);
        }
        let Some(rule) = self.plan.graph.node(&staged.task).and_then(|node| node.retry.as_ref()) else {
            return Ok(None);
        };
        let count = self.whole(place, Some(&rule.count), "retry count")?.unwrap_or(0);
        let delay = self.whole(place, rule.delay.as_ref(), "retry delay")?.unwrap_or(0);
        Ok(Some(Tries { count, delay, done: 0 }))
    }

    /// The action and its input, for one item if there are items.
    fn call(&self, place: &Place<'_>, task: &Task, item: Option<&Value>) -> Result<Call, String> {
        let action = match &task.action {
            Some(action) => Some(self.text(place, action, item)?),
            None => None,
        };
        let input = match &task.input {
            Some(input) => self.value(place, input, item)?,
            None => Value::Null,
        };
        Ok(Call { action, input })
    }

    fn items(&self, place: &Place<'_>, task: &Task, with: &With, staged: &Staged) -> Result<Work, String> {
        let list = self.value(place, &Value::String(with.items.clone()), None)?;
        let Value::Array(list) = list else {
            return Err(format!("the value of `{}` is no list", with.items));
        };
        let limit = self.whole_or_less(place, with.concurrency.as_ref())?;
        let mut calls = BTreeMap::new();
        let total = list.len();
        for (index, item) in list.into_iter().enumerate() {
            if !self.keeps(staged, index, total) {
                calls.insert(index, self.call(place, task, Some(&named(&with.names, item)))?);
            }
        }
        Ok(Work::Items { total, calls, limit })
    }

    /// Whether a rerun leaves an item alone because it ended well.
    fn keeps(&self, staged: &Staged, index: usize, total: usize) -> bool {
        let Some(Again::Rerun(run)) = staged.again else { return false };
        let Some(items) = self.state.items.get(&run) else { return false };
        let failed = self.state.runs[run].status != TaskStatus::Succeeded;
        failed && items.len() == total && items[index].status == Some(TaskStatus::Succeeded)
    }

    /// A whole number from 0; none where nothing is written.
    fn whole(&self, place: &Place<'_>, written: Option<&Value>, what: &str) -> Result<Option<u64>, String> {
        let Some(written) = written else { return Ok(None) };
        let value = self.value(place, written, None)?;
        match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(format!("the {what} must be a whole number from 0, not `{value}`")),
        }
    }

    /// How many items may run at once; 0 or less is 1.
    fn whole_or_less(&self, place: &Place<'_>, written: Option<&Value>) -> Result<Option<usize>, String> {
        let Some(written) = written else { return Ok(None) };
        match self.value(place, written, None)? {
            Value::Null => Ok(None),
            value => match value.as_i64() {
                Some(number) => Ok(Some(usize::try_from(number).unwrap_or(0).max(1))),
                None => Err(format!("the concurrency must be a whole number, not `{value}`")),
            },
        }
    }

    fn text(&self, place: &Place<'_>, text: &str, item: Option<&Value>) -> Result<String, String> {
        match self.value(place, &Value::String(text.to_owned()), item)? {
            Value::String(text) => Ok(text),
            other => Err(format!("the action must be a name, not `{other}`")),
        }
    }

    fn value(&self, place: &Place<'_>, value: &Value, item: Option<&Value>) -> Result<Value, String> {
        let view = View {
            state: &self.state,
            last: &self.last,
            data: &*self.data,
            context: place.context,
            ended: None,
            task: Some(place.task),
            item,
        };
        evaluate(value, &view as &dyn Scope).map_err(|error| error.to_string())
    }

    /// The context a run sees.
    pub(super) fn context_of(&mut self, run: usize) -> Arc<Map<String, Value>> {
        self.contexts.merged(&self.state.layers, &self.state.steps, self.state.runs[run].view)
    }
}

/// An item with the names of its parts: of a list each member has one, anything else has the only one.
fn named(names: &[String], item: Value) -> Value {
    match (names, item) {
        ([], item) => item,
        (names, Value::Array(members)) => Value::Object(names.iter().cloned().zip(members).collect()),
        ([name], item) => Value::Object(Map::from_iter([(name.clone(), item)])),
        (_, item) => item,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_single_name_over_lists_takes_the_first_member() {
        let one = ["x".to_owned()];
        assert_eq!(named(&one, json!([1, 2])), json!({"x": 1}));
        assert_eq!(named(&one, json!(5)), json!({"x": 5}));
        assert_eq!(named(&[], json!([1, 2])), json!([1, 2]));
    }
}
