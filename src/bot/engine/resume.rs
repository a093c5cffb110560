//! What was asked for and may run now: made anew from its record, with the rights that who asked has at this moment,
//! and only if it is still exactly what was approved.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::park::{Parked, script};
use super::prepare::{Trust, prepare_as};
use super::{Asker, Engine, Given, Job, Order, Refusal};
use crate::bot::approvals::Open;
use crate::bot::home::Home;

/// An order made anew, and what kept it from being what was approved.
pub(super) struct Again {
    pub(super) order: Order,
    pub(super) changed: Option<String>,
}

impl Engine {
    /// Makes the order again for who asked.
    ///
    /// # Errors
    /// One sentence: it cannot run any more.
    pub(super) async fn again(&self, home: &Arc<Home>, open: &Open) -> Result<Again, String> {
        let execution = &open.execution;
        let secrets = self.store.secrets(execution.id).await.map_err(|error| error.to_string())?;
        let mut parameters = execution.parameters.clone();
        parameters.extend(secrets);
        let alias = match &execution.alias {
            None => None,
            Some(name) => {
                Some(home.alias(name).ok_or_else(|| format!("the command `{name}` is no longer there"))?)
            }
        };
        let asker = Asker {
            person: execution.person.clone(),
            name: execution.person_name.clone(),
            place: execution.place.clone(),
            room_name: open.needs.room_name.clone(),
        };
        let action = alias.map_or(execution.action.as_str(), |alias| &alias.action_ref);
        let given = Given::Recorded(parameters.clone());
        // What a workflow's file names runs on the workflow's rights.
        let trust = if execution.step.is_some() { Trust::Workflow } else { Trust::Person };
        let prepared = prepare_as(home, &asker, alias, action, given, trust);
        let mut order = prepared.map_err(|refusal| match refusal {
            Refusal::Access(why) => format!("{} may not run it any more: {why}", execution.person_name),
            other => other.to_string(),
        })?;
        order.command.clone_from(&execution.command);
        order.cause = execution.cause;
        order.rerun_of = execution.rerun_of;
        order.step.clone_from(&execution.step);
        order.quiet |= execution.step.is_some();
        self.recall_rule(&mut order, execution).await?;
        let script = script(order.prepared.entry_point.as_deref()).await;
        let changed = changed(&order, open, &parameters, script.as_deref());
        Ok(Again { order, changed })
    }

    /// Starts what was approved, under its number.
    pub(super) fn go(self: &Arc<Self>, open: &Open, mut order: Order) {
        let Parked { replies, done } = self.unpark(open.execution.id);
        order.replies = replies;
        let job = Job::new(open.execution.id, open.execution.asked, order, done);
        self.admit(Arc::new(job));
    }
}

/// What is no longer as it was when it was asked for.
fn changed(
    order: &Order,
    open: &Open,
    parameters: &Map<String, Value>,
    script: Option<&str>,
) -> Option<String> {
    let execution = &open.execution;
    let action = &execution.action;
    if order.action.reference() != *action {
        return Some(format!("the command runs another action now than `{action}`"));
    }
    if order.action.definition != execution.definition {
        return Some(format!("the action `{action}` was changed since it was asked for"));
    }
    if script != open.needs.script.as_deref() {
        return Some(format!("the script of `{action}` was changed since it was asked for"));
    }
    if order.prepared.all != *parameters {
        return Some("its parameters would not be those that were asked for".to_owned());
    }
    (order.demands != open.needs.demands)
        .then(|| "who must approve it was changed since it was asked for".to_owned())
}
