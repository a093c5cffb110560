//! What every implementation of [`Claims`] must keep; written once, run against each.

use std::time::Duration;

use super::*;
use crate::model::{Noun, Receipt, SendError};
use crate::net::World;
use crate::store::tests::{Home, accept, at, begin, delivery, sending};
use crate::store::{Change, Done, Sending, Store};

const DOOR: &str = "adapter/irc";

const NEVER: Duration = Duration::from_secs(3_600);

async fn put(store: &Store, lane: &str) -> NewDelivery {
    let new = delivery(store.id(Noun::Delivery), lane);
    store.write(Change::Deliver(Box::new(new.clone()))).await.unwrap();
    new
}

fn sent(claimed: &Claimed) -> (Claimed, Settled) {
    let settled = Settled {
        delivery: claimed.delivery.id,
        at: at(200),
        millis: 1,
        outcome: Ok(Receipt::default()),
        again: None,
    };
    (claimed.clone(), settled)
}

fn failed(claimed: &Claimed, again: Option<Timestamp>) -> (Claimed, Settled) {
    let outcome = Err(SendError::Retry { why: "busy".into(), after: None });
    (claimed.clone(), Settled { outcome, again, ..sent(claimed).1 })
}

async fn ids(claims: &impl Claims, now: i64, room: usize) -> (Vec<i64>, Vec<Claimed>) {
    let taken = claims.take(DOOR, at(now), room).await.unwrap();
    (taken.iter().map(|claimed| claimed.delivery.id).collect(), taken)
}

/// Runs the whole suite against claims over empty stores, as `make` gives them.
async fn suite<C: Claims>(make: impl Fn(Store) -> C) {
    let homes: [Home; 10] = std::array::from_fn(|_| Home::new());
    let stores: Vec<_> = homes.iter().map(|home| home.open().unwrap()).collect();
    one_out_for_each_lane(&stores[0], &make(stores[0].clone())).await;
    a_retrying_head_is_never_overtaken(&stores[1], &make(stores[1].clone())).await;
    what_is_adopted_is_not_handed_out(&stores[2], &make(stores[2].clone())).await;
    what_is_released_is_due_as_before(&stores[3], &make(stores[3].clone())).await;
    a_waiter_wakes_for_new_work(&stores[4], &make(stores[4].clone())).await;
    a_held_head_is_handed_out_when_its_time_has_come(&stores[5], &make(stores[5].clone())).await;
    nothing_is_gathered_into_what_is_out(&stores[6], &make(stores[6].clone())).await;
    only_what_concerns_a_waiter_wakes_it(&stores[7], &make(stores[7].clone())).await;
    a_waiter_wakes_when_the_next_is_due(&stores[8], &make(stores[8].clone())).await;
    a_clock_put_back_delays_nothing(&stores[9], &make(stores[9].clone())).await;
}

async fn one_out_for_each_lane(store: &Store, claims: &impl Claims) {
    let (a1, a2, b1) = (put(store, "a").await, put(store, "a").await, put(store, "b").await);
    assert!(claims.hold(DOOR).await.unwrap().is_some());
    assert!(ids(claims, 99, 9).await.0.is_empty(), "not due yet");
    assert!(claims.take("adapter/other", at(150), 9).await.unwrap().is_empty());
    let (first, taken) = ids(claims, 150, 1).await;
    assert_eq!(first, [a1.id]);
    let (second, _) = ids(claims, 150, 9).await;
    assert_eq!(second, [b1.id], "lane a has one out");
    assert!(ids(claims, 150, 9).await.0.is_empty());
    claims.settle(vec![sent(&taken[0])]).await.unwrap();
    assert_eq!(ids(claims, 150, 9).await.0, [a2.id]);
}

async fn a_retrying_head_is_never_overtaken(store: &Store, claims: &impl Claims) {
    let (a1, a2, b1) = (put(store, "a").await, put(store, "a").await, put(store, "b").await);
    let (_, taken) = ids(claims, 150, 9).await;
    assert_eq!(taken.len(), 2);
    claims.settle(vec![failed(&taken[0], Some(at(400))), failed(&taken[1], None)]).await.unwrap();
    assert!(ids(claims, 399, 9).await.0.is_empty(), "{} waits behind {}; {} is dead", a2.id, a1.id, b1.id);
    let (again, taken) = ids(claims, 400, 9).await;
    assert_eq!((again, taken[0].delivery.tries), (vec![a1.id], 1));
    claims.settle(vec![failed(&taken[0], None)]).await.unwrap();
    assert_eq!(ids(claims, 400, 9).await.0, [a2.id], "a dead head makes way");
    let dead = store.read(|reader| reader.dead(9)).await.unwrap();
    assert_eq!(dead.iter().map(|dead| dead.id).collect::<Vec<_>>(), [b1.id, a1.id]);
}

async fn what_is_adopted_is_not_handed_out(store: &Store, claims: &impl Claims) {
    let new = delivery(store.id(Noun::Delivery), "a");
    let adopted = claims.adopt(&new);
    store.write(Change::Deliver(Box::new(new.clone()))).await.unwrap();
    let next = put(store, "a").await;
    assert!(ids(claims, 150, 9).await.0.is_empty());
    claims.settle(vec![sent(&adopted)]).await.unwrap();
    assert_eq!(ids(claims, 150, 9).await.0, [next.id]);
}

