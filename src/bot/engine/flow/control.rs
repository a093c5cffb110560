//! What people do to a workflow that is open: pause, resume, end.

use std::sync::Arc;

use serde_json::json;

use super::Flow;
use super::inner::{Inner, Key};
use crate::bot::engine::{Asker, Engine};
use crate::model::{Noun, Status};
use crate::store::{Change, What};

/// What becomes of the tasks that a restart cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// They run again.
    Rerun,
    /// They count as failed.
    Skip,
}

/// Why a workflow was not paused or resumed. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFlow {
    /// It is none, or not open.
    #[error("execution {0} is no workflow that runs")]
    Not(i64),
    /// Not in this status.
    #[error("{0}")]
    Status(String),
    /// Somebody has to say first what becomes of what was cut off.
    #[error(
        "the bot stopped while {tasks} ran, so how that ended is not known: `resume {id} rerun` runs it again, \
         `resume {id} skip` counts it as failed, `kill {id}` ends the workflow"
    )]
    Cut {
        /// The workflow.
        id: i64,
        /// The tasks, as a list in words.
        tasks: String,
    },
}

impl Engine {
    /// Whether an execution is a workflow that is open.
    pub fn is_open_flow(&self, id: i64) -> bool {
        self.flows.get(id).is_some()
    }

    /// The tasks of an open workflow that a restart cut off, in words, where somebody has to say what becomes of them.
    pub fn cut_off(&self, id: i64) -> Option<String> {
        cut_in(&self.flows.get(id)?.lock())
    }

    /// Starts nothing new in a workflow; what runs goes on to its end.
    ///
    /// # Errors
    /// It is no open workflow, or ends already.
    pub fn pause(self: &Arc<Self>, id: i64, asker: &Asker) -> Result<(), NoFlow> {
        let flow = self.flows.get(id).ok_or(NoFlow::Not(id))?;
        let mut refused = None;
        self.advance(&flow, None, |inner, _| refused = inner.conductor.pause().err());
        if let Some(refused) = refused {
            return Err(NoFlow::Status(refused.to_string()));
        }
        self.note_control(&flow, "pause", asker);
        for child in self.inner_flows(&flow) {
            // One that ends at this moment is as good as paused.
            let _ = self.pause(child, asker);
        }
        Ok(())
    }

    /// Goes on with a workflow that is paused, or about to be.
    ///
    /// # Errors
    /// It is no open workflow, is not paused, or was cut off and `cut` is not given.
    pub fn resume(self: &Arc<Self>, id: i64, cut: Option<Cut>, asker: &Asker) -> Result<(), NoFlow> {
        let flow = self.flows.get(id).ok_or(NoFlow::Not(id))?;
        if cut.is_none()
            && let Some(tasks) = cut_in(&flow.lock())
        {
            return Err(NoFlow::Cut { id, tasks });
        }
        let mut refused = None;
        self.advance(&flow, None, |inner, now| {
            let keys: Vec<Key> = std::mem::take(&mut inner.cut);
            for key in keys {
                match cut {
                    Some(Cut::Rerun) => inner.repeat(key, self.store.id(Noun::Execution)),
                    _ => {
                        let why = "the bot stopped while it ran";
                        inner.end(key, Status::Abandoned, json!({"failed": true, "error": why}), now);
                    }
                }
            }
            if !inner.status().is_final() {
                refused = inner.conductor.resume().err();
            }
        });
        if let Some(refused) = refused {
            return Err(NoFlow::Status(refused.to_string()));
        }
        self.note_control(&flow, "resume", asker);
        for child in self.inner_flows(&flow) {
            // One that was not paused goes on anyway.
            let _ = self.resume(child, cut, asker);
        }
        Ok(())
    }

    /// Ends a workflow: nothing new starts, what runs goes on to its end. Asked again, it ends that too.
    pub(in crate::bot::engine) fn cancel_flow(self: &Arc<Self>, id: i64, asker: &Asker) {
        let Some(flow) = self.flows.get(id) else { return };
        let again = std::mem::replace(&mut flow.lock().killed, true);
        self.advance(&flow, None, Inner::cancel);
        let children = flow.lock().children();
        for child in children {
            if again || self.flows.get(child).is_some() || self.approvals.get(child).is_some() {
                // It may end at this moment.
                let _ = self.kill_for(child, asker);
            }
        }
    }

    /// The workflows that a workflow runs now.
    fn inner_flows(&self, flow: &Flow) -> Vec<i64> {
        let children = flow.lock().children();
        children.into_iter().filter(|child| self.flows.get(*child).is_some()).collect()
    }

    fn note_control(&self, flow: &Flow, what: &str, asker: &Asker) {
        let job = &flow.job;
        let mut body = job.audit_body();
        body.insert("asked_by".to_owned(), json!(job.order.asker.person));
        body.insert("did".to_owned(), json!(what));
        let entry = job.entry(What::Changed, self.world.now(), body);
        let entry =
            crate::store::Entry { person: Some(asker.person.clone()), place: asker.place.clone(), ..entry };
        self.store.record(Change::Audit(Box::new(entry)));
    }
}

/// The tasks that were cut off, in words.
pub(super) fn cut_in(inner: &Inner) -> Option<String> {
    let labels: Vec<String> = inner
        .cut
        .iter()
        .filter_map(|key| inner.calls.get(key).map(|call| format!("`{}`", call.label(*key))))
        .collect();
    const SHOWN: usize = 10;
    let more = labels.len().saturating_sub(SHOWN);
    let mut words = labels[..labels.len().min(SHOWN)].join(", ");
    if more > 0 {
        words.push_str(&format!(" and {more} more"));
    }
    (!labels.is_empty()).then_some(words)
}
