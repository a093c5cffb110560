//! What is asked of the bot beside a chat: by the command line and the API.

use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::info;

use super::Bot;
use super::engine::{self, Asker, Ended, Given, NotAgain, NotOpen, Order, Refusal, Submitted};
use super::reply;
use crate::action::cut_secrets;
use crate::model::{AdapterName, Cause, Execution, Person, Status};

fn cause(person: &Person) -> Cause {
    if person.adapter().as_str() == "api" { Cause::Api } else { Cause::Cli }
}

impl Bot {
    /// The order of one action for somebody who is in no chat, to be submitted.
    ///
    /// # Errors
    /// It may not, or not like this.
    pub fn order_action(
        &self,
        person: Person,
        action: &str,
        given: Map<String, Value>,
    ) -> Result<Order, Refusal> {
        if self.engine.is_draining() {
            return Err(Refusal::Draining);
        }
        let typed =
            given.iter().map(|(name, value)| format!(" {name}={}", reply::value(value))).collect::<String>();
        let (cause, asker) = (cause(&person), Asker::alone(person));
        let mut order = engine::prepare(&self.homes.current(), &asker, None, action, Given::Values(given))?;
        order.command = cut_secrets(&format!("{action}{typed}"), &order.prepared.secrets);
        order.cause = cause;
        Ok(order)
    }

    /// Begins to run one action for a Unix user of this machine (`terminal:alice`) or a token (`api:ci`).
    ///
    /// # Errors
    /// It may not, or not like this; nothing was begun.
    pub fn begin_action(
        &self,
        person: Person,
        action: &str,
        given: Map<String, Value>,
    ) -> Result<Submitted, Refusal> {
        Ok(self.engine.submit(self.order_action(person, action, given)?))
    }

    /// The same, and waits for its end.
    ///
    /// # Errors
    /// As [`Bot::begin_action`].
    pub async fn run_action(
        &self,
        person: Person,
        action: &str,
        given: Map<String, Value>,
    ) -> Result<Ended, Refusal> {
        let submitted = self.begin_action(person, action, given)?;
        if let Some(asked) = submitted.asked {
            // A panic there was logged; then nothing waits, and nothing is said.
            let _ = asked.await;
        }
        if self.engine.awaiting().iter().any(|open| open.execution.id == submitted.id) {
            let why = Some("it waits for approval".to_owned());
            return Ok(Ended {
                id: submitted.id,
                status: Status::Pending,
                why,
                result: Value::Null,
                post: None,
            });
        }
        submitted.done.await.map_err(|_| Refusal::NoAction(action.to_owned()))
    }

    /// Begins to run an execution again for a person, with that person's rights.
    ///
    /// # Errors
    /// See [`NotAgain`]; nothing was begun.
    pub async fn rerun(&self, person: Person, first: Execution) -> Result<Submitted, NotAgain> {
        if self.engine.is_draining() {
            return Err(NotAgain::Refused(Refusal::Draining));
        }
        let order =
            engine::repeat(&self.store, &self.homes.current(), &Asker::alone(person), first, Map::new())
                .await?;
        Ok(self.engine.submit(order))
    }

    /// Ends an execution for a person; `shown` is how whoever asked for it is told of that person.
    ///
    /// # Errors
    /// It neither waits nor runs.
    pub fn kill_for(&self, id: i64, person: Person, shown: String) -> Result<(), NotOpen> {
        self.engine.kill_for(id, &Asker { name: shown, ..Asker::alone(person) })
    }

    /// Ends the connection of a configured adapter and begins it anew. Whether there is one of that name.
    pub fn reconnect(self: &Arc<Self>, name: &AdapterName) -> bool {
        let home = self.homes.current();
        if !home.services.iter().any(|wired| wired.instance.name == *name) {
            return false;
        }
        let Some(running) = self.links().remove(name) else { return false };
        info!(adapter = %name, "connecting anew: somebody asked for it");
        running.link.stop.cancel();
        self.settle_links(&home);
        true
    }
}
