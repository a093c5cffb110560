//! The whole bot on Rocket.Chat: what it hears, what it passes over, how it answers.

use std::time::Duration;

use serde_json::json;

use crate::support::bot::{Bot, Home};
use crate::support::homes;
use crate::support::rocketchat::{ALICE, BOB, BOT, CallLimit, Message, OPS, OTHER_BOT, Rocketchat};
use crate::support::{SOON, until};

/// A bot that is connected.
fn meet(server: &Rocketchat) -> (Home, Bot) {
    meet_with(server, homes::on_rocketchat(&server.url()))
}

fn meet_with(server: &Rocketchat, home: Home) -> (Home, Bot) {
    let bot = home.serve();
    server.meets(1);
    (home, bot)
}

/// How often the bot said something with `part` in it.
fn count(server: &Rocketchat, part: &str) -> usize {
    server.of_bot().iter().filter(|message| message.shown().contains(part)).count()
}

/// Says a last command and waits for its answer: what was said before is heard then.
fn settled(server: &Rocketchat) {
    server.says(BOB, OPS, "!echo the-end");
    server.sees("the-end");
}

fn no_breach(server: &Rocketchat) {
    assert_eq!(server.breaches(), Vec::<String>::new());
}

#[test]
fn the_bot_answers_in_the_channel_in_private_and_in_threads() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    server.says(BOB, OPS, "!echo by prefix");
    let answer = server.sees("by prefix");
    assert_eq!((answer.room.as_str(), answer.thread), (OPS, None));
    assert!(answer.text.starts_with("@bob:"), "an answer in a channel names whom it is for: {}", answer.text);
    server.says(BOB, OPS, "@chatbot echo by mention");
    server.sees("by mention");
    server.says(BOB, OPS, "chatbot: echo by name");
    server.sees("by name");
    server.says(BOB, OPS, "[ ](https://chat.example.org/channel/ops?msg=x) @chatbot echo by reply");
    server.sees("by reply");
    let direct = server.direct(ALICE);
    server.says(ALICE, &direct, "echo in private");
    assert_eq!(server.sees("in private").room, direct);
    let root = server.says(BOB, OPS, "a thread begins");
    server.replies(BOB, OPS, &root, "!echo in the thread");
    assert_eq!(server.sees("in the thread").thread, Some(root));
    assert_eq!(count(&server, "by mention"), 1);
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn an_acknowledgement_becomes_the_result_in_the_colour_of_how_it_went() {
    let server = Rocketchat::start();
    let (home, bot) = meet(&server);
    let gate = home.path().join("gate");
    server.says(
        ALICE,
        OPS,
        &format!("!run until [ -e {} ]; do sleep 0.05; done; echo it-is-done on localhost", gate.display()),
    );
    let first = until(SOON, || server.of_bot().into_iter().next());
    home.write("gate", "");
    let result = server.sees("it-is-done\n");
    assert_eq!(result.id, first.id, "edited, not posted anew");
    assert!(result.edits > 0);
    assert_eq!(result.attachments[0]["color"], "#2eb67d");
    server.says(ALICE, OPS, "!run exit 3 on localhost");
    let failure = server.sees("exit code 3");
    assert_eq!(failure.attachments[0]["color"], "#e01e5a");
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn where_edits_are_not_allowed_the_result_is_posted_anew() {
    let server = Rocketchat::start();
    server.world(|world| world.edits_allowed = false);
    let (_home, bot) = meet(&server);
    server.says(ALICE, OPS, "!run sleep 3; echo once-only on localhost");
    server.sees("once-only\n");
    settled(&server);
    assert!(server.of_bot().iter().all(|message| message.edits == 0));
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn what_is_sent_again_edited_or_said_by_bots_runs_nothing() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    let once = server.says(BOB, OPS, "!echo only-once");
    server.sees("only-once");
    for reaction in [":eyes:", ":tada:"] {
        server.world(|world| {
            world
                .find(&once)
                .unwrap()
                .reactions
                .entry(reaction.to_owned())
                .or_default()
                .insert(ALICE.to_owned());
            world.emit(&once);
        });
    }
    server.replies(ALICE, OPS, &once, "I saw that");
    let edited = server.says(BOB, OPS, "nothing");
    server.world(|world| {
        let message = world.find(&edited).unwrap();
        (message.text, message.edits) = ("!echo edited-later".to_owned(), 1);
        world.emit(&edited);
    });
    server.world(|world| {
        world.say_as(OTHER_BOT, OPS, "!echo of-a-bot", None, json!({"bot": {"i": "hook"}}));
        world.say_as(BOB, OPS, "!echo of-a-notice", None, json!({"t": "uj"}));
        world.say(BOT, OPS, "!echo of-itself", None);
        let elsewhere = world.add_room("c", Some("lobby"), &[ALICE, BOB]);
        world.say(BOB, &elsewhere, "!echo in-another-room", None);
    });
    settled(&server);
    for part in ["edited-later", "of-a-bot", "of-a-notice", "in-another-room"] {
        assert_eq!(count(&server, part), 0, "{part}");
    }
    assert_eq!((count(&server, "only-once"), count(&server, "of-itself")), (1, 1));
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn strange_frames_and_messages_end_nothing() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    let room = json!({"roomParticipant": true, "roomType": "c", "roomName": "ops"});
    for frame in [
        "no json",
        "[]",
        "7",
        r#"{"msg":"unheard-of"}"#,
        r#"{"msg":"changed","collection":"stream-room-messages"}"#,
        "",
    ] {
        server.frame(frame);
    }
    server.event(&json!({"_id": "a", "rid": OPS}), &room);
    server.event(&json!({"_id": "b", "rid": OPS, "u": {"_id": BOB, "username": "bob"}, "msg": null}), &room);
    server.event(&json!({"_id": 7, "rid": [], "u": "bob", "msg": {}}), &json!("room"));
    server.event(&json!({"_id": "c", "rid": OPS, "u": {"_id": BOB}, "msg": "x".repeat(1024 * 1024)}), &room);
    server.says(BOB, OPS, "!echo “quoted” and\u{a0}`as “is”`");
    server.sees("\"quoted\" and");
    assert_eq!(server.world(|world| world.sessions), 1, "one session through all of it");
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn a_display_name_grants_nothing() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    let mallory = crate::support::rocketchat::MALLORY;
    let direct = server.direct(mallory);
    server.says(mallory, &direct, "audit");
    let answer = until(SOON, || server.of_bot().into_iter().find(|message| message.room == direct));
    assert!(answer.shown().contains("may not"), "{}", answer.shown());
    server.says(mallory, &direct, "whoami");
    server.sees(&format!("rocketchat:{mallory}"));
    assert!(bot.stop().success());
}

#[test]
fn long_output_comes_in_parts_and_then_as_a_file() {
    let server = Rocketchat::start();
    let (_home, bot) = meet(&server);
    let numbers =
        |text: &str| text.lines().filter_map(|line| line.trim().parse::<usize>().ok()).collect::<Vec<_>>();
    server.says(ALICE, OPS, "!run seq 1 1500 on localhost");
    server.sees("    1500");
    let parts: Vec<Message> = server.of_bot();
    assert!(parts.len() > 1, "in parts");
    let all: String = parts.iter().map(Message::shown).collect::<Vec<_>>().join("\n");
    assert_eq!(numbers(&all), (1..=1500).collect::<Vec<_>>());
    server.says(ALICE, OPS, "!run seq 1 20000 on localhost");
    let file = until(SOON, || server.of_bot().into_iter().find_map(|message| message.file));
    let text = String::from_utf8(file.1).unwrap();
    assert_eq!(numbers(&text), (1..=20000).collect::<Vec<_>>());
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn older_servers_get_files_their_way_and_threads_are_kept_to() {
    let server = Rocketchat::start();
    server.world(|world| world.version = "6.4");
    let home = homes::on_rocketchat(&server.url()).set("CHATOPS_ROCKETCHAT_THREAD", "on");
    let (_home, bot) = meet_with(&server, home);
    let asked = server.says(ALICE, OPS, "!run seq 1 20000 on localhost");
    let message = until(SOON, || server.of_bot().into_iter().find(|message| message.file.is_some()));
    assert_eq!(message.thread.as_ref(), Some(&asked));
    assert!(server.of_bot().iter().all(|message| message.thread.as_ref() == Some(&asked)));
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn without_the_bot_role_answers_wait_and_keep_their_order() {
    let server = Rocketchat::start();
    let span = Duration::from_secs(2);
    server.world(|world| world.call_limit = Some(CallLimit { calls: 10, span }));
    let (_home, bot) = meet(&server);
    for number in 0..24 {
        server.says(BOB, OPS, &format!("!echo line-{number}-end"));
    }
    server.sees("line-23-end");
    let said: Vec<String> = server.of_bot().iter().map(Message::shown).collect();
    let expected: Vec<String> = (0..24).map(|number| format!("line-{number}-end")).collect();
    assert_eq!(said.len(), expected.len(), "{said:?}");
    assert!(said.iter().zip(&expected).all(|(said, expected)| said.contains(expected)), "{said:?}");
    assert!(bot.stop().success());
    no_breach(&server);
}

#[test]
fn doctor_tells_the_role_the_version_and_the_rooms() {
    let server = Rocketchat::start();
    let home = homes::on_rocketchat(&server.url());
    let ran = home.run(&["doctor"]);
    assert!(ran.stdout.contains("chatbot"), "{}{}", ran.stdout, ran.stderr);
    server.revoke();
    let ran = home.run(&["doctor"]);
    assert!(ran.stdout.contains("`TOKEN`"), "{}{}", ran.stdout, ran.stderr);
    no_breach(&server);
}
