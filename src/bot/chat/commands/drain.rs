//! `drain`, `drain off`: the bot finishes what runs and takes nothing new.

use serde_json::{Map, json};

use super::{Call, Need, Reply, Row, Run};
use crate::store::{Change, Entry, What};
use crate::text::{Post, Tone};

/// Takes nothing new.
pub(super) static DRAIN: Row = Row {
    name: "drain",
    display: "drain",
    formats: &["drain", "drain on"],
    summary: "finish what runs and take nothing new",
    need: Need::Grant,
    permit: "chatops.drain",
    run: Run::Now(|call| drain(call, true)),
};

/// Takes commands again.
pub(super) static UNDRAIN: Row = Row {
    name: "drain_off",
    display: "drain off",
    formats: &["drain off", "undrain"],
    summary: "take commands again",
    need: Need::Grant,
    permit: "chatops.drain",
    run: Run::Now(|call| drain(call, false)),
};

fn drain(call: &Call, on: bool) -> Reply {
    let engine = &call.chat.engine;
    let changed = engine.drain(on);
    if changed {
        let mut body = Map::new();
        body.insert("change".to_owned(), json!(if on { "drain" } else { "drain off" }));
        let entry = Entry {
            at: call.chat.world.now(),
            what: What::Changed,
            person: Some(call.asker.person.clone()),
            place: call.asker.place.clone(),
            subject: Some("engine".to_owned()),
            body,
        };
        call.chat.store.record(Change::Audit(Box::new(entry)));
    }
    let said = match (on, changed, engine.list().len()) {
        (true, _, 0) => "nothing runs, and nothing new is taken until `drain off`".to_owned(),
        (true, _, many) => format!("{many} run or wait; nothing new is taken until `drain off`"),
        (false, true, _) => "commands are taken again".to_owned(),
        (false, false, _) => "commands are taken: nothing was drained".to_owned(),
    };
    Reply::Said(Post::said(&said).tone(if on { Tone::Warning } else { Tone::Good }))
}
