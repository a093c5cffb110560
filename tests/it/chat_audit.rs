//! What the audit log keeps of a conversation.

use std::time::Duration;

use serde_json::Value;

use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS};

/// Kind, person and text of each record, without those of the process itself.
fn story(records: &[Value]) -> Vec<(String, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let own = records.iter().filter(|record| !record["person"].is_null());
    own.map(|record| (word(&record["what"]), word(&record["person"]), word(&record["body"]["text"])))
        .collect()
}

#[test]
fn every_command_leaves_its_records() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "just talk");
    bot.ask("alice", OPS, "!help");
    bot.ask("bob", OPS, "!deploy to production");
    bot.ask("alice", OPS, "!deploy to mars");
    bot.ask("dave", OPS, "!nonsense");
    bot.ask("dave", OPS, "!doctor");
    bot.ask("alice", OPS, "!deploy to staging");
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.says("carol", OPS, "!kill 2");
    bot.comes_to_say("canceled (ended by carol)");
    let records = bot.audit();
    let told: Vec<_> = story(&records);
    let told: Vec<[&str; 3]> =
        told.iter().map(|(what, person, text)| [what.as_str(), person.as_str(), text.as_str()]).collect();
    let expected = [
        ["answered", "memory:alice", "help"],
        ["refused", "memory:bob", "deploy to production"],
        ["refused", "memory:alice", "deploy to mars"],
        ["unmatched", "memory:dave", "nonsense"],
        ["refused", "memory:dave", "doctor"],
        ["asked", "memory:alice", "deploy to staging"],
        ["started", "memory:alice", "deploy to staging"],
        ["finished", "memory:alice", "deploy to staging"],
        ["asked", "memory:alice", "hold a"],
        ["started", "memory:alice", "hold a"],
        ["answered", "memory:carol", "kill 2"],
        ["killed", "memory:carol", "hold a"],
        ["finished", "memory:alice", "hold a"],
    ];
    assert_eq!(told, expected);
    assert!(bot.audit_is_whole());
    let refused = &bot.audit_of("refused")[0];
    assert_eq!([&refused["body"]["alias"], &refused["body"]["action"]], ["default.deploy", "default.deploy"]);
    let asked = &bot.audit_of("asked")[0];
    assert_eq!([&asked["place"], &asked["subject"]], ["memory:#ops", "execution/1"]);
    assert_eq!(
        [&asked["body"]["alias"], &asked["body"]["parameters"]["target"]],
        ["default.deploy", "staging"]
    );
    let ended = &bot.audit_of("finished");
    assert_eq!([&ended[0]["body"]["status"], &ended[1]["body"]["status"]], ["succeeded", "canceled"]);
    assert_eq!(ended[1]["body"]["why"], "ended by carol");
}

#[test]
fn the_audit_command_finds_by_kind_person_and_text() {
    let bot = MemoryBot::start(ops());
    bot.ask("alice", OPS, "!deploy to staging");
    bot.ask("dave", OPS, "!nonsense");
    let lines = |word: &str| bot.ask("carol", OPS, &format!("!audit {word}")).lines().skip(2).count();
    assert_eq!(lines("unmatched"), 1);
    assert_eq!(lines("memory:alice"), 3, "asked, started, finished");
    assert_eq!(lines("staging"), 4, "and the question itself");
    assert_eq!(bot.ask("carol", OPS, "!audit killed"), "no audit record fits");
}

#[test]
fn what_the_command_line_ends_is_recorded_too() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    let person = "terminal:alice".parse().unwrap();
    bot.bot().kill_for(1, person, "the command line".to_owned()).unwrap();
    bot.comes_to_say("canceled (ended by the command line) · execution 1");
    let killed = &bot.audit_of("killed")[0];
    assert_eq!([&killed["body"]["by"], &killed["body"]["asked_by"]], ["the command line", "memory:alice"]);
    assert_eq!(killed["subject"], "execution/1");
}

#[test]
fn stopping_lets_work_end_within_its_grace_and_delivers_what_is_left() {
    let mut bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    let room = bot.room().clone();
    go(bot.home(), "a");
    bot.stop(Duration::from_secs(10));
    assert!(room.try_next().unwrap().text.ends_with("a went"));
    bot.starts_again();
    bot.says_nothing_more();
    let life: Vec<_> = bot.audit().into_iter().map(|record| record["what"].clone()).collect();
    assert_eq!(life, ["up", "asked", "started", "finished", "down", "up"]);
}

#[test]
fn stopping_cancels_what_outlasts_its_grace_and_turns_away_what_waits() {
    let mut bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a lock=shop");
    began(bot.home(), "a");
    bot.says("alice", OPS, "!hold b lock=shop");
    bot.comes_to_say("2 waits");
    let room = bot.room().clone();
    bot.stop(Duration::from_millis(100));
    let said: Vec<String> = std::iter::from_fn(|| room.try_next()).map(|posted| posted.text).collect();
    assert!(said[0].ends_with("canceled (the bot stopped before it could start) · execution 2"), "{said:?}");
    assert!(said[1].ends_with("canceled (ended by the bot's stop) · execution 1"), "{said:?}");
    bot.starts_again();
    bot.says_nothing_more();
    assert!(bot.audit_is_whole());
}

#[test]
fn a_bot_that_stops_takes_no_more_commands_and_says_so() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    let (engine, home) = (bot.bot().engine().clone(), bot.home());
    let stopping = async {
        let stop = engine.stop(Duration::from_secs(10));
        let ask = async {
            bot.room().say("root", OPS, "!deploy to staging");
            let posted = bot.room().next().await;
            go(home, "a");
            posted.text
        };
        tokio::join!(stop, ask).1
    };
    let said = bot.wait(stopping);
    assert!(said.ends_with("canceled (the bot is stopping) · execution 2"), "{said}");
    bot.comes_to_say("a went");
}
