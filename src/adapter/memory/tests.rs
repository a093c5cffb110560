//! The memory adapter keeps the adapter's contract.

use tokio_util::sync::CancellationToken;

use super::*;
use crate::adapter::{Boxed, Ears, Outlet, Parcel};
use crate::model::AdapterName;
use crate::net::World;

#[derive(Default)]
struct Desk {
    heard: Mutex<Vec<Message>>,
    waiting: Mutex<VecDeque<Parcel>>,
    settled: Mutex<Vec<Result<Receipt, SendError>>>,
    bell: Notify,
}

impl Ears for Desk {
    fn heard(&self, message: Message) {
        self.heard.lock().unwrap().push(message);
    }

    fn pressed(&self, _press: Press) {}

    fn up(&self, _abilities: Abilities, _me: Vec<String>) {}
}

impl Outlet for Desk {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(async {
            loop {
                let rung = self.bell.notified();
                let first = self.waiting.lock().unwrap().pop_front();
                match first {
                    Some(parcel) => return parcel,
                    None => rung.await,
                }
            }
        })
    }

    fn settle(&self, _parcel: Parcel, outcome: Result<Receipt, SendError>) {
        self.settled.lock().unwrap().push(outcome);
    }

    fn give_back(&self, parcel: Parcel) {
        self.waiting.lock().unwrap().push_front(parcel);
    }
}

impl Desk {
    fn put(&self, text: &str, earlier: Option<Handle>) {
        let place = Place::room(AdapterName::new("memory").unwrap(), "#ops");
        let slot =
            Slot { notifier: "adapter/memory".into(), target: place.to_string(), lane: "execution/1".into() };
        let post = Arc::new(Post::plain(text));
        self.waiting.lock().unwrap().push_back(Parcel {
            slot,
            place,
            post,
            sign: None,
            earlier,
            answer: None,
            delivery: None,
        });
        self.bell.notify_one();
    }
}

fn begin(adapter: MemoryAdapter) -> (Arc<Desk>, tokio::task::JoinHandle<Ended>) {
    let desk = Arc::new(Desk::default());
    let link = Link {
        name: AdapterName::new("memory").unwrap(),
        bot: "chatops".into(),
        world: World::real(),
        stop: CancellationToken::new(),
        ears: desk.clone(),
        outlet: desk.clone(),
    };
    (desk, tokio::spawn(async move { adapter.session(&link).await }))
}

#[tokio::test]
async fn what_was_said_is_heard_in_order_before_the_link_drops() {
    let (adapter, room) = MemoryAdapter::new();
    assert_eq!(room.say("alice", "#ops", "!one"), "m1");
    room.say_as("x", "~mallory", "@mallory", "two");
    let (desk, session) = begin(adapter);
    desk.put("hello", None);
    assert_eq!(room.next().await.text, "hello");
    room.drop_link(Ended::Lost("cable".into()));
    assert_eq!(session.await.unwrap(), Ended::Lost("cable".into()));
    let heard = desk.heard.lock().unwrap();
    let seen: Vec<_> =
        heard.iter().map(|m| (m.person.to_string(), m.text.as_str(), m.place.is_direct())).collect();
    assert_eq!(seen, [("memory:alice".into(), "!one", false), ("memory:~mallory".into(), "two", true)]);
}

#[tokio::test]
async fn a_post_is_edited_in_place() {
    let (adapter, room) = MemoryAdapter::new();
    let (desk, _session) = begin(adapter);
    desk.put("working", None);
    let first = room.next().await;
    desk.put("done", Some(first.handle.clone()));
    let second = room.next().await;
    assert_eq!((first.edited, second.edited, second.handle), (false, true, first.handle));
}

#[tokio::test]
async fn a_refusal_reaches_the_queue() {
    let (adapter, room) = MemoryAdapter::new();
    room.mood(Mood::Fails(SendError::Refused { why: "no".into() }));
    let (desk, _session) = begin(adapter);
    desk.put("hello", None);
    while desk.settled.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(desk.settled.lock().unwrap()[0].is_err() && room.try_next().is_none());
}
