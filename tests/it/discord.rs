//! The whole bot on Discord, against the stand-in: rooms, threads, direct messages, `/chatops`, and everything that
//! goes wrong in between.

use std::time::Duration;

use serde_json::json;

use crate::support::bot::{Bot, Home};
use crate::support::discord::world::{ALICE, BOB, GUILD, MALLORY, ME, MYSELF, OTHER_BOT, TOKEN};
use crate::support::discord::{DiscordServer, text};
use crate::support::{SOON, homes, until};

/// A home of a bot on the stand-in; everyone may run everything.
pub(crate) fn home(server: &DiscordServer) -> Home {
    homes::open_to_all()
        .set("CHATOPS_DISCORD_TOKEN", TOKEN)
        .set("CHATOPS_DISCORD_API_URL", &server.url())
        .set("CHATOPS_DISCORD_GUILD", &GUILD.to_string())
        .set("CHATOPS_ADMINS", &format!("discord:{}", ALICE.id))
        .set("NO_PROXY", "127.0.0.1")
}

/// Starts the bot and waits until it is on the gateway.
pub(crate) fn meet(server: &DiscordServer) -> (Home, Bot) {
    meet_at(server, home(server))
}

/// The same with another home.
pub(crate) fn meet_at(server: &DiscordServer, home: Home) -> (Home, Bot) {
    let bot = home.serve();
    server.meets(1);
    (home, bot)
}

/// Waits until everything said before is answered, and gives nothing else a chance to be late.
pub(crate) fn settle(server: &DiscordServer, word: &str) {
    server.says(ALICE, server.ops(), &format!("!echo {word}"));
    server.sees(word);
}

#[test]
fn a_room_a_thread_and_a_direct_conversation_are_answered_where_they_are() {
    let server = DiscordServer::start();
    let thread = server.thread(server.ops(), "disk full");
    let (_home, bot) = meet(&server);
    server.says(ALICE, server.ops(), "!echo in the room");
    let answer = server.sees("in the room");
    assert_eq!(answer.channel, server.ops());
    assert!(text(&answer).contains(&format!("<@{}>", ALICE.id)), "whom it answers: {}", text(&answer));
    assert_eq!(answer.body["allowed_mentions"]["users"], json!([ALICE.id.to_string()]));

    server.says(BOB, server.ops(), &format!("<@{ME}> echo by mention"));
    server.sees("by mention");
    server.says(BOB, thread, &format!("<@!{ME}>: echo in the thread"));
    assert_eq!(server.sees("in the thread").channel, thread);
    let direct = server.direct(BOB);
    server.says(BOB, direct, "echo to me alone");
    assert_eq!(server.sees("to me alone").channel, direct);

    server.says(BOB, server.ops(), "echo is not for the bot");
    settle(&server, "all-is-said");
    assert_eq!(server.count("not for the bot"), 0);
    assert!(bot.stop().success());
    until(SOON, || server.world().sessions.is_empty().then_some(()));
}

#[test]
fn what_was_said_once_is_answered_once_and_bots_are_nobody() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    let first = server.says(ALICE, server.ops(), "!echo once-only");
    server.again(first);
    server.sees("once-only");
    server.again(first);
    server.edits(first, "!echo edited-in");
    server.says(OTHER_BOT, server.ops(), "!echo another-bot");
    server.says(MYSELF, server.ops(), "!echo my-own-words");
    server.says_with(BOB, server.ops(), "!echo by-webhook", &json!({"webhook_id": "99"}));
    server.says_with(BOB, server.ops(), "!echo pinned", &json!({"type": 6}));
    let reply = server.says_with(BOB, server.ops(), "!echo a-reply", &json!({"type": 19}));
    server.sees("a-reply");
    assert!(reply > first);
    settle(&server, "done-with-it");
    assert_eq!(server.count("once-only"), 1);
    for part in ["edited-in", "another-bot", "by-webhook", "my-own-words", "pinned"] {
        assert_eq!(server.count(part), usize::from(part == "my-own-words"), "{part}");
    }
    assert!(bot.stop().success());
}

