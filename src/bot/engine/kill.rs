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
    /// Ends an execution that waits or runs, for somebody without a name. `by` is shown to the one who
    /// asked for it.
    pub fn kill(self: &Arc<Self>, id: i64, by: &str) -> Result<(), NotOpen> {
        self.end(id, by, None)
    }

    /// The same for a person.
    pub fn kill_for(self: &Arc<Self>, id: i64, asker: &Asker) -> Result<(), NotOpen> {
        self.end(id, &asker.name, Some(asker))
    }

    fn end(self: &Arc<Self>, id: i64, by: &str, asker: Option<&Asker>) -> Result<(), NotOpen> {
        if self.approvals.get(id).is_some() {
            let (engine, by, asker) = (self.clone(), by.to_owned(), asker.cloned());
            tokio::spawn(async move {
                let Ok(held) = engine.approvals.hold(id).await else { return };
                if let Err(error) = engine.take_back(held, &by, asker.as_ref()).await {
                    tracing::warn!(execution = id, %error, "what waits was not ended");
                }
            });
            return Ok(());
        }
        let mut state = self.lock();
        // One that is not recorded yet ends when it is: nothing may end before its beginning.
        let running = state.running.get(&id).or_else(|| state.ordered.get(&id)).cloned();
        let position = state.waiting.iter().position(|job| job.id == id);
        let waiting = position.and_then(|index| state.waiting.remove(index));
        drop(state);
        let job = running.or_else(|| waiting.clone()).ok_or(NotOpen(id))?;
        *job.killed_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(by.to_owned());
        drop(self.store.write(Change::Audit(Box::new(self.killed(&job, by, asker)))));
        job.stop.cancel();
        if waiting.is_some() {
            self.finish(&job, run::canceled(&job));
        }
        Ok(())
    }

    fn killed(&self, job: &Job, by: &str, asker: Option<&Asker>) -> Entry {
        let mut body = job.audit_body();
        body.insert("asked_by".to_owned(), json!(job.order.asker.person));
        body.insert("by".to_owned(), json!(by));
        Entry {
            person: asker.map(|asker| asker.person.clone()),
            place: asker.and_then(|asker| asker.place.clone()),
            ..job.entry(What::Killed, self.world.now(), body)
        }
    }
}
