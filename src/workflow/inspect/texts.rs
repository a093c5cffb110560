//! The texts of a workflow that may hold expressions; each is looked at once.

use std::collections::HashMap;

use serde_json::Value;

use crate::workflow::expression::{Inspection, inspect};
use crate::workflow::spec::{Task, Workflow};

/// What is known of texts.
#[derive(Debug, Default)]
pub(super) struct Texts(HashMap<String, Inspection>);

impl Texts {
    pub(super) fn look(&mut self, text: &str) -> &Inspection {
        if !self.0.contains_key(text) {
            self.0.insert(text.to_owned(), inspect(text));
        }
        &self.0[text]
    }
}

/// Every text of a value, keys of mappings too.
pub(super) fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts_of).collect(),
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| std::iter::once(key.clone()).chain(texts_of(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The properties at the top, and the texts of each.
pub(super) fn top(workflow: &Workflow) -> Vec<(String, Vec<String>)> {
    let lists = [("input", &workflow.input), ("vars", &workflow.vars), ("output", &workflow.output)];
    let texts =
        |entries: &Vec<(String, Value)>| entries.iter().flat_map(|(_, value)| texts_of(value)).collect();
    lists.into_iter().map(|(name, entries)| (name.to_owned(), texts(entries))).collect()
}

/// The properties of a task but `next`, in the order they are rendered, and the texts of each.
pub(super) fn own(path: &str, task: &Task) -> Vec<(String, Vec<String>)> {
    let text = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
    let value = |value: Option<&Value>| value.map(texts_of).unwrap_or_default();
    let with = task.with.as_ref();
    let retry = task.retry.as_ref();
    vec![
        (format!("{path}.delay"), value(task.delay.as_ref())),
        (format!("{path}.with.items"), with.map(|with| with.items.clone()).into_iter().collect()),
        (format!("{path}.with.concurrency"), value(with.and_then(|with| with.concurrency.as_ref()))),
        (format!("{path}.action"), text(&task.action)),
        (format!("{path}.input"), value(task.input.as_ref())),
        (format!("{path}.retry.count"), value(retry.map(|retry| &retry.count))),
        (format!("{path}.retry.delay"), value(retry.and_then(|retry| retry.delay.as_ref()))),
        (format!("{path}.retry.when"), retry.and_then(|retry| retry.when.clone()).into_iter().collect()),
    ]
}
