//! Once and not lost: messages that come again, links that break, and bots that die.

use chatops::adapter::Ended;
use chatops::adapter::memory::Mood;
use chatops::model::SendError;

use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS};

#[test]
fn the_same_message_runs_once_also_after_a_restart() {
    let mut bot = MemoryBot::start(ops());
    for _ in 0..3 {
        bot.room().say_as("m-7", "alice", OPS, "!deploy to staging");
    }
    bot.comes_to_say("deployed 1 to staging");
    bot.says_nothing_more();
    bot.room().say_as("m-8", "alice", OPS, "!echo once");
    bot.comes_to_say("once");
    bot.dies();
    bot.starts_again();
    bot.room().say_as("m-7", "alice", OPS, "!deploy to staging");
    bot.room().say_as("m-8", "alice", OPS, "!echo once");
    bot.room().say_as("m-9", "alice", OPS, "!echo after it");
    assert_eq!(bot.answers(), "after it");
    bot.says_nothing_more();
    assert_eq!(bot.audit_of("asked").len(), 3);
}

#[test]
fn a_result_that_is_ready_while_the_link_is_down_is_said_once_it_is_back() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.room().mood(Mood::Fails(SendError::Retry { why: "the link is down".to_owned(), after: None }));
    go(bot.home(), "a");
    bot.until(|| (bot.audit_of("finished").len() == 1).then_some(()));
    bot.says_nothing_more();
    bot.room().drop_link(Ended::Lost("reset".to_owned()));
    bot.until(|| (bot.room().sessions() == 2).then_some(()));
    bot.room().mood(Mood::Takes);
    bot.comes_to_say("a went");
    bot.says_nothing_more();
}

#[test]
fn an_answer_waits_for_a_link_that_is_not_up() {
    let bot = MemoryBot::start(ops());
    bot.room().drop_link(Ended::Lost("reset".to_owned()));
    bot.says("dave", OPS, "!echo hello");
    bot.comes_to_say("hello");
    bot.until(|| (bot.room().sessions() == 2).then_some(()));
}

#[test]
fn a_result_that_was_not_delivered_goes_out_after_the_restart_once() {
    let mut bot = MemoryBot::start(ops());
    bot.room().mood(Mood::Fails(SendError::Retry { why: "the link is down".to_owned(), after: None }));
    bot.says("alice", OPS, "!deploy to staging");
    bot.until(|| (bot.audit_of("finished").len() == 1).then_some(()));
    bot.dies();
    bot.starts_again();
    bot.comes_to_say("deployed 1 to staging");
    bot.says_nothing_more();
    bot.dies();
    bot.starts_again();
    bot.says_nothing_more();
}

#[test]
fn what_ran_when_the_bot_died_is_abandoned_and_its_person_told_once() {
    let mut bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a lock=shop");
    began(bot.home(), "a");
    bot.says("alice", OPS, "!hold b lock=shop");
    bot.comes_to_say("2 waits");
    bot.dies();
    bot.starts_again();
    let told = bot.comes_to_say("hold a lock=shop");
    assert_eq!(
        told.text,
        "alice: `hold a lock=shop` (1) was abandoned: the bot stopped while it ran, so how it ended is not known. \
         `rerun 1` runs it again."
    );
    bot.comes_to_say("`hold b lock=shop` (2) was abandoned");
    let show = bot.ask("alice", OPS, "!show 1");
    assert!(show.contains("status: abandoned"), "{show}");
    bot.dies();
    bot.starts_again();
    bot.says_nothing_more();
    assert!(bot.audit_is_whole());
    let ends: Vec<_> = bot.audit_of("finished").iter().map(|end| end["body"]["status"].clone()).collect();
    assert_eq!(ends, ["abandoned", "abandoned"]);
    go(bot.home(), "a");
    assert_eq!(bot.ask("alice", OPS, "!rerun 1"), "a went");
}
