//! Sessions of the Slack adapter, with ears and an outlet that a test holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chatops::adapter::slack::{Patience, Slack as Adapter};
use chatops::adapter::{Adapter as _, Answer, Ended, Parcel, Service, Sign, Well};
use chatops::model::{AdapterName, Handle, MessageKey, Place, SendError};
use chatops::net::World;
use chatops::text::{Addressee, Block, Choice, Post, Tone};
use serde_json::json;

use crate::platforms::slack::Slack;
use crate::platforms::{Fault, Platform, Where, Who};
use crate::support::session::Session;
use crate::support::slack::{APP_TOKEN, BOT_TOKEN, OPS};
use crate::support::{SOON, until};

fn adapter(slack: &Slack, more: &[(&str, &str)]) -> Adapter {
    let url = slack.server.api_url();
    let own = [("BOT_TOKEN", BOT_TOKEN), ("APP_TOKEN", APP_TOKEN), ("API_URL", url.as_str())];
    let find = |name: &str| {
        more.iter().chain(&own).find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Adapter::from_options(&mut |name| find(name)).unwrap()
}

fn session(slack: &Slack, more: &[(&str, &str)]) -> Session {
    let session = Session::start_service(Arc::new(Service::from(adapter(slack, more))));
    session.next_up();
    session
}

fn name() -> AdapterName {
    AdapterName::new("slack").unwrap()
}

fn ops() -> Place {
    Place::room(name(), OPS)
}

fn no_breaches(slack: &Slack) {
    assert_eq!(slack.breaches(), Vec::<String>::new());
}

#[test]
fn a_press_reaches_the_ears_once_with_who_and_where() {
    let slack = Slack::start();
    let session = session(&slack, &[]);
    let choices = vec![Choice { nonce: "nonce-1".into(), label: "Run it".into(), typed: "run date".into() }];
    session.posts(&ops(), Post { choices, ..Post::plain("did you mean?") });
    let receipt = session.settles().unwrap();
    let shown = slack.shown().pop().unwrap();
    assert_eq!(shown.buttons, [("Run it".to_owned(), "nonce-1".to_owned())]);
    assert!(slack.press(Who::Bob, &shown.id, "nonce-1"));
    let press = session.pressed.recv_timeout(SOON).unwrap();
    assert_eq!((press.person.to_string(), press.nonce.as_str()), ("slack:U0BOB".to_owned(), "nonce-1"));
    assert_eq!((press.on, press.room_name.as_deref()), (receipt.handle, Some("#ops")));
    assert!(
        slack.press(Who::Mallory, &shown.id, "forged"),
        "a forged value is passed on for the bot to refuse"
    );
    assert_eq!(session.pressed.recv_timeout(SOON).unwrap().nonce, "forged");
    assert!(session.pressed.recv_timeout(Duration::from_millis(200)).is_err(), "each once");
    no_breaches(&slack);
}

#[test]
fn a_message_is_edited_and_what_cannot_be_is_told() {
    let slack = Slack::start();
    let session = session(&slack, &[]);
    let long = "0123456789\n".repeat(900);
    let first = session.posts(
        &ops(),
        Post { body: vec![Block::Code { lang: String::new(), text: long }], ..Post::default() },
    );
    let handle = session.settles().unwrap().handle.unwrap();
    let count = slack.shown().len();
    assert!(count > 2, "{count}");
    session.queues(Parcel {
        earlier: Some(handle.clone()),
        post: Arc::new(Post::plain("short")),
        ..first.clone()
    });
    let edited = session.settles().unwrap().handle.unwrap();
    let shown = slack.shown();
    assert_eq!(shown.len(), 1, "what the longer text left is taken away");
    assert_eq!((shown[0].text.as_str(), shown[0].edits), ("short", 1));
    let gone = Handle(format!("{OPS} 1.000001"));
    session.queues(Parcel { earlier: Some(gone), ..first });
    assert!(matches!(session.settles(), Err(SendError::Gone { .. })));
    assert!(handle.0.starts_with(&edited.0));
    no_breaches(&slack);
}

#[test]
fn a_long_answer_goes_on_where_a_limit_stopped_it() {
    let slack = Slack::start();
    let session = session(&slack, &[]);
    let text: String = (0..900).map(|number| format!("line {number:05}\n")).collect();
    let post = Post { body: vec![Block::Code { lang: String::new(), text }], ..Post::default() };
    session.posts(&ops(), Post::plain("before"));
    session.settles().unwrap();
    // The first part passes, the second is limited.
    slack.server.state().limited_after = 1;
    slack.fault(Fault::Limited(1, Duration::from_secs(1)));
    let parcel = session.posts(&ops(), post);
    let Err(SendError::Retry { after, .. }) = session.settles() else { panic!("it was to be limited") };
    assert_eq!(after, Some(Duration::from_secs(1)));
    session.queues(parcel);
    session.settles().unwrap();
    let all: String = slack.shown().iter().map(|shown| format!("{}\n", shown.text)).collect();
    assert!(
        (0..900).all(|number| all.matches(&format!("line {number:05}\n")).count() == 1),
        "each line once"
    );
    no_breaches(&slack);
}

#[test]
fn a_place_may_be_a_name_or_a_person() {
    let slack = Slack::start();
    slack.crowd(254);
    let session = session(&slack, &[]);
    session.posts(&Place::room(name(), "#room-99"), Post::plain("far away"));
    session.posts(&Place::direct(name(), "@U0BOB"), Post::plain("for bob"));
    session.settles().unwrap();
    session.settles().unwrap();
    session.posts(&Place::room(name(), "#room-7"), Post::plain("near"));
    session.settles().unwrap();
    let rooms: Vec<_> = slack.shown().into_iter().map(|shown| (shown.text, shown.room)).collect();
    for (text, room) in [("far away", "#room-99"), ("for bob", "D0BOB"), ("near", "#room-7")] {
        assert!(rooms.contains(&(text.to_owned(), room.to_owned())), "{rooms:?}");
    }
    let lists =
        slack.server.state().calls.iter().filter(|(method, _)| method == "conversations.list").count();
    assert_eq!(lists, 2, "page after page, and kept");
    session.posts(&Place::room(name(), "#nowhere"), Post::plain("x"));
    let Err(SendError::NoRoom { why }) = session.settles() else { panic!("there is no such room") };
    assert!(why.contains("`#nowhere`"), "{why}");
    no_breaches(&slack);
}

#[test]
fn a_closed_room_is_told_as_such() {
    let slack = Slack::start();
    let session = session(&slack, &[]);
    slack.fault(Fault::Removed);
    session.posts(&ops(), Post::plain("x"));
    let Err(SendError::NoRoom { why }) = session.settles() else { panic!("the bot was removed") };
    assert!(why.contains("/invite"), "{why}");
    slack.mend();
    slack.server.state().rooms.get_mut(OPS).unwrap().archived = true;
    session.posts(&ops(), Post::plain("x"));
    assert!(matches!(session.settles(), Err(SendError::NoRoom { .. })));
    session.posts(&Place::room(name(), "C0GONE"), Post::plain("x"));
    assert!(matches!(session.settles(), Err(SendError::NoRoom { .. })));
    no_breaches(&slack);
}

#[test]
fn an_answer_in_a_thread_that_was_deleted_is_given_all_the_same() {
    let slack = Slack::start();
    let session = session(&slack, &[]);
    let place = Place { thread: Some("1.000001".into()), ..ops() };
    session.posts(&place, Post::plain("still an answer"));
    session.settles().unwrap();
    assert_eq!(slack.shown().pop().unwrap().thread, None);
    no_breaches(&slack);
}

#[test]
fn a_reaction_tells_how_it_goes() {
    let slack = Slack::start();
    let session = session(&slack, &[("REACT", "on")]);
    let id = slack.say(Who::Bob, Where::Ops, "!echo x");
    let key = MessageKey { adapter: name(), room: OPS.into(), id: id.as_str().into() };
    let sign = |sign: Sign| {
        let parcel = session.posts(&Place::room(name(), "C0DEV"), Post::plain("kept apart"));
        session.settles().unwrap();
        let answer = Some(Answer { key: key.clone(), last: false, good: true });
        session.queues(Parcel { sign: Some(sign), answer, post: Arc::default(), ..parcel });
        session.settles().unwrap();
    };
    let reactions =
        || slack.server.state().reactions.iter().map(|(_, _, sign)| sign.clone()).collect::<Vec<_>>();
    sign(Sign::Working);
    sign(Sign::Working);
    assert_eq!(reactions(), ["eyes"]);
    sign(Sign::Good);
    assert_eq!(reactions(), ["white_check_mark"]);
    no_breaches(&slack);
}

#[test]
fn a_whisper_reaches_one_person() {
    let slack = Slack::start();
    let session = session(&slack, &[("WHISPER", "on")]);
    let to = Some(Addressee { id: "U0BOB".into(), name: "bob".into() });
    session.posts(&ops(), Post { to, tone: Tone::Bad, ..Post::plain("you may not").private() });
    assert_eq!(session.settles().unwrap().handle, None);
    let whispered_to = || slack.server.state().posts.last().unwrap().whispered_to.clone();
    assert_eq!(whispered_to().as_deref(), Some("U0BOB"));
    // Without a name it is for whoever is answered.
    let id = slack.say(Who::Mallory, Where::Ops, "!vault");
    session.hears();
    let parcel = session.posts(&Place::direct(name(), "@U0BOB"), Post::plain("in between"));
    session.settles().unwrap();
    let key = MessageKey { adapter: name(), room: OPS.into(), id: id.as_str().into() };
    let answer = Some(Answer { key, last: true, good: false });
    session.queues(Parcel { place: ops(), answer, post: Arc::new(Post::plain("no").private()), ..parcel });
    session.settles().unwrap();
    assert_eq!(whispered_to().as_deref(), Some("U0MALLORY"));
    no_breaches(&slack);
}

#[test]
fn what_two_sockets_carry_is_heard_in_the_order_in_which_it_was_said() {
    let slack = Slack::start();
    let mut patient = adapter(&slack, &[]);
    // Long enough for a machine that does something else meanwhile.
    patient.patience.settle = Duration::from_secs(2);
    let session = Session::start_service(Arc::new(Service::from(patient)));
    session.next_up();
    until(SOON, || (slack.server.state().sockets.len() == 2).then_some(()));
    for number in 0..50 {
        slack.say(Who::Bob, Where::Ops, &number.to_string());
    }
    let heard: Vec<_> = (0..50).map(|_| session.hears().text).collect();
    assert_eq!(heard, (0..50).map(|number| number.to_string()).collect::<Vec<_>>());
    no_breaches(&slack);
}

#[test]
fn a_frozen_connection_is_given_up() {
    let slack = Slack::start();
    let mut frozen = adapter(&slack, &[]);
    let real = frozen.patience;
    assert_eq!((real.silence, real.death), (Duration::from_secs(20), Duration::from_secs(45)));
    frozen.patience =
        Patience { silence: Duration::from_millis(400), death: Duration::from_millis(900), ..real };
    let session = Session::start_service(Arc::new(Service::from(frozen)));
    session.next_up();
    // Both sockets stand: answers to our pings keep them up past their death.
    until(SOON, || (slack.server.state().sockets.len() == 2).then_some(()));
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(slack.sessions(), 2);
    slack.say(Who::Bob, Where::Ops, "before");
    assert_eq!(session.hears().text, "before");
    slack.fault(Fault::Freeze);
    let began = Instant::now();
    slack.say(Who::Bob, Where::Ops, "after");
    assert_eq!(session.hears().text, "after");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    until(SOON, || (slack.sessions() >= 4).then_some(()));
}

#[test]
fn what_an_admin_has_to_mend_is_said_with_what_to_do() {
    let slack = Slack::start();
    let ends =
        |more: &[(&str, &str)]| Session::start_service(Arc::new(Service::from(adapter(&slack, more)))).end();
    let refused = |ended: Ended, part: &str| match ended {
        Ended::Refused(why) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?}"),
    };
    refused(ends(&[("BOT_TOKEN", "xoxb-wrong")]), "`BOT_TOKEN`");
    refused(ends(&[("APP_TOKEN", "xapp-wrong")]), "`APP_TOKEN`");
    slack.server.state().revoked = Some("account_inactive");
    refused(ends(&[]), "install it again");
    slack.mend();
    let session = session(&slack, &[]);
    until(SOON, || (slack.server.state().sockets.len() == 2).then_some(()));
    slack.server.throws(&json!({"type": "disconnect", "reason": "link_disabled"}).to_string());
    refused(session.end(), "Socket Mode is switched off");
}

