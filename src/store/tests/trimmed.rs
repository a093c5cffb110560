//! Retention of events and what hangs on them.

use super::*;
use crate::model::Silence;
use crate::store::{Done, Fate, Pick, Setting};

fn trim(before: i64, now: i64) -> Change {
    Change::Trim { history_before: at(before), audit_before: at(0), at: at(now) }
}

fn count(home: &Home, table: &str) -> i64 {
    home.raw().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_event_goes_with_its_subject_when_nothing_tells_of_it_any_more() {
    let home = Home::new();
    let store = home.open().unwrap();
    let gather = Sending { due: at(500), gather: true, ..sending("a") };
    store.write(accept(1, "web1", vec![gather.clone()])).await.unwrap();
    store.write(accept(2, "web2", vec![gather])).await.unwrap();
    store.write(accept(3, "web3", vec![])).await.unwrap();
    let late = Accept { at: at(300), ..accepted(4, "web1", vec![]) };
    store.write(Change::Accept(Box::new(late))).await.unwrap();
    assert_eq!(store.write(trim(200, 400)).await, Ok(Done::Trimmed(1)), "two are to be told yet");
    let ids = async || {
        let all = crate::store::EventFilter { limit: 9, ..Default::default() };
        let found = store.read(move |reader| reader.events(&all)).await.unwrap();
        found.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, [4, 2, 1]);
    assert_eq!(count(&home, "subject"), 2);
    let audit = Box::new(entry(What::Changed, "never mind"));
    let cancel = Change::Sort { pick: Pick::default(), fate: Fate::Cancel, at: at(150), audit };
    store.write(cancel).await.unwrap();
    assert_eq!(store.write(trim(200, 400)).await, Ok(Done::Trimmed(3)));
    assert_eq!((ids().await, count(&home, "delivery_member"), count(&home, "delivery")), (vec![4], 0, 0));
    let left: String = home.raw().query_row("SELECT key FROM subject", [], |row| row.get(0)).unwrap();
    assert_eq!(left, "ci:web1", "it was told of since");
}

#[tokio::test]
async fn a_subject_that_is_to_be_looked_at_again_stays() {
    let home = Home::new();
    let store = home.open().unwrap();
    let decide = Decide::new(|accept, _| Routed {
        subject: Some(Subject { overdue: Some(at(900)), ..subject(accept.id, &accept.event, None) }),
        ..Routed::default()
    });
    store.write(Change::Accept(Box::new(Accept { decide, ..accepted(1, "web1", vec![]) }))).await.unwrap();
    assert_eq!(store.write(trim(200, 400)).await, Ok(Done::Trimmed(1)));
    assert_eq!((count(&home, "event"), count(&home, "subject")), (0, 1));
}

#[tokio::test]
async fn keys_of_events_go_after_a_day_whatever_the_retention() {
    let home = Home::new();
    let store = home.open().unwrap();
    let keyed = Accept { keys: vec!["event/k".into()], ..accepted(1, "web1", vec![]) };
    store.write(Change::Accept(Box::new(keyed))).await.unwrap();
    store.write(trim(0, 86_499)).await.unwrap();
    assert_eq!(count(&home, "event_key"), 1);
    store.write(trim(0, 86_501)).await.unwrap();
    assert_eq!((count(&home, "event_key"), count(&home, "event")), (0, 1));
}

#[tokio::test]
async fn silences_that_ended_and_tokens_that_were_revoked_go() {
    let home = Home::new();
    let store = home.open().unwrap();
    let silence = |id, until| {
        Setting::Silence(Silence {
            id,
            matching: Map::new(),
            who: "irc:alice".into(),
            why: "deploy".into(),
            from: at(100),
            until: at(until),
        })
    };
    let token = |id: i64, revoked| {
        Setting::Token(crate::store::Token {
            id,
            name: format!("t{id}"),
            hash: format!("h{id}"),
            scopes: vec![],
            created: at(100),
            expires: None,
            used: None,
            revoked,
        })
    };
    for setting in [silence(1, 150), silence(2, 250), token(1, Some(at(150))), token(2, None)] {
        let audit = Box::new(entry(What::Changed, "set"));
        store.write(Change::Set { setting: Box::new(setting), audit }).await.unwrap();
    }
    assert_eq!(store.write(trim(200, 400)).await, Ok(Done::Trimmed(2)));
    let left = store.read(|reader| Ok((reader.silences(None)?, reader.tokens()?))).await.unwrap();
    assert_eq!((left.0[0].id, left.1[0].id), (2, 2));
}

#[tokio::test]
async fn much_is_removed_in_steps_of_which_none_is_long() {
    let home = Home::new();
    let store = home.open().unwrap();
    let writes: Vec<_> = (1..=5_010).map(|id| store.write(accept(id, "web1", vec![]))).collect();
    futures_util::future::join_all(writes).await;
    let mut steps = Vec::new();
    loop {
        match store.write(trim(200, 400)).await {
            Ok(Done::Trimmed(0)) => break,
            done => steps.push(done),
        }
    }
    assert_eq!(steps, [Ok(Done::Trimmed(5_000)), Ok(Done::Trimmed(10))]);
}

#[tokio::test]
async fn what_waits_for_a_notifier_that_is_gone_is_dead_a_day_after_its_time() {
    const DAY: i64 = 86_400_000_000;
    let home = Home::new();
    let store = home.open().unwrap();
    let first = Sending { expires: at(1_000), ..sending("a") };
    let second = Sending { expires: at(9_000_000), ..sending("a") };
    store.write(accept(1, "web1", vec![first])).await.unwrap();
    store.write(accept(2, "web1", vec![second])).await.unwrap();
    let later = at(1_000).as_micros() + DAY;
    let trim = |now: i64| Change::Trim {
        history_before: at(0),
        audit_before: at(0),
        at: Timestamp::from_micros(now),
    };
    assert_eq!(store.write(trim(later)).await, Ok(Done::Trimmed(0)));
    assert_eq!(store.write(trim(later + 1)).await, Ok(Done::Trimmed(1)));
    let rows = home.raw();
    let mut statement = rows.prepare("SELECT state, head, answer FROM delivery ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(String, bool, Option<String>)> = rows.map(Result::unwrap).collect();
    assert_eq!((rows[0].0.as_str(), rows[0].1), ("dead", false));
    assert!(rows[0].2.as_deref().unwrap().contains("is gone"));
    assert_eq!(rows[1], ("due".to_owned(), true, None), "the next of the lane is its head");
}
