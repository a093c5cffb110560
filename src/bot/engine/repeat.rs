//! Running an earlier execution again, as whoever asks now.

use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use super::{Asker, Given, Order, Refusal, prepare};
use crate::bot::home::Home;
use crate::bot::reply;
use crate::model::{Cause, Execution};
use crate::store::{Store, StoreError};
use crate::text::Post;

/// Why an execution is not run again.
#[derive(Debug, Error)]
pub enum NotAgain {
    /// Its record cannot be read.
    #[error("the history cannot be read: {0}")]
    Unreadable(#[from] StoreError),
    /// It is not for others.
    #[error("it holds secret values that somebody else typed, so only that person may run it again")]
    Foreign,
    /// Access or parameters refuse it now.
    #[error("{0}")]
    Refused(Refusal),
}

impl NotAgain {
    /// What the asker is told.
    pub fn post(&self) -> Post {
        match self {
            Self::Refused(refusal) => refusal.post(),
            Self::Unreadable(_) | Self::Foreign => reply::problem(&self.to_string()),
        }
    }
}

/// An order for what `first` ran, with `changed` in place of what was given then: access and parameters are checked anew.
///
/// # Errors
/// Why not.
pub async fn repeat(
    store: &Store,
    home: &Arc<Home>,
    asker: &Asker,
    first: Execution,
    changed: Map<String, Value>,
) -> Result<Order, NotAgain> {
    let secrets = store.secrets(first.id).await?;
    let is_kept = |name: &str| !changed.contains_key(name);
    let typed =
        secrets.iter().any(|(name, value)| is_kept(name) && !is_default(home, &first.action, name, value));
    let foreign = typed && first.person != asker.person;
    let mut parameters = first.parameters;
    parameters.extend(secrets);
    parameters.extend(changed);
    let alias = first.alias.as_ref().and_then(|name| home.alias(name));
    let mut order =
        prepare(home, asker, alias, &first.action, Given::Recorded(parameters)).map_err(NotAgain::Refused)?;
    if foreign {
        return Err(NotAgain::Foreign);
    }
    order.command = first.command;
    order.cause = Cause::Rerun;
    order.rerun_of = Some(first.id);
    Ok(order)
}

/// Whether nobody typed it: the action has this value of its own.
fn is_default(home: &Home, action: &str, name: &str, value: &Value) -> bool {
    let action = home.actions.get(action);
    let declared = action.and_then(|action| action.parameters.iter().find(|one| one.name == name));
    declared.and_then(|parameter| parameter.default.as_ref()) == Some(value)
}
