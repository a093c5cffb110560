//! The Discord adapter's session against the stand-in: buttons, whispers, rooms that are gone, and what `doctor` finds.

use std::sync::Arc;
use std::time::Duration;

use chatops::adapter::{Adapter, Answer, Ended, Sign, Well};
use chatops::model::{AdapterName, Handle, MessageKey, Place, SendError};
use chatops::net::World;
use chatops::text::{Addressee, Block, Choice, Post, Span, Tone};

use crate::support::discord::session::{Held, discord};
use crate::support::discord::world::{ALICE, BOB, MALLORY, OTHER_BOT};
use crate::support::discord::{DiscordServer, buttons, text};
use crate::support::{SOON, until};

fn name() -> AdapterName {
    AdapterName::new("discord").unwrap()
}

fn ops(server: &DiscordServer) -> Place {
    Place::room(name(), &server.ops().to_string())
}

fn held(server: &DiscordServer, options: &[(&str, &str)]) -> Held {
    Held::start_up(Arc::new(discord(server, options)))
}

fn offer() -> Post {
    let choice = |nonce: &str, label: &str| Choice {
        nonce: nonce.to_owned(),
        label: label.to_owned(),
        typed: "run date".to_owned(),
    };
    Post {
        choices: (0..7).map(|n| choice(&format!("n{n}"), &format!("choice {n}"))).collect(),
        ..Post::plain("which?")
    }
}

fn answer(key: &MessageKey) -> Option<Answer> {
    Some(Answer { key: key.clone(), last: true, good: true })
}

#[test]
fn a_button_is_acknowledged_then_told_whoever_pressed_it() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    let receipt = held.sends(held.parcel(&ops(&server), offer())).unwrap();
    let message = server.sees("which?");
    let shown = buttons(&message);
    assert_eq!((shown.len(), shown[0].0.as_str(), shown[6].1.as_str()), (7, "choice 0", "n6"));

    let token = server.press(MALLORY, message.id, "n6").unwrap();
    let press = held.presses();
    assert_eq!(server.world().interactions[&token].acknowledged, Some(6));
    assert_eq!((press.nonce.as_str(), press.name.as_str()), ("n6", "Alice"));
    assert_eq!(press.person.id(), MALLORY.id.to_string());
    assert_eq!((press.on, press.place), (receipt.handle, ops(&server)));
    assert_eq!(press.room_name.as_deref(), Some("#ops"));

    server.press(ALICE, message.id, "forged").unwrap();
    let forged = held.presses();
    assert_eq!(forged.nonce, "forged");
    let parcel = chatops::adapter::Parcel {
        answer: answer(&forged.key),
        ..held.parcel(&ops(&server), Post::plain("no such choice"))
    };
    held.sends(parcel).unwrap();
    assert_eq!(server.sees("which?").id, message.id, "the message with the buttons stays");
    server.sees("no such choice");
    assert_eq!(held.stop(), Ended::Stopped);
}

#[test]
fn a_whisper_reaches_the_asker_alone() {
    let server = DiscordServer::start();
    let held = held(&server, &[("WHISPER", "on")]);
    let to = Some(Addressee { id: BOB.id.to_string(), name: "Bob".to_owned() });
    let post = |said: &str| Post { to: to.clone(), ..Post::plain(said).private().tone(Tone::Bad) };

    server.says(BOB, server.ops(), "!secret");
    let message = held.hears();
    let parcel = chatops::adapter::Parcel {
        answer: answer(&message.key),
        ..held.parcel(&message.place, post("you may not"))
    };
    held.sends(parcel).unwrap();
    assert_eq!(
        server.sees("you may not").channel,
        server.direct(BOB),
        "without an interaction by direct message"
    );

    server.slash(BOB, server.ops(), "secret");
    let message = held.hears();
    assert!(message.mentioned && message.text == "secret");
    let parcel = chatops::adapter::Parcel {
        answer: answer(&message.key),
        ..held.parcel(&message.place, post("nor so"))
    };
    held.sends(parcel).unwrap();
    let said = server.sees("nor so");
    assert!(said.whispered && said.channel == server.ops());
}

#[test]
fn rooms_and_messages_that_are_gone_are_told_apart() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    let receipt = held.sends(held.parcel(&ops(&server), Post::plain("first"))).unwrap();
    let id = server.sees("first").id;
    server.world().messages.iter_mut().find(|message| message.id == id).unwrap().deleted = true;
    let edit = chatops::adapter::Parcel {
        earlier: receipt.handle,
        ..held.parcel(&ops(&server), Post::plain("second"))
    };
    assert!(matches!(held.sends(edit), Err(SendError::Gone { .. })));

    let nowhere = Place::room(name(), "123456789012345678");
    assert!(matches!(held.sends(held.parcel(&nowhere, Post::plain("x"))), Err(SendError::NoRoom { .. })));
    let unnamed = Place::room(name(), "#no-such-room");
    assert!(matches!(held.sends(held.parcel(&unnamed, Post::plain("x"))), Err(SendError::NoRoom { .. })));
    server.world().channels.get_mut(&22_000_000_000_000_001).unwrap().removed = true;
    assert!(matches!(
        held.sends(held.parcel(&ops(&server), Post::plain("x"))),
        Err(SendError::NoRoom { .. })
    ));
}

#[test]
fn names_of_rooms_and_persons_are_places_too() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    held.sends(held.parcel(&Place::room(name(), "#ops"), Post::plain("by its name"))).unwrap();
    assert_eq!(server.sees("by its name").channel, server.ops());
    let alice = Place::direct(name(), &format!("@{}", ALICE.id));
    held.sends(held.parcel(&alice, Post::plain("to a person"))).unwrap();
    held.sends(held.parcel(&alice, Post::plain("and again"))).unwrap();
    assert_eq!(server.sees("to a person").channel, server.direct(ALICE));
    assert_eq!(server.requests("POST", "users/@me/channels").len(), 1, "the conversation is remembered");
}