async fn what_is_released_is_due_as_before(store: &Store, claims: &impl Claims) {
    let new = put(store, "a").await;
    let (_, taken) = ids(claims, 150, 9).await;
    claims.release(&taken[0]).await.unwrap();
    let (again, taken) = ids(claims, 150, 9).await;
    assert_eq!((again, taken[0].delivery.tries), (vec![new.id], 0));
    let epoch = claims.hold(DOOR).await.unwrap();
    assert_eq!(Some(taken[0].epoch), epoch);
}

async fn a_waiter_wakes_for_new_work(store: &Store, claims: &impl Claims) {
    assert!(ids(claims, 150, 9).await.0.is_empty());
    let (new, ()) = tokio::join!(put(store, "a"), claims.wake(NEVER));
    let (found, taken) = ids(claims, 150, 9).await;
    assert_eq!(found, [new.id]);
    claims.release(&taken[0]).await.unwrap();
    claims.wake(NEVER).await;
    claims.wake(Duration::ZERO).await;
}

async fn told(store: &Store, sending: Sending) -> i64 {
    let id = store.id(Noun::Event);
    let done = store.write(accept(id, "web1", vec![sending])).await.unwrap();
    assert_eq!(done, Done::Accepted { event: id, deliveries: 1 });
    id
}

async fn a_held_head_is_handed_out_when_its_time_has_come(store: &Store, claims: &impl Claims) {
    let first = told(store, Sending { due: at(160), gather: true, ..sending("a") }).await;
    let second = told(store, Sending { due: at(170), gather: true, ..sending("a") }).await;
    assert!(ids(claims, 159, 9).await.0.is_empty());
    let (_, taken) = ids(claims, 160, 9).await;
    let [only] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((only.delivery.event, only.delivery.state.as_str()), (Some(first), "due"));
    let delivery = only.delivery.id;
    let members = store.read(move |reader| reader.members(delivery)).await.unwrap();
    assert_eq!(members.iter().map(|member| member.id).collect::<Vec<_>>(), [first, second]);
}

async fn nothing_is_gathered_into_what_is_out(store: &Store, claims: &impl Claims) {
    let grouped = || Sending { due: at(160), gather: true, ..sending("a") };
    told(store, grouped()).await;
    let (_, taken) = ids(claims, 160, 9).await;
    let late = told(store, grouped()).await;
    let delivery = taken[0].delivery.id;
    assert_eq!(store.read(move |reader| reader.members(delivery)).await.unwrap().len(), 1);
    assert!(ids(claims, 161, 9).await.0.is_empty(), "the lane has one out");
    claims.settle(vec![sent(&taken[0])]).await.unwrap();
    let (_, taken) = ids(claims, 162, 9).await;
    assert_eq!(taken[0].delivery.event, Some(late));
}

async fn only_what_concerns_a_waiter_wakes_it(store: &Store, claims: &impl Claims) {
    assert!(ids(claims, 150, 9).await.0.is_empty());
    let other = Slot { notifier: "notifier/other".into(), ..sending("a").slot };
    let wake = std::pin::pin!(claims.wake(NEVER));
    let write = async {
        told(store, Sending { slot: other, ..sending("a") }).await;
        store.write(begin(1)).await.unwrap();
        tokio::task::yield_now().await;
    };
    match futures_util::future::select(wake, std::pin::pin!(write)).await {
        futures_util::future::Either::Left(_) => panic!("woken by what does not concern it"),
        futures_util::future::Either::Right((_, wake)) => {
            put(store, "a").await;
            wake.await;
        }
    }
}

async fn a_waiter_wakes_when_the_next_is_due(store: &Store, claims: &impl Claims) {
    let soon = World::real().now().plus(Duration::from_millis(30));
    let early = World::real().now();
    told(store, Sending { due: soon, gather: true, ..sending("a") }).await;
    assert!(claims.take(DOOR, early, 9).await.unwrap().is_empty());
    claims.wake(NEVER).await;
    assert_eq!(claims.take(DOOR, World::real().now(), 9).await.unwrap().len(), 1);
}

async fn a_clock_put_back_delays_nothing(store: &Store, claims: &impl Claims) {
    put(store, "a").await;
    put(store, "a").await;
    let (_, taken) = ids(claims, 5_000, 9).await;
    claims.settle(vec![failed(&taken[0], Some(at(5_030)))]).await.unwrap();
    assert!(ids(claims, 5_010, 9).await.0.is_empty());
    assert!(ids(claims, 1_010, 9).await.0.is_empty(), "it is tried 20 seconds later as before");
    assert_eq!(ids(claims, 1_030, 9).await.0, [taken[0].delivery.id]);
}

#[tokio::test]
async fn claims_in_memory_keep_the_rules() {
    suite(|store| MemoryClaims::new(store, World::real())).await;
}

#[tokio::test]
async fn a_later_life_has_a_larger_epoch_and_finds_what_was_out() {
    let home = Home::new();
    let store = home.open().unwrap();
    let new = put(&store, "a").await;
    let early = ids(&MemoryClaims::new(store.clone(), World::real()), 150, 9).await.1.remove(0);
    drop(store);
    let claims = MemoryClaims::new(home.open().unwrap(), World::real());
    let late = ids(&claims, 150, 9).await.1.remove(0);
    assert_eq!((late.delivery.id, late.delivery.tries), (new.id, 0));
    assert!(late.epoch > early.epoch);
}
