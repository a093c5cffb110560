//! The two queues: bounds, order, company.

use super::*;
use crate::store::tests::{accept, accepted, begin};

fn push(queue: &Queue, change: Change) -> oneshot::Receiver<Result<Done, StoreError>> {
    let (reply, answer) = oneshot::channel();
    queue.push(Order { change, reply: Some(reply) });
    answer
}

fn is_event(order: &Order) -> bool {
    matches!(order.change, Change::Accept(_))
}

#[tokio::test]
async fn a_flood_of_events_is_refused_at_its_bound_and_peoples_changes_are_not() {
    let queue = Queue::default();
    let waiting: Vec<_> =
        (0..MOST_EVENTS as i64).map(|id| push(&queue, accept(id, "web1", vec![]))).collect();
    assert_eq!(push(&queue, accept(0, "web1", vec![])).await, Ok(Err(StoreError::Full)));
    let _person = push(&queue, begin(1));
    let Work::Commit(group) = queue.next() else { panic!() };
    assert!(!is_event(&group[0]) && is_event(&group[1]), "people first");
    assert_eq!(group.len(), GROUP);
    drop(waiting);
    let _taken = push(&queue, accept(0, "web1", vec![]));
    queue.close();
    let groups = std::iter::repeat_with(|| queue.next()).take_while(|work| matches!(work, Work::Commit(_)));
    assert_eq!(groups.count(), MOST_EVENTS / GROUP);
    assert_eq!(queue.state().bytes, 0);
}

#[tokio::test]
async fn events_are_bounded_by_their_bytes_too() {
    let queue = Queue::default();
    let large = |bytes| {
        let accept = crate::store::Accept { raw_size: bytes, ..accepted(1, "web1", vec![]) };
        push(&queue, Change::Accept(Box::new(accept)))
    };
    let _first = large(MOST_BYTES - 10);
    assert_eq!(large(11).await, Ok(Err(StoreError::Full)));
    assert_eq!(large(u64::MAX).await, Ok(Err(StoreError::Full)));
    let _second = large(10);
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!(group.len(), 2);
    let _third = large(MOST_BYTES);
    assert_eq!(large(1).await, Ok(Err(StoreError::Full)));
}

#[test]
fn a_flood_of_peoples_changes_does_not_starve_events() {
    let queue = Queue::default();
    let _people: Vec<_> = (0..1_000).map(|id| push(&queue, begin(id))).collect();
    let _events: Vec<_> = (0..100).map(|id| push(&queue, accept(id, "web1", vec![]))).collect();
    let mut left = 100;
    for expected in [EVENTS_LEAST, 100 - EVENTS_LEAST, 0] {
        let Work::Commit(group) = queue.next() else { panic!() };
        assert_eq!(group.iter().filter(|order| is_event(order)).count(), expected);
        left -= expected;
    }
    assert_eq!((left, queue.state().idle(Instant::now())), (0, None));
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once_and_groups_are_bounded() {
    let queue = Queue::default();
    let push = |id| {
        let (reply, answer) = oneshot::channel();
        queue.push(Order { change: begin(id), reply: Some(reply) });
        answer
    };
    let waiting: Vec<_> = (0..MOST as i64).map(push).collect();
    assert_eq!(push(0).await, Ok(Err(StoreError::Full)));
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!(group.len(), GROUP);
    let taken = push(0);
    queue.close();
    assert_eq!(push(0).await, Ok(Err(StoreError::Closed)));
    drop((waiting, taken));
    let groups = std::iter::repeat_with(|| queue.next()).take_while(|work| matches!(work, Work::Commit(_)));
    assert_eq!(groups.count(), MOST / GROUP - 1 + 1);
}

#[test]
fn what_nobody_waits_for_waits_for_company_and_then_goes_in_its_order() {
    let queue = Queue::default();
    let record = |id| queue.push(Order { change: begin(id), reply: None });
    record(1);
    record(2);
    assert!(queue.state().idle(Instant::now()).is_some_and(|idle| !idle.is_zero()));
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!(group.len(), 2);
    record(3);
    let (reply, _answer) = oneshot::channel();
    queue.push(Order { change: begin(4), reply: Some(reply) });
    assert_eq!(queue.state().idle(Instant::now()), Some(Duration::ZERO));
    let Work::Commit(group) = queue.next() else { panic!() };
    assert!(group[0].reply.is_none() && group[1].reply.is_some());
    assert_eq!(queue.state().idle(Instant::now()), None);
}
#[test]
fn what_became_of_a_delivery_goes_with_the_next_event_or_soon() {
    let queue = Queue::default();
    let settle = || {
        let outcome = Ok(crate::model::Receipt::default());
        let at = crate::model::Timestamp::default();
        let settled = crate::store::Settled { delivery: 1, at, millis: 1, outcome, again: None };
        push(&queue, Change::Settle(Box::new(settled)))
    };
    let _settled = settle();
    assert!(queue.state().idle(Instant::now()).is_some_and(|idle| !idle.is_zero() && idle <= SETTLING));
    let _told = push(&queue, accept(1, "web1", vec![]));
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!((group.len(), is_event(&group[1])), (2, true));
    queue.push(Order { change: begin(1), reply: None });
    let _settled = settle();
    assert!(queue.state().idle(Instant::now()).is_some_and(|idle| idle <= SETTLING), "the shorter of both");
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!(group.len(), 2);
}

#[test]
fn events_that_came_together_are_waited_for_and_people_are_not_kept_waiting() {
    let queue = Queue::default();
    let crowd: Vec<_> = (0..8).map(|id| push(&queue, accept(id, "web1", vec![]))).collect();
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!(group.len(), 8);
    let _first = push(&queue, accept(8, "web1", vec![]));
    let idle = queue.state().idle(Instant::now()).unwrap();
    assert!(!idle.is_zero() && idle <= TOGETHER);
    let _person = push(&queue, begin(1));
    assert_eq!(queue.state().idle(Instant::now()), Some(Duration::ZERO));
    let Work::Commit(group) = queue.next() else { panic!() };
    assert_eq!(group.len(), 2);
    let _alone = push(&queue, accept(9, "web1", vec![]));
    assert_eq!(queue.state().idle(Instant::now()), Some(Duration::ZERO), "one is no crowd");
    drop(crowd);
}
