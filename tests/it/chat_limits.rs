//! Who waits for whom: limits, locks, and answers that wait for nobody.

use std::time::{Duration, Instant};

use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS, text};

/// The last answers to come, as many as `count`.
fn ends(bot: &MemoryBot, count: usize) -> Vec<String> {
    let mut ends = Vec::new();
    while ends.len() < count {
        let posted = bot.posts();
        if posted.answer.as_ref().is_some_and(|answer| answer.last) {
            ends.push(text(&posted));
        }
    }
    ends
}

#[test]
fn one_persons_commands_past_the_limit_wait_say_so_and_start_in_order() {
    let bot = MemoryBot::start(ops().set("CHATOPS_MAX_RUNNING_PER_PERSON", "1"));
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.says("alice", OPS, "!hold b");
    assert_eq!(
        bot.answers(),
        "2 waits: 1 of your commands runs already; it is the next one. `kill 2` drops it."
    );
    bot.says("alice", OPS, "!hold c");
    assert_eq!(
        bot.answers(),
        "3 waits: 1 of your commands runs already; 1 waits before it. `kill 3` drops it."
    );
    let waiting = bot.ask("alice", OPS, "!ps");
    assert!(waiting.contains("2   requested  alice") && waiting.contains("3   requested"), "{waiting}");
    bot.says("root", OPS, "!hold d");
    began(bot.home(), "d");
    for name in ["d", "c", "b", "a"] {
        go(bot.home(), name);
    }
    let mut order = ends(&bot, 4);
    order.retain(|said| said != "d went");
    assert_eq!(order, ["a went", "b went", "c went"]);
}

#[test]
fn past_the_limit_in_all_everybody_waits() {
    let bot = MemoryBot::start(ops().set("CHATOPS_MAX_RUNNING", "1"));
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.says("root", OPS, "!hold b");
    assert_eq!(bot.answers(), "2 waits: 1 command runs already; it is the next one. `kill 2` drops it.");
    assert_eq!(bot.ask("dave", OPS, "!echo at once"), "at once", "what ends at once takes no place");
    go(bot.home(), "b");
    go(bot.home(), "a");
    assert_eq!(ends(&bot, 2), ["a went", "b went"]);
}

#[test]
fn a_lock_lets_one_in_at_a_time_and_tells_the_next_who_holds_it() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a lock=shop");
    began(bot.home(), "a");
    bot.says("root", OPS, "!hold b lock=shop");
    assert_eq!(
        bot.answers(),
        "2 waits: `shop` is held by 1 of alice; it starts when that ends. `kill 2` drops it."
    );
    bot.says("root", OPS, "!hold c lock=other");
    began(bot.home(), "c");
    go(bot.home(), "c");
    assert_eq!(ends(&bot, 1), ["c went"], "another lock is free");
    go(bot.home(), "b");
    go(bot.home(), "a");
    assert_eq!(ends(&bot, 2), ["a went", "b went"]);
}

#[test]
fn what_waits_can_be_killed_and_never_starts() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a lock=shop");
    began(bot.home(), "a");
    bot.says("alice", OPS, "!hold b lock=shop");
    assert!(bot.answers().starts_with("2 waits: "));
    bot.says("alice", OPS, "!kill 2");
    bot.comes_to_say("canceled (ended by alice) · execution 2");
    go(bot.home(), "a");
    bot.comes_to_say("a went");
    assert!(!bot.home().path().join("began-b").exists());
    let finished: Vec<_> =
        bot.audit_of("finished").iter().map(|record| record["body"]["status"].clone()).collect();
    assert_eq!(finished, ["canceled", "succeeded"]);
}

#[test]
fn limits_that_are_raised_let_those_in_who_wait() {
    let bot = MemoryBot::start(ops().file("chatops.env", "CHATOPS_MAX_RUNNING_PER_PERSON=1\n"));
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.says("alice", OPS, "!hold b");
    assert!(bot.answers().starts_with("2 waits: "));
    bot.home().write("chatops.env", "CHATOPS_MAX_RUNNING_PER_PERSON=5\n");
    bot.reload();
    began(bot.home(), "b");
    go(bot.home(), "b");
    bot.comes_to_say("b went");
    go(bot.home(), "a");
    bot.comes_to_say("a went");
}

#[test]
fn answers_from_memory_come_at_once_and_in_order_behind_a_hundred_slow_commands() {
    let bot = MemoryBot::start(
        ops().set("CHATOPS_MAX_RUNNING", "200").set("CHATOPS_MAX_RUNNING_PER_PERSON", "200"),
    );
    for number in 0..100 {
        bot.says("alice", OPS, &format!("!hold h{number}"));
    }
    bot.until(|| bot.bot().engine().list().len().eq(&100).then_some(()));
    let began = Instant::now();
    let ids: Vec<String> = (0..50)
        .map(|number| {
            let person = if number % 2 == 0 { "alice" } else { "bob" };
            let text = if number % 3 == 0 { "!whoami".to_owned() } else { format!("!echo {number}") };
            bot.says(person, OPS, &text)
        })
        .collect();
    let mut heard = Vec::new();
    while heard.len() < ids.len() {
        let posted = bot.posts();
        if posted.answer.as_ref().is_some_and(|answer| answer.last) {
            heard.push(posted.answer.unwrap().key.id.to_string());
        }
    }
    assert_eq!(heard, ids, "in the order in which they were asked");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn past_a_thousand_that_wait_people_are_told_to_try_again() {
    let bot = MemoryBot::start(ops().set("CHATOPS_MAX_RUNNING_PER_PERSON", "1"));
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    for number in 0..1000 {
        bot.says("alice", OPS, &format!("!hold w{number}"));
    }
    bot.comes_to_say("1001 waits: 1 of your commands runs already; 999 wait before it.");
    bot.says("alice", OPS, "!hold late");
    bot.comes_to_say("canceled (too many commands wait already, try again later) · execution 1002");
    let waiting = bot.ask("carol", OPS, "!ps");
    assert!(waiting.contains("hold w999") && !waiting.contains("hold late"), "{} bytes", waiting.len());
}
