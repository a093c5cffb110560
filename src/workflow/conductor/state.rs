//! What a running workflow knows: plain data, so that it can be stored and go on after a restart.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::context::Step;
use crate::model::{Status, Timestamp};

/// Where one run of a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Waits for its delay to pass.
    Delayed,
    /// Its action works.
    Running,
    /// Ended, and about to be tried again.
    Retrying,
    /// Waits for an answer.
    Pending,
    /// Starts no more items and waits for those that run.
    Pausing,
    /// Stands still: items are left, or the workflow inside it is paused.
    Paused,
    /// Told to stop; items still run.
    Canceling,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Ended by a person.
    Canceled,
}

impl TaskStatus {
    /// The status as a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delayed => "delayed",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Pending => "pending",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Canceling => "canceling",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing more happens in this run.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// Whether the workflow still has to wait for it: neither ended nor standing still.
    pub const fn is_active(self) -> bool {
        !self.is_final() && !matches!(self, Self::Pending | Self::Paused)
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An action and its parameters, rendered: null for none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The reference `pack.action`; none for a task without one.
    pub action: Option<String>,
    /// The parameters.
    pub input: Value,
}

/// One run of a task, or a command that was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The task, or `noop`, `fail`, `continue`.
    pub task: String,
    /// The branch it runs on.
    pub route: usize,
    /// Where it stands.
    pub status: TaskStatus,
    /// What it sees of the context: a number of [`State::steps`].
    pub view: usize,
    /// What led here; nothing for a start.
    pub from: Vec<Arrival>,
    /// The transitions that fired when it ended, as `task__t0`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<String>,
    /// Whether its context counts for the output.
    #[serde(default)]
    pub terminal: bool,
    /// Whether a rerun of something before it made it obsolete.
    #[serde(default)]
    pub stale: bool,
    /// Whether it goes on although the workflow failed.
    #[serde(default)]
    pub on_fail: bool,
    /// What its action gave; of a task with items see [`State::items`].
    #[serde(default)]
    pub result: Value,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Tries>,
    /// What it waits with until it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// Its items, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<List>,
    /// When it first started.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

impl Run {
    /// Whether the workflow has to wait for it. A try that is to come waits itself, unless its time runs already.
    pub(super) fn is_busy(&self) -> bool {
        let stands = self.status == TaskStatus::Retrying && self.wait.is_none();
        self.status.is_active() && !stands
    }
}

/// The retry rule of a run, rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How often at most.
    pub count: u64,
    /// Seconds before each.
    pub delay: u64,
    /// How often already.
    pub done: u64,
}

/// A start that is put off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// When it is due.
    pub due: Timestamp,
    /// Seconds it was put off.
    pub delay: u64,
    /// What is started then; none for items, which are in [`State::items`].
    pub call: Option<Call>,
}

/// The items of a run, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// How many there are.
    pub total: usize,
    /// How many may run at once.
    pub limit: Option<usize>,
    /// Items before this one were started.
    pub next: usize,
    /// How many run.
    pub running: usize,
    /// How many wait for an answer, or are paused.
    pub waiting: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were canceled.
    pub canceled: usize,
    /// How many ended well.
    pub succeeded: usize,
}

impl List {
    /// Whether every item ended.
    pub(super) fn complete(&self) -> bool {
        self.succeeded + self.failed + self.canceled == self.total
    }

    /// How many items may be started now.
    pub(super) fn room(&self) -> usize {
        if self.failed + self.canceled > 0 {
            return 0;
        }
        self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.running + self.waiting))
    }
}

/// One item of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Where it stands; none if it was not started.
    pub status: Option<TaskStatus>,
    /// What its action gave.
    #[serde(default)]
    pub result: Value,
    /// What is to be started; gone once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
}

/// A fired transition, seen from the task it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The run it comes from.
    pub run: usize,
    /// The item of `next` that fired, as `task__t0`.
    pub transition: String,
    /// What it brings: a number of [`State::steps`].
    pub view: usize,
}

/// A task that is to run, or a join that waits for more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Staged {
    /// The task.
    pub task: String,
    /// The branch.
    pub route: usize,
    /// What led here so far.
    pub from: Vec<Arrival>,
    /// Whether enough has arrived.
    pub ready: bool,
    /// Whether it runs although the workflow failed: it stands beside `fail`.
    pub on_fail: bool,
    /// The run it repeats.
    pub again: Option<Again>,
}

/// Why a run is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Again {
    /// Its retry rule says so; the run goes on.
    Retry(usize),
    /// A person asked; a new run takes over the items that ended well.
    Rerun(usize),
    /// A person asked for all items.
    Anew(usize),
}

/// An entry of the list of errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Always `error`, as in StackStorm.
    #[serde(rename = "type")]
    pub kind: String,
    /// What went wrong.
    pub message: String,
    /// The task it went wrong in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<usize>,
    /// The transition, as `next__t0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_transition_id: Option<String>,
    /// What the action gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// Everything a workflow knows of itself while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Where the workflow stands.
    pub status: Status,
    /// Whether a person asked for a pause.
    pub pause_asked: bool,
    /// The context in layers; the first is the root, none if it could not be rendered.
    pub layers: Vec<Map<String, Value>>,
    /// What is seen of the layers: each step is a layer and what is under it.
    pub steps: Vec<Step>,
    /// The branches: the transitions that made each.
    pub routes: Vec<Vec<String>>,
    /// Every run, in the order of their starts.
    pub runs: Vec<Run>,
    /// The items of the runs that have some, by run.
    pub items: std::collections::BTreeMap<usize, Vec<Item>>,
    /// What is to run.
    pub staged: Vec<Staged>,
    /// What went wrong, identical entries once.
    pub errors: Vec<Fault>,
    /// What the workflow gives back.
    pub output: Option<Map<String, Value>>,
}

impl Fault {
    /// An error of the workflow as a whole.
    pub(super) fn of(message: impl fmt::Display) -> Self {
        Self {
            kind: "error".to_owned(),
            message: message.to_string(),
            task_id: None,
            route: None,
            task_transition_id: None,
            result: None,
        }
    }

    /// An error of one task.
    pub(super) fn in_task(message: impl fmt::Display, task: &str) -> Self {
        Self { task_id: Some(task.to_owned()), ..Self::of(message) }
    }
}

impl Staged {
    /// A task that starts the workflow.
    pub(super) fn start(task: String) -> Self {
        Self { task, route: 0, from: Vec::new(), ready: true, on_fail: false, again: None }
    }
}

impl State {
    /// The tasks that may start.
    pub(super) fn has_ready(&self) -> bool {
        self.staged.iter().any(|staged| staged.ready)
    }
}
