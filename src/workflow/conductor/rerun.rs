//! Running a finished workflow again, from its failed ends or from named tasks.

use super::parts::Part;
use super::state::{Again, Staged, TaskStatus};
use super::{Conductor, Refusal};
use crate::model::Status;

/// A task to run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerun {
    /// The task.
    pub task: String,
    /// Whether all its items run again, not only those that did not end well.
    pub reset_items: bool,
}

/// A run to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Repeat {
    run: usize,
    anew: bool,
}

impl Conductor {
    /// Runs a finished workflow again: from its failed ends, or from these tasks, with the contexts of the first
    /// run. A task behind another one of the list is left out: it follows by itself. What ended well with
    /// something left to start goes on. Refused before a final status, for a task that has not run, and where
    /// there is nothing to run.
    pub fn rerun(&mut self, tasks: &[Rerun]) -> Result<(), Refusal> {
        let status = self.state.status;
        let refused = Refusal::Status { status, asked: "run again" };
        if !status.is_final() || self.busy() || self.state.layers.is_empty() {
            return Err(refused);
        }
        let repeats = if tasks.is_empty() { self.failed_ends() } else { self.named(tasks)? };
        if repeats.is_empty() && !self.state.has_ready() {
            return Err(refused);
        }
        for repeat in self.foremost(repeats) {
            self.repeat(repeat);
        }
        for run in self.state.runs.iter_mut().filter(|run| run.terminal && !run.fired.is_empty()) {
            run.terminal = false;
        }
        self.state.output = None;
        self.state.pause_asked = false;
        self.dirty.extend([Part::Head, Part::Errors]);
        self.dirty.extend((0..self.state.runs.len()).map(Part::Run));
        self.set_status(Status::Resuming);
        self.set_status(Status::Running);
        Ok(())
    }

    /// The ends that failed; of a workflow that was canceled, also those that were. Instead of the command
    /// `fail`, the task that met it.
    fn failed_ends(&self) -> Vec<Repeat> {
        let canceled = self.state.status == Status::Canceled;
        let ends = self.state.runs.iter().enumerate().filter(|(_, run)| {
            let status = run.status == TaskStatus::Failed || (canceled && run.status == TaskStatus::Canceled);
            run.terminal && status
        });
        let own = |(index, run): (usize, &super::Run)| match run.from.first() {
            Some(arrival) if run.task == "fail" => arrival.run,
            _ => index,
        };
        ends.map(|end| Repeat { run: own(end), anew: false }).collect()
    }

    /// The last runs of named tasks, on every branch.
    fn named(&self, tasks: &[Rerun]) -> Result<Vec<Repeat>, Refusal> {
        let mut found = Vec::new();
        for task in tasks {
            let known = self.plan.workflow.tasks.contains_key(&task.task);
            let routes = self.last.get(&task.task).filter(|_| known);
            let routes = routes.ok_or_else(|| Refusal::Task(task.task.clone()))?;
            found.extend(routes.values().map(|run| Repeat { run: *run, anew: task.reset_items }));
        }
        Ok(found)
    }

    /// Without those that come from another one, sorted by task and branch.
    fn foremost(&self, mut repeats: Vec<Repeat>) -> Vec<Repeat> {
        repeats.sort_by_key(|repeat| {
            let run = &self.state.runs[repeat.run];
            (run.task.clone(), run.route, repeat.run)
        });
        repeats.dedup_by_key(|repeat| repeat.run);
        let behind = |repeat: &Repeat| {
            repeats.iter().any(|other| other.run != repeat.run && self.comes_from(repeat.run, other.run))
        };
        repeats.iter().copied().filter(|repeat| !behind(repeat)).collect()
    }

    /// Stages a run once more; it and what came from it are out of date.
    fn repeat(&mut self, repeat: Repeat) {
        let run = self.state.runs[repeat.run].clone();
        for index in repeat.run..self.state.runs.len() {
            if self.comes_from(index, repeat.run) {
                let known = &mut self.state.runs[index];
                (known.stale, known.terminal) = (true, false);
            }
        }
        let met_fail = run.fired.iter().any(|key| key.starts_with("fail__t"));
        self.state.errors.retain(|error| match error.task_id.as_deref() {
            Some("fail") => !met_fail,
            Some(task) => task != run.task,
            None => true,
        });
        self.forget_arrivals();
        let again = if repeat.anew { Again::Anew(repeat.run) } else { Again::Rerun(repeat.run) };
        let staged =
            Staged { route: run.route, from: run.from, again: Some(again), ..Staged::start(run.task) };
        self.state.staged.push(staged);
    }

    /// Takes back what runs that are out of date had staged.
    fn forget_arrivals(&mut self) {
        let (plan, runs) = (self.plan.clone(), &self.state.runs);
        self.state.staged.retain_mut(|staged| {
            let before = staged.from.len();
            if staged.again.is_none() {
                staged.from.retain(|arrival| !runs[arrival.run].stale);
            }
            if staged.from.len() < before {
                staged.ready &= plan.graph.node(&staged.task).is_some_and(|node| node.needs.is_none());
            }
            before == 0 || !staged.from.is_empty()
        });
    }
}
