use std::sync::{Arc, Mutex};

use super::*;
use crate::adapter::{Answer, Limit, Sign, Unit};
use crate::bot::outbox::queue::MOST_VOLATILE;
use crate::bot::outbox::slot;
use crate::model::{AdapterName, MessageKey, Timestamp};
use crate::net::ManualClock;
use crate::store::{NewDelivery, Stored};
use crate::text::{Addressee, Choice, Post};

/// What a door wrote down.
#[derive(Default)]
struct Written(Mutex<Vec<String>>);

struct Notes(Arc<Written>);

impl Ledger for Notes {
    fn settled(&self, claimed: &Claimed, settled: Settled) {
        let end = if settled.outcome.is_ok() { "sent" } else { "dead" };
        self.0.0.lock().unwrap().push(format!("{} {end}", claimed.delivery.id));
    }

    fn posted(&self, slot: &Slot, handle: &Handle) {
        self.0.0.lock().unwrap().push(format!("{} is {}", slot.lane, handle.0));
    }
}

struct Bench {
    door: Door,
    clock: Arc<ManualClock>,
    written: Arc<Written>,
}

fn bench(edits: bool) -> Bench {
    let (world, clock) = World::manual(Timestamp::from_micros(0));
    let written = Arc::new(Written::default());
    let longest = Limit { most: 400, unit: Unit::Bytes };
    let abilities = Abilities {
        longest,
        edits,
        threads: false,
        buttons: false,
        files: false,
        reactions: false,
        in_flight: 1,
    };
    Bench { door: Door::new(abilities, world, Box::new(Notes(written.clone()))), clock, written }
}

fn letter(room: &str, lane: &str, said: &str, keep: Keep) -> Letter {
    let place = Place::room(AdapterName::new("memory").unwrap(), room);
    Letter { slot: slot(&place, lane), place, post: Arc::new(Post::plain(said)), answer: None, keep }
}

fn stored(id: i64) -> Keep {
    let at = Timestamp::from_micros(0);
    let slot = letter("#ops", "1", "", Keep::Volatile).slot;
    let body = serde_json::Value::Null;
    let new = NewDelivery {
        id,
        slot,
        execution: None,
        purpose: "result".to_owned(),
        body,
        offer: None,
        due: at,
        expires: at,
    };
    Keep::Stored(Arc::new(Claimed { delivery: Stored::fresh(&new), epoch: 1 }))
}

impl Bench {
    fn put(&self, room: &str, lane: &str, said: &str) {
        self.door.put(letter(room, lane, said, Keep::Volatile));
    }

    fn take(&self) -> Option<(Parcel, String)> {
        let parcel = self.door.take().ok()?;
        let said = crate::text::render(&parcel.post, &crate::text::marks::PLAIN);
        Some((parcel, said))
    }

    fn sends(&self) -> Option<String> {
        let (parcel, said) = self.take()?;
        self.door.settle(parcel, Ok(Receipt::default()));
        Some(said)
    }

    fn fails(&self, why: SendError) {
        let (parcel, _) = self.take().unwrap();
        self.door.settle(parcel, Err(why));
    }

    fn written(&self) -> Vec<String> {
        self.written.0.lock().unwrap().clone()
    }
}

fn busy() -> SendError {
    SendError::Retry { why: "busy".to_owned(), after: Some(Duration::from_secs(5)) }
}

#[test]
fn a_letter_that_is_tried_again_is_written_down_once_it_is_sent_and_not_before() {
    let bench = bench(false);
    bench.door.put(letter("#ops", "1", "done", stored(7)));
    bench.fails(busy());
    assert!(bench.written().is_empty(), "its claim is kept: nobody else may send it");
    assert_eq!(bench.sends(), None, "it waits");
    bench.clock.advance(Duration::from_secs(5));
    assert_eq!(bench.sends().unwrap(), "done");
    assert_eq!(bench.written(), ["7 sent"]);
}

#[test]
fn a_refused_letter_is_dead_at_once() {
    let bench = bench(false);
    bench.door.put(letter("#ops", "1", "done", stored(7)));
    bench.fails(SendError::Refused { why: "no".to_owned() });
    assert_eq!(bench.written(), ["7 dead"]);
    assert_eq!(bench.door.depth(), 0);
}

#[test]
fn a_letter_that_waits_for_its_next_try_holds_its_room_and_no_other() {
    let bench = bench(false);
    for (room, lane) in [("#ops", "1"), ("#ops", "2"), ("#web", "3")] {
        bench.put(room, lane, lane);
    }
    bench.fails(busy());
    assert_eq!(bench.sends().unwrap(), "3");
    assert_eq!(bench.sends(), None);
    bench.clock.advance(Duration::from_secs(5));
    assert_eq!([bench.sends().unwrap(), bench.sends().unwrap()], ["1", "2"]);
}

