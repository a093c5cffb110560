//! What each change does, and what it does not.

use super::*;
use crate::model::{Handle, Receipt};
use crate::store::{Done, Filter, Reader, Search, Settled};

#[tokio::test]
async fn an_execution_is_kept_from_asking_to_result() {
    let store_home = Home::new();
    let store = store_home.open().unwrap();
    let id = one_begun(&store).await;
    assert_eq!(store.write(Change::Start { execution: id, at: at(101) }).await, Ok(Done::Written));
    assert_eq!(store.write(finish(id, Some(delivery(1, "a")))).await, Ok(Done::Written));
    let (kept, result, open) = store
        .read(move |reader| Ok((reader.execution(id)?, reader.result(id)?, reader.open_executions()?)))
        .await
        .unwrap();
    let expected = Execution {
        status: Status::Succeeded,
        started: Some(at(101)),
        ended: Some(at(110)),
        ..execution(id)
    };
    assert_eq!((kept, open), (Some(expected), vec![]));
    assert_eq!(result, Some((json!({"stdout": "ok"}), 3)));
}

#[tokio::test]
async fn a_message_seen_before_starts_nothing() {
    let home = Home::new();
    let store = home.open().unwrap();
    let (first, second) = (store.id(Noun::Execution), store.id(Noun::Execution));
    let (one, two) = (store.write(begin_for(first, "m1")), store.write(begin_for(second, "m1")));
    assert_eq!((one.await, two.await), (Ok(Done::Written), Ok(Done::Repeated(first))));
    drop(store);
    let store = home.open().unwrap();
    assert_eq!(store.write(begin_for(store.id(Noun::Execution), "m1")).await, Ok(Done::Repeated(first)));
    let read = |reader: &Reader| {
        Ok((reader.positions(&irc())?, reader.audit(&Search { limit: 9, ..Search::default() })?))
    };
    let (positions, records) = store.read(read).await.unwrap();
    assert_eq!(positions, [("#ops".to_owned(), "after m1".to_owned())]);
    assert_eq!(records.len(), 1);
}

