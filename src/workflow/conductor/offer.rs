//! What is to start now.

use std::time::Duration;

use serde_json::Value;

use super::Conductor;
use super::parts::Part;
use super::render::{Rendered, Work};
use super::state::{Again, Call, Fault, Item, List, Run, Staged, TaskStatus, Wait};
use crate::model::{Status, Timestamp};

/// Something to start now.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The run of the task, for [`Conductor::ended`].
    pub run: usize,
    /// The item of it, for a task with items.
    pub item: Option<usize>,
    /// The task.
    pub task: String,
    /// The branch it runs on.
    pub route: usize,
    /// The reference `pack.action`. None: there is nothing to run, say [`Conductor::ended`] at once.
    pub action: Option<String>,
    /// Its parameters: a mapping, or null for none.
    pub input: Value,
    /// Seconds it was put off.
    pub delay: u64,
    /// How many items the task has.
    pub items: Option<usize>,
    /// How many of them may run at once.
    pub limit: Option<usize>,
}

impl Conductor {
    /// What is to start now, sorted by task, branch and item; each is offered once.
    pub fn ready(&mut self, now: Timestamp) -> Vec<Offer> {
        let mut offers = self.due(now);
        self.begin_staged(now, &mut offers);
        self.more_items(&mut offers);
        offers.sort_by(|a, b| (&a.task, a.route, a.item).cmp(&(&b.task, b.route, b.item)));
        offers
    }

    /// When [`ready`](Self::ready) is to be asked again although nothing ended.
    pub fn next_due(&self) -> Option<Timestamp> {
        let waits = self.live.iter().filter_map(|run| self.state.runs[*run].wait.as_ref());
        waits.map(|wait| wait.due).min()
    }

    /// The runs whose delay has passed.
    fn due(&mut self, now: Timestamp) -> Vec<Offer> {
        let due = |run: &&usize| self.state.runs[**run].wait.as_ref().is_some_and(|wait| wait.due <= now);
        let runs: Vec<usize> = self.live.iter().filter(due).copied().collect();
        let mut offers = Vec::new();
        for run in runs {
            if let Some(wait) = self.state.runs[run].wait.take() {
                self.start(run, wait.call, wait.delay, &mut offers);
            }
        }
        offers
    }

    /// Starts a run, or its first items.
    fn start(&mut self, run: usize, call: Option<Call>, delay: u64, offers: &mut Vec<Offer>) {
        self.run_status(run, TaskStatus::Running);
        match call {
            Some(call) => offers.push(self.offer(run, None, call, delay)),
            None => self.start_items(run, delay, offers),
        }
    }

    pub(super) fn offer(&self, run: usize, item: Option<usize>, call: Call, delay: u64) -> Offer {
        let Run { task, route, list, .. } = &self.state.runs[run];
        Offer {
            run,
            item,
            task: task.clone(),
            route: *route,
            action: call.action,
            input: call.input,
            delay,
            items: list.as_ref().map(|list| list.total),
            limit: list.as_ref().and_then(|list| list.limit),
        }
    }

    /// Whether a task that is ready may start in the status the workflow has.
    pub(super) fn may_start(&self, on_fail: bool) -> bool {
        match self.state.status {
            Status::Running | Status::Resuming => true,
            Status::Failed => on_fail,
            _ => false,
        }
    }

    /// Starts every staged task that may: all, or none if one cannot be rendered.
    fn begin_staged(&mut self, now: Timestamp, offers: &mut Vec<Offer>) {
        let staged = std::mem::take(&mut self.state.staged);
        let (mut ready, rest): (Vec<Staged>, Vec<Staged>) =
            staged.into_iter().partition(|staged| staged.ready && self.may_start(staged.on_fail));
        self.state.staged = rest;
        if ready.is_empty() {
            return;
        }
        self.dirty.insert(Part::Head);
        ready.sort_by(|a, b| (&a.task, a.route).cmp(&(&b.task, b.route)));
        let rendered: Vec<Result<Rendered, String>> =
            ready.iter().map(|staged| self.render(staged)).collect();
        if rendered.iter().any(Result::is_err) {
            self.refuse(ready, rendered);
            return;
        }
        for (staged, rendered) in ready.into_iter().zip(rendered.into_iter().flatten()) {
            self.begin(&staged, rendered, now, offers);
        }
    }

    /// Something cannot be rendered: nothing starts, and the workflow fails.
    fn refuse(&mut self, ready: Vec<Staged>, rendered: Vec<Result<Rendered, String>>) {
        for (staged, error) in ready.iter().zip(rendered.into_iter().map(Result::err)) {
            if let Some(error) = error {
                let fault = Fault::in_task(error, &staged.task);
                self.fault(Fault { route: Some(staged.route), ..fault });
            }
        }
        self.state.staged.extend(ready);
        self.set_status(Status::Failed);
        self.render_output();
    }

    fn begin(&mut self, staged: &Staged, rendered: Rendered, now: Timestamp, offers: &mut Vec<Offer>) {
        let Rendered { view, delay, tries, work } = rendered;
        let run = match &staged.again {
            Some(Again::Retry(run)) => *run,
            _ => {
                let run = self.add_run(staged, view, now);
                self.state.runs[run].retry = tries;
                run
            }
        };
        let call = match work {
            Work::One(call) => Some(call),
            Work::Items { total: 0, .. } => {
                self.state.runs[run].list = Some(List::default());
                self.state.items.insert(run, Vec::new());
                Some(Call { action: None, input: Value::Null })
            }
            Work::Items { total, calls, limit } => {
                self.set_items(run, staged, total, calls, limit);
                None
            }
        };
        self.dirty.insert(Part::Run(run));
        if delay == 0 {
            self.start(run, call, 0, offers);
            return;
        }
        let due = now.plus(Duration::from_secs(delay));
        self.state.runs[run].wait = Some(Wait { due, delay, call });
        if !matches!(staged.again, Some(Again::Retry(_))) {
            self.run_status(run, TaskStatus::Delayed);
        }
    }

    /// A new run of a staged task, or of a command.
    pub(super) fn add_run(&mut self, staged: &Staged, view: usize, now: Timestamp) -> usize {
        let run = self.state.runs.len();
        self.state.runs.push(Run {
            task: staged.task.clone(),
            route: staged.route,
            status: TaskStatus::Running,
            view,
            from: staged.from.clone(),
            fired: Vec::new(),
            terminal: false,
            stale: false,
            on_fail: staged.on_fail,
            result: Value::Null,
            retry: None,
            wait: None,
            list: None,
            started: now,
            ended: None,
        });
        self.last.entry(staged.task.clone()).or_default().insert(staged.route, run);
        self.dirty.insert(Part::Run(run));
        run
    }

    /// Puts the items of a run in place; those a rerun leaves alone keep their results.
    fn set_items(
        &mut self,
        run: usize,
        staged: &Staged,
        total: usize,
        calls: std::collections::BTreeMap<usize, Call>,
        limit: Option<usize>,
    ) {
        let mut items = vec![Item::default(); total];
        if let Some(Again::Rerun(old)) = staged.again
            && let Some(kept) = self.state.items.get(&old)
        {
            for (item, old) in items.iter_mut().zip(kept) {
                item.clone_from(old);
            }
        }
        let succeeded = total - calls.len();
        for (index, call) in calls {
            items[index] = Item { call: Some(call), ..Item::default() };
        }
        self.dirty.extend((0..total).map(|index| Part::Item(run, index)));
        self.state.items.insert(run, items);
        self.state.runs[run].list = Some(List { total, limit, succeeded, ..List::default() });
    }
}
