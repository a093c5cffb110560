//! `drain`, `drain off`: the bot finishes what runs and takes nothing new, also after a restart.

use std::sync::Arc;

use serde_json::{Map, json};

use super::{Call, Need, Reply, Row, Run};
use crate::bot::reply;
use crate::store::{Change, Entry, Setting, What};
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

async fn drain(call: Arc<Call>, on: bool) -> Reply {
    let engine = &call.chat.engine;
    // At once: what is asked for after this is not taken, however long the disk takes.
    let changed = engine.drain(on);
    if changed && let Err(error) = keep(&call, on).await {
        engine.drain(!on);
        return Reply::Problem(reply::problem(&format!(
            "nothing is changed, since it cannot be recorded: {error}"
        )));
    }
    let said = match (on, changed, engine.list().len()) {
        (true, _, 0) => "nothing runs, and nothing new is taken until `drain off`".to_owned(),
        (true, _, many) => format!("{many} run or wait; nothing new is taken until `drain off`"),
        (false, true, _) => "commands are taken again".to_owned(),
        (false, false, _) => "commands are taken: nothing was drained".to_owned(),
    };
    Reply::Said(Post::said(&said).tone(if on { Tone::Warning } else { Tone::Good }))
}

/// Remembers it over a restart.
async fn keep(call: &Call, on: bool) -> Result<(), crate::store::StoreError> {
    let change = if on { "drain" } else { "drain off" };
    let entry = Entry {
        at: call.chat.world.now(),
        what: What::Changed,
        person: Some(call.asker.person.clone()),
        place: call.asker.place.clone(),
        subject: Some("engine".to_owned()),
        body: Map::from_iter([("change".to_owned(), json!(change))]),
    };
    let setting = Box::new(Setting::Drain(on));
    call.chat.store.write(Change::Set { setting, audit: Box::new(entry) }).await.map(drop)
}
