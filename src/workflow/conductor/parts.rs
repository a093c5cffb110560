//! The state in parts, so that a step writes only what it changed, and a restart puts it together again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Conductor;
use super::state::{Item, Staged, State};
use crate::model::Status;
use crate::workflow::Datastore;
use crate::workflow::plan::Plan;

/// A part that a step changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The text of the workflow.
    Source,
    /// Status, branches, staged tasks, output.
    Head,
    /// One layer of the context.
    Layer(usize),
    /// One step of a view.
    Step(usize),
    /// One run.
    Run(usize),
    /// All items of a run; they are gone.
    Items(usize),
    /// One item of a run.
    Item(usize, usize),
    /// All errors.
    Errors,
    /// One error.
    Error(usize),
}

/// What to write down after a step. Keys are short texts without blanks, values are JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The part `key` is now this.
    Put {
        /// Such as `head`, `run/3`, `item/3/17`.
        key: String,
        /// Its JSON.
        value: String,
    },
    /// Every part whose key begins with this is gone; said before the parts that are put.
    Drop {
        /// Such as `item/3/`.
        prefix: String,
    },
}

/// Why a stored workflow cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A part is missing.
    #[error("the part `{0}` of a stored workflow is missing")]
    Missing(String),
    /// A part cannot be read.
    #[error("the part `{key}` of a stored workflow cannot be read: {cause}")]
    Unreadable {
        /// The part.
        key: String,
        /// Why.
        cause: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: Status,
    pause_asked: bool,
    routes: Vec<Vec<String>>,
    staged: Vec<Staged>,
    output: Option<Map<String, Value>>,
}

impl Conductor {
    /// What changed since the last call: to be committed before anything that was offered is started.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let parts = std::mem::take(&mut self.dirty);
        let all_errors = parts.contains(&Part::Errors);
        let mut drops: Vec<Change> = parts.iter().filter_map(|part| gone(*part)).collect();
        for part in parts {
            match part {
                Part::Error(_) if all_errors => {}
                Part::Errors => {
                    drops.extend((0..self.state.errors.len()).filter_map(|at| self.put(Part::Error(at))));
                }
                part => drops.extend(self.put(part)),
            }
        }
        drops
    }

    fn put(&self, part: Part) -> Option<Change> {
        let state = &self.state;
        let value = match part {
            Part::Source => json(&self.plan.source),
            Part::Head => json(&Head {
                status: state.status,
                pause_asked: state.pause_asked,
                routes: state.routes.clone(),
                staged: state.staged.clone(),
                output: state.output.clone(),
            }),
            Part::Layer(at) => json(state.layers.get(at)?),
            Part::Step(at) => json(state.steps.get(at)?),
            Part::Run(at) => json(state.runs.get(at)?),
            Part::Item(run, at) => json(state.items.get(&run)?.get(at)?),
            Part::Error(at) => json(state.errors.get(at)?),
            Part::Items(_) | Part::Errors => return None,
        };
        Some(Change::Put { key: key(part), value })
    }

    /// A workflow as it was when its last changes were taken, from the parts as they stand. Nothing that was
    /// offered is offered again: see [`running`](Self::running).
    pub fn restore(
        parts: impl IntoIterator<Item = (String, String)>,
        data: Arc<dyn Datastore>,
    ) -> Result<Self, RestoreError> {
        let parts: BTreeMap<String, String> = parts.into_iter().collect();
        let source: String = one(&parts, "source")?;
        let plan = Plan::read(Path::new("workflow"), &source).map_err(|error| unreadable("source", error))?;
        let Head { status, pause_asked, routes, staged, output } = one(&parts, "head")?;
        let mut state = State { status, pause_asked, routes, staged, output, ..State::new() };
        state.layers = many(&parts, "layer/")?;
        state.steps = many(&parts, "step/")?;
        state.runs = many(&parts, "run/")?;
        state.errors = many(&parts, "error/")?;
        for (run, known) in state.runs.iter().enumerate().filter(|(_, run)| run.list.is_some()) {
            let items: Vec<Item> = many(&parts, &format!("item/{run}/"))?;
            if known.list.as_ref().is_some_and(|list| list.total == items.len()) {
                state.items.insert(run, items);
            }
        }
        let mut conductor = Self::with(Arc::new(plan), data, state);
        for (index, run) in conductor.state.runs.iter().enumerate() {
            conductor.last.entry(run.task.clone()).or_default().insert(run.route, index);
            if !run.status.is_final() {
                conductor.live.insert(index);
            }
        }
        Ok(conductor)
    }

    /// The runs, and items of them, that were offered and whose end was not told: after a restart they are to be
    /// looked after.
    pub fn running(&self) -> Vec<(usize, Option<usize>)> {
        let mut running = Vec::new();
        for run in &self.live {
            match self.state.items.get(run) {
                Some(items) if !items.is_empty() => {
                    let open = |item: &Item| item.status.is_some_and(|status| !status.is_final());
                    let items = items.iter().enumerate().filter(|(_, item)| open(item));
                    running.extend(items.map(|(index, _)| (*run, Some(index))));
                }
                _ if self.awaits(*run, None) => running.push((*run, None)),
                _ => {}
            }
        }
        running
    }
}

fn key(part: Part) -> String {
    match part {
        Part::Source => "source".to_owned(),
        Part::Head => "head".to_owned(),
        Part::Layer(at) => format!("layer/{at}"),
        Part::Step(at) => format!("step/{at}"),
        Part::Run(at) => format!("run/{at}"),
        Part::Items(run) => format!("item/{run}/"),
        Part::Item(run, at) => format!("item/{run}/{at}"),
        Part::Errors => "error/".to_owned(),
        Part::Error(at) => format!("error/{at}"),
    }
}

fn gone(part: Part) -> Option<Change> {
    matches!(part, Part::Items(_) | Part::Errors).then(|| Change::Drop { prefix: key(part) })
}

pub(in crate::workflow) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the state has no keys but texts")
}

pub(in crate::workflow) fn unreadable(key: &str, cause: impl std::fmt::Display) -> RestoreError {
    RestoreError::Unreadable { key: key.to_owned(), cause: cause.to_string() }
}

pub(in crate::workflow) fn one<T: serde::de::DeserializeOwned>(
    parts: &BTreeMap<String, String>,
    key: &str,
) -> Result<T, RestoreError> {
    let text = parts.get(key).ok_or_else(|| RestoreError::Missing(key.to_owned()))?;
    serde_json::from_str(text).map_err(|error| unreadable(key, error))
}

/// The parts `prefix0`, `prefix1`, ... as far as they go.
pub(in crate::workflow) fn many<T: serde::de::DeserializeOwned>(
    parts: &BTreeMap<String, String>,
    prefix: &str,
) -> Result<Vec<T>, RestoreError> {
    let keys = (0_usize..).map(|at| format!("{prefix}{at}"));
    keys.take_while(|key| parts.contains_key(key)).map(|key| one(parts, &key)).collect()
}
