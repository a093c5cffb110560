//! Ending an execution before its time.

use std::sync::{Arc, PoisonError};

use serde_json::json;

use super::{Asker, Engine, Job, run};
use crate::store::{Change, Entry, What};

/// Why nothing was ended by `kill`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("execution {0} neither waits nor runs")]
pub struct NotOpen(pub i64);

impl Engine {
    /// Ends an execution that waits or runs, for a person, by whose name whoever asked for it hears of it.
    ///
    /// # Errors
    /// It neither waits nor runs.
    pub fn kill_for(self: &Arc<Self>, id: i64, asker: &Asker) -> Result<(), NotOpen> {
        if self.approvals.get(id).is_some() {
            let (engine, asker) = (self.clone(), asker.clone());
            tokio::spawn(async move {
                let Ok(held) = engine.approvals.hold(id).await else { return };
                if let Err(error) = engine.take_back(held, &asker.name, Some(&asker)).await {
                    tracing::warn!(execution = id, %error, "what waits was not ended");
                }
            });
            return Ok(());
        }
        if self.is_open_flow(id) {
            return self.end_flow_of(id, asker);
        }
        let mut state = self.lock();
        // One that is not recorded yet ends when it is: nothing may end before its beginning.
        let running = state.running.get(&id).or_else(|| state.ordered.get(&id)).cloned();
        let position = state.waiting.iter().position(|job| job.id == id);
        let waiting = position.and_then(|index| state.waiting.remove(index));
        drop(state);
        let job = running.or_else(|| waiting.clone()).ok_or(NotOpen(id))?;
        *job.killed_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(asker.name.clone());
        drop(self.store.write(Change::Audit(Box::new(self.killed(&job, asker)))));
        job.stop.cancel();
        if waiting.is_some() {
            self.finish(&job, run::canceled(&job));
        }
        Ok(())
    }

    /// Ends a workflow.
    fn end_flow_of(self: &Arc<Self>, id: i64, asker: &Asker) -> Result<(), NotOpen> {
        let job = self.lock().running.get(&id).cloned().ok_or(NotOpen(id))?;
        *job.killed_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(asker.name.clone());
        drop(self.store.write(Change::Audit(Box::new(self.killed(&job, asker)))));
        self.cancel_flow(id, asker);
        Ok(())
    }

    fn killed(&self, job: &Job, asker: &Asker) -> Entry {
        let mut body = job.audit_body();
        body.insert("asked_by".to_owned(), json!(job.order.asker.person));
        body.insert("by".to_owned(), json!(asker.name));
        Entry {
            person: Some(asker.person.clone()),
            place: asker.place.clone(),
            ..job.entry(What::Killed, self.world.now(), body)
        }
    }
}