#[test]
fn the_latest_letter_of_a_slot_wins_and_takes_the_earlier_ones_place_in_the_queue() {
    let bench = bench(true);
    bench.put("#ops", "1", "running");
    bench.put("#ops", "2", "other");
    bench.put("#ops", "1", "done");
    assert_eq!([bench.sends().unwrap(), bench.sends().unwrap()], ["done", "other"]);
    assert_eq!(bench.sends(), None);
}

#[test]
fn a_slot_that_was_posted_is_edited_and_posted_anew_when_the_message_is_gone() {
    let bench = bench(true);
    bench.put("#ops", "1", "running");
    let (parcel, _) = bench.take().unwrap();
    let handle = Handle("p1".to_owned());
    bench.door.settle(parcel, Ok(Receipt { handle: Some(handle.clone()), answer: String::new() }));
    bench.put("#ops", "1", "done");
    let (parcel, _) = bench.take().unwrap();
    assert_eq!(parcel.earlier, Some(handle));
    bench.door.settle(parcel, Err(SendError::Gone { why: "deleted".to_owned() }));
    let (parcel, said) = bench.take().unwrap();
    assert_eq!((parcel.earlier, said.as_str()), (None, "done"));
    assert_eq!(bench.written(), ["1 is p1"]);
}

#[test]
fn a_parcel_that_comes_back_goes_first_again() {
    let bench = bench(false);
    bench.put("#ops", "1", "one");
    bench.put("#ops", "2", "two");
    let (parcel, _) = bench.take().unwrap();
    bench.door.give_back(parcel);
    assert_eq!([bench.sends().unwrap(), bench.sends().unwrap()], ["one", "two"]);
}

#[test]
fn steps_on_the_way_are_left_out_where_nothing_can_be_edited() {
    for (edits, said) in [(false, None), (true, Some("50 %".to_owned()))] {
        let bench = bench(edits);
        bench.door.put(letter("#ops", "1", "50 %", Keep::Progress));
        assert_eq!(bench.sends(), said);
    }
}

#[test]
fn too_many_volatile_letters_are_dropped_and_stored_ones_never() {
    let bench = bench(false);
    for number in 0..=MOST_VOLATILE {
        bench.put("#ops", &number.to_string(), "x");
    }
    assert_eq!(bench.door.depth(), MOST_VOLATILE);
    bench.door.put(letter("#ops", "kept", "x", stored(1)));
    assert_eq!(bench.door.depth(), MOST_VOLATILE + 1);
}

#[test]
fn however_little_a_service_asks_to_wait_nothing_is_tried_in_a_tight_loop() {
    let bench = bench(false);
    bench.put("#ops", "1", "one");
    bench.fails(SendError::Retry { why: "429".to_owned(), after: Some(Duration::ZERO) });
    assert!(bench.door.take().is_err_and(|wait| wait.is_some_and(|wait| !wait.is_zero())));
}

#[test]
fn letters_that_failed_together_wait_in_their_order() {
    let bench = bench(false);
    bench.door.set_abilities(Abilities { in_flight: 2, ..bench.door.abilities() });
    for lane in ["1", "2", "3"] {
        bench.put("#ops", lane, lane);
    }
    let taken = [bench.take().unwrap().0, bench.take().unwrap().0];
    for parcel in taken {
        bench.door.settle(parcel, Err(busy()));
    }
    bench.clock.advance(Duration::from_secs(5));
    let said = [bench.sends(), bench.sends(), bench.sends()].map(Option::unwrap);
    assert_eq!(said, ["1", "2", "3"]);
}

#[test]
fn a_step_on_the_way_never_takes_the_place_of_the_last_word() {
    let bench = bench(true);
    bench.door.put(letter("#ops", "1", "done", stored(7)));
    bench.door.put(letter("#ops", "1", "50 %", Keep::Progress));
    let (parcel, said) = bench.take().unwrap();
    assert_eq!(said, "done");
    bench.door.put(letter("#ops", "1", "60 %", Keep::Progress));
    bench.door.settle(parcel, Err(busy()));
    bench.clock.advance(Duration::from_secs(5));
    assert_eq!(bench.sends().unwrap(), "done");
    assert_eq!((bench.sends(), bench.written()), (None, vec!["7 sent".to_owned()]));
}

