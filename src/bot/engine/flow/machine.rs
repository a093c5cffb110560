//! A workflow or a chain: what drives them is the same, what is told of them is not.

use std::ops::{Deref, DerefMut};

use crate::model::{Status, Timestamp};
use crate::workflow::chain::ChainRun;
use crate::workflow::expression::is_expression;
use crate::workflow::spec::RESERVED;
use crate::workflow::{Conductor, Flow, Run};

/// What decides about the steps.
pub(super) enum Machine {
    /// A workflow.
    Workflow(Box<Conductor>),
    /// An action chain.
    Chain(Box<ChainRun>),
}

/// One task, as people are told of it.
pub(super) struct Line {
    /// Its name.
    pub(super) task: String,
    /// Its status, in one word.
    pub(super) status: &'static str,
    /// Its items, if it has some: how many there are, ended, and failed.
    pub(super) items: Option<(usize, usize, usize)>,
    /// When it started.
    pub(super) started: Timestamp,
    /// When it ended.
    pub(super) ended: Option<Timestamp>,
}

impl Deref for Machine {
    type Target = dyn Flow;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Workflow(conductor) => &**conductor,
            Self::Chain(chain) => &**chain,
        }
    }
}

impl DerefMut for Machine {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::Workflow(conductor) => &mut **conductor,
            Self::Chain(chain) => &mut **chain,
        }
    }
}

impl Machine {
    /// How often a task was started.
    pub(super) fn runs(&self) -> usize {
        match self {
            Self::Workflow(conductor) => conductor.state().runs.len(),
            Self::Chain(chain) => chain.steps().len(),
        }
    }

    /// Whether the file names the action of a task itself: then whoever may run the workflow may run it.
    pub(super) fn is_literal(&self, task: &str) -> bool {
        let action = match self {
            Self::Workflow(conductor) => {
                conductor.plan().workflow.tasks.get(task).and_then(|task| task.action.as_ref())
            }
            Self::Chain(chain) => chain.chain().node(task).map(|node| &node.action),
        };
        action.is_some_and(|action| !is_expression(action))
    }

    /// Why it failed, in a sentence.
    pub(super) fn failure(&self) -> Option<String> {
        match self {
            Self::Workflow(conductor) => conductor.state().errors.first().map(|error| match &error.task_id {
                Some(task) => format!("task {task}: {}", error.message),
                None => error.message.clone(),
            }),
            Self::Chain(chain) => chain.error().map(str::to_owned).or_else(|| {
                let last = chain.steps().last().filter(|step| step.status != Status::Succeeded)?;
                Some(format!("task {}: it is {}", last.node, last.status))
            }),
        }
    }

    /// The tasks that were started, in that order.
    pub(super) fn lines(&self) -> Vec<Line> {
        match self {
            Self::Workflow(conductor) => {
                let shown = |run: &&Run| !run.stale && !RESERVED.contains(&run.task.as_str());
                conductor.state().runs.iter().filter(shown).map(line).collect()
            }
            Self::Chain(chain) => {
                let line = |step: &crate::workflow::chain::Step| Line {
                    task: step.node.clone(),
                    status: match step.status {
                        Status::Timeout | Status::Abandoned => Status::Failed.as_str(),
                        status => status.as_str(),
                    },
                    items: None,
                    started: step.created,
                    ended: step.status.is_final().then_some(step.updated),
                };
                chain.steps().iter().map(line).collect()
            }
        }
    }
}

fn line(run: &Run) -> Line {
    let items = run.list.as_ref();
    Line {
        task: run.task.clone(),
        status: run.status.as_str(),
        items: items.map(|list| (list.total, list.succeeded + list.failed + list.canceled, list.failed)),
        started: run.started,
        ended: run.ended,
    }
}
