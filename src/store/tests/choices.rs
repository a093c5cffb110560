//! What buttons stand for: kept over restarts, chosen once, trimmed.

use super::*;
use crate::model::{Chosen, Ends, Offer, Place, Way};
use crate::store::Done;

fn offer(id: i64, key: &str, lane: &str) -> Offer {
    let slot = Slot { notifier: "adapter/irc".into(), target: "irc:#ops".into(), lane: lane.into() };
    let place = Place::room(AdapterName::new("irc").unwrap(), "#ops");
    let ways = vec![Way::new("a", "run a", Ends::All), Way::new("b", "run b", Ends::All)];
    Offer { id, key: key.into(), slot, place, may: None, until: at(500), ways, post: Some(json!({"say": 1})) }
}

fn choose(key: &str, way: usize, name: &str) -> Change {
    let person = format!("irc:{name}").parse().unwrap();
    Change::Choose { key: key.into(), way, chosen: Chosen { person, name: name.into(), at: at(200) } }
}

async fn kept(store: &Store, key: &'static str) -> Option<Offer> {
    store.read(move |reader| reader.offer(key)).await.unwrap()
}

#[tokio::test]
async fn the_first_choice_stands_also_after_a_restart() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.write(Change::Offer(Box::new(offer(1, "k", "a")))).await.unwrap();
    assert_eq!(store.write(choose("k", 1, "alice")).await, Ok(Done::Written));
    store.close().await.unwrap();
    let store = home.open().unwrap();
    for way in [0, 1, 7] {
        assert_eq!(store.write(choose("k", way, "bob")).await, Ok(Done::Stale));
    }
    assert_eq!(store.write(choose("other", 0, "bob")).await, Ok(Done::Stale));
    let found = kept(&store, "k").await.unwrap();
    assert_eq!(found.chosen(0).map(|(chosen, label)| (chosen.name.as_str(), label)), Some(("alice", "b")));
    assert_eq!(found.post, Some(json!({"say": 1})));
}

#[tokio::test]
async fn a_slot_has_one_offer_and_may_lose_it() {
    let home = Home::new();
    let store = home.open().unwrap();
    for (id, key, lane) in [(1, "k1", "a"), (2, "k2", "b"), (3, "k3", "a")] {
        store.write(Change::Offer(Box::new(offer(id, key, lane)))).await.unwrap();
    }
    assert_eq!(kept(&store, "k1").await, None);
    assert!(kept(&store, "k2").await.is_some() && kept(&store, "k3").await.is_some());
    let slot = offer(0, "", "a").slot;
    assert_eq!(store.write(Change::Withdraw { slot: slot.clone() }).await, Ok(Done::Written));
    assert_eq!(store.write(Change::Withdraw { slot }).await, Ok(Done::Stale));
    assert_eq!(kept(&store, "k3").await, None);
}

#[tokio::test]
async fn an_offer_commits_with_the_delivery_that_carries_it() {
    let home = Home::new();
    let store = home.open().unwrap();
    let carrying = NewDelivery { offer: Some(Box::new(offer(1, "k", "a"))), ..delivery(7, "a") };
    store.write(Change::Deliver(Box::new(carrying))).await.unwrap();
    assert!(kept(&store, "k").await.is_some());
}

#[tokio::test]
async fn old_offers_go_a_day_after_they_expired_and_the_newest_are_kept() {
    let home = Home::new();
    let store = home.open().unwrap();
    for (id, key, lane) in [(1, "k1", "a"), (2, "k2", "b"), (20_001, "k3", "c")] {
        store.write(Change::Offer(Box::new(offer(id, key, lane)))).await.unwrap();
    }
    assert!(kept(&store, "k1").await.is_none() && kept(&store, "k2").await.is_some());
    let trim = |now| Change::Trim { history_before: at(0), audit_before: at(0), at: at(now) };
    assert_eq!(store.write(trim(500 + 86_399)).await, Ok(Done::Trimmed(0)));
    assert_eq!(store.write(trim(500 + 86_401)).await, Ok(Done::Trimmed(2)));
    assert_eq!(kept(&store, "k3").await, None);
}
