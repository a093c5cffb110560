//! What is kept of a pipe while one of its commands runs, so that whoever asked hears what became of it if the bot stops
//! in the middle: which step ran, and that the rest was not run. Nothing of it is ever run by itself.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;

use crate::bot::chat::Chat;
use crate::bot::chat::heard::Heard;
use crate::bot::engine;
use crate::bot::outbox::{Body, slot};
use crate::bot::reply;
use crate::model::{Execution, Noun, Person, Place};
use crate::store::{Change, Memo, NewDelivery, Reader, Store, StoreError};
use crate::text::Addressee;

/// What the names of such memos begin with.
const PREFIX: &str = "pipe/";

/// A pipe that has begun.
pub(super) struct Kept {
    name: String,
    line: String,
    steps: usize,
    written: AtomicBool,
}

/// What is written of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    person: Person,
    name: String,
    place: Place,
    /// All of it, without secrets.
    line: String,
    steps: usize,
    /// The step that was begun last, from 1.
    step: usize,
    /// Its command, without secrets.
    command: String,
    /// Its execution.
    execution: i64,
}

impl Kept {
    /// A pipe of so many steps; nothing is written yet.
    pub(super) fn new(heard: &Heard, steps: usize) -> Self {
        let name = format!("{PREFIX}{}", heard.message.key);
        Self { name, line: heard.text.clone(), steps, written: AtomicBool::new(false) }
    }

    /// One of its commands is about to begin, under this number.
    pub(super) fn begins(&self, chat: &Chat, heard: &Heard, step: usize, command: &str, execution: i64) {
        let written = Written {
            person: heard.asker.person.clone(),
            name: heard.asker.name.clone(),
            place: heard.message.place.clone(),
            line: self.line.clone(),
            steps: self.steps,
            step,
            command: command.to_owned(),
            execution,
        };
        self.written.store(true, Ordering::Relaxed);
        self.record(chat, Some(json!(written)), Vec::new());
    }

    /// Whether anything of it would be told after a crash.
    pub(super) fn is_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    /// It is over; its last messages are kept in the same commit.
    pub(super) fn ends(&self, chat: &Chat, deliveries: Vec<NewDelivery>) {
        if self.is_written() || !deliveries.is_empty() {
            self.record(chat, None, deliveries);
        }
    }

    fn record(&self, chat: &Chat, body: Option<Value>, deliveries: Vec<NewDelivery>) {
        let memo = Memo { name: self.name.clone(), body, deliveries };
        chat.store.record(Change::Memo(Box::new(memo)));
    }
}

async fn left(store: &Store) -> Result<Vec<(String, Written)>, StoreError> {
    let found = store.read(|reader| reader.memos(PREFIX)).await?;
    let read = |(name, body): (String, Value)| match serde_json::from_value(body) {
        Ok(written) => Some((name, written)),
        Err(error) => {
            warn!(%name, %error, "what is kept of a pipe is not understood");
            None
        }
    };
    Ok(found.into_iter().filter_map(read).collect())
}

/// The executions that were steps of pipes when an earlier life ended: what became of them is told with their pipe.
///
/// # Errors
/// The database cannot be read.
pub async fn left_in_pipes(store: &Store) -> Result<Vec<i64>, StoreError> {
    Ok(left(store).await?.into_iter().map(|(_, written)| written.execution).collect())
}

impl Chat {
    /// Tells whoever asked for a pipe that an earlier life of the bot ended in the middle of it.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn recall_pipes(&self) -> Result<(), StoreError> {
        for (name, written) in left(&self.store).await? {
            let id = written.execution;
            let found = self.store.read(move |reader: &Reader| reader.execution(id)).await?;
            let delivery = self.cut_off(&name, &written, found.as_ref());
            let memo = Memo { name, body: None, deliveries: vec![delivery] };
            self.store.write(Change::Memo(Box::new(memo))).await?;
        }
        Ok(())
    }

    fn cut_off(&self, name: &str, written: &Written, execution: Option<&Execution>) -> NewDelivery {
        let Written { person, name: shown, place, line, steps, step, command, execution: id } = written;
        let stage = reply::Stage { line, steps: *steps, step: *step, command, id: *id };
        let mut post = reply::pipe_cut_off(&stage, execution.map(|it| it.status));
        if !place.is_direct() && place.adapter == *person.adapter() {
            post.to = Some(Addressee { id: person.id().to_owned(), name: shown.clone() });
        }
        let slot = slot(place, name.to_owned());
        let terms = execution.and_then(engine::again);
        let offer = terms.and_then(|terms| self.choices.attach(&mut post, &slot, place, terms));
        let now = self.world.now();
        let body = Body { place: place.clone(), post };
        let told = body.delivery(self.store.id(Noun::Delivery), slot, "abandoned", now);
        NewDelivery { offer, ..told }
    }
}
