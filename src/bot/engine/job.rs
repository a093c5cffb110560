//! One order under way, and what is recorded of it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::load::Weight;
use super::{Ended, Listed, Order};
use crate::model::{Execution, Status, Timestamp};
use crate::runner::Output;
use crate::store::{Begin, Entry, What};
use crate::text::Choice;

/// One order under way.
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) order: Order,
    pub(super) asked: Timestamp,
    pub(super) stop: CancellationToken,
    pub(super) output: Arc<Output>,
    pub(super) killed_by: Mutex<Option<String>>,
    /// The buttons of what it says while it is open, once it said something.
    pub(super) buttons: OnceLock<Vec<Choice>>,
    /// What of its result is shown as files.
    pub(super) files: OnceLock<super::files::Found>,
    /// Who waits in code.
    pub(super) done: Mutex<Vec<oneshot::Sender<Ended>>>,
    /// What is said of its tasks at its end, if it is a workflow.
    pub(super) summary: Mutex<Option<String>>,
    /// It ends where it begins, and is recorded when it has ended.
    pub(super) instant: bool,
}

impl Job {
    /// An order with its number; nothing is recorded yet.
    pub(super) fn new(id: i64, asked: Timestamp, order: Order, done: Vec<oneshot::Sender<Ended>>) -> Self {
        Self {
            id,
            asked,
            stop: CancellationToken::new(),
            output: Arc::new(Output::new(order.home.settings.output_limit.0)),
            killed_by: Mutex::new(None),
            buttons: OnceLock::new(),
            files: OnceLock::new(),
            done: Mutex::new(done),
            summary: Mutex::new(None),
            instant: false,
            order,
        }
    }

    /// The execution as it is recorded first.
    pub(super) fn execution(&self) -> Execution {
        self.order.execution(self.id, self.asked)
    }

    /// The first record of the execution, as it stands.
    pub(super) fn begin(&self, execution: Execution) -> Begin {
        let order = &self.order;
        let mut body = self.audit_body();
        body.insert("parameters".to_owned(), Value::Object(order.prepared.shown.clone()));
        Begin {
            execution,
            secrets: order.secret_parameters(),
            key: order.message.clone(),
            position: order.position.clone(),
            audit: self.entry(What::Asked, self.asked, body),
        }
    }

    pub(super) fn audit_body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("text".to_owned(), json!(self.order.command));
        body.insert("action".to_owned(), json!(self.order.action.reference()));
        if let Some(alias) = self.order.alias_reference() {
            body.insert("alias".to_owned(), json!(alias));
        }
        if let Some(label) = &self.order.pressed {
            body.insert("pressed".to_owned(), json!(label));
        }
        body
    }

    pub(super) fn entry(&self, what: What, at: Timestamp, body: Map<String, Value>) -> Entry {
        let asker = &self.order.asker;
        let subject = Some(format!("execution/{}", self.id));
        Entry { at, what, person: Some(asker.person.clone()), place: asker.place.clone(), subject, body }
    }

    pub(super) fn listed(&self, status: Status) -> Listed {
        Listed {
            id: self.id,
            person: self.order.asker.person.clone(),
            name: self.order.asker.name.clone(),
            command: self.order.command.clone(),
            status,
            asked: self.asked,
            place: self.order.asker.place.clone(),
            action: self.order.action.reference(),
            parameters: self.order.prepared.shown.clone(),
            step: self.order.step.clone(),
        }
    }

    /// Who waits in code; each is told once.
    pub(super) fn take_waiters(&self) -> Vec<oneshot::Sender<Ended>> {
        std::mem::take(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it is a workflow.
    pub(super) fn is_flow(&self) -> bool {
        super::flow::is_flow(&self.order.prepared.runner)
    }

    /// What it takes of the places there are.
    pub(super) fn weight(&self) -> Weight {
        if self.is_flow() { Weight::Nothing } else { Weight::One }
    }

    pub(super) fn killed_by(&self) -> Option<String> {
        self.killed_by.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
