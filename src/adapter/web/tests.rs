//! The rooms of the console, with ears that only note what they hear.

use std::sync::Mutex;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::adapter::{Answer, Boxed, Ears, Outlet, Parcel, Press, Sign};
use crate::model::{Handle, Message, MessageKey, Place, Receipt, SendError, Slot};
use crate::net::World;
use crate::text::{Addressee, File, Post};

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Ears for Notes {
    fn heard(&self, message: Message) {
        self.0.lock().unwrap().push(format!("{} in {}: {}", message.person, message.place, message.text));
    }
    fn pressed(&self, press: Press) {
        self.0.lock().unwrap().push(format!("{} pressed {}", press.person, press.nonce));
    }
    fn up(&self, _: Abilities, _: Vec<String>) {}
}

struct Nothing;

impl Outlet for Nothing {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(std::future::pending())
    }
    fn settle(&self, _: Parcel, _: Result<Receipt, SendError>) {}
    fn give_back(&self, _: Parcel) {}
}

fn desk() -> (Arc<Desk>, Arc<Notes>) {
    let (desk, notes) = (Arc::<Desk>::default(), Arc::<Notes>::default());
    desk.open(&Link {
        name: AdapterName::new(NAME).unwrap(),
        bot: "chatops".to_owned(),
        world: World::real(),
        stop: CancellationToken::new(),
        ears: notes.clone(),
        outlet: Arc::new(Nothing),
    });
    (desk, notes)
}

fn someone(id: &str) -> Speaker {
    Speaker { id: id.into(), name: id.into() }
}

fn parcel(room: &str, post: Post) -> Parcel {
    let name = AdapterName::new(NAME).unwrap();
    let place = Place::room(name, room);
    let slot = Slot { notifier: "adapter/web".into(), target: place.to_string(), lane: "a".into() };
    Parcel { slot, place, post: Arc::new(post), sign: None, earlier: None, answer: None, delivery: None }
}

const KEY: &str = "0123456789abcdef";

#[test]
fn what_is_said_is_shown_and_heard_once() {
    let (desk, notes) = desk();
    let alice = someone("alice");
    desk.say(&alice, "@alice", KEY, "help").unwrap();
    assert_eq!(desk.say(&alice, "@alice", KEY, "help"), Err(Unsaid::Again));
    assert_eq!(*notes.0.lock().unwrap(), ["web:alice in web:@alice: help"]);
    assert_eq!(desk.watch(&alice, "@alice").unwrap().0.len(), 1);
}

#[test]
fn nobody_looks_into_or_speaks_in_somebody_elses_room() {
    let (desk, notes) = desk();
    let mallory = someone("mallory");
    assert_eq!(desk.say(&mallory, "@alice", KEY, "help"), Err(Unsaid::NoRoom));
    assert_eq!(desk.press(&mallory, "@alice", KEY, 1, "n-0"), Err(Unsaid::NoRoom));
    assert!(desk.watch(&mallory, "@alice").is_err() && desk.watch(&mallory, "@").is_err());
    assert_eq!(desk.say(&mallory, SHARED, "short", "help"), Err(Unsaid::Malformed));
    assert!(notes.0.lock().unwrap().is_empty());
}

#[test]
fn a_message_is_changed_in_place_and_one_that_is_forgotten_is_gone() {
    let (desk, _) = desk();
    let alice = someone("alice");
    let posted = desk.post(&parcel("@alice", Post::plain("running"))).unwrap();
    let (_, mut news) = desk.watch(&alice, "@alice").unwrap();
    desk.post(&Parcel { earlier: posted.handle, ..parcel("@alice", Post::plain("done")) }).unwrap();
    let lines = desk.watch(&alice, "@alice").unwrap().0;
    assert_eq!((lines.len(), lines[0].edits, news.try_recv().unwrap().id), (1, 1, lines[0].id));
    let gone = desk.post(&Parcel { earlier: Some(Handle("7".into())), ..parcel("@alice", Post::plain("x")) });
    assert!(matches!(gone, Err(SendError::Gone { .. })));
    assert!(matches!(desk.post(&parcel("#other", Post::plain("x"))), Err(SendError::NoRoom { .. })));
}

#[test]
fn an_answer_for_one_person_is_seen_by_that_person_alone() {
    let (desk, _) = desk();
    let to = Some(Addressee { id: "alice".into(), name: "alice".into() });
    let files = vec![File { name: "a.txt".into(), text: "secret".into(), data: String::new() }];
    desk.post(&parcel(SHARED, Post { to, files, ..Post::plain("no").private() })).unwrap();
    let seen = |id: &str| desk.watch(&someone(id), SHARED).unwrap().0;
    assert_eq!((seen("alice").len(), seen("bob").len()), (1, 0));
    let line = seen("alice")[0].id;
    assert_eq!(desk.file(&someone("alice"), SHARED, line, 0).unwrap().text, "secret");
    assert!(desk.file(&someone("bob"), SHARED, line, 0).is_none());
}

#[test]
fn a_sign_stands_on_the_message_that_it_is_about() {
    let (desk, _) = desk();
    let alice = someone("alice");
    desk.say(&alice, SHARED, KEY, "!ping").unwrap();
    let key = MessageKey { adapter: AdapterName::new(NAME).unwrap(), room: SHARED.into(), id: KEY.into() };
    let answer = Some(Answer { key, last: false, good: false });
    let sign = Parcel { sign: Some(Sign::Good), answer, ..parcel(SHARED, Post::default()) };
    desk.post(&sign).unwrap();
    assert_eq!(desk.watch(&alice, SHARED).unwrap().0[0].sign, Some(Sign::Good));
}

#[test]
fn a_room_forgets_what_is_old_and_what_is_large() {
    let (desk, _) = desk();
    for number in 0..300 {
        desk.post(&parcel(SHARED, Post::plain(format!("{number}")))).unwrap();
    }
    assert_eq!(desk.watch(&someone("a"), SHARED).unwrap().0.len(), 200);
    for _ in 0..10 {
        desk.post(&parcel(SHARED, Post::plain("x".repeat(2 << 20)))).unwrap();
    }
    assert!(desk.watch(&someone("a"), SHARED).unwrap().0.len() <= 4);
}

#[test]
fn a_long_answer_stands_in_a_file_beside_its_beginning() {
    let (desk, _) = desk();
    let alice = someone("alice");
    let rows: Vec<String> = (0..5_000).map(|row| format!("row {row} é")).collect();
    desk.post(&parcel("@alice", Post::plain(rows.join("\n")))).unwrap();
    let line = desk.watch(&alice, "@alice").unwrap().0.remove(0);
    let Said::Post(post) = &line.said else { panic!("the bot said it") };
    let shown = crate::text::render(post, &crate::text::marks::PLAIN);
    assert!(shown.starts_with("row 0 é\n") && shown.len() < 9_000, "{}", shown.len());
    let file = desk.file(&alice, "@alice", line.id, 0).unwrap();
    assert_eq!((file.name.as_str(), file.text), ("output.txt", rows.join("\n")));
}

#[test]
fn a_line_is_rendered_once_for_everybody() {
    let (desk, _) = desk();
    desk.post(&parcel(SHARED, Post::plain("hi"))).unwrap();
    let line = desk.watch(&someone("a"), SHARED).unwrap().0.remove(0);
    let count = std::cell::Cell::new(0);
    let render = |_: &Line| {
        count.set(count.get() + 1);
        "html".to_owned()
    };
    assert!(Arc::ptr_eq(&line.shown(render), &line.shown(render)));
    assert_eq!(count.get(), 1);
}
