//! What was said on Slack while nothing heard it: during a loss, between two processes, long ago.

use serde_json::json;

use crate::platforms::{Fault, Platform, Where, Who};
use crate::slack::Chat;

/// A room where nobody ever spoke to the bot.
const DEV: &str = "C0DEV";

#[test]
fn what_was_said_during_a_loss_in_a_room_that_was_never_heard_of_is_answered() {
    let chat = Chat::start();
    chat.slack.say(Who::Bob, Where::Ops, "!echo first");
    chat.once("first");
    chat.slack.fault(Fault::Down);
    chat.slack.server.hears("U0BOB", DEV, None, "!echo missed-in-dev");
    chat.slack.say(Who::Alice, Where::Direct, "echo missed-by-alice");
    chat.bot().logs("connection lost");
    chat.slack.mend();
    chat.once("missed-in-dev");
    chat.once("missed-by-alice");
    chat.ends();
}

#[test]
fn what_was_said_while_no_process_ran_is_answered_once_in_every_room() {
    let mut chat = Chat::start();
    chat.slack.say(Who::Bob, Where::Thread, "!echo before");
    chat.slack.say(Who::Bob, Where::Ops, "!whoami");
    chat.once("before");
    chat.sees("slack:U0BOB");
    chat.fence();
    let told = chat.shown("slack:U0BOB").len();
    chat.stops();
    chat.slack.say(Who::Bob, Where::Ops, "!echo while-stopped-in-ops");
    chat.slack.server.hears("U0BOB", DEV, None, "!echo while-stopped-in-dev");
    chat.slack.say(Who::Alice, Where::Direct, "echo while-stopped-directly");
    chat.slack.say(Who::Bob, Where::Thread, "!echo while-stopped-in-thread");
    chat.starts();
    for place in ["in-ops", "in-dev", "directly", "in-thread"] {
        chat.once(&format!("while-stopped-{place}"));
    }
    assert_eq!(chat.shown("slack:U0BOB").len(), told, "what was answered before is not answered again");
    chat.once("before");
    // Without a good-bye the last moments are read twice, and run once.
    chat.slack.say(Who::Bob, Where::Ops, "!echo before-the-kill");
    chat.once("before-the-kill");
    chat.bot.take().unwrap().kill9();
    chat.slack.server.hears("U0BOB", DEV, None, "!echo while-killed");
    chat.starts();
    chat.once("while-killed");
    chat.once("before-the-kill");
    // One call lists the rooms, one reads each: far below what Slack allows in a minute.
    let calls = chat.slack.server.state().calls.clone();
    let count = |method: &str| calls.iter().filter(|(called, _)| called == method).count();
    assert_eq!(count("users.conversations"), 2);
    assert!(count("conversations.history") <= 2 * 6, "{}", count("conversations.history"));
    chat.ends();
}

/// Moves the mark of the bot and a message back in time.
fn ago(chat: &Chat, ts: &str, minutes: u64) -> String {
    let (seconds, rest) = ts.split_once('.').unwrap();
    let earlier = format!("{}.{rest}", seconds.parse::<u64>().unwrap() - minutes * 60);
    let mut state = chat.slack.server.state();
    let post = state.posts.iter_mut().find(|post| post.ts == ts).unwrap();
    post.ts.clone_from(&earlier);
    post.event["ts"] = json!(earlier);
    earlier
}

#[test]
fn what_was_said_long_before_a_start_is_offered_and_what_is_older_is_left_alone() {
    let mut chat = Chat::start();
    chat.slack.say(Who::Bob, Where::Ops, "!echo first");
    chat.once("first");
    chat.stops();
    let (late, old) = (
        chat.slack.server.hears("U0BOB", DEV, None, "!echo rather-late"),
        chat.slack.server.hears("U0BOB", DEV, None, "!echo much-too-late"),
    );
    ago(&chat, &late, 10);
    let mark = ago(&chat, &old, 45);
    let raw = rusqlite::Connection::open(chat.home.database()).unwrap();
    let moved =
        raw.execute("UPDATE position SET mark = ?1 WHERE adapter = 'slack' AND room = ''", [mark]).unwrap();
    assert_eq!(moved, 1, "there is one mark");
    drop(raw);
    chat.starts();
    let offered = chat.sees("so I did not run it");
    assert!(offered.text.contains("rather-late") && !offered.buttons.is_empty(), "{offered:?}");
    chat.fence();
    assert_eq!(chat.shown("so I did not run it").len(), 1, "{:#?}", chat.slack.shown());
    assert!(chat.shown("much-too-late").is_empty());
    chat.once("first");
    chat.ends();
}