#[tokio::test]
async fn what_ran_inside_the_process_is_one_change_and_repeats_nothing() {
    let home = Home::new();
    let store = home.open().unwrap();
    let ran = |id| {
        let (Change::Begin(mut begin), Change::Finish(finish)) = (begin_for(id, "m1"), finish(id, None))
        else {
            unreachable!()
        };
        begin.execution.status = Status::Succeeded;
        begin.execution.ended = Some(at(110));
        Change::Ran(begin, finish)
    };
    assert_eq!(store.write(ran(1)).await.unwrap(), Done::Written);
    assert_eq!(store.write(ran(2)).await.unwrap(), Done::Repeated(1));
    let found =
        store.read(|reader| Ok((reader.execution(1)?, reader.result(1)?, reader.execution(2)?))).await;
    let (first, result, second) = found.unwrap();
    assert_eq!(first.map(|first| (first.status, first.ended)), Some((Status::Succeeded, Some(at(110)))));
    assert_eq!(result, Some((json!({"stdout": "ok"}), 3)));
    assert_eq!(second, None);
    let search = Search { limit: 10, ..Search::default() };
    assert_eq!(store.read(move |reader| reader.audit(&search)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_has_ended_ends_only_once() {
    let home = Home::new();
    let store = home.open().unwrap();
    let id = one_begun(&store).await;
    assert_eq!(store.write(finish(id, None)).await, Ok(Done::Written));
    assert_eq!(store.write(finish(id, None)).await, Ok(Done::Stale));
    assert_eq!(store.write(Change::Start { execution: id, at: at(120) }).await, Ok(Done::Stale));
    assert_eq!(store.write(finish(id + 1, None)).await, Ok(Done::Stale));
}

#[tokio::test]
async fn a_change_at_fault_disturbs_no_other_of_its_group() {
    let home = Home::new();
    let store = home.open().unwrap();
    let writes: Vec<_> = [1, 2, 2, 3].map(|id| store.write(begin(id))).into_iter().collect();
    let mut results = Vec::new();
    for write in writes {
        results.push(write.await);
    }
    assert!(matches!(results[2], Err(StoreError::Conflict(_))), "{results:?}");
    assert_eq!(results.iter().filter(|result| **result == Ok(Done::Written)).count(), 3);
    let verdict =
        crate::store::audit::verify(&Reader::open_readonly(&home.path()).unwrap(), &home.keys(), None);
    let verdict = verdict.unwrap();
    assert!(verdict.is_whole() && verdict.records == 3, "{verdict:?}");
}

#[tokio::test]
async fn writes_are_committed_in_the_order_of_the_calls_also_when_nobody_waits() {
    let home = Home::new();
    let store = home.open().unwrap();
    for number in 0..2_000 {
        drop(store.write(Change::Audit(Box::new(entry(What::Answered, &number.to_string())))));
    }
    store.close().await.unwrap();
    assert_eq!(store.write(begin(1)).await, Err(StoreError::Closed));
    let mut bodies = Vec::new();
    let reader = Reader::open_readonly(&home.path()).unwrap();
    reader
        .audit_rows(|row| {
            bodies.push(row.unwrap().body);
            Ok(())
        })
        .unwrap();
    let expected: Vec<_> = (0..2_000).map(|number| json!({"text": number.to_string()}).to_string()).collect();
    assert_eq!(bodies, expected);
    assert!(!home.dir.path().join("chatops.db-wal").metadata().is_ok_and(|wal| wal.len() > 0));
}

#[tokio::test]
async fn secrets_are_sealed_and_shown_nowhere() {
    let home = Home::new();
    let store = home.open().unwrap();
    let Change::Begin(mut change) = begin(1) else { unreachable!() };
    change.secrets.insert("token".into(), json!("hunter2"));
    store.write(Change::Begin(change)).await.unwrap();
    assert_eq!(store.secrets(1).await.unwrap()["token"], "hunter2");
    assert!(store.secrets(2).await.unwrap().is_empty());
    store.close().await.unwrap();
    let bytes = std::fs::read(home.path()).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
}

#[tokio::test]
async fn executions_are_found_by_what_one_remembers() {
    let home = Home::new();
    let store = home.open().unwrap();
    for id in 1..=5 {
        store.write(begin(id)).await.unwrap();
    }
    store.write(finish(3, None)).await.unwrap();
    let ids = async |filter: Filter| -> Vec<i64> {
        let found = store.read(move |reader| reader.executions(&filter)).await.unwrap();
        found.iter().map(|execution| execution.id).collect()
    };
    let all = Filter { limit: 10, ..Filter::default() };
    assert_eq!(ids(Filter { limit: 2, before: Some(4), ..all.clone() }).await, [3, 2]);
    assert_eq!(ids(Filter { statuses: vec![Status::Succeeded], ..all.clone() }).await, [3]);
    assert_eq!(ids(Filter { text: Some("DATE on".into()), limit: 1, ..all.clone() }).await, [5]);
    assert!(ids(Filter { text: Some("%".into()), ..all.clone() }).await.is_empty());
    let place = Some(Place::room(irc(), "#ops"));
    let person = Some(Person::proven(irc(), "alice"));
    assert_eq!(ids(Filter { place, person, ..all.clone() }).await.len(), 5);
    assert!(ids(Filter { alias: Some("default.other".into()), ..all }).await.is_empty());
}

#[tokio::test]
async fn the_message_of_a_slot_is_remembered() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.write(Change::Deliver(Box::new(delivery(1, "a")))).await.unwrap();
    let receipt = Receipt { handle: Some(Handle("ts1".into())), answer: "ok".into() };
    let settled = Settled { delivery: 1, at: at(101), millis: 5, outcome: Ok(receipt), again: None };
    assert_eq!(store.write(Change::Settle(Box::new(settled.clone()))).await, Ok(Done::Emptied));
    assert_eq!(store.write(Change::Settle(Box::new(settled))).await, Ok(Done::Stale));
    let slot = delivery(1, "a").slot;
    let found = store.read(move |reader| Ok((reader.slot(&slot)?, reader.attempts(1)?.len()))).await;
    assert_eq!(found, Ok((Some(Handle("ts1".into())), 1)));
}

#[tokio::test]
async fn retention_removes_what_is_old_and_only_that() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.write(begin_for(1, "m1")).await.unwrap();
    store.write(finish(1, None)).await.unwrap();
    store.write(begin(2)).await.unwrap();
    let trim = Change::Trim { history_before: at(200), audit_before: at(50), at: at(300) };
    assert_eq!(store.write(trim.clone()).await, Ok(Done::Trimmed(1)));
    assert_eq!(store.write(trim).await, Ok(Done::Trimmed(0)));
    let found = store
        .read(|reader| Ok((reader.execution(1)?, reader.result(1)?, reader.execution(2)?.is_some())))
        .await;
    assert_eq!(found, Ok((None, None, true)));
}
