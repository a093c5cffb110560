//! The start of a workflow: input, variables, the first tasks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::context::{Contexts, Step, overlay};
use super::parts::Part;
use super::state::{Fault, Staged, State};
use super::view::View;
use super::{Begin, Conductor, Event};
use crate::model::Status;
use crate::workflow::Datastore;
use crate::workflow::expression::{ExpressionError, Scope, evaluate};
use crate::workflow::plan::Plan;

impl State {
    pub(super) fn new() -> Self {
        Self {
            status: Status::Requested,
            pause_asked: false,
            layers: Vec::new(),
            steps: Vec::new(),
            routes: vec![Vec::new()],
            runs: Vec::new(),
            items: BTreeMap::new(),
            staged: Vec::new(),
            errors: Vec::new(),
            output: None,
        }
    }
}

impl Conductor {
    /// Starts a workflow: it is running, or failed if its input or variables cannot be rendered.
    pub fn new(plan: Arc<Plan>, begin: Begin, data: Arc<dyn Datastore>) -> Self {
        let mut conductor = Self::with(plan, data, State::new());
        conductor.dirty.extend([Part::Head, Part::Source]);
        match conductor.root(begin) {
            Ok(root) => {
                conductor.state.layers.push(root);
                conductor.state.steps.push(Step { under: None, layer: 0 });
                conductor.dirty.extend([Part::Layer(0), Part::Step(0)]);
                conductor.set_status(Status::Running);
                for task in conductor.plan.graph.starts.clone() {
                    conductor.state.staged.push(Staged::start(task));
                }
            }
            Err(errors) => {
                errors.iter().for_each(|error| conductor.fault(Fault::of(error)));
                conductor.set_status(Status::Failed);
                conductor.render_output();
            }
        }
        conductor
    }

    /// A conductor of a state, nothing derived yet.
    pub(super) fn with(plan: Arc<Plan>, data: Arc<dyn Datastore>, state: State) -> Self {
        Self {
            plan,
            data,
            state,
            live: BTreeSet::new(),
            last: HashMap::new(),
            contexts: Contexts::default(),
            events: Vec::<Event>::new(),
            dirty: BTreeSet::new(),
        }
    }

    /// The root of the context: what the caller's side gives, input, variables. What was passed is data and
    /// stays as it is; defaults and variables are rendered, each seeing those before it.
    fn root(&self, begin: Begin) -> Result<Map<String, Value>, Vec<ExpressionError>> {
        let Begin { mut inputs, parent: mut context } = begin;
        let mut errors = Vec::new();
        let workflow = &self.plan.workflow;
        let given = workflow.input.iter().map(|(name, default)| (name, inputs.remove(name), default));
        let vars = workflow.vars.iter().map(|(name, value)| (name, None, value));
        for (name, passed, written) in given.chain(vars) {
            match passed.map_or_else(|| self.plain(&context, written), Ok) {
                Ok(value) => overlay(&mut context, &Map::from_iter([(name.clone(), value)])),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(context) } else { Err(errors) }
    }

    /// Renders a value outside of any task.
    pub(super) fn plain(
        &self,
        context: &Map<String, Value>,
        value: &Value,
    ) -> Result<Value, ExpressionError> {
        let (state, last) = (&self.state, &self.last);
        let view = View { state, last, data: &*self.data, context, ended: None, task: None, item: None };
        evaluate(value, &view as &dyn Scope)
    }
}