#[test]
fn an_acknowledgement_becomes_the_result() {
    let server = DiscordServer::start();
    let (home, bot) = meet(&server);
    let gate = home.path().join("gate");
    let wait = format!("until [ -e {} ]; do sleep 0.05; done; echo it-went-well", gate.display());
    server.says(ALICE, server.ops(), &format!("!run {wait} on localhost"));
    let working = server.sees("is running as");
    home.write("gate", "");
    let result = server.sees("it-went-well");
    assert_eq!(result.id, working.id, "the same message, edited");
    let count = server.shown().len();
    assert_eq!(count, 1, "and no other");
    assert!(bot.stop().success());
}

#[test]
fn markup_is_undone_before_a_command_is_read() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    server.says(
        ALICE,
        server.ops(),
        &format!("!echo <https://example.org/x> <#{}> \u{201c}q\u{201d}", server.ops()),
    );
    let answer = text(&server.sees("example.org"));
    assert!(
        answer.contains("https://example.org/x") && answer.contains("\"q\"") && answer.contains("ops"),
        "{answer}"
    );
    assert!(!answer.contains('<') || answer.contains(&format!("<@{}>", ALICE.id)), "{answer}");
    server.says(ALICE, server.ops(), "!echo @everyone <@&1> look");
    let loud = server.sees("look");
    assert_eq!(loud.body["allowed_mentions"]["parse"], json!([]), "it calls nobody");
    assert!(!text(&loud).contains("@everyone"), "{}", text(&loud));
    assert!(bot.stop().success());
}

#[test]
fn a_display_name_is_nobody() {
    let server = DiscordServer::start();
    let access = format!(
        "people: {{ alice: [discord:{}] }}\nroles: {{ operator: [ {{ run: [default.*, core.*] }} ] }}\ngrants: [ {{ role: operator, to: [alice] }} ]\n",
        ALICE.id
    );
    let (home, bot) = meet_at(&server, home(&server).file("access.yaml", &access));
    server.says(
        MALLORY,
        server.ops(),
        &format!("!run touch {} on localhost", home.path().join("taken").display()),
    );
    server.sees("may not");
    server.says(MALLORY, server.ops(), "!whoami");
    server.sees(&MALLORY.id.to_string());
    assert!(!home.path().join("taken").exists());
    server.says(ALICE, server.ops(), "!echo i-may");
    server.sees("i-may");
    assert!(bot.stop().success());
}

#[test]
fn long_output_is_a_page_and_a_file() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    server.says(ALICE, server.ops(), "!run seq -f row-%g-end 1 9000 on localhost");
    let answer = server.sees("row-1-end");
    until(SOON, || (!server.sees("row-1-end").files.is_empty()).then_some(()));
    let (name, bytes) = server.sees("row-1-end").files[0].clone();
    assert_eq!(name, "output.txt");
    let whole = String::from_utf8(bytes).unwrap();
    assert!((1..=9000).all(|row| whole.contains(&format!("row-{row}-end"))), "nothing is lost");
    assert_eq!(answer.channel, server.ops());
    assert!(bot.stop().success());
}

#[test]
fn withheld_text_is_said_once_and_mentions_still_work() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    server.world().switches.withhold = true;
    for _ in 0..3 {
        server.says(BOB, server.ops(), "!echo nobody hears this");
    }
    server.says(BOB, server.ops(), &format!("<@{ME}> echo by-mention-alone"));
    server.sees("by-mention-alone");
    let said = || bot.log().matches("messages come without their text").count();
    until(SOON, || (said() > 0).then_some(()));
    assert_eq!(said(), 1);
    assert!(bot.stop().success());
}

