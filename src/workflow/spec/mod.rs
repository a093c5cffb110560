//! A workflow file: what it says, and where it says it.
//!
//! The format is StackStorm's Orquesta; `docs/workflows.md` describes it. Reading never stops at a mistake:
//! what can be read is kept, and every mistake is a [`Finding`].

mod inline;
mod places;
mod read;
mod task;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

pub use places::Places;
pub use read::read;
pub(super) use values::{Form, keyed};

use super::finding::Finding;

/// Task names that are commands of the engine.
pub const RESERVED: [&str; 4] = ["noop", "fail", "continue", "retry"];

/// A name and what is assigned to it, expressions and all.
pub type Entry = (String, Value);

/// A workflow as its file says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workflow {
    /// What a caller may pass, with defaults; null where there is none.
    pub input: Vec<Entry>,
    /// Variables rendered after the input, in order.
    pub vars: Vec<Entry>,
    /// What the workflow gives back, in order.
    pub output: Vec<Entry>,
    /// The tasks by name.
    pub tasks: BTreeMap<String, Task>,
}

/// One task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Task {
    /// The action, which may be an expression; none for a task that ends at once.
    pub action: Option<String>,
    /// Parameters of the action: a mapping, or text that is an expression.
    pub input: Option<Value>,
    /// Seconds to wait before the start: a whole number or an expression.
    pub delay: Option<Value>,
    /// How many parents must arrive; none for a task that runs once for each.
    pub join: Option<Join>,
    /// What to repeat the action over.
    pub with: Option<With>,
    /// When to try again.
    pub retry: Option<Retry>,
    /// What follows.
    pub next: Vec<Transition>,
}

/// How many parents a join waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Every one.
    All,
    /// This many.
    Count(u64),
}

/// The items of a task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct With {
    /// The names of the parts of an item; none if items are not named.
    pub names: Vec<String>,
    /// The expression that gives the list.
    pub items: String,
    /// The text as written, for messages.
    pub written: String,
    /// How many items may run at once: a whole number or an expression.
    pub concurrency: Option<Value>,
}

/// When a task is tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// How often: a whole number or an expression.
    pub count: Value,
    /// Seconds before each try: a whole number or an expression.
    pub delay: Option<Value>,
    /// The condition; none for "the task failed".
    pub when: Option<String>,
}

/// One item of `next`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transition {
    /// The condition; none is always true.
    pub when: Option<String>,
    /// What is published, in order.
    pub publish: Vec<Entry>,
    /// The tasks that follow; `continue` if nothing was written.
    pub to: Vec<String>,
}

/// A workflow file as it was read, with what is wrong with its form.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// What could be read.
    pub workflow: Workflow,
    /// Where each path stands.
    pub places: Places,
    /// Mistakes of form: unknown keys, wrong types, missing values.
    pub findings: Vec<Finding>,
}

impl Workflow {
    /// Whether `task` is there, or is a command.
    pub fn knows(&self, task: &str) -> bool {
        RESERVED.contains(&task) || self.tasks.contains_key(task)
    }
}
