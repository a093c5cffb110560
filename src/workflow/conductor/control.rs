//! Pause, resume, cancel.

use super::parts::Part;
use super::state::TaskStatus;
use super::{Conductor, Refusal};
use crate::model::{Status, Timestamp};

impl Conductor {
    /// Starts nothing new; what runs goes on to its end. Refused in a final status.
    pub fn pause(&mut self) -> Result<(), Refusal> {
        match self.state.status {
            Status::Pausing | Status::Paused => {}
            Status::Running | Status::Resuming | Status::Requested => {
                self.stop_items(TaskStatus::Pausing, TaskStatus::Paused);
                self.set_status(self.either(Status::Pausing, Status::Paused));
            }
            status => return Err(Refusal::Status { status, asked: "paused" }),
        }
        self.state.pause_asked = true;
        self.dirty.insert(Part::Head);
        Ok(())
    }

    /// Goes on: what was ready is offered. With nothing left the workflow has succeeded. Refused unless it is
    /// paused or pausing.
    pub fn resume(&mut self) -> Result<(), Refusal> {
        let status = self.state.status;
        if !matches!(status, Status::Pausing | Status::Paused) {
            return Err(Refusal::Status { status, asked: "resumed" });
        }
        self.state.pause_asked = false;
        self.dirty.insert(Part::Head);
        if self.live.is_empty() && !self.state.has_ready() {
            let lost = self.unreachable_joins();
            self.set_status(if lost { Status::Failed } else { Status::Succeeded });
            self.render_output();
            return Ok(());
        }
        for run in self.with_items(|status| status == TaskStatus::Pausing) {
            self.run_status(run, TaskStatus::Running);
        }
        self.set_status(Status::Resuming);
        self.set_status(Status::Running);
        Ok(())
    }

    /// Starts nothing new and drops what is put off; what runs goes on to its end, the workflow is canceled
    /// then. Refused in a final status.
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let status = self.state.status;
        if status.is_final() {
            return Err(Refusal::Status { status, asked: "canceled" });
        }
        let dropped = self.drop_waiting(now);
        self.stop_items(TaskStatus::Canceling, TaskStatus::Canceled);
        self.state.staged.retain(|staged| staged.again.is_none());
        self.set_status(self.either(Status::Canceling, Status::Canceled));
        if self.state.status == Status::Canceled {
            for run in dropped {
                self.state.runs[run].terminal = true;
            }
        }
        self.dirty.insert(Part::Head);
        self.render_output();
        Ok(())
    }

    /// Cancels what is delayed or about to be tried again; gives the runs that were delayed.
    fn drop_waiting(&mut self, now: Timestamp) -> Vec<usize> {
        let put_off = |status| matches!(status, TaskStatus::Delayed | TaskStatus::Retrying);
        let runs: Vec<usize> =
            self.live.iter().copied().filter(|run| put_off(self.state.runs[*run].status)).collect();
        let mut delayed = Vec::new();
        for run in runs {
            if self.state.runs[run].status == TaskStatus::Delayed {
                delayed.push(run);
            }
            self.state.runs[run].wait = None;
            self.state.runs[run].ended = Some(now);
            self.run_status(run, TaskStatus::Canceled);
        }
        delayed
    }

    /// Tells the tasks with items to start no more of them.
    fn stop_items(&mut self, active: TaskStatus, dormant: TaskStatus) {
        for run in self.with_items(|status| matches!(status, TaskStatus::Running | TaskStatus::Pausing)) {
            let list = self.state.runs[run].list.as_ref();
            match list {
                Some(list) if list.complete() => {}
                Some(list) if list.running > 0 => self.run_status(run, active),
                _ => self.run_status(run, dormant),
            }
        }
    }

    fn with_items(&self, status: impl Fn(TaskStatus) -> bool) -> Vec<usize> {
        let runs = self.live.iter().copied();
        runs.filter(|run| self.state.runs[*run].list.is_some() && status(self.state.runs[*run].status))
            .collect()
    }
}
