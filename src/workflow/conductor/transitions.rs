//! What follows the end of a task: conditions, published variables, the tasks that are staged.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::context::Step;
use super::parts::Part;
use super::stage::Fired;
use super::state::{Fault, Staged, TaskStatus};
use super::{Conductor, Event};
use crate::model::Status;
use crate::workflow::spec::{RESERVED, Transition};
use crate::workflow::truth::truth;

/// What became of one item of `next`.
enum Outcome {
    /// Its condition is false.
    Still,
    /// It fired and brings this view.
    Fired(usize),
    /// It cannot be evaluated: the reasons.
    Broken(Vec<String>),
}

impl Conductor {
    /// Evaluates every transition of a run that ended; gives the commands that were met, in order.
    pub(super) fn follow(&mut self, run: usize, result: &Value) -> Vec<Fired> {
        let plan = self.plan.clone();
        let task = self.state.runs[run].task.clone();
        let (Some(node), Some(spec)) = (plan.graph.node(&task), plan.workflow.tasks.get(&task)) else {
            return Vec::new();
        };
        let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
        let (mut staged, mut commands) = (Vec::new(), Vec::new());
        for edge in &node.out {
            let key = format!("{}__t{}", edge.to, edge.item);
            let outcome =
                outcomes.entry(edge.item).or_insert_with(|| self.fire(run, result, &spec.next[edge.item]));
            match outcome {
                Outcome::Still => {}
                Outcome::Broken(reasons) => self.broken(run, &key, reasons),
                Outcome::Fired(view) => {
                    let view = *view;
                    self.state.runs[run].fired.push(key);
                    let fired = Fired { to: edge.to.clone(), from: run, item: edge.item, view };
                    if RESERVED.contains(&edge.to.as_str()) {
                        commands.push(fired);
                    } else {
                        staged.push(fired);
                    }
                }
            }
        }
        if self.state.runs[run].fired.is_empty() {
            self.state.runs[run].terminal = true;
        }
        let on_fail = commands.iter().any(|command| command.to == "fail");
        staged.into_iter().for_each(|fired| self.stage(fired, on_fail));
        commands
    }

    /// Evaluates the condition of a transition and what it publishes.
    fn fire(&mut self, run: usize, result: &Value, transition: &Transition) -> Outcome {
        let context = self.context_of(run);
        let when = match &transition.when {
            Some(when) => self.after_in(run, result, &context, &Value::String(when.clone())),
            None => Ok(Value::Bool(true)),
        };
        match when {
            Ok(value) if !truth(&value) => Outcome::Still,
            Ok(_) => match self.publish(run, result, &context, transition) {
                Ok(published) => Outcome::Fired(self.layer(run, published)),
                Err(reasons) => Outcome::Broken(reasons),
            },
            Err(reason) => Outcome::Broken(vec![reason]),
        }
    }

    /// Renders what a transition publishes, each entry seeing those before it.
    fn publish(
        &self,
        run: usize,
        result: &Value,
        context: &Map<String, Value>,
        transition: &Transition,
    ) -> Result<Map<String, Value>, Vec<String>> {
        let mut published = Map::new();
        if transition.publish.is_empty() {
            return Ok(published);
        }
        let mut context = context.clone();
        let mut reasons = Vec::new();
        for (name, value) in &transition.publish {
            match self.after_in(run, result, &context, value) {
                Ok(value) => {
                    context.insert(name.clone(), value.clone());
                    published.insert(name.clone(), value);
                }
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() { Ok(published) } else { Err(reasons) }
    }

    /// What a run sees, with what was published on top.
    fn layer(&mut self, run: usize, published: Map<String, Value>) -> usize {
        let under = self.state.runs[run].view;
        if published.is_empty() {
            return under;
        }
        let task = self.state.runs[run].task.clone();
        self.events.push(Event::Published { task, vars: published.clone() });
        let layer = self.state.layers.len();
        self.state.layers.push(published);
        self.state.steps.push(Step { under: Some(under), layer });
        self.dirty.extend([Part::Layer(layer), Part::Step(self.state.steps.len() - 1)]);
        self.state.steps.len() - 1
    }

    /// A transition that cannot be evaluated fails the workflow; the others are still looked at.
    fn broken(&mut self, run: usize, key: &str, reasons: &[String]) {
        let (task, route) = (self.state.runs[run].task.clone(), self.state.runs[run].route);
        for reason in reasons {
            let fault = Fault::in_task(reason, &task);
            self.fault(Fault { route: Some(route), task_transition_id: Some(key.to_owned()), ..fault });
        }
        self.set_status(Status::Failed);
    }

    /// Whether a failed run is mended: it fired a transition to `noop`, to a task, or to a join that can still be
    /// reached.
    pub(super) fn remedied(&self, run: usize) -> bool {
        let run = &self.state.runs[run];
        let leads_on = |key: &String| {
            let to = key.rsplit_once("__t").map_or(key.as_str(), |(to, _)| to);
            let waits = |staged: &&Staged| {
                staged.task == to && staged.route == run.route && staged.again.is_none() && !staged.ready
            };
            to != "continue"
                && !self.state.staged.iter().any(|staged| waits(&staged) && self.hopeless(staged))
        };
        run.status == TaskStatus::Failed && run.fired.iter().any(leads_on)
    }
}
