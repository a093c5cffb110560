//! A running chain: one node after the other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Chain, Names};
use crate::model::{Status, Timestamp};
use crate::template::Templates;
use crate::workflow::Event;

/// What a chain finds around it; not part of its state.
#[derive(Clone, Default)]
pub struct Around {
    /// What renders its values.
    pub templates: Templates,
    /// The execution's context: `action_context.parent.user`.
    pub action_context: Names,
    /// The configuration of the pack.
    pub config_context: Names,
    /// Stored values where `templates` has no datastore of its own: `{"st2kv": {"system": {...}}}`.
    pub stored: Names,
}

/// One node that was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The node.
    pub node: String,
    /// Where it stands.
    pub status: Status,
    /// What its action gave.
    pub result: Value,
    /// When it started.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What a running chain knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    pub(super) status: Option<Status>,
    pub(super) inputs: Names,
    /// Variables, and what was published over them.
    pub(super) vars: Names,
    pub(super) published: Names,
    pub(super) steps: Vec<Step>,
    /// The node that is to start.
    pub(super) next: Option<String>,
    pub(super) error: Option<String>,
}

/// A running chain.
pub struct ChainRun {
    pub(super) chain: Arc<Chain>,
    pub(super) around: Around,
    pub(super) state: State,
    pub(super) events: Vec<Event>,
    /// The steps that changed; the rest is always written.
    pub(super) dirty: std::collections::BTreeSet<usize>,
    pub(super) fresh: bool,
}

impl std::fmt::Debug for ChainRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChainRun").field("state", &self.state).finish_non_exhaustive()
    }
}

impl ChainRun {
    /// Starts a chain that was inspected: it is running, or failed if its variables cannot be rendered.
    pub fn new(chain: Arc<Chain>, inputs: Names, around: Around) -> Self {
        let next = chain.start().map(|node| node.name.clone());
        let state = State { inputs, next, ..State::default() };
        let mut run =
            Self { chain, around, state, events: Vec::new(), dirty: Default::default(), fresh: true };
        match run.render("vars", &run.chain.vars, run.seen()) {
            Ok(vars) => {
                run.state.vars = vars;
                run.set_status(Status::Running);
            }
            Err(error) => run.fail(format!("the variables cannot be rendered: {error}")),
        }
        run
    }

    /// The chain it runs.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The nodes that were started, in order.
    pub fn steps(&self) -> &[Step] {
        &self.state.steps
    }

    /// What was published.
    pub fn published(&self) -> &Names {
        &self.state.published
    }

    /// Why it failed beside its actions.
    pub fn error(&self) -> Option<&str> {
        self.state.error.as_deref()
    }

    pub(super) fn set_status(&mut self, status: Status) {
        if self.state.status != Some(status) {
            self.state.status = Some(status);
            self.events.push(Event::Status(status));
        }
    }

    pub(super) fn fail(&mut self, error: String) {
        self.state.error = Some(error);
        self.state.next = None;
        self.set_status(Status::Failed);
    }

    /// A node ended: what it publishes, and what follows.
    pub(super) fn after(&mut self, index: usize) {
        let Step { node, status, .. } = self.state.steps[index].clone();
        let chain = self.chain.clone();
        let Some(node) = chain.node(&node) else { return };
        if let Err(error) = self.publish(node) {
            let error = format!("what the node `{}` publishes cannot be rendered: {error}", node.name);
            return self.fail(error);
        }
        let next = match status {
            Status::Succeeded => &node.on_success,
            _ => &node.on_failure,
        };
        let canceling = self.state.status == Some(Status::Canceling) || status == Status::Canceled;
        match next {
            _ if canceling => self.set_status(Status::Canceled),
            None => {
                self.set_status(if status == Status::Succeeded { Status::Succeeded } else { Status::Failed });
            }
            Some(next) => self.follow(node, next),
        }
    }

    fn follow(&mut self, node: &super::Node, next: &str) {
        match self.text(&node.name, next) {
            Ok(name) if self.chain.node(&name).is_some() => {
                self.state.next = Some(name);
                if self.state.status == Some(Status::Pausing) {
                    self.set_status(Status::Paused);
                }
            }
            Ok(name) => self.fail(format!("the node `{}` leads to `{name}`, which is not there", node.name)),
            Err(error) => {
                self.fail(format!("what follows the node `{}` cannot be rendered: {error}", node.name));
            }
        }
    }

    fn publish(&mut self, node: &super::Node) -> Result<(), crate::template::TemplateError> {
        if node.publish.is_empty() {
            return Ok(());
        }
        let vars = self.render(&node.name, &node.publish, self.seen())?;
        self.state.vars.extend(vars.clone());
        self.state.published.extend(vars.clone());
        self.events.push(Event::Published { task: node.name.clone(), vars });
        Ok(())
    }

    /// `{"tasks": [...], "published": {...}}`, with `error` if something beside an action failed.
    pub(super) fn shown(&self) -> Value {
        let task = |step: &Step| {
            json!({
                "id": step.node,
                "name": step.node,
                "execution_id": null,
                "liveaction_id": null,
                "workflow": null,
                "created_at": step.created.to_string(),
                "updated_at": step.updated.to_string(),
                "state": step.status,
                "result": step.result,
            })
        };
        let tasks: Vec<Value> = self.state.steps.iter().map(task).collect();
        let mut out = json!({"tasks": tasks, "published": self.state.published});
        if let Some(error) = &self.state.error {
            out["error"] = json!(error);
            out["traceback"] = Value::Null;
        }
        out
    }
}