#[test]
fn a_shorter_edit_takes_away_what_is_too_much() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    let code = |lines: usize| {
        let text: Vec<String> = (0..lines).map(|line| format!("row {line}")).collect();
        Post { body: vec![Block::Code { lang: String::new(), text: text.join("\n") }], ..Post::default() }
    };
    let receipt = held.sends(held.parcel(&ops(&server), code(500))).unwrap();
    let pages = server.shown().len();
    assert!(pages > 1, "{pages}");
    let edit = chatops::adapter::Parcel { earlier: receipt.handle, ..held.parcel(&ops(&server), code(1)) };
    let receipt = held.sends(edit).unwrap();
    assert_eq!(server.shown().len(), 1);
    let edit = chatops::adapter::Parcel { earlier: receipt.handle, ..held.parcel(&ops(&server), code(500)) };
    held.sends(edit).unwrap();
    let whole: String = server.shown().iter().map(text).collect();
    assert!((0..500).all(|row| whole.contains(&format!("row {row}\n"))), "nothing is lost");
}

#[test]
fn a_reaction_shows_how_it_stands() {
    let server = DiscordServer::start();
    let held = held(&server, &[("REACT", "on")]);
    let asked = server.says(ALICE, server.ops(), "!run date");
    let message = held.hears();
    let sign = |sign| chatops::adapter::Parcel {
        sign: Some(sign),
        answer: answer(&message.key),
        ..held.parcel(&message.place, Post::default())
    };
    held.sends(sign(Sign::Working)).unwrap();
    let reactions = || server.world().reactions.clone();
    assert_eq!(reactions(), [(server.ops(), asked, "%E2%8F%B3".to_owned())]);
    held.sends(sign(Sign::Good)).unwrap();
    assert_eq!(reactions(), [(server.ops(), asked, "%E2%9C%85".to_owned())]);
}

#[test]
fn a_repeated_event_is_one_and_other_bots_are_none() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    let first = server.says(ALICE, server.ops(), "!one");
    server.again(first);
    server.says(OTHER_BOT, server.ops(), "!none");
    server.says(ALICE, server.ops(), "!two");
    assert_eq!((held.hears().text.as_str(), held.hears().text.as_str()), ("!one", "!two"));
    assert!(held.heard.try_recv().is_err());
}

#[test]
fn an_answer_of_an_interaction_that_is_over_is_a_message() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    let token = server.slash(ALICE, server.ops(), "late");
    let message = held.hears();
    server.world().interactions.remove(&token);
    let parcel =
        |post| chatops::adapter::Parcel { answer: answer(&message.key), ..held.parcel(&message.place, post) };
    held.sends(parcel(Post::plain("late but there"))).unwrap();
    assert_eq!(server.sees("late but there").channel, server.ops());
}

#[test]
fn a_handle_of_something_else_is_posted_anew() {
    let server = DiscordServer::start();
    let held = held(&server, &[]);
    let earlier = Some(Handle("not ours".to_owned()));
    let post =
        Post { title: vec![Span::Text("title".to_owned())], ..Post::plain("anew").tone(Tone::Warning) };
    let parcel = chatops::adapter::Parcel { earlier, ..held.parcel(&ops(&server), post) };
    assert!(held.sends(parcel).is_ok());
    server.sees("anew");
}

#[test]
fn no_session_begins_while_none_are_left() {
    let server = DiscordServer::start();
    server.world().switches.sessions_left = Some(0);
    let adapter = Arc::new(discord(&server, &[]));
    let first = Held::start(adapter.clone());
    assert!(matches!(first.end(), Ended::Lost(why) if why.contains("sessions of the day")));
    drop(first);
    server.world().switches.sessions_left = None;
    let _held = Held::start_up(adapter);
    let asked = server.requests("GET", "gateway/bot").len();
    assert_eq!(asked, 2, "it waited as long as it was told");
}

fn examined(server: &DiscordServer, options: &[(&str, &str)]) -> Vec<(Well, String, String)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let adapter = discord(server, options);
    let world = World::real();
    let examine = async { tokio::time::timeout(Duration::from_secs(20), adapter.examine(&world)).await };
    let checks = runtime.block_on(examine).unwrap();
    checks.into_iter().map(|check| (check.well, check.found, check.help.unwrap_or_default())).collect()
}

#[test]
fn doctor_finds_what_is_well_and_what_to_click() {
    let server = DiscordServer::start();
    let checks = examined(&server, &[]);
    assert!(checks.iter().all(|(well, ..)| *well == Well::Good), "{checks:#?}");
    assert!(checks.len() >= 6, "{checks:#?}");

    server.world().switches.no_content = true;
    let checks = examined(&server, &[("GUILD", "4242")]);
    let bad: Vec<_> = checks.iter().filter(|(well, ..)| *well == Well::Bad).collect();
    assert!(bad.iter().any(|(_, _, help)| help.contains("Message Content Intent")), "{bad:#?}");
    assert!(
        bad.iter().any(|(_, found, help)| found.contains("4242") && help.contains("oauth2/authorize")),
        "{bad:#?}"
    );

    server.world().switches.revoked = true;
    let checks = examined(&server, &[]);
    assert_eq!(checks.len(), 1);
    assert!(checks[0].2.contains("Reset Token"));
    assert_eq!(server.requests("GET", "").iter().filter(|status| **status == 401).count(), 1, "asked once");
    until(SOON, || server.world().breaches.is_empty().then_some(()));
}
