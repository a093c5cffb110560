//! What the engine is asked to run, and what it tells those who wait.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::action::{Action, Prepared};
use crate::adapter::Answer;
use crate::alias::Alias;
use crate::bot::home::Home;
use crate::model::{Cause, MessageKey, Person, Place, Status};

/// Somebody who asks for something, somewhere.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who.
    pub person: Person,
    /// How the service shows that person.
    pub name: String,
    /// Where, unless on the command line or through the API.
    pub place: Option<Place>,
    /// How the service shows the room, where that is not its id.
    pub room_name: Option<String>,
}

/// One run, checked and allowed, ready to be recorded and started.
#[derive(Debug, Clone)]
pub struct Order {
    /// The configuration in force when it was asked for.
    pub home: Arc<Home>,
    /// The alias that matched.
    pub alias: Option<Arc<Alias>>,
    /// What runs.
    pub action: Arc<Action>,
    /// Its parameters.
    pub prepared: Prepared,
    /// Who asks.
    pub asker: Asker,
    /// The text as typed, secrets cut.
    pub command: String,
    /// What made it start.
    pub cause: Cause,
    /// The execution it repeats.
    pub rerun_of: Option<i64>,
    /// The message that asked, for running it at most once.
    pub message: Option<MessageKey>,
    /// The adapter's resume mark after that message.
    pub position: Option<String>,
    /// One at a time: who else holds this name makes it wait.
    pub lock: Option<String>,
}

impl Order {
    /// How answers to it are marked.
    pub fn answer(&self, last: bool, good: bool) -> Option<Answer> {
        self.message.clone().map(|key| Answer { key, last, good })
    }

    /// The `pack.alias` that matched.
    pub fn alias_reference(&self) -> Option<String> {
        self.alias.as_ref().map(|alias| alias.reference())
    }
}

/// How an order ended, for whoever waits in code.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The execution.
    pub id: i64,
    /// A final status.
    pub status: Status,
    /// One sentence, where the status does not say it all.
    pub why: Option<String>,
    /// The result, secrets cut.
    pub result: Value,
}

/// One execution that waits or runs, for `ps`.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The execution.
    pub id: i64,
    /// Who asked.
    pub person: Person,
    /// How that person was shown.
    pub name: String,
    /// What was typed.
    pub command: String,
    /// Waiting or running.
    pub status: Status,
    /// Asked at.
    pub asked: crate::model::Timestamp,
    /// Where.
    pub place: Option<Place>,
    /// The action and parameters shown.
    pub action: String,
    /// Parameters, secrets cut.
    pub parameters: Map<String, Value>,
}
