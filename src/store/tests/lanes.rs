//! Lanes: what waits, what is gathered, what may be sent.

use super::*;
use crate::store::claims::Stored;
use crate::store::{Backlog, Claims, DeliveryFilter, Done, MemoryClaims, Settled};

const DOOR: &str = "adapter/irc";

async fn told(store: &Store, sends: Vec<Sending>) -> i64 {
    let id = store.id(Noun::Event);
    store.write(accept(id, "web1", sends)).await.unwrap();
    id
}

async fn kept(store: &Store) -> Vec<Stored> {
    let all = DeliveryFilter { limit: 99, ..DeliveryFilter::default() };
    let mut found = store.read(move |reader| reader.deliveries(&all)).await.unwrap();
    found.reverse();
    found
}

/// Event and state of each delivery, in the order of their ids.
async fn states(store: &Store) -> Vec<(i64, String)> {
    let kept = kept(store).await;
    kept.into_iter().map(|one| (one.event.unwrap_or(0), one.state)).collect()
}

fn held(lane: &str, due: i64) -> Sending {
    Sending { due: at(due), ..sending(lane) }
}

fn gathering(lane: &str, due: i64) -> Sending {
    Sending { gather: true, purpose: "group".into(), ..held(lane, due) }
}

#[tokio::test]
async fn what_goes_at_once_does_not_wait_behind_what_is_held() {
    let home = Home::new();
    let store = home.open().unwrap();
    let first = told(&store, vec![held("a", 500), held("b", 500)]).await;
    let second = told(&store, vec![held("a", 400)]).await;
    let third = told(&store, vec![sending("a")]).await;
    let due = |event| (event, "due".to_owned());
    assert_eq!(states(&store).await, [due(first), (first, "held".to_owned()), due(second), due(third)]);
    let claims = MemoryClaims::new(store.clone(), World::real());
    for event in [first, second, third] {
        let taken = claims.take(DOOR, at(100), 9).await.unwrap();
        assert_eq!(taken.iter().map(|one| one.delivery.event).collect::<Vec<_>>(), [Some(event)]);
        let settled = Settled {
            delivery: taken[0].delivery.id,
            at: at(100),
            millis: 1,
            outcome: Ok(Default::default()),
            again: None,
        };
        claims.settle(vec![(taken[0].clone(), settled)]).await.unwrap();
    }
}

#[tokio::test]
async fn events_gather_in_one_delivery_of_their_slot_until_it_is_due() {
    let home = Home::new();
    let store = home.open().unwrap();
    let first = told(&store, vec![gathering("a", 500)]).await;
    let other = told(&store, vec![gathering("b", 500)]).await;
    let second = told(&store, vec![gathering("a", 600)]).await;
    let third = told(&store, vec![gathering("a", 400)]).await;
    let all = kept(&store).await;
    assert_eq!(all.iter().map(|one| one.event.unwrap()).collect::<Vec<_>>(), [first, other]);
    assert_eq!((all[0].due, all[0].purpose.as_str()), (at(500), "group"), "it keeps its due time");
    let group = all[0].id;
    let filter = DeliveryFilter { event: Some(third), limit: 9, ..DeliveryFilter::default() };
    let read = store.read(move |reader| Ok((reader.members(group)?, reader.deliveries(&filter)?))).await;
    let (members, of_third) = read.unwrap();
    assert_eq!(members.iter().map(|one| one.id).collect::<Vec<_>>(), [first, second, third]);
    assert_eq!(of_third.iter().map(|one| one.id).collect::<Vec<_>>(), [group]);
    assert_eq!(store.write(Change::Ripen { notifier: DOOR.into(), at: at(500) }).await, Ok(Done::Sorted(2)));
    let late = told(&store, vec![gathering("a", 900)]).await;
    assert_eq!(kept(&store).await.last().unwrap().event, Some(late), "what is due gathers no more");
}

#[tokio::test]
async fn what_is_held_without_gathering_takes_nothing_in() {
    let home = Home::new();
    let store = home.open().unwrap();
    let first = told(&store, vec![held("a", 500)]).await;
    let second = told(&store, vec![gathering("a", 500)]).await;
    let third = told(&store, vec![held("a", 500)]).await;
    let events: Vec<_> = states(&store).await.into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, [first, second, third]);
}

#[tokio::test]
async fn a_group_that_is_full_is_followed_by_another() {
    let home = Home::new();
    let store = home.open().unwrap();
    let ids: Vec<_> = (0..1_001).map(|_| store.id(Noun::Event)).collect();
    let writes: Vec<_> =
        ids.iter().map(|id| store.write(accept(*id, "web1", vec![gathering("a", 500)]))).collect();
    futures_util::future::join_all(writes).await;
    let all = kept(&store).await;
    assert_eq!(all.iter().map(|one| one.event.unwrap()).collect::<Vec<_>>(), [ids[0], ids[1_000]]);
    let first = all[0].id;
    assert_eq!(store.read(move |reader| reader.members(first)).await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn only_heads_are_looked_for_however_long_their_lanes_are() {
    let home = Home::new();
    let store = home.open().unwrap();
    for _ in 0..5 {
        told(&store, vec![sending("a")]).await;
    }
    let other = told(&store, vec![sending("b")]).await;
    let claims = MemoryClaims::new(store.clone(), World::real());
    let heads = claims.take(DOOR, at(100), 99).await.unwrap();
    assert_eq!(heads.len(), 2);
    assert_eq!(heads[1].delivery.event, Some(other));
    let next = store.read(|reader| reader.next_due(DOOR)).await;
    assert_eq!(next, Ok(Some(at(100))));
}

#[tokio::test]
async fn what_waits_is_counted_for_each_notifier() {
    let home = Home::new();
    let store = home.open().unwrap();
    let mut other = sending("a");
    other.slot.notifier = "notifier/ops".into();
    let event = told(&store, vec![sending("a"), sending("a"), held("b", 500), other]).await;
    let ids: Vec<_> = kept(&store).await.iter().map(|one| one.id).collect();
    let refused = crate::model::SendError::Refused { why: "no".into() };
    let settled = Settled { delivery: ids[3], at: at(101), millis: 1, outcome: Err(refused), again: None };
    store.write(Change::Settle(Box::new(settled))).await.unwrap();
    let found = store.read(|reader| reader.backlog()).await.unwrap();
    let expected = [
        Backlog { notifier: DOOR.into(), waiting: 2, held: 1, dead: 0, oldest: Some(at(100)) },
        Backlog { notifier: "notifier/ops".into(), waiting: 0, held: 0, dead: 1, oldest: None },
    ];
    assert_eq!(found, expected);
    let dead = DeliveryFilter {
        state: Some("dead".into()),
        notifier: Some("notifier/ops".into()),
        event: Some(event),
        target: Some("irc:#ops".into()),
        purpose: Some("event".into()),
        since: Some(at(100)),
        limit: 9,
        ..DeliveryFilter::default()
    };
    let found = store.read(move |reader| reader.deliveries(&dead)).await.unwrap();
    assert_eq!(
        (found.len(), found[0].id, found[0].done),
        (1, ids[3], Some(at(101).plus(std::time::Duration::from_millis(1))))
    );
}
