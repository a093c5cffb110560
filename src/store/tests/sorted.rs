//! What people decide about deliveries.

use super::*;
use crate::model::{Receipt, SendError};
use crate::store::{DeliveryFilter, Done, Fate, Pick, Reader, Search, Settled};

fn sort(pick: Pick, fate: Fate) -> Change {
    Change::Sort { pick, fate, at: at(200), audit: Box::new(entry(What::Changed, "sorted")) }
}

const REPLAY: Fate = Fate::Replay { expires: at(20_000) };

fn settled(delivery: i64, good: bool) -> Change {
    let refused = Err(SendError::Refused { why: "no such room".into() });
    let outcome = if good { Ok(Receipt::default()) } else { refused };
    Change::Settle(Box::new(Settled { delivery, at: at(110), millis: 1, outcome, again: None }))
}

/// Five deliveries in one lane, ids 1 to 5: the first two dead, the third sent, two wait.
async fn five(home: &Home) -> Store {
    let store = home.open().unwrap();
    for id in 1..=5 {
        store.write(Change::Deliver(Box::new(delivery(id, "a")))).await.unwrap();
    }
    for (id, good) in [(1, false), (2, false), (3, true)] {
        store.write(settled(id, good)).await.unwrap();
    }
    store
}

async fn in_state(store: &Store, state: &str) -> Vec<i64> {
    let filter = DeliveryFilter { state: Some(state.into()), limit: 99, ..DeliveryFilter::default() };
    let found = store.read(move |reader| reader.deliveries(&filter)).await.unwrap();
    found.iter().map(|one| one.id).collect()
}

async fn records(store: &Store) -> usize {
    let search = Search { what: Some(What::Changed), limit: 99, ..Search::default() };
    store.read(move |reader| reader.audit(&search)).await.unwrap().len()
}

/// The heads that are due, lane after lane, as they would be sent one after another.
async fn order(store: &Store) -> Vec<i64> {
    let mut ids = Vec::new();
    loop {
        let due = store.read(|reader| reader.due_ids("adapter/irc", at(300), 99)).await.unwrap();
        let [head] = due[..] else { return ids };
        ids.push(head);
        store.write(settled(head, true)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_dead_is_sent_again_at_the_end_of_its_lane_under_the_same_id() {
    let home = Home::new();
    let store = five(&home).await;
    assert_eq!(store.write(sort(Pick::default(), REPLAY)).await, Ok(Done::Sorted(2)));
    let read = |reader: &Reader| Ok((reader.delivery(1)?.unwrap(), reader.attempts(1)?.len()));
    let (again, attempts) = store.read(read).await.unwrap();
    assert_eq!((again.tries, again.due, again.expires), (0, at(200), at(20_000)));
    assert_eq!((again.state.as_str(), again.answer, again.done, attempts), ("due", None, None, 1));
    assert_eq!(order(&store).await, [4, 5, 1, 2]);
    let attempts = store.read(|reader| reader.attempts(1)).await.unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|one| (one.number, one.outcome.as_str())).collect();
    assert_eq!(outcomes, [(1, "refused"), (2, "sent")]);
    assert_eq!(records(&store).await, 1);
}

#[tokio::test]
async fn a_replay_into_an_empty_lane_is_its_head() {
    let home = Home::new();
    let store = five(&home).await;
    assert_eq!(order(&store).await, [4, 5]);
    let pick = Pick { ids: vec![2, 3], ..Pick::default() };
    assert_eq!(store.write(sort(pick, REPLAY)).await, Ok(Done::Sorted(1)), "3 was sent");
    assert_eq!(order(&store).await, [2]);
}

#[tokio::test]
async fn what_is_cancelled_is_kept_and_makes_way() {
    let home = Home::new();
    let store = five(&home).await;
    let pick = Pick { ids: vec![4], ..Pick::default() };
    assert_eq!(store.write(sort(pick, Fate::Cancel)).await, Ok(Done::Sorted(1)));
    assert_eq!(in_state(&store, "dropped").await, [4]);
    assert_eq!(store.write(settled(4, true)).await, Ok(Done::Stale));
    assert_eq!(order(&store).await, [5]);
    assert_eq!(store.write(sort(Pick::default(), Fate::Cancel)).await, Ok(Done::Sorted(0)));
    let pick = Pick { ids: vec![4], ..Pick::default() };
    assert_eq!(store.write(sort(pick, REPLAY)).await, Ok(Done::Sorted(1)));
    assert_eq!(order(&store).await, [4]);
}

#[tokio::test]
async fn what_is_purged_leaves_nothing_but_the_audit_record() {
    let home = Home::new();
    let store = five(&home).await;
    assert_eq!(store.write(sort(Pick::default(), Fate::Purge)).await, Ok(Done::Sorted(2)));
    let count = |table: &str| -> i64 {
        home.raw().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("delivery"), count("attempt"), records(&store).await), (3, 1, 1));
    assert_eq!(in_state(&store, "dead").await, [] as [i64; 0]);
}

#[tokio::test]
async fn only_what_all_conditions_pick_is_touched() {
    let home = Home::new();
    let store = home.open().unwrap();
    let mut other = sending("b");
    other.slot.notifier = "notifier/ops".into();
    for (event, second) in [(1, 100), (2, 150)] {
        let told = accepted(event, "web1", vec![sending("a"), other.clone()]);
        store.write(Change::Accept(Box::new(Accept { at: at(second), ..told }))).await.unwrap();
    }
    let cancelled = async |pick| store.write(sort(pick, Fate::Cancel)).await.unwrap();
    let ops = Pick { notifier: Some("notifier/ops".into()), ..Pick::default() };
    let none = Pick { before: Some(at(100)), ..ops.clone() };
    assert_eq!(cancelled(none).await, Done::Sorted(0));
    let late = Pick { since: Some(at(150)), ..ops.clone() };
    assert_eq!(cancelled(late).await, Done::Sorted(1));
    assert_eq!(cancelled(ops).await, Done::Sorted(1));
    assert_eq!(in_state(&store, "due").await.len(), 2);
}
