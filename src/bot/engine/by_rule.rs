//! What a rule started, made anew from its record: which rule it was, how many ran because of each other, and who must
//! approve what it runs. Only the order knew that; the record of the execution leads back to it.

use super::{Engine, Order, RULE};
use crate::model::{Cause, Event, Execution};
use crate::store::{Reader, StoreError};

/// So deep workflows run in workflows at most.
const DEEPEST: usize = 32;

/// How many rules ran because of each other before this event.
pub fn depth(event: &Event) -> u32 {
    event.labels.get(RULE[1]).and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

/// The rule behind an execution, or behind the workflow it is a step of, and how deep that is.
fn rule_behind(reader: &Reader, execution: Execution) -> Result<Option<(String, u32)>, StoreError> {
    let mut execution = execution;
    for _ in 0..DEEPEST {
        let Some(step) = &execution.step else { break };
        let Some(workflow) = reader.execution(step.workflow)? else { return Ok(None) };
        execution = workflow;
    }
    if execution.cause != Cause::Rule {
        return Ok(None);
    }
    let Some((rule, event)) = reader.rule_of(execution.id)? else { return Ok(None) };
    let before = reader.event(event)?.map_or(0, |stored| depth(&stored.event));
    Ok(Some((rule, before + 1)))
}

impl Engine {
    /// Puts back into an order made anew what a rule had put into the first one.
    ///
    /// # Errors
    /// One sentence: the database cannot be read.
    pub(super) async fn recall_rule(&self, order: &mut Order, execution: &Execution) -> Result<(), String> {
        let whose = execution.clone();
        let found = self.store.read(move |reader| rule_behind(reader, whose)).await;
        order.rule = found.map_err(|error| error.to_string())?;
        let Some((name, _)) = order.rule.as_ref().filter(|_| execution.step.is_none()) else { return Ok(()) };
        let rules = &order.home.notifying.rules.reactions;
        let approval = rules.iter().find(|rule| rule.name == *name).and_then(|rule| rule.approval.clone());
        let new = approval.filter(|demand| !order.demands.contains(demand));
        order.demands.extend(new);
        Ok(())
    }
}
