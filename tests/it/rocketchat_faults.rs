//! The whole bot on a Rocket.Chat server that has bad days.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chatops::adapter::rocketchat::Rocketchat as Adapter_;
use chatops::adapter::{Adapter, Check, Ended, Sign, Well};
use chatops::net::World;

use crate::platforms::rocketchat::OnRocketchat;
use crate::platforms::{Fault, Platform, Where, Who};
use crate::support::bot::{Bot, Home};
use crate::support::homes;
use crate::support::rocketchat::{ALICE, BOB, BOT, OPS, PASSWORD, Rocketchat, TOKEN};
use crate::support::session::Session;
use crate::support::{SOON, until};

fn meet(server: &Rocketchat) -> (Home, Bot) {
    let home = homes::on_rocketchat(&server.url());
    let bot = home.serve();
    server.meets(1);
    (home, bot)
}

fn count(server: &Rocketchat, part: &str) -> usize {
    server.of_bot().iter().filter(|message| message.shown().contains(part)).count()
}

/// An adapter from options.
fn adapter(options: &[(&str, &str)]) -> Adapter_ {
    let mut lookup =
        |name: &str| options.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Adapter_::from_options(&mut lookup).unwrap()
}

fn by_token(server: &Rocketchat) -> Adapter_ {
    adapter(&[("URL", &server.url()), ("USER_ID", BOT), ("TOKEN", TOKEN)])
}

