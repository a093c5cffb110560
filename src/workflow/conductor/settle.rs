//! What the end of a task makes of the workflow.

use super::parts::Part;
use super::stage::Fired;
use super::state::{Fault, Staged, TaskStatus};
use super::{Conductor, Event};
use crate::model::{Status, Timestamp};

impl Conductor {
    /// Whether something stands still: a question is open, a task is paused.
    fn standing(&self) -> bool {
        self.live.iter().any(|run| !self.state.runs[*run].status.is_active())
    }

    /// A run ended and its transitions were evaluated: where the workflow stands now.
    pub(super) fn settle(&mut self, run: usize, commands: bool) {
        if self.state.status.is_final() {
            return;
        }
        let status = match self.state.runs[run].status {
            TaskStatus::Failed if !self.remedied(run) => self.after_failure(),
            TaskStatus::Canceled => self.either(Status::Canceling, Status::Canceled),
            _ => self.after_success(commands),
        };
        let ends = matches!(status, Status::Succeeded | Status::Failed);
        let lost = ends && self.unreachable_joins();
        self.set_status(if lost { Status::Failed } else { status });
    }

    /// One status while something runs, the other when nothing does.
    pub(super) fn either(&self, active: Status, dormant: Status) -> Status {
        if self.busy() { active } else { dormant }
    }

    fn after_failure(&self) -> Status {
        match self.state.status {
            Status::Canceling => self.either(Status::Canceling, Status::Canceled),
            _ => Status::Failed,
        }
    }

    fn after_success(&self, commands: bool) -> Status {
        match self.state.status {
            Status::Canceling => self.either(Status::Canceling, Status::Canceled),
            // A command follows at once: what it makes of the workflow is not known yet.
            Status::Pausing | Status::Paused if commands => Status::Pausing,
            Status::Pausing | Status::Paused => self.either(Status::Pausing, Status::Paused),
            _ if self.standing() => self.either(Status::Pausing, Status::Paused),
            _ if self.busy() || self.state.has_ready() || commands => Status::Running,
            _ => Status::Succeeded,
        }
    }

    /// A run waits for an answer, or a workflow inside it is paused.
    pub(super) fn stands_still(&mut self, status: TaskStatus) {
        let next = match (self.state.status, status) {
            (Status::Canceling, _) => self.either(Status::Canceling, Status::Canceled),
            (Status::Running | Status::Resuming, TaskStatus::Paused) => {
                self.either(self.state.status, Status::Paused)
            }
            (Status::Running | Status::Resuming | Status::Pausing, _) => {
                self.either(Status::Pausing, Status::Paused)
            }
            (other, _) => other,
        };
        self.set_status(next);
        self.render_output();
    }

    /// A question is answered: if it was the last and nobody asked for a pause, the workflow goes on. Says
    /// whether it does.
    pub(super) fn answered(&mut self, run: usize, item: Option<usize>) -> bool {
        let here = match item {
            None => self.state.runs[run].status == TaskStatus::Pending,
            Some(item) => self.state.items[&run][item].status == Some(TaskStatus::Pending),
        };
        let waits = matches!(self.state.status, Status::Pausing | Status::Paused);
        let goes_on = here && waits && !self.state.pause_asked && self.questions().len() == 1;
        if goes_on {
            self.set_status(Status::Resuming);
            self.set_status(Status::Running);
        }
        goes_on
    }

    /// The runs, and items of them, that wait for an answer.
    pub fn questions(&self) -> Vec<(usize, Option<usize>)> {
        let pending = |(run, item): &(usize, Option<usize>)| match item {
            None => self.state.runs[*run].status == TaskStatus::Pending,
            Some(item) => self.state.items[run][*item].status == Some(TaskStatus::Pending),
        };
        self.running().into_iter().filter(pending).collect()
    }

    /// A command in `do`: it ends at once; `more` says whether others follow.
    pub(super) fn command(&mut self, fired: Fired, more: bool, now: Timestamp) {
        let status = if fired.to == "fail" { TaskStatus::Failed } else { TaskStatus::Succeeded };
        self.events.push(Event::Command(fired.to.clone()));
        let route = self.state.runs[fired.from].route;
        let (to, view) = (fired.to.clone(), fired.view);
        let from = vec![fired.arrival(&self.state.runs)];
        let run = self.add_run(&Staged { route, from, ..Staged::start(to) }, view, now);
        let known = &mut self.state.runs[run];
        (known.status, known.ended, known.terminal) = (status, Some(now), true);
        if status == TaskStatus::Failed {
            self.fault(Fault::in_task("the workflow says `fail` here", "fail"));
        }
        self.settle(run, more);
    }

    /// Notes the joins that some but not all have reached, and no more can: with one the workflow has failed.
    pub(super) fn unreachable_joins(&mut self) -> bool {
        let waits = self.state.staged.iter().filter(|staged| !staged.ready && self.hopeless(staged));
        let joins: Vec<(String, usize)> = waits.map(|staged| (staged.task.clone(), staged.route)).collect();
        let lost = !joins.is_empty();
        for (task, route) in joins {
            let message = "the join cannot be reached: not all tasks that lead to it did";
            self.fault(Fault { route: Some(route), ..Fault::in_task(message, &task) });
            self.dirty.insert(Part::Head);
        }
        lost
    }

    /// Whether no parent of a waiting join is yet to run, or to end.
    pub(super) fn hopeless(&self, staged: &Staged) -> bool {
        let node = self.plan.graph.node(&staged.task);
        let ended = |run: usize| self.state.runs[run].status.is_final();
        let all_ended = node.is_none_or(|node| {
            node.parents.iter().all(|parent| self.last_run(parent, staged.route).is_some_and(ended))
        });
        all_ended || !(self.busy() || self.state.has_ready())
    }
}
