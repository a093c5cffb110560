//! What waits for somebody's word, grants for a time, second factors.

use super::*;
use crate::model::TimeGrant;
use crate::store::{Done, Notice, Setting, Then, Vote, Wait, Waiting, Word};

fn wait(id: i64, key: &str) -> Change {
    let Change::Begin(mut begin) = begin_for(id, key) else { unreachable!() };
    begin.execution.status = Status::Pending;
    let waiting = Waiting { kind: "approval".into(), needs: json!({"a": 1}), asked: at(100), until: at(200) };
    Change::Wait(Box::new(Wait {
        execution: id,
        begin: Some(begin),
        waiting,
        deliveries: vec![delivery(id * 10, "ask")],
        events: Vec::new(),
        audit: entry(What::Pending, "waits"),
    }))
}

fn word(id: i64, then: Then) -> Change {
    let vote = Vote {
        who: "bob".into(),
        person: Person::proven(irc(), "bob"),
        name: "Bob".into(),
        place: None,
        verdict: "approve".into(),
        counts: vec![0],
        reason: Some("fine".into()),
        at: at(120),
    };
    Change::Word(Box::new(Word {
        execution: id,
        vote: Some(vote),
        then,
        deliveries: Vec::new(),
        events: Vec::new(),
        audit: entry(What::Approved, "yes"),
    }))
}

async fn status(store: &Store, id: i64) -> Status {
    store.read(move |reader| reader.execution(id)).await.unwrap().unwrap().status
}

#[tokio::test]
async fn what_waits_outlives_the_process_and_is_decided_once() {
    let home = Home::new();
    let store = home.open().unwrap();
    assert_eq!(store.write(wait(1, "m1")).await, Ok(Done::Written));
    assert_eq!(store.write(wait(2, "m1")).await, Ok(Done::Repeated(1)), "one message asks once");
    store.write(begin(3)).await.unwrap();
    store.close().await.unwrap();
    let store = home.open().unwrap();
    let recover = Change::Recover { at: at(150), notice: Notice::new(|_| None) };
    let Ok(Done::Recovered(lost)) = store.write(recover).await else { panic!("recovered") };
    assert_eq!(lost.iter().map(|it| it.id).collect::<Vec<_>>(), [3]);
    let open = store.read(crate::store::Reader::waiting).await.unwrap();
    assert_eq!((open.len(), open[0].0.id, &open[0].1.needs), (1, 1, &json!({"a": 1})));
    assert_eq!(store.write(word(1, Then::Waits)).await, Ok(Done::Written));
    assert_eq!(store.write(word(1, Then::Runs("approved".into()))).await, Ok(Done::Written));
    assert_eq!(status(&store, 1).await, Status::Requested);
    assert_eq!(store.write(word(1, Then::Runs("approved".into()))).await, Ok(Done::Stale));
    let (votes, waited) = store.read(|reader| Ok((reader.votes(1)?, reader.waited(1)?))).await.unwrap();
    assert_eq!((votes.len(), votes[0].reason.as_deref()), (1, Some("fine")), "one person has one vote");
    assert_eq!(waited.unwrap().verdict.as_deref(), Some("approved"));
}

#[tokio::test]
async fn an_end_without_a_run_is_one_commit() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.write(wait(1, "m1")).await.unwrap();
    let Change::Finish(end) = finish(1, Some(delivery(7, "result"))) else { unreachable!() };
    let then = Then::Ends("denied".into(), Box::new(Finish { status: Status::Canceled, ..*end }));
    store.write(word(1, then)).await.unwrap();
    assert_eq!(status(&store, 1).await, Status::Canceled);
    assert!(store.read(crate::store::Reader::waiting).await.unwrap().is_empty());
    assert!(store.read(|reader| reader.delivery(7)).await.unwrap().is_some());
}

#[tokio::test]
async fn grants_are_kept_until_taken_back_and_factors_are_sealed() {
    let home = Home::new();
    let store = home.open().unwrap();
    let set =
        |setting| Change::Set { setting: Box::new(setting), audit: Box::new(entry(What::Granted, "g")) };
    let grant = TimeGrant {
        id: 1,
        what: "deploy.*".into(),
        to: "alice".into(),
        by: Person::proven(irc(), "bob"),
        by_name: "Bob".into(),
        why: "tonight".into(),
        from: at(100),
        until: at(900),
    };
    store.write(set(Setting::Grant(grant.clone()))).await.unwrap();
    assert_eq!(store.live().await.unwrap().grants, [grant]);
    assert_eq!(store.write(set(Setting::Revoked { grant: 1, at: at(200) })).await, Ok(Done::Written));
    assert_eq!(store.write(set(Setting::Revoked { grant: 1, at: at(201) })).await, Ok(Done::Stale));
    assert!(store.live().await.unwrap().grants.is_empty());
    let factor =
        |body: Option<&[u8]>| Setting::Factor { who: "alice".into(), body: body.map(Into::into), at: at(1) };
    store.write(set(factor(Some(b"hunter2")))).await.unwrap();
    assert_eq!(store.second_factor("alice").await.unwrap().as_deref(), Some(&b"hunter2"[..]));
    let sealed: String =
        home.raw().query_row("SELECT sealed FROM second_factor", [], |row| row.get(0)).unwrap();
    assert!(!sealed.contains("hunter2") && !sealed.contains(&crate::model::hex::encode(b"hunter2")));
    store.write(set(factor(None))).await.unwrap();
    assert_eq!(store.second_factor("alice").await.unwrap(), None);
}
