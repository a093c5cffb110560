//! Running an earlier execution again, asked for in chat or through the API.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Chat;
use crate::bot::engine::{Asker, Given, Order, Refusal, prepare};
use crate::bot::home::Home;
use crate::model::{Cause, Execution};
use crate::store::StoreError;

/// Why something is not run again.
#[derive(Debug, thiserror::Error)]
pub enum NotAgain {
    /// What it was given cannot be read.
    #[error("the history cannot be read: {0}")]
    Unread(#[from] StoreError),
    /// It holds secret values of somebody else.
    #[error("it holds secret values that somebody else typed, so only that person may run it again")]
    Foreign,
    /// As of any command.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl Chat {
    /// The order that runs `first` again for `asker`, with `changed` in place of what was given then. Access and
    /// parameters are checked anew.
    pub async fn again(
        &self,
        home: &Arc<Home>,
        asker: &Asker,
        first: Execution,
        changed: Map<String, Value>,
    ) -> Result<Order, NotAgain> {
        let secrets = self.store.secrets(first.id).await?;
        let is_kept = |name: &str| !changed.contains_key(name);
        let typed = secrets
            .iter()
            .any(|(name, value)| is_kept(name) && !is_default(home, &first.action, name, value));
        let foreign = typed && first.person != asker.person;
        let mut parameters = first.parameters;
        parameters.extend(secrets);
        parameters.extend(changed);
        let alias = first.alias.as_ref().and_then(|name| home.alias(name));
        let mut order = prepare(home, asker, alias, &first.action, Given::Recorded(parameters))?;
        if foreign {
            return Err(NotAgain::Foreign);
        }
        order.command = first.command;
        order.cause = Cause::Rerun;
        order.rerun_of = Some(first.id);
        Ok(order)
    }
}

/// Whether nobody typed it: the action has this value of its own.
fn is_default(home: &Home, action: &str, name: &str, value: &Value) -> bool {
    let action = home.actions.get(action);
    let declared = action.and_then(|action| action.parameters.iter().find(|one| one.name == name));
    declared.and_then(|parameter| parameter.default.as_ref()) == Some(value)
}
