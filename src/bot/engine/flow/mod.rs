//! Workflows at work: a conductor says what is to start, the engine starts it as it starts anything, and tells the
//! conductor what became of it. What the conductor knows is committed at each step, together with the end that
//! brought it there, so that a workflow goes on after a restart.

mod advance;
mod control;
mod inner;
mod launch;
mod live;
mod machine;
mod recall;
mod report;
mod start;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify as Bell;

pub use control::{Cut, NoFlow};
pub(super) use live::run;
pub use start::GoesOn;

use super::{Engine, Job};
use crate::bot::home::Shelf;
use crate::model::Status;
use inner::Inner;

/// How deep workflows may stand inside each other.
const DEEPEST: usize = 10;

/// The runners whose actions are workflows, with their older names.
pub(super) fn is_flow(runner: &str) -> bool {
    crate::runner::is_workflow(runner)
}

/// The workflows that are open.
#[derive(Default)]
pub(super) struct Flows(Mutex<BTreeMap<i64, Arc<Flow>>>);

impl Flows {
    fn all(&self) -> MutexGuard<'_, BTreeMap<i64, Arc<Flow>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, id: i64) -> Option<Arc<Flow>> {
        self.all().get(&id).cloned()
    }

    fn add(&self, flow: &Arc<Flow>) {
        self.all().insert(flow.job.id, flow.clone());
    }

    fn remove(&self, id: i64) {
        self.all().remove(&id);
    }
}

/// One workflow that is open.
pub(super) struct Flow {
    job: Arc<Job>,
    /// How many workflows stand around it.
    depth: usize,
    /// The datastore for whoever asked, and the secrets that were opened in it.
    shelf: Arc<Shelf>,
    inner: Mutex<Inner>,
    /// Something changed.
    bell: Bell,
}

impl Flow {
    fn new(job: Arc<Job>, depth: usize, shelf: Arc<Shelf>, inner: Inner) -> Arc<Self> {
        Arc::new(Self { job, depth, shelf, inner: Mutex::new(inner), bell: Bell::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands.
    pub(super) fn status(&self) -> Status {
        self.lock().status()
    }
}

/// What became of something a workflow started.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// The execution.
    pub(super) child: i64,
    /// A final status, or `pending`, or `paused`.
    pub(super) status: Status,
    /// What it gave, as it is.
    pub(super) result: Value,
}

impl Engine {
    /// Tells a workflow what became of one of its steps, where nothing is committed with it.
    pub(super) fn tell_flow(self: &Arc<Self>, workflow: i64, told: &Told) {
        if let Some(flow) = self.flows.get(workflow) {
            self.advance(&flow, None, |inner, now| inner.told(told, now));
        }
    }
}
