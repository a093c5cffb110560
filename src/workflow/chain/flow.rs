//! A chain in steps: what to start, what became of it, pause, cancel, rerun.

use serde_json::Value;

use super::{ChainRun, Step};
use crate::model::{Status, Timestamp};
use crate::workflow::flow::Flow;
use crate::workflow::{Change, Event, Offer, Refusal, Rerun, TaskStatus};

impl ChainRun {
    /// The step that has not ended.
    fn open(&self) -> Option<usize> {
        let last = self.state.steps.len().checked_sub(1)?;
        (!self.state.steps[last].status.is_final()).then_some(last)
    }

    fn refused(&self, asked: &'static str) -> Refusal {
        Refusal::Status { status: self.status(), asked }
    }

    fn task_event(&mut self, run: usize, status: TaskStatus) {
        let task = self.state.steps[run].node.clone();
        self.events.push(Event::Task { run, task, status });
    }
}

impl Flow for ChainRun {
    fn ready(&mut self, now: Timestamp) -> Vec<Offer> {
        if self.status() != Status::Running {
            return Vec::new();
        }
        let Some(name) = self.state.next.take() else { return Vec::new() };
        let chain = self.chain.clone();
        let Some(node) = chain.node(&name) else { return Vec::new() };
        let input = match self.parameters(&node.name, &node.parameters) {
            Ok(input) => Value::Object(input),
            Err(error) => {
                self.fail(format!("the parameters of the node `{name}` cannot be rendered: {error}"));
                return Vec::new();
            }
        };
        let run = self.state.steps.len();
        let (created, updated) = (now, now);
        self.state.steps.push(Step {
            node: name.clone(),
            status: Status::Running,
            result: Value::Null,
            created,
            updated,
        });
        self.dirty.insert(run);
        self.task_event(run, TaskStatus::Running);
        let action = Some(node.action.clone());
        vec![Offer {
            run,
            item: None,
            task: name,
            route: 0,
            action,
            input,
            delay: 0,
            items: None,
            limit: None,
        }]
    }

    fn ended(
        &mut self,
        run: usize,
        item: Option<usize>,
        status: Status,
        result: Value,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.open() != Some(run) || item.is_some() {
            return Err(Refusal::Run { run });
        }
        let before = std::mem::replace(&mut self.state.steps[run].status, status);
        (self.state.steps[run].result, self.state.steps[run].updated) = (result, now);
        self.dirty.insert(run);
        let shown = match status {
            Status::Succeeded => TaskStatus::Succeeded,
            Status::Canceled => TaskStatus::Canceled,
            Status::Pending => TaskStatus::Pending,
            status if status.is_final() => TaskStatus::Failed,
            _ => TaskStatus::Paused,
        };
        self.task_event(run, shown);
        match (status.is_final(), self.status()) {
            (false, Status::Canceling) => self.set_status(Status::Canceled),
            (false, _) => self.set_status(Status::Paused),
            (true, Status::Paused) if before == Status::Pending => {
                self.set_status(Status::Resuming);
                self.set_status(Status::Running);
                self.after(run);
            }
            (true, status) if status.is_final() => {}
            (true, _) => self.after(run),
        }
        Ok(())
    }

    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn pause(&mut self) -> Result<(), Refusal> {
        match self.status() {
            Status::Pausing | Status::Paused => {}
            Status::Running | Status::Resuming => {
                let status = if self.open().is_some() { Status::Pausing } else { Status::Paused };
                self.set_status(status);
            }
            _ => return Err(self.refused("paused")),
        }
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        if !matches!(self.status(), Status::Pausing | Status::Paused) {
            return Err(self.refused("resumed"));
        }
        self.set_status(Status::Resuming);
        self.set_status(Status::Running);
        Ok(())
    }

    fn cancel(&mut self, _: Timestamp) -> Result<(), Refusal> {
        if self.status().is_final() {
            return Err(self.refused("canceled"));
        }
        let runs = self.open().is_some_and(|run| self.state.steps[run].status == Status::Running);
        self.state.next = None;
        self.set_status(if runs { Status::Canceling } else { Status::Canceled });
        Ok(())
    }

    fn rerun(&mut self, tasks: &[Rerun]) -> Result<(), Refusal> {
        if !self.status().is_final() || self.busy() {
            return Err(self.refused("run again"));
        }
        let known = |name: &str| self.state.steps.iter().any(|step| step.node == name);
        let next = match tasks {
            [] => self
                .state
                .steps
                .last()
                .filter(|step| step.status != Status::Succeeded)
                .map(|step| step.node.clone()),
            [one] if known(&one.task) => Some(one.task.clone()),
            tasks => {
                return Err(Refusal::Task(
                    tasks.iter().map(|one| one.task.as_str()).collect::<Vec<_>>().join(", "),
                ));
            }
        };
        self.state.next = Some(next.ok_or_else(|| self.refused("run again"))?);
        self.state.error = None;
        self.set_status(Status::Resuming);
        self.set_status(Status::Running);
        Ok(())
    }

    fn status(&self) -> Status {
        self.state.status.unwrap_or(Status::Requested)
    }

    fn busy(&self) -> bool {
        self.open().is_some_and(|run| self.state.steps[run].status == Status::Running)
    }

    fn result(&self) -> Value {
        self.shown()
    }

    fn running(&self) -> Vec<(usize, Option<usize>)> {
        self.open().map(|run| (run, None)).into_iter().collect()
    }

    fn questions(&self) -> Vec<(usize, Option<usize>)> {
        let asks = |run: &usize| self.state.steps[*run].status == Status::Pending;
        self.open().filter(asks).map(|run| (run, None)).into_iter().collect()
    }

    fn take_changes(&mut self) -> Vec<Change> {
        self.changes()
    }

    fn write_all(&mut self) {
        self.fresh = true;
        self.dirty.extend(0..self.state.steps.len());
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}
