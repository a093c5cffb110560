//! What goes with buttons: those of notifications, late messages, closed rooms, signs, and calls from outside.

use std::time::Duration;

use chatops::adapter::Sign;
use chatops::bot::notify::Incoming;
use chatops::model::Event;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS, text};

const NOTIFIERS: &str = "notifiers:\n  - name: room\n    to: { chat: { places: ['memory:#ops'], acknowledge: true, \
    snooze: [1h], buttons: [{ label: again, run: 'echo {{ event.labels.host }}' }] } }\nroutes: [{ send: [room] }]\n";

fn notified() -> Home {
    ops().file("notifiers.yaml", NOTIFIERS)
}

fn tells(bot: &MemoryBot, event: &Value) {
    let event = Event::from_json(event).unwrap();
    bot.wait(bot.bot().notify().accept(Incoming::own(event))).unwrap();
}

fn disk(status: &str) -> Value {
    json!({"source": "monitor", "title": format!("disk of web1 is {status}"), "status": status,
           "fingerprint": "disk/web1", "labels": {"host": "web1"}})
}

#[test]
fn a_notification_is_acknowledged_snoozed_and_acted_on_by_its_buttons_also_after_a_restart() {
    let mut bot = MemoryBot::start(notified());
    tells(&bot, &disk("failed"));
    let told = bot.comes_to_say("disk of web1 is failed");
    let nonce = |label: &str| {
        let found = told.post.choices.iter().find(|choice| choice.label == label);
        found.unwrap_or_else(|| panic!("{:?}", told.post.choices)).nonce.clone()
    };
    assert_eq!(told.post.choices.len(), 3);
    bot.room().press_on(&told, "bob", &nonce("I take care of it"));
    bot.comes_to_say("nobody granted you `chatops.ack`");
    bot.room().press_on(&told, "carol", &nonce("I take care of it"));
    let changed = bot.comes_to_say("carol chose I take care of it");
    let left: Vec<_> = changed.post.choices.iter().map(|choice| choice.label.clone()).collect();
    assert_eq!(
        (changed.handle, left),
        (told.handle.clone(), vec!["again".to_owned(), "quiet for 1h".to_owned()])
    );
    bot.comes_to_say("carol takes care of `disk of web1 is failed`");
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    bot.room().press_as("p1", &told, "carol", &nonce("I take care of it"));
    bot.comes_to_say("carol chose I take care of it already");
    bot.room().press_as("p2", &told, "dave", &nonce("again"));
    bot.comes_to_say("dave chose again");
    bot.room().press_as("p3", &told, "carol", &nonce("quiet for 1h"));
    bot.comes_to_say("carol chose quiet for 1h");
    let silences = bot.ask("carol", OPS, "!silences");
    assert!(silences.contains("memory:carol") && silences.contains("disk/web1"), "{silences}");
}

#[test]
fn the_buttons_of_bad_news_go_when_all_is_well_again() {
    let bot = MemoryBot::start(notified());
    tells(&bot, &disk("failed"));
    let told = bot.comes_to_say("disk of web1 is failed");
    tells(&bot, &disk("ok"));
    let well = bot.comes_to_say("disk of web1 is ok");
    assert_eq!((well.edited, &well.handle, well.post.choices.len()), (true, &told.handle, 0));
    bot.room().press_on(&told, "carol", &told.post.choices[0].nonce);
    bot.comes_to_say("I do not know that button any more");
}

#[test]
fn a_notification_for_a_closed_room_is_given_up_with_the_reason() {
    let bot = MemoryBot::start(notified());
    bot.room().close(OPS);
    tells(&bot, &disk("failed"));
    let dead =
        chatops::store::DeliveryFilter { state: Some("dead".to_owned()), limit: 9, ..Default::default() };
    let found = bot.until(|| {
        let dead = dead.clone();
        let found = bot.read(move |reader| reader.deliveries(&dead));
        (!found.is_empty()).then_some(found)
    });
    assert_eq!(found[0].answer.as_deref(), Some("the room is archived"));
}

#[test]
fn an_answer_for_a_closed_room_reaches_its_person_once() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.room().close(OPS);
    go(bot.home(), "a");
    let told = bot.comes_to_say("a went");
    assert_eq!((&*told.place.room, told.place.is_direct()), ("@alice", true));
    assert_eq!(told.text, "you asked this in #ops, where I can no longer post:\na went");
    bot.says_nothing_more();
    let sent =
        chatops::store::DeliveryFilter { state: Some("sent".to_owned()), limit: 9, ..Default::default() };
    assert_eq!(bot.read(move |reader| reader.deliveries(&sent)).len(), 1);
}

