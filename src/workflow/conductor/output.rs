//! What a workflow gives back.

use serde_json::{Map, Value, json};

use super::Conductor;
use super::context::{join, layers_of, overlay};
use super::parts::Part;
use super::state::Fault;
use crate::model::Status;

impl Conductor {
    /// What the tasks at the ends of the workflow see, put together in the order of their starts; nothing
    /// before a final status.
    pub fn final_context(&self) -> Map<String, Value> {
        let mut context = Map::new();
        if self.state.status.is_final() {
            let ends: Vec<usize> =
                self.state.runs.iter().filter(|run| run.terminal).map(|run| run.view).collect();
            if !ends.is_empty() {
                let mut steps = self.state.steps.clone();
                let view = join(&mut steps, ends);
                let layers = layers_of(&steps, view);
                layers.iter().for_each(|layer| overlay(&mut context, &self.state.layers[*layer]));
            }
        }
        context
    }

    /// What the execution of the workflow gives: `{"output": {...} | null, "errors"?: [...]}`, errors only if it
    /// failed.
    pub fn result(&self) -> Value {
        let mut result = json!({"output": self.state.output});
        if self.state.status == Status::Failed {
            result["errors"] = json!(self.state.errors);
        }
        result
    }

    /// Renders the output once the workflow has a final status. What can be rendered is kept; an error makes
    /// the workflow failed, except one that was canceled.
    pub(super) fn render_output(&mut self) {
        if !self.state.status.is_final() || self.state.output.is_some() {
            return;
        }
        let plan = self.plan.clone();
        let mut context = self.final_context();
        let mut output = Map::new();
        for (name, value) in &plan.workflow.output {
            match self.plain(&context, value) {
                Ok(value) => {
                    context.insert(name.clone(), value.clone());
                    output.insert(name.clone(), value);
                }
                Err(error) => {
                    self.fault(Fault::of(error));
                    if self.state.status == Status::Succeeded {
                        self.set_status(Status::Failed);
                    }
                }
            }
        }
        self.state.output = Some(output).filter(|output| !output.is_empty());
        self.dirty.insert(Part::Head);
    }
}