fn for_alice(lane: &str, keep: Keep) -> Letter {
    let to = Some(Addressee { id: "U1".to_owned(), name: "alice".to_owned() });
    let letter = letter("#ops", lane, "done", keep);
    Letter { post: Arc::new(Post { to, ..Post::plain("done") }), ..letter }
}

fn closed() -> SendError {
    SendError::NoRoom { why: "archived".to_owned() }
}

#[test]
fn what_a_closed_room_does_not_take_goes_to_its_person_once() {
    let bench = bench(true);
    bench.door.called(&"#ops".into(), "#operations");
    bench.door.put(for_alice("1", stored(7)));
    bench.fails(closed());
    assert!(bench.written().is_empty(), "it is not done yet");
    let (parcel, said) = bench.take().unwrap();
    assert_eq!((&*parcel.place.room, parcel.place.is_direct(), parcel.delivery), ("@U1", true, Some(7)));
    assert_eq!(said, "you asked this in #operations, where I can no longer post:\ndone");
    bench.door.settle(parcel, Ok(Receipt::default()));
    assert_eq!((bench.written(), bench.door.depth()), (vec!["7 sent".to_owned()], 0));
}

#[test]
fn what_nobody_takes_is_refused_and_steps_on_the_way_disturb_nobody() {
    let bench = bench(true);
    bench.door.put(for_alice("1", stored(7)));
    bench.fails(closed());
    bench.fails(closed());
    assert_eq!((bench.written(), bench.door.depth()), (vec!["7 dead".to_owned()], 0));
    bench.door.put(for_alice("2", Keep::Progress));
    bench.fails(closed());
    bench.put("#ops", "3", "for nobody");
    bench.fails(closed());
    assert_eq!(bench.door.depth(), 0);
}

#[test]
fn a_change_of_a_message_never_posts_one_and_never_hides_what_is_newer() {
    let bench = bench(true);
    let change = || letter("#ops", "1", "changed", Keep::Amend);
    bench.door.amend(change(), None);
    assert_eq!(bench.sends(), None, "nobody knows the message");
    let handle = Some(Handle("p1".to_owned()));
    bench.door.amend(change(), handle.clone());
    let (parcel, _) = bench.take().unwrap();
    assert_eq!(parcel.earlier, handle);
    bench.door.amend(change(), None);
    bench.door.settle(parcel, Err(SendError::Gone { why: "deleted".to_owned() }));
    assert_eq!(bench.sends(), None, "what is gone stays gone");
    bench.put("#ops", "1", "newer");
    bench.door.amend(change(), handle);
    assert_eq!((bench.sends().as_deref(), bench.sends()), (Some("newer"), None));
}

#[test]
fn signs_wait_for_nobody_are_tried_once_and_end_with_the_answer() {
    let bench = bench(false);
    let place = letter("#ops", "1", "", Keep::Volatile).place;
    let key = MessageKey { adapter: place.adapter.clone(), room: place.room.clone(), id: "m1".into() };
    bench.door.sign(&place, &key);
    assert_eq!(bench.door.depth(), 0, "without reactions there are none");
    bench.door.set_abilities(Abilities { reactions: true, ..bench.door.abilities() });
    bench.put("#ops", "0", "busy with this");
    let (slow, _) = bench.take().unwrap();
    bench.door.sign(&place, &key);
    let (sign, _) = bench.take().unwrap();
    assert_eq!((sign.sign, sign.post.is_empty()), (Some(Sign::Working), true));
    bench.door.settle(sign, Err(busy()));
    let answer = Some(Answer { key: key.clone(), last: true, good: false });
    bench.door.put(Letter { answer, ..letter("#ops", "1", "failed", Keep::Volatile) });
    let (end, _) = bench.take().unwrap();
    assert_eq!(
        (end.sign, end.answer.unwrap().key),
        (Some(Sign::Bad), key),
        "the answer waits, the sign does not"
    );
    bench.door.settle(slow, Ok(Receipt::default()));
    assert_eq!(bench.sends().unwrap(), "failed");
}

#[test]
fn a_service_without_buttons_shows_what_to_type_only() {
    let bench = bench(false);
    let choice = |nonce: &str| Choice { nonce: nonce.into(), label: "again".into(), typed: "rerun 1".into() };
    let post = Post { choices: vec![choice("n"), choice("")], ..Post::default() };
    bench.door.put(Letter { post: Arc::new(post), ..letter("#ops", "1", "", Keep::Volatile) });
    assert_eq!(bench.take().unwrap().0.post.choices, [choice("")]);
}
