//! Staging: a fired transition makes the task it leads to ready, or lets a join wait for more.

use std::collections::BTreeSet;

use super::parts::Part;
use super::state::{Arrival, Staged};
use super::{Conductor, Run};

/// A transition that fired.
#[derive(Debug, Clone)]
pub(super) struct Fired {
    /// The task or command it leads to.
    pub(super) to: String,
    /// The run it comes from.
    pub(super) from: usize,
    /// The item of `next`.
    pub(super) item: usize,
    /// What it brings.
    pub(super) view: usize,
}

impl Fired {
    /// The item of `next` as branches are named by: `task__t0`.
    fn transition(&self, runs: &[Run]) -> String {
        format!("{}__t{}", runs[self.from].task, self.item)
    }

    pub(super) fn arrival(self, runs: &[Run]) -> Arrival {
        Arrival { run: self.from, transition: self.transition(runs), view: self.view }
    }
}

impl Conductor {
    /// Stages the task a transition leads to.
    pub(super) fn stage(&mut self, fired: Fired, on_fail: bool) {
        let plan = self.plan.clone();
        let Some(node) = plan.graph.node(&fired.to) else { return };
        let route = if node.splits { self.branch(&fired) } else { self.state.runs[fired.from].route };
        if node.needs.is_some() && self.late(&fired, route) {
            return;
        }
        self.dirty.insert(Part::Head);
        let to = fired.to.clone();
        let arrival = fired.arrival(&self.state.runs);
        let known = self
            .state
            .staged
            .iter()
            .position(|staged| staged.task == to && staged.route == route && staged.again.is_none());
        let at = known.unwrap_or_else(|| {
            let from = if node.needs.is_some() { self.still_there(&to, route) } else { Vec::new() };
            self.state.staged.push(Staged { route, from, ready: false, ..Staged::start(to) });
            self.state.staged.len() - 1
        });
        let runs = &self.state.runs;
        let staged = &mut self.state.staged[at];
        // A parent that arrives once more, in another run, replaces what it brought.
        staged.from.retain(|old| old.run == arrival.run || runs[old.run].task != runs[arrival.run].task);
        staged.from.push(arrival);
        let parents: BTreeSet<&str> =
            staged.from.iter().map(|arrival| runs[arrival.run].task.as_str()).collect();
        staged.ready = node.needs.is_none_or(|needs| parents.len() >= needs);
        staged.on_fail = on_fail && staged.ready;
    }

    /// The branch a transition opens: the one it is on, with itself added.
    fn branch(&mut self, fired: &Fired) -> usize {
        let old = self.state.runs[fired.from].route;
        let transition = fired.transition(&self.state.runs);
        let mut route = self.state.routes[old].clone();
        if route.contains(&transition) {
            return old;
        }
        route.push(transition);
        self.state.routes.push(route);
        self.state.routes.len() - 1
    }

    /// Whether a join has already run with enough others, so that this arrival comes too late. In a loop the
    /// next pass counts anew: its arrivals come from the join itself.
    fn late(&self, fired: &Fired, route: usize) -> bool {
        let Some(run) = self.last_run(&fired.to, route) else { return false };
        !self.state.runs[run].stale && !self.comes_from(fired.from, run)
    }

    /// Whether a run was led to by `ancestor`, or is it.
    pub(super) fn comes_from(&self, run: usize, ancestor: usize) -> bool {
        let mut open = vec![run];
        let mut seen = BTreeSet::new();
        while let Some(run) = open.pop() {
            if run == ancestor {
                return true;
            }
            // Runs are numbered in order of their starts: what is before the ancestor cannot come from it.
            if run > ancestor && seen.insert(run) {
                open.extend(self.state.runs[run].from.iter().map(|arrival| arrival.run));
            }
        }
        false
    }

    /// What arrived at a join that is to run once more after a rerun, without what is run again itself.
    fn still_there(&self, task: &str, route: usize) -> Vec<Arrival> {
        let Some(run) = self.last_run(task, route) else { return Vec::new() };
        let run = &self.state.runs[run];
        let fresh = |arrival: &&Arrival| !self.state.runs[arrival.run].stale;
        if run.stale { run.from.iter().filter(fresh).cloned().collect() } else { Vec::new() }
    }
}
