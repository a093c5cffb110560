//! Events: what is kept of them, what counts once, what routing sees.

use super::*;
use crate::model::{Level, Outcome};
use crate::store::{Done, EventFilter, Reader};

fn change(accept: Accept) -> Change {
    Change::Accept(Box::new(accept))
}

#[tokio::test]
async fn an_event_its_subject_and_its_deliveries_are_kept_together() {
    let home = Home::new();
    let store = home.open().unwrap();
    let dropped = Sending { dropped: Some("silenced by alice".into()), ..sending("c") };
    let id = store.id(Noun::Event);
    let done = store.write(accept(id, "web1", vec![sending("a"), sending("b"), dropped])).await;
    assert_eq!(done, Ok(Done::Accepted { event: id, deliveries: 2 }));
    let filter = crate::store::DeliveryFilter { event: Some(id), limit: 9, ..Default::default() };
    let read = move |reader: &Reader| {
        Ok((reader.event(id)?, reader.subject("ci:web1")?, reader.deliveries(&filter)?))
    };
    let (kept, known, deliveries) = store.read(read).await.unwrap();
    let kept = kept.unwrap();
    assert_eq!((*kept.event).clone(), event("web1"));
    assert_eq!((kept.at, kept.raw_size, kept.raw_hash.as_str()), (at(100), 100, "00"));
    assert_eq!(known, Some(subject(id, &event("web1"), None)));
    let states: Vec<_> = deliveries.iter().map(|one| (one.slot.lane.as_str(), one.state.as_str())).collect();
    assert_eq!(states, [("c", "dropped"), ("b", "due"), ("a", "due")]);
    assert_eq!(deliveries[0].answer.as_deref(), Some("silenced by alice"));
    assert_eq!((deliveries[0].done, deliveries[1].done, deliveries[1].made), (Some(at(100)), None, at(100)));
    assert!(deliveries[0].id > deliveries[1].id && deliveries[1].id > deliveries[2].id);
}

#[tokio::test]
async fn the_same_key_within_a_day_counts_once() {
    let home = Home::new();
    let store = home.open().unwrap();
    let keyed = |id, keys: &[&str], second| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        change(Accept { keys, at: at(second), ..accepted(id, "web1", vec![sending("a")]) })
    };
    let first = Ok(Done::Accepted { event: 1, deliveries: 1 });
    assert_eq!(store.write(keyed(1, &["event/k1", "event/k2"], 100)).await, first);
    assert_eq!(store.write(keyed(2, &["event/k3", "event/k2"], 101)).await, Ok(Done::Repeated(1)));
    drop(store);
    let store = home.open().unwrap();
    assert_eq!(store.write(keyed(3, &["event/k1"], 86_499)).await, Ok(Done::Repeated(1)));
    let later = Ok(Done::Accepted { event: 4, deliveries: 1 });
    assert_eq!(store.write(keyed(4, &["event/k1"], 86_501)).await, later);
    assert_eq!(store.write(keyed(5, &["event/k1"], 86_502)).await, Ok(Done::Repeated(4)));
    let events = store.read(|reader| reader.events(&EventFilter { limit: 9, ..Default::default() })).await;
    assert_eq!(events.unwrap().iter().map(|event| event.id).collect::<Vec<_>>(), [4, 1]);
}

#[tokio::test]
async fn a_repeat_in_the_same_commit_counts_once_too() {
    let home = Home::new();
    let store = home.open().unwrap();
    let keyed =
        |id| change(Accept { keys: vec!["event/k".into()], ..accepted(id, "web1", vec![sending("a")]) });
    let writes: Vec<_> = (1..=20).map(|id| store.write(keyed(id))).collect();
    let done = futures_util::future::join_all(writes).await;
    assert_eq!(done[0], Ok(Done::Accepted { event: 1, deliveries: 1 }));
    assert!(done[1..].iter().all(|done| *done == Ok(Done::Repeated(1))), "{done:?}");
}

#[tokio::test]
async fn what_the_bot_tells_by_itself_is_stale_when_the_subject_moved_on() {
    let home = Home::new();
    let store = home.open().unwrap();
    let overdue = |limit| change(Accept { overdue: limit, ..accepted(7, "web1", vec![]) });
    assert_eq!(store.write(overdue(Some(at(500)))).await, Ok(Done::Stale), "there is no such subject");
    let begun = Decide::new(|accept, _| Routed {
        subject: Some(Subject { overdue: Some(at(400)), ..subject(accept.id, &accept.event, None) }),
        ..Routed::default()
    });
    store.write(change(Accept { decide: begun, ..accepted(1, "web1", vec![]) })).await.unwrap();
    let read = |reader: &Reader| {
        Ok((
            reader.subjects_overdue(at(399), 9)?.len(),
            reader.subjects_overdue(at(400), 9)?,
            reader.next_overdue()?,
        ))
    };
    let (early, due, next) = store.read(read).await.unwrap();
    assert_eq!((early, due[0].key.as_str(), next), (0, "ci:web1", Some(at(400))));
    assert_eq!(store.write(overdue(Some(at(399)))).await, Ok(Done::Stale), "not yet");
    assert_eq!(store.write(overdue(Some(at(400)))).await, Ok(Done::Accepted { event: 7, deliveries: 0 }));
    assert_eq!(store.write(overdue(Some(at(400)))).await, Ok(Done::Stale), "told already");
    assert_eq!(store.read(Reader::next_overdue).await, Ok(None));
}

