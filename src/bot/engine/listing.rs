//! What waits and runs, as people look at it, and the end of it all.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use super::{Durations, Engine, Job, Listed, TAIL, park};
use crate::action::cut_secrets;
use crate::model::Status;

impl Engine {
    /// What waits and runs, oldest first.
    pub fn list(&self) -> Vec<Listed> {
        let state = self.lock();
        let status = |job: &Job| self.flows.get(job.id).map_or(Status::Running, |flow| flow.status());
        let running = state.running.values().map(|job| job.listed(status(job)));
        let open = state.waiting.iter().chain(state.ordered.values());
        let open = open.map(|job| job.listed(Status::Requested));
        running.chain(open).chain(self.approvals.list().iter().map(park::listed)).collect()
    }

    /// How long commands took since the start.
    pub const fn durations(&self) -> &Durations {
        &self.durations
    }

    /// One of them.
    pub fn open(&self, id: i64) -> Option<Listed> {
        self.list().into_iter().find(|listed| listed.id == id)
    }

    /// The last lines that a running execution has written so far.
    pub fn tail(&self, id: i64) -> Option<String> {
        self.lock().running.get(&id).map(|job| job.output.sample(TAIL).lines.join("\n"))
    }

    /// The same for whoever looks on: at most so many lines out of the last 4 KiB, secrets cut.
    pub fn last_lines(&self, id: i64, lines: usize) -> Option<String> {
        let job = self.lock().running.get(&id).cloned()?;
        Some(cut_secrets(&job.output.sample(lines).lines.join("\n"), &job.order.prepared.secrets))
    }

    /// Takes no more orders, lets what runs go on for `grace`, then cancels it and waits for its end.
    pub async fn stop(self: &Arc<Self>, grace: Duration) {
        let waiting = {
            let mut state = self.lock();
            state.stopping = true;
            std::mem::take(&mut state.waiting)
        };
        for job in waiting {
            self.give_up(&job, "the bot stopped before it could start");
        }
        if self.world.timeout(grace, self.nothing_runs()).await.is_ok() {
            return;
        }
        let running: Vec<_> = self.lock().running.values().filter(|job| !job.is_flow()).cloned().collect();
        info!(count = running.len(), "ending what still runs");
        for job in running {
            let mut by = job.killed_by.lock().unwrap_or_else(PoisonError::into_inner);
            by.get_or_insert_with(|| "the bot's stop".to_owned());
            job.stop.cancel();
        }
        if self.world.timeout(Duration::from_secs(15), self.nothing_runs()).await.is_err() {
            warn!("some commands did not end in time; the next start reports them as abandoned");
        }
    }

    async fn nothing_runs(&self) {
        loop {
            let idle = self.idle.notified();
            // Workflows go on in the next life.
            if self.lock().running.values().all(|job| job.is_flow()) {
                return;
            }
            idle.await;
        }
    }
}