#[test]
fn what_was_said_while_the_bot_was_away_is_not_run_until_it_is_wanted() {
    let bot = MemoryBot::start(ops());
    bot.room().say_before(Duration::from_secs(720), "m-old", "bob", OPS, "!deploy to staging");
    let asked = bot.posts();
    assert_eq!(text(&asked), "I was away when you said `deploy to staging` 12 min ago, so I did not run it");
    assert!(bot.audit_of("asked").is_empty());
    bot.room().say_before(Duration::from_secs(720), "m-old", "bob", OPS, "!deploy to staging");
    bot.says_nothing_more();
    bot.room().press_on(&asked, "bob", &asked.post.choices[0].nonce);
    bot.comes_to_say("deployed 1 to staging");
    bot.room().say_before(Duration::from_secs(240), "m-new", "bob", OPS, "!deploy to staging");
    bot.comes_to_say("deployed 1 to staging");
    bot.room().say_before(Duration::from_secs(7200), "m-talk", "bob", OPS, "good morning");
    bot.says_nothing_more();
}

#[test]
fn a_secret_that_was_said_long_ago_is_not_kept_for_a_button() {
    let bot = MemoryBot::start(ops());
    bot.room().say_before(Duration::from_secs(720), "m1", "alice", OPS, "!deploy to staging token=hush");
    let asked = bot.posts();
    assert!(asked.post.choices.is_empty() && !asked.text.contains("hush"), "{}", asked.text);
    assert!(asked.text.ends_with("; say it again if it is to run now"), "{}", asked.text);
    assert!(!serde_json::to_string(&bot.audit()).unwrap().contains("hush"));
}

#[test]
fn a_command_shows_that_it_was_heard_and_how_it_went() {
    let bot = MemoryBot::start(ops());
    let signs_of = |id: &str| -> Vec<Sign> {
        bot.room().signs().into_iter().filter(|(of, _)| of == id).map(|(_, sign)| sign).collect()
    };
    let good = bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.until(|| (signs_of(&good) == [Sign::Working]).then_some(()));
    go(bot.home(), "a");
    bot.until(|| (signs_of(&good) == [Sign::Working, Sign::Good]).then_some(()));
    let bad = bot.says("alice", OPS, "!sh exit 3");
    bot.until(|| (signs_of(&bad).last() == Some(&Sign::Bad)).then_some(()));
    let refused = bot.says("dave", OPS, "!deploy to staging");
    bot.until(|| (signs_of(&refused).last() == Some(&Sign::Bad)).then_some(()));
    let chatter = bot.says("alice", OPS, "good morning");
    bot.ask("alice", OPS, "!version");
    assert!(signs_of(&chatter).is_empty());
}

#[test]
fn a_service_calls_its_adapter_and_nobody_elses() {
    let home = ops().set("CHATOPS_MEMORY__HALL__TOKEN", "sesame").set("CHATOPS_ADMINS", "hall:root");
    let bot = home.serve();
    bot.logs("ready");
    let url = Api::of(&home).url();
    let address = url.strip_prefix("http://").unwrap();
    let call =
        |path: &str, token: &str, body: &[u8]| crate::support::api::post_to(address, path, token, body);
    assert_eq!(call("/chat/hall/say/root", "wrong", b"x").status, 401);
    assert_eq!(call("/chat/hall/other", "sesame", b"x").status, 404);
    assert_eq!(call("/chat/nobody/say/root", "sesame", b"x").status, 404);
    assert_eq!(call("/chat/Bad%20Name/say/root", "sesame", b"x").status, 404);
    assert_eq!(call("/chat/hall/say/root", "sesame", &vec![b'x'; 2 << 20]).status, 413);
    let heard = call("/chat/hall/say/root", "sesame", b"echo from outside");
    assert_eq!(heard.status, 200);
    assert!(heard.json["heard"].as_str().unwrap().starts_with("call-"));
    crate::support::until(crate::support::SOON, || {
        home.run(&["execution", "list"]).stdout.contains("echo from outside").then_some(())
    });
    let statuses: Vec<u16> = (0..150).map(|_| call("/chat/hall/say/root", "wrong", b"").status).collect();
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
}