#[tokio::test]
async fn decisions_about_one_subject_see_each_other() {
    let home = Home::new();
    let store = home.open().unwrap();
    let count = Decide::new(|accept, scene| {
        let mut next = subject(accept.id, &accept.event, scene.subject());
        next.recent = scene.subject().map(|before| before.recent.clone()).unwrap_or_default();
        next.recent.push(Outcome { at: accept.at, status: accept.event.status });
        Routed { subject: Some(next), ..Routed::default() }
    });
    let told = |id| change(Accept { decide: count.clone(), ..accepted(id, "web1", vec![]) });
    let writes: Vec<_> = (1..=25).map(|id| store.write(told(id))).collect();
    futures_util::future::join_all(writes).await;
    let known = store.read(|reader| reader.subject("ci:web1")).await.unwrap().unwrap();
    assert_eq!((known.recent.len(), known.event), (25, 25));
}

#[tokio::test]
async fn routing_sees_what_fails_the_newest_first() {
    let home = Home::new();
    let store = home.open().unwrap();
    for (id, (name, status)) in [("a", "failed"), ("b", "ok"), ("c", "warning")].into_iter().enumerate() {
        let mut told = event(name);
        told.status = status.parse().unwrap();
        let since = at(100 + id as i64);
        let decide = Decide::new(move |accept, _| Routed {
            subject: Some(Subject { since, ..subject(accept.id, &accept.event, None) }),
            ..Routed::default()
        });
        let told = Accept { event: told.into(), decide, ..accepted(id as i64 + 1, name, vec![]) };
        store.write(change(told)).await.unwrap();
    }
    let (sender, seen) = std::sync::mpsc::channel();
    let look = Decide::new(move |_, scene| {
        let keys: Vec<_> = scene.failing().into_iter().map(|subject| subject.key).collect();
        sender.send((keys, scene.failing().len(), scene.subject().is_some())).unwrap();
        Routed::default()
    });
    store.write(change(Accept { decide: look, ..accepted(9, "new", vec![]) })).await.unwrap();
    assert_eq!(seen.recv().unwrap(), (vec!["ci:c".to_owned(), "ci:a".to_owned()], 2, false));
    assert_eq!(store.read(|reader| reader.subject("ci:new")).await, Ok(None), "nothing was asked to be kept");
}

#[tokio::test]
async fn events_are_found_by_what_one_remembers() {
    let home = Home::new();
    let store = home.open().unwrap();
    for id in 1..=5 {
        let mut told = event(&format!("web{id}"));
        told.level = Level::ALL[id as usize - 1].1;
        told.kind = "run".into();
        let told = Accept { event: told.into(), at: at(100 + id), ..accepted(id, "", vec![]) };
        store.write(change(told)).await.unwrap();
    }
    let ids = async |filter: EventFilter| -> Vec<i64> {
        let found = store.read(move |reader| reader.events(&filter)).await.unwrap();
        found.iter().map(|event| event.id).collect()
    };
    let all = EventFilter { limit: 9, ..EventFilter::default() };
    assert_eq!(ids(EventFilter { limit: 2, before: Some(4), ..all.clone() }).await, [3, 2]);
    assert_eq!(ids(EventFilter { level: Some(Level::Error), ..all.clone() }).await, [5, 4]);
    assert_eq!(ids(EventFilter { since: Some(at(104)), ..all.clone() }).await, [5, 4]);
    assert_eq!(ids(EventFilter { subject: Some("ci:web2".into()), ..all.clone() }).await, [2]);
    let same = EventFilter { source: Some("ci".into()), kind: Some("run".into()), ..all.clone() };
    assert_eq!(ids(EventFilter { status: Some("failed".parse().unwrap()), ..same.clone() }).await.len(), 5);
    assert!(ids(EventFilter { status: Some("ok".parse().unwrap()), ..same }).await.is_empty());
    assert!(ids(EventFilter { source: Some("other".into()), ..all }).await.is_empty());
}
