//! What every implementation of [`Claims`] must keep; written once, run against each.

use std::time::Duration;

use super::*;
use crate::model::{Noun, Receipt, SendError};
use crate::net::World;
use crate::store::tests::{Home, at, delivery};
use crate::store::{Change, Store};

const DOOR: &str = "adapter/irc";

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
    let homes: [Home; 5] = std::array::from_fn(|_| Home::new());
    let stores: Vec<_> = homes.iter().map(|home| home.open().unwrap()).collect();
    one_out_for_each_lane(&stores[0], &make(stores[0].clone())).await;
    a_retrying_head_is_never_overtaken(&stores[1], &make(stores[1].clone())).await;
    what_is_adopted_is_not_handed_out(&stores[2], &make(stores[2].clone())).await;
    what_is_released_is_due_as_before(&stores[3], &make(stores[3].clone())).await;
    a_waiter_wakes_for_new_work(&stores[4], &make(stores[4].clone())).await;
}

async fn one_out_for_each_lane(store: &Store, claims: &impl Claims) {
    let (a1, a2, b1) = (put(store, "a").await, put(store, "a").await, put(store, "b").await);
    assert!(claims.hold(DOOR).await.unwrap().is_some());
    assert!(claims.take("adapter/other", at(150), 9).await.unwrap().is_empty());
    assert!(ids(claims, 99, 9).await.0.is_empty(), "not due yet");
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
    const NEVER: Duration = Duration::from_secs(3_600);
    assert!(ids(claims, 150, 9).await.0.is_empty());
    let (new, ()) = tokio::join!(put(store, "a"), claims.wake(NEVER));
    let (found, taken) = ids(claims, 150, 9).await;
    assert_eq!(found, [new.id]);
    claims.release(&taken[0]).await.unwrap();
    claims.wake(NEVER).await;
    claims.wake(Duration::ZERO).await;
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
