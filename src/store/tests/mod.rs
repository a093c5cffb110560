//! Tests of the whole store, and what they share.

mod accepted;
mod crash;
mod disk;
mod flows;
mod lanes;
mod migration;
mod pairs;
mod plans;
mod schedules;
mod settings;
mod sorted;
mod topics;
mod trimmed;
mod waits;
mod writes;

use std::path::PathBuf;

use serde_json::{Map, json};

use super::{
    Accept, Begin, Change, Decide, Entry, Finish, Keys, NewDelivery, Routed, Sending, Store, StoreError, What,
};
use crate::model::{
    AdapterName, Cause, Event, Execution, MessageKey, Noun, Person, Place, Slot, Status, Subject, Timestamp,
};
use crate::net::World;

/// A home on disk; removed when dropped.
pub(super) struct Home {
    pub(super) dir: tempfile::TempDir,
}

impl Home {
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("chatops.db")
    }

    pub(super) fn keys(&self) -> Keys {
        Keys::load_or_create(self.dir.path()).unwrap()
    }

    pub(super) fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.path(), self.keys(), World::real())
    }

    /// The file as somebody with an editor sees it.
    pub(super) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

pub(super) const fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

pub(super) fn irc() -> AdapterName {
    AdapterName::new("irc").unwrap()
}

pub(super) fn entry(what: What, text: &str) -> Entry {
    Entry {
        at: at(100),
        what,
        person: Some(Person::proven(irc(), "alice")),
        place: Some(Place::room(irc(), "#ops")),
        subject: Some("execution/1".into()),
        body: [("text".to_owned(), json!(text))].into_iter().collect(),
    }
}

pub(super) fn execution(id: i64) -> Execution {
    Execution {
        id,
        cause: Cause::Command,
        rerun_of: None,
        step: None,
        person: Person::proven(irc(), "alice"),
        person_name: "Alice".into(),
        place: Some(Place::room(irc(), "#ops")),
        alias: Some("default.run".into()),
        command: "run date on localhost".into(),
        action: "core.remote".into(),
        runner: "remote-shell-cmd".into(),
        definition: "00".into(),
        parameters: [("cmd".to_owned(), json!("date"))].into_iter().collect(),
        status: Status::Requested,
        why: None,
        asked: at(100),
        started: None,
        ended: None,
    }
}

pub(super) fn begin(id: i64) -> Change {
    Change::Begin(Box::new(Begin {
        execution: execution(id),
        secrets: Map::new(),
        key: None,
        position: None,
        audit: entry(What::Asked, "run date on localhost"),
    }))
}

pub(super) fn begin_for(id: i64, key: &str) -> Change {
    let Change::Begin(mut begin) = begin(id) else { unreachable!() };
    begin.key = Some(MessageKey { adapter: irc(), room: "#ops".into(), id: key.into() });
    begin.position = Some(format!("after {key}"));
    Change::Begin(begin)
}

pub(super) fn finish(id: i64, delivery: Option<NewDelivery>) -> Change {
    Change::Finish(Box::new(Finish {
        execution: id,
        status: Status::Succeeded,
        why: None,
        result: json!({"stdout": "ok"}),
        seen_bytes: 3,
        at: at(110),
        delivery,
        events: Vec::new(),
        audit: entry(What::Finished, "done"),
    }))
}

pub(super) fn delivery(id: i64, lane: &str) -> NewDelivery {
    NewDelivery {
        offer: None,
        id,
        slot: Slot { notifier: "adapter/irc".into(), target: "irc:#ops".into(), lane: lane.into() },
        execution: None,
        purpose: "result".into(),
        body: json!({"say": id}),
        due: at(100),
        expires: at(10_000),
    }
}

/// An event about `name` that failed.
pub(super) fn event(name: &str) -> Event {
    let body =
        json!({"source": "ci", "title": format!("{name} failed"), "fingerprint": name, "status": "failed"});
    Event::from_json(&body).unwrap()
}

/// A delivery of an event that goes at once.
pub(super) fn sending(lane: &str) -> Sending {
    Sending {
        slot: delivery(0, lane).slot,
        purpose: "event".into(),
        body: json!({"notifier": "ops"}),
        due: at(100),
        expires: at(10_000),
        gather: false,
        dropped: None,
    }
}

/// What is known of a subject after `event`.
pub(super) fn subject(event: i64, told: &Event, before: Option<&Subject>) -> Subject {
    Subject {
        key: told.subject(),
        source: told.source.clone(),
        kind: told.kind.clone(),
        title: told.title.clone(),
        labels: told.labels.clone(),
        status: Some(told.status),
        level: told.level,
        since: before.map_or(at(100), |before| before.since),
        opened: None,
        overdue: None,
        recent: Vec::new(),
        flapping: false,
        acknowledged: None,
        event,
    }
}

/// An event about `name`, told at 100, with these deliveries.
pub(super) fn accepted(id: i64, name: &str, sends: Vec<Sending>) -> Accept {
    Accept {
        id,
        event: event(name).into(),
        keys: Vec::new(),
        raw_size: 100,
        raw_hash: "00".into(),
        at: at(100),
        overdue: None,
        decide: Decide::new(move |accept, scene| Routed {
            subject: Some(subject(accept.id, &accept.event, scene.subject())),
            sends: sends.clone(),
            ..Routed::default()
        }),
    }
}

pub(super) fn accept(id: i64, name: &str, sends: Vec<Sending>) -> Change {
    Change::Accept(Box::new(accepted(id, name, sends)))
}

/// A store with one execution begun; its id.
pub(super) async fn one_begun(store: &Store) -> i64 {
    let id = store.id(Noun::Execution);
    assert_eq!(store.write(begin(id)).await.unwrap(), super::Done::Written);
    id
}
