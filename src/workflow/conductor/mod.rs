//! The conductor of a running workflow: told what ended, it says what is to start.
//!
//! It does nothing itself. Whoever drives it asks [`Conductor::ready`] what to start now, starts it, and
//! tells [`Conductor::ended`] what became of it; time is the driver's. What it knows is [`State`], plain
//! data; [`Conductor::take_changes`] gives what a step changed, and [`Conductor::restore`] puts it together
//! again. The rules are StackStorm's, with the defects that `docs/workflows.md` lists mended.

mod context;
mod control;
mod ended;
mod items;
mod offer;
mod output;
mod parts;
mod render;
mod rerun;
mod settle;
mod stage;
mod start;
mod state;
#[cfg(test)]
mod tests;
mod transitions;
mod view;
mod whole;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Datastore;
use super::plan::Plan;
use crate::model::Status;
use context::Contexts;
pub use offer::Offer;
use parts::Part;
pub use parts::{Change, RestoreError};
pub(in crate::workflow) use parts::{json, many, one, unreadable};
pub use rerun::Rerun;
pub use state::{Fault, Item, Run, State, TaskStatus};

/// Something that happened in a step, for progress and for tests.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The workflow came to another status.
    Status(Status),
    /// A transition of a task published variables.
    Published {
        /// The task.
        task: String,
        /// Names and values.
        vars: Map<String, Value>,
    },
    /// A command was met: `noop`, `fail`, `continue`.
    Command(String),
    /// A run of a task came to another status.
    Task {
        /// The run.
        run: usize,
        /// The task.
        task: String,
        /// Its status.
        status: TaskStatus,
    },
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The workflow is in a status in which this cannot be done.
    #[error("the workflow is {status}, it cannot be {asked}")]
    Status {
        /// The status.
        status: Status,
        /// What was asked: `paused`, `resumed`, `canceled`, `run again`.
        asked: &'static str,
    },
    /// There is no such task, or it has not run.
    #[error("the task `{0}` has not run")]
    Task(String),
    /// There is no such run or item, or it does not run.
    #[error("run {run} of the workflow does not wait for an end")]
    Run {
        /// The run.
        run: usize,
    },
}

/// What a workflow is started with.
#[derive(Debug, Clone, Default)]
pub struct Begin {
    /// What the caller passed, validated.
    pub inputs: Map<String, Value>,
    /// What every expression sees beside it: `st2`, `parent`.
    pub parent: Map<String, Value>,
}

/// A running workflow.
pub struct Conductor {
    plan: Arc<Plan>,
    data: Arc<dyn Datastore>,
    state: State,
    /// The runs that have not ended.
    live: BTreeSet<usize>,
    /// The last run of each task on each branch.
    last: HashMap<String, BTreeMap<usize, usize>>,
    contexts: Contexts,
    events: Vec<Event>,
    dirty: BTreeSet<Part>,
}

impl std::fmt::Debug for Conductor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conductor").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Conductor {
    /// Where the workflow stands.
    pub fn status(&self) -> Status {
        self.state.status
    }

    /// Everything it knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What it goes by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether something still runs or is put off: a workflow that failed has its last status before that.
    pub fn busy(&self) -> bool {
        self.live.iter().any(|run| self.state.runs[*run].is_busy())
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn set_status(&mut self, status: Status) {
        if self.state.status != status {
            self.state.status = status;
            self.events.push(Event::Status(status));
            self.dirty.insert(Part::Head);
        }
    }

    fn run_status(&mut self, run: usize, status: TaskStatus) {
        let task = self.state.runs[run].task.clone();
        self.state.runs[run].status = status;
        self.dirty.insert(Part::Run(run));
        if status.is_final() {
            self.live.remove(&run);
        } else {
            self.live.insert(run);
        }
        self.events.push(Event::Task { run, task, status });
    }

    /// Adds an error, unless the same one is there.
    fn fault(&mut self, fault: Fault) {
        if !self.state.errors.contains(&fault) {
            self.dirty.insert(Part::Error(self.state.errors.len()));
            self.state.errors.push(fault);
        }
    }

    /// The last run of a task on a branch.
    fn last_run(&self, task: &str, route: usize) -> Option<usize> {
        self.last.get(task)?.get(&route).copied()
    }
}
