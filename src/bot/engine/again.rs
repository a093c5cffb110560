//! An execution once more: access and parameters are checked anew, for whoever asks now.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Asker, Given, Order, Refusal, prepare};
use crate::bot::home::Home;
use crate::model::{Cause, Execution};

/// Why an execution is not run again.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotAgain {
    /// Somebody else typed its secrets.
    #[error("it holds secret values that somebody else typed, so only that person may run it again")]
    Foreign,
    /// As a first time it would not run either.
    #[error(transparent)]
    Refused(Refusal),
}

/// The order that repeats `first`, whose secret parameters are `secrets`.
///
/// # Errors
/// See [`NotAgain`].
pub fn prepare_again(
    home: &Arc<Home>,
    asker: &Asker,
    first: &Execution,
    secrets: Map<String, Value>,
) -> Result<Order, NotAgain> {
    let typed = secrets.iter().any(|(name, value)| !is_default(home, &first.action, name, value));
    let foreign = typed && first.person != asker.person;
    let mut parameters = first.parameters.clone();
    parameters.extend(secrets);
    let alias = first.alias.as_ref().and_then(|name| home.alias(name));
    match prepare(home, asker, alias, &first.action, Given::Recorded(parameters)) {
        Ok(_) if foreign => Err(NotAgain::Foreign),
        Ok(order) => Ok(Order {
            command: first.command.clone(),
            cause: Cause::Rerun,
            rerun_of: Some(first.id),
            ..order
        }),
        Err(refusal) => Err(NotAgain::Refused(refusal)),
    }
}

/// Whether nobody typed it: the action has this value of its own.
fn is_default(home: &Home, action: &str, name: &str, value: &Value) -> bool {
    let action = home.actions.get(action);
    let declared = action.and_then(|action| action.parameters.iter().find(|one| one.name == name));
    declared.and_then(|parameter| parameter.default.as_ref()) == Some(value)
}