#[test]
fn what_was_said_while_the_connection_was_down_is_heard_once() {
    let server = Rocketchat::start();
    let before = server.says(BOB, OPS, "!echo before-the-start");
    let (_home, bot) = meet(&server);
    server.says(BOB, OPS, "!echo at-first");
    server.sees("at-first");
    server.down();
    server.says(BOB, OPS, "!echo in-the-gap");
    let direct = server.direct(ALICE);
    server.says(ALICE, &direct, "echo in-private-too");
    server.mend();
    server.sees("in-the-gap");
    server.sees("in-private-too");
    server.says(BOB, OPS, "!echo afterwards");
    server.sees("afterwards");
    for part in ["at-first", "in-the-gap", "in-private-too", "afterwards"] {
        assert_eq!(count(&server, part), 1, "{part}");
    }
    server.world(|world| world.emit(&before));
    server.says(BOB, OPS, "!echo at-last");
    server.sees("at-last");
    assert!(bot.stop().success());
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn after_every_kind_of_loss_the_bot_answers_once() {
    let platform = OnRocketchat::start();
    let home = platform
        .settings()
        .into_iter()
        .fold(homes::open_to_all(), |home, (name, value)| home.set(&name, &value));
    let bot = home.serve();
    until(SOON, || (platform.sessions() == 1).then_some(()));
    for (number, fault) in [Fault::Abort, Fault::Close, Fault::Html503, Fault::Down].into_iter().enumerate() {
        let sessions = platform.sessions();
        assert!(platform.fault(fault));
        platform.say(Who::Bob, Where::Ops, &format!("!echo during-{number}"));
        platform.mend();
        let mended = Instant::now();
        platform.say(Who::Bob, Where::Ops, &format!("!echo answer-{number}"));
        let answered = |part: String| {
            until(SOON, || platform.shown().iter().any(|shown| shown.text.contains(&part)).then_some(()));
            assert_eq!(
                platform.shown().iter().filter(|shown| shown.text.contains(&part)).count(),
                1,
                "{part}"
            );
        };
        answered(format!("during-{number}"));
        answered(format!("answer-{number}"));
        assert!(mended.elapsed() < Duration::from_secs(10), "{fault:?}: {:?}", mended.elapsed());
        assert_eq!(platform.sessions(), sessions + 1, "{fault:?}");
    }
    assert!(bot.stop().success());
    assert_eq!(platform.breaches(), Vec::<String>::new());
}

#[test]
fn an_answer_that_was_taken_and_never_confirmed_is_not_doubled() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    server.world(|world| world.swallow = true);
    server.says(BOB, OPS, "!echo just-once");
    server.sees("just-once");
    server.says(BOB, OPS, "!echo after-that");
    server.sees("after-that");
    assert_eq!(count(&server, "just-once"), 1);
    let asked = server.world(|world| world.asked.clone());
    assert!(asked.iter().any(|call| call.ends_with("chat.getMessage")), "it was looked up");
    assert!(bot.stop().success());
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn a_limit_in_mid_answer_loses_nothing() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    server.world(|world| world.limited = Some((3, Duration::from_millis(300))));
    for number in 0..5 {
        server.says(BOB, OPS, &format!("!echo number-{number}"));
    }
    server.sees("number-4");
    let said: Vec<_> = server.of_bot().iter().map(|message| message.shown()).collect();
    assert!((0..5).all(|number| said[number].contains(&format!("number-{number}"))), "{said:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_room_that_the_bot_was_removed_from_refuses_as_a_room() {
    let server = Rocketchat::start();
    let (session, _) = Session::start_up(by_token(&server));
    server.world(|world| world.rooms.get_mut(OPS).unwrap().members.remove(BOT));
    let place =
        |room: &str| chatops::model::Place::room(chatops::model::AdapterName::new("irc").unwrap(), room);
    let no_room = |outcome| matches!(outcome, Err(chatops::model::SendError::NoRoom { .. }));
    session.says(&place(OPS), "hello");
    assert!(no_room(session.settles()));
    server.world(|world| {
        world.rooms.get_mut(OPS).unwrap().members.insert(BOT.to_owned());
        world.rooms.get_mut(OPS).unwrap().archived = true;
    });
    session.says(&place("#ops"), "hello");
    assert!(no_room(session.settles()));
    session.says(&place("#nowhere"), "hello");
    assert!(no_room(session.settles()));
    server.world(|world| world.rooms.get_mut(OPS).unwrap().archived = false);
    session.says(&place("#ops"), "hello");
    assert!(session.settles().is_ok());
    for who in [BOB, "bob"] {
        let direct = chatops::model::Place::direct(
            chatops::model::AdapterName::new("irc").unwrap(),
            &format!("@{who}"),
        );
        session.says(&direct, "hello");
        assert!(session.settles().is_ok());
    }
    assert_eq!(server.of_bot().iter().filter(|message| message.room == server.direct(BOB)).count(), 2);
    assert_eq!(session.stop(), Ended::Stopped);
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn a_revoked_token_is_said_once_and_tried_slowly() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    server.revoke();
    bot.logs("the server refuses `TOKEN`");
    let logins = server.world(|world| world.logins);
    std::thread::sleep(Duration::from_secs(2));
    assert!(server.world(|world| world.logins) <= logins + 1, "no storm");
    assert_eq!(bot.log().matches("the service refuses the bot").count(), 1);
    assert!(!bot.log().contains(TOKEN));
    server.mend();
    server.meets(2);
    assert!(bot.stop().success());
}

#[test]
fn the_bot_may_start_before_the_server() {
    let server = Rocketchat::reserved();
    let home = homes::on_rocketchat(&server.url());
    let bot = home.serve();
    bot.logs("connection lost");
    server.listen();
    server.meets(1);
    server.says(BOB, OPS, "!echo at-last");
    server.sees("at-last");
    assert!(bot.stop().success());
}

#[test]
fn a_frozen_server_is_noticed_and_what_it_did_not_take_comes_back() {
    let server = Rocketchat::start();
    let mut adapter = by_token(&server);
    adapter.patience.silence = Duration::from_millis(500);
    adapter.patience.death = Duration::from_secs(2);
    let (session, name) = Session::start_up(adapter);
    assert_eq!(name, "chatbot");
    server.freeze();
    session.says(&chatops::model::Place::room(chatops::model::AdapterName::new("irc").unwrap(), OPS), "one");
    until(SOON, || (session.waiting() == 0).then_some(()));
    assert!(matches!(session.end(), Ended::Lost(why) if why.contains("no sign of life")));
    assert_eq!(session.waiting(), 1);
    assert!(session.settled.try_recv().is_err());
}

#[test]
fn a_quiet_server_that_answers_pings_is_kept() {
    let server = Rocketchat::start();
    let mut adapter = by_token(&server);
    adapter.patience.silence = Duration::from_millis(200);
    adapter.patience.death = Duration::from_millis(900);
    let (session, _) = Session::start_up(adapter);
    std::thread::sleep(Duration::from_secs(3));
    server.says(BOB, OPS, "still here");
    assert_eq!(session.hears().text, "still here");
    assert_eq!(session.stop(), Ended::Stopped);
    assert!(server.world(|world| world.pongs) == 1, "the server's own ping was answered");
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn a_password_logs_in_once_and_its_token_after_that() {
    let server = Rocketchat::start();
    let adapter = Arc::new(adapter(&[("URL", &server.url()), ("USER", "chatbot"), ("PASSWORD", PASSWORD)]));
    for _ in 0..3 {
        let session = Session::start_shared(adapter.clone());
        session.next_up();
        assert_eq!(session.stop(), Ended::Stopped);
    }
    assert_eq!(server.world(|world| world.tokens.len()), 2, "the personal one and one of the password");
    server.world(|world| world.tokens.clear());
    let session = Session::start_shared(adapter);
    session.next_up();
    assert_eq!(session.stop(), Ended::Stopped);
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn wrong_credentials_are_refused_in_words() {
    let server = Rocketchat::start();
    let wrong = adapter(&[("URL", &server.url()), ("USER", "chatbot"), ("PASSWORD", "hunter2")]);
    let Ended::Refused(why) = Session::start(wrong).end() else { panic!("not refused") };
    assert!(why.contains("`PASSWORD`") && !why.contains("hunter2"), "{why}");
    let wrong = adapter(&[("URL", &server.url()), ("USER_ID", "somebodyelse"), ("TOKEN", TOKEN)]);
    let Ended::Refused(why) = Session::start(wrong).end() else { panic!("not refused") };
    assert!(why.contains("`USER_ID`") && !why.contains(TOKEN), "{why}");
    let base = server.url().replace("/chat", "/elsewhere");
    let wrong = adapter(&[("URL", &base), ("USER_ID", BOT), ("TOKEN", TOKEN)]);
    let Ended::Refused(why) = Session::start(wrong).end() else { panic!("not refused") };
    assert!(why.contains("`URL`"), "{why}");
}

#[test]
fn a_limit_on_logins_is_waited_for() {
    let server = Rocketchat::start();
    server.world(|world| world.slow_login = Some(Duration::from_millis(700)));
    let begun = Instant::now();
    let ended = Session::start(by_token(&server)).end();
    assert!(matches!(ended, Ended::Lost(_)), "{ended:?}");
    assert!(begun.elapsed() >= Duration::from_millis(700));
    assert_eq!(server.world(|world| world.logins), 1);
}

#[test]
fn the_checks_say_what_to_click() {
    let server = Rocketchat::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let adapter = by_token(&server);
    let mut examine = || -> Vec<Check> { runtime.block_on(adapter.examine(&World::real())) };
    let checks = examine();
    assert!(checks.iter().all(|check| check.well == Well::Good), "{checks:#?}");
    assert!(checks.iter().any(|check| check.found.contains("#ops")));
    server.world(|world| {
        world.rooms.get_mut(OPS).unwrap().members.remove(BOT);
        world.version = "2.4";
    });
    let checks = examine();
    let help: String = checks.iter().filter_map(|check| check.help.clone()).collect();
    assert!(help.contains("/invite @chatbot") && help.contains("3.0"), "{checks:#?}");
    server.world(|world| world.tokens.clear());
    let checks = examine();
    assert!(
        checks[0].well == Well::Bad && checks[0].help.as_ref().unwrap().contains("Personal Access Tokens")
    );
}

#[test]
fn private_words_come_directly_where_whispering_is_wanted() {
    let server = Rocketchat::start();
    for (whisper, room) in [("on", server.direct(BOB)), ("off", OPS.to_owned())] {
        let options = [("URL", &*server.url()), ("USER_ID", BOT), ("TOKEN", TOKEN), ("WHISPER", whisper)];
        let (session, _) = Session::start_up(adapter(&options));
        server.says(BOB, OPS, "help");
        let message = session.hears();
        session.answers(&message, chatops::text::Post::plain("for your eyes").private());
        assert!(session.settles().is_ok());
        assert_eq!(server.of_bot().last().unwrap().room, room);
        session.answers(&message, chatops::text::Post::plain("for all"));
        assert!(session.settles().is_ok());
        assert_eq!(server.of_bot().last().unwrap().room, OPS);
        assert_eq!(session.stop(), Ended::Stopped);
    }
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn a_reaction_shows_how_it_stands() {
    let server = Rocketchat::start();
    let options = [("URL", &*server.url()), ("USER_ID", BOT), ("TOKEN", TOKEN), ("REACT", "on")];
    let (session, _) = Session::start_up(adapter(&options));
    let id = server.says(BOB, OPS, "run it");
    let message = session.hears();
    for (sign, emoji) in [(Sign::Working, ":eyes:"), (Sign::Good, ":white_check_mark:")] {
        session.signs(&message, sign);
        assert!(session.settles().is_ok());
        let reactions = server.world(|world| world.find(&id).unwrap().reactions.clone());
        assert_eq!(reactions.keys().collect::<Vec<_>>(), [emoji]);
    }
    assert!(session.heard.try_recv().is_err(), "the message that is sent again is not heard again");
    assert_eq!(session.stop(), Ended::Stopped);
    assert_eq!(server.breaches(), Vec::<String>::new());
}
