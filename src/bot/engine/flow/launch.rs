//! What a workflow starts, as an order like any other: for whoever asked for the workflow, silent, without the rights
//! of its own where the workflow's file names the action.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::inner::{Call, Key};
use super::{DEEPEST, Flow, is_flow};
use crate::bot::engine::prepare::{Given, Trust, prepare_as};
use crate::bot::engine::{Engine, Order};
use crate::model::Step;

impl Engine {
    /// Submits a call.
    ///
    /// # Errors
    /// It cannot run: one sentence.
    pub(super) fn launch(self: &Arc<Self>, flow: &Arc<Flow>, key: Key, call: &Call) -> Result<(), String> {
        let order = self.order_of(flow, key, call)?;
        drop(self.submit_as(call.child, order));
        Ok(())
    }

    fn order_of(&self, flow: &Flow, key: Key, call: &Call) -> Result<Order, String> {
        let home = self.homes.current();
        let parent = &flow.job.order;
        let input = match &call.input {
            Value::Null => Map::new(),
            Value::Object(input) => input.clone(),
            _ => return Err("the input of a task is a mapping".to_owned()),
        };
        let trust =
            if flow.lock().conductor.is_literal(&call.task) { Trust::Workflow } else { Trust::Person };
        let given = Given::Values(input);
        let prepared = prepare_as(&home, &parent.asker, None, &call.action, given, trust);
        let mut order = prepared.map_err(|refusal| refusal.to_string())?;
        if is_flow(&order.prepared.runner) && flow.depth + 1 >= DEEPEST {
            return Err(format!("workflows stand inside each other deeper than {DEEPEST} levels"));
        }
        // What was secret in the workflow's parameters stays so in its steps.
        order.prepared.hide(parent.prepared.secrets.iter().cloned().chain(flow.shelf.revealed()));
        order.command = call.action.clone();
        order.cause = parent.cause;
        order.rule.clone_from(&parent.rule);
        // The workflow speaks for it.
        order.quiet = true;
        order.step = Some(Step { workflow: flow.job.id, task: call.label(key) });
        Ok(order)
    }
}