#[test]
fn the_slash_command_is_registered_acknowledged_and_answered() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    until(SOON, || (!server.world().commands.is_empty()).then_some(()));
    assert_eq!(server.world().commands[0].0, Some(GUILD));
    let token = server.slash(ALICE, server.ops(), "echo by-slash");
    let answer = server.sees("by-slash");
    let interaction = server.world().interactions[&token].clone();
    assert_eq!(interaction.acknowledged, Some(5));
    assert!(interaction.took.unwrap() < Duration::from_secs(3));
    assert_eq!(interaction.original, Some(answer.id), "in place of `thinking...`");

    let token = server.slash(ALICE, server.ops(), "run echo slow-answer on localhost");
    let result = server.sees("slow-answer");
    let original = server.world().interactions[&token].original;
    assert_eq!(original, Some(result.id), "the result took the place of the acknowledgement");
    let direct = server.direct(BOB);
    server.slash(BOB, direct, "echo slash-in-private");
    assert_eq!(server.sees("slash-in-private").channel, direct);
    assert!(bot.stop().success());
}

#[test]
fn a_thread_is_begun_for_each_answer_where_that_is_wished() {
    let server = DiscordServer::start();
    let (_home, bot) = meet_at(&server, home(&server).set("CHATOPS_DISCORD_THREAD", "on"));
    let asked = server.says(ALICE, server.ops(), "!echo in-a-thread");
    assert_eq!(server.sees("in-a-thread").channel, asked);
    assert_eq!(server.world().channels[&asked].name, "!echo in-a-thread");
    server.says(ALICE, asked, "!echo and-on-there");
    assert_eq!(server.sees("and-on-there").channel, asked);
    assert!(bot.stop().success());
}

#[test]
fn rooms_that_nobody_told_of_are_asked_for_once() {
    let server = DiscordServer::start();
    server.world().switches.silent_about_rooms = true;
    let thread = server.thread(server.ops(), "quiet");
    let access = "everyone: [ { run: [core.echo], in: [\"discord:#ops\"] } ]\n";
    let (_home, bot) = meet_at(&server, home(&server).file("access.yaml", access));
    for number in 0..3 {
        server.says(BOB, server.ops(), &format!("!echo known-{number}"));
    }
    server.sees("known-2");
    assert_eq!(server.requests("GET", &format!("channels/{}", server.ops())).len(), 1);
    server.says(BOB, thread, "!echo in-its-thread");
    assert_eq!(server.sees("in-its-thread").channel, thread, "rights of a room hold in its threads");
    assert!(bot.stop().success());
}

#[test]
fn many_rooms_cost_no_question() {
    let server = DiscordServer::start();
    let rooms: Vec<u64> = (0..254).map(|number| server.room(&format!("room-{number}"))).collect();
    let (_home, bot) = meet(&server);
    for room in rooms.iter().step_by(50) {
        server.says(BOB, *room, &format!("!echo from-{room}-end"));
    }
    for room in rooms.iter().step_by(50) {
        assert_eq!(server.sees(&format!("from-{room}-end")).channel, *room);
    }
    assert!(server.requests("GET", "channels/").is_empty());
    assert!(bot.stop().success());
}

#[test]
fn bad_input_harms_nothing() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    server.frame("this is not json");
    server.frame("[]");
    server.frame(r#"{"op":99,"d":{}}"#);
    {
        let mut world = server.world();
        world.emit("SOMETHING_NEW", &json!({"id": 1}));
        world.emit("MESSAGE_CREATE", &json!({"id": "x", "content": 5}));
        world.emit(
            "MESSAGE_CREATE",
            &json!({"id": "5", "channel_id": server.ops().to_string(), "author": ALICE.json(), "type": 0}),
        );
        world.emit("INTERACTION_CREATE", &json!({"id": "7", "type": 3}));
        world.emit("GUILD_CREATE", &json!({"id": "9", "channels": [{"type": "x"}, 5, {"id": "0"}]}));
    }
    server.says(ALICE, server.ops(), &format!("!echo {}", "x".repeat(1024 * 1024)));
    server.says(ALICE, server.ops(), "");
    settle(&server, "still-here");
    assert_eq!(server.world().identified.len(), 1, "and in the same session");
    let renamed = server.room("lounge");
    server.says(ALICE, renamed, "!echo in-the-lounge");
    assert_eq!(server.sees("in-the-lounge").channel, renamed);
    assert!(bot.stop().success());
}
