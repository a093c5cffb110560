//! `drain`, `drain off`: the bot finishes what runs and takes nothing new, also after a restart.

use std::sync::Arc;

use serde_json::{Map, json};

use super::{Call, Need, Reply, Row, Run};
use crate::bot::chat::Chat;
use crate::bot::engine::Asker;
use crate::bot::reply;
use crate::store::{Change, Entry, Setting, StoreError, What};
use crate::text::{Post, Tone};

/// Takes nothing new.
pub(super) static DRAIN: Row = Row {
    name: "drain",
    display: "drain",
    formats: &["drain", "drain on"],
    summary: "finish what runs and take nothing new, until `drain off`",
    need: Need::Grant,
    permit: "chatops.drain",
    run: Run::Later(|call| Box::pin(drain(call, true))),
};

/// Takes commands again.
pub(super) static UNDRAIN: Row = Row {
    name: "drain_off",
    display: "drain off",
    formats: &["drain off", "undrain"],
    summary: "take commands again",
    need: Need::Grant,
    permit: "chatops.drain",
    run: Run::Later(|call| Box::pin(drain(call, false))),
};

impl Chat {
    /// Takes nothing new from now on, or takes commands again; what runs goes on. Kept over a restart, with an audit
    /// record. Says whether that is a change.
    ///
    /// # Errors
    /// It cannot be recorded: then nothing is changed.
    pub async fn drain(&self, asker: &Asker, on: bool) -> Result<bool, StoreError> {
        // At once: what is asked for after this is not taken, however long the disk takes.
        let changed = self.engine.drain(on);
        if changed && let Err(error) = keep(self, asker, on).await {
            self.engine.drain(!on);
            return Err(error);
        }
        Ok(changed)
    }
}

async fn drain(call: Arc<Call>, on: bool) -> Reply {
    let changed = match call.chat.drain(&call.asker, on).await {
        Ok(changed) => changed,
        Err(error) => {
            let why = format!("nothing is changed, since it cannot be recorded: {error}");
            return Reply::Problem(reply::problem(&why));
        }
    };
    let said = match (on, changed, call.chat.engine.list().len()) {
        (true, _, 0) => "nothing runs, and nothing new is taken until `drain off`".to_owned(),
        (true, _, many) => format!("{many} run or wait; nothing new is taken until `drain off`"),
        (false, true, _) => "commands are taken again".to_owned(),
        (false, false, _) => "commands are taken: nothing was drained".to_owned(),
    };
    Reply::Said(Post::said(&said).tone(if on { Tone::Warning } else { Tone::Good }))
}

/// Remembers it over a restart.
async fn keep(chat: &Chat, asker: &Asker, on: bool) -> Result<(), StoreError> {
    let change = if on { "drain" } else { "drain off" };
    let entry = Entry {
        at: chat.world.now(),
        what: What::Changed,
        person: Some(asker.person.clone()),
        place: asker.place.clone(),
        subject: Some("engine".to_owned()),
        body: Map::from_iter([("change".to_owned(), json!(change))]),
    };
    let setting = Box::new(Setting::Drain(on));
    chat.store.write(Change::Set { setting, audit: Box::new(entry) }).await.map(drop)
}