#[test]
fn a_limit_at_connecting_is_waited_out() {
    let slack = Slack::start();
    slack.server.state().limited_method = Some("apps.connections.open");
    slack.fault(Fault::Limited(1, Duration::from_secs(1)));
    let began = Instant::now();
    let session = session(&slack, &[]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(session.stop(), Ended::Stopped);
    no_breaches(&slack);
}

#[test]
fn an_examination_names_missing_scopes_and_rooms() {
    let slack = Slack::start();
    slack.server.state().scopes.retain(|scope| scope != "files:write");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let checks = runtime.block_on(adapter(&slack, &[]).examine(&World::real()));
    let worst = checks.iter().map(|check| check.well).max();
    assert_eq!(worst, Some(Well::Warning), "{checks:#?}");
    let scope = checks.iter().find(|check| check.found.contains("`files:write`")).unwrap();
    assert!(scope.help.as_ref().unwrap().contains("Bot Token Scopes"));
    assert!(checks.iter().any(|check| check.found.contains("#ops")), "{checks:#?}");
    let checks = runtime.block_on(adapter(&slack, &[("APP_TOKEN", "xapp-wrong")]).examine(&World::real()));
    assert!(checks.iter().any(|check| check.well == Well::Bad && check.help.is_some()), "{checks:#?}");
    no_breaches(&slack);
}
