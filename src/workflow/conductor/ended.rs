//! The end of an action, and of the run it belongs to.

use serde_json::Value;

use super::parts::Part;
use super::state::{Again, Fault, Staged, TaskStatus};
use super::view::View;
use super::{Conductor, Event, Refusal};
use crate::model::{Status, Timestamp};
use crate::workflow::expression::{Scope, evaluate};
use crate::workflow::truth::truth;

impl Conductor {
    /// Tells what became of an action that [`ready`](Self::ready) offered: `succeeded`, `failed`, `timeout`,
    /// `abandoned`, `canceled`; `pending` for one that asked a question, `paused` for a workflow that stands
    /// still. After the last two, the answer or the end is told by another call.
    ///
    /// Refused if the run or item does not wait for an end.
    pub fn ended(
        &mut self,
        run: usize,
        item: Option<usize>,
        status: Status,
        result: Value,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !self.awaits(run, item) {
            return Err(Refusal::Run { run });
        }
        let status = task_status(status);
        let before = self.events.len();
        let resumed = self.answered(run, item);
        if status == TaskStatus::Failed {
            let fault = Fault::in_task("the action failed, see its result", &self.state.runs[run].task);
            let result = Some(result.clone()).filter(|result| !result.is_null());
            self.fault(Fault { result, ..fault });
        }
        let status = match item {
            Some(item) => self.item_ended(run, item, status, result),
            None => {
                self.state.runs[run].result = result;
                status
            }
        };
        self.come_to(run, status, now);
        if resumed && self.state.status.is_final() {
            self.forget_going_on(before);
        }
        Ok(())
    }

    /// An answer that was the last thing to come ends the workflow at once, as a resume with nothing left does.
    fn forget_going_on(&mut self, before: usize) {
        let new = self.events.split_off(before);
        let goes_on = |event: &Event| matches!(event, Event::Status(Status::Resuming | Status::Running));
        self.events.extend(new.into_iter().filter(|event| !goes_on(event)));
    }

    /// Whether an end of this run, or of this item of it, is waited for.
    pub(super) fn awaits(&self, run: usize, item: Option<usize>) -> bool {
        let Some(known) = self.state.runs.get(run) else { return false };
        let items = self.state.items.get(&run).filter(|items| !items.is_empty());
        let status = match (item, items) {
            (None, None) => Some(known.status).filter(|_| known.wait.is_none()),
            (Some(item), Some(items)) => items.get(item).and_then(|item| item.status),
            _ => None,
        };
        status.is_some_and(|status| !status.is_final() && status != TaskStatus::Retrying)
    }

    /// The run is something else now.
    fn come_to(&mut self, run: usize, status: TaskStatus, now: Timestamp) {
        if self.state.runs[run].status != status {
            self.run_status(run, status);
        }
        self.dirty.insert(Part::Run(run));
        if status.is_final() {
            self.finish(run, now);
        } else if !status.is_active() {
            self.stands_still(status);
        }
    }

    /// A run ended: it is tried again, or what follows is found.
    fn finish(&mut self, run: usize, now: Timestamp) {
        let result = match self.state.items.contains_key(&run) {
            true => self.item_results(run),
            false => self.state.runs[run].result.clone(),
        };
        if self.tries_again(run, &result) {
            return;
        }
        self.state.runs[run].ended = Some(now);
        let commands = self.follow(run, &result);
        self.settle(run, !commands.is_empty());
        let mut left = commands.len();
        for command in commands {
            left -= 1;
            self.command(command, left > 0, now);
        }
        if self.state.status.is_final() {
            self.state.runs[run].terminal = true;
        }
        self.render_output();
    }

    /// Whether the retry rule of a run holds; if so, it is staged once more.
    fn tries_again(&mut self, run: usize, result: &Value) -> bool {
        let active = matches!(self.state.status, Status::Running | Status::Resuming | Status::Pausing);
        let status = self.state.runs[run].status;
        let Some(tries) = self.state.runs[run].retry else { return false };
        if !active
            || status == TaskStatus::Canceled
            || tries.done >= tries.count
            || !self.retries(run, result)
        {
            return false;
        }
        if let Some(tries) = self.state.runs[run].retry.as_mut() {
            tries.done += 1;
        }
        self.state.items.remove(&run);
        self.dirty.insert(Part::Items(run));
        self.run_status(run, TaskStatus::Retrying);
        let (task, route) = (self.state.runs[run].task.clone(), self.state.runs[run].route);
        let again = Some(Again::Retry(run));
        self.state.staged.push(Staged { route, again, ..Staged::start(task) });
        self.dirty.insert(Part::Head);
        if self.state.status == Status::Pausing {
            self.set_status(self.either(Status::Pausing, Status::Paused));
        }
        true
    }

    /// The condition of a retry; one that cannot be evaluated fails the workflow.
    fn retries(&mut self, run: usize, result: &Value) -> bool {
        let task = self.state.runs[run].task.clone();
        let plan = self.plan.clone();
        let when = plan.graph.node(&task).and_then(|node| node.retry.as_ref()?.when.as_ref());
        let Some(when) = when else { return self.state.runs[run].status == TaskStatus::Failed };
        match self.after(run, result, &Value::String(when.clone())) {
            Ok(value) => truth(&value),
            Err(error) => {
                self.fault(Fault { route: Some(self.state.runs[run].route), ..Fault::in_task(error, &task) });
                self.set_status(Status::Failed);
                false
            }
        }
    }

    /// Evaluates an expression where a run has ended.
    fn after(&mut self, run: usize, result: &Value, value: &Value) -> Result<Value, String> {
        let context = self.context_of(run);
        self.after_in(run, result, &context, value)
    }

    /// The same in a context of its own: each published variable sees those before it.
    pub(super) fn after_in(
        &self,
        run: usize,
        result: &Value,
        context: &serde_json::Map<String, Value>,
        value: &Value,
    ) -> Result<Value, String> {
        let known = &self.state.runs[run];
        let view = View {
            state: &self.state,
            last: &self.last,
            data: &*self.data,
            context,
            ended: Some((run, result, known.status)),
            task: Some((&known.task, known.route)),
            item: None,
        };
        evaluate(value, &view as &dyn Scope).map_err(|error| error.to_string())
    }
}

/// What the end of an action makes of its task. A time limit and a dead bot count as failures.
fn task_status(status: Status) -> TaskStatus {
    match status {
        Status::Succeeded => TaskStatus::Succeeded,
        Status::Failed | Status::Timeout | Status::Abandoned => TaskStatus::Failed,
        Status::Canceled => TaskStatus::Canceled,
        Status::Pending => TaskStatus::Pending,
        Status::Paused => TaskStatus::Paused,
        Status::Requested | Status::Running | Status::Pausing | Status::Resuming | Status::Canceling => {
            TaskStatus::Running
        }
    }
}
