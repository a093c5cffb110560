//! Pipes that end before their end: by their limits, by the end of the process.

use std::time::{Duration, Instant};

use crate::approvals::SHIP;
use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS};
use crate::support::{SOON, until};

#[test]
fn after_a_crash_the_owner_hears_which_step_ran_and_that_the_rest_did_not() {
    let mut bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!echo x | hold {{ previous }} | deploy to staging");
    began(bot.home(), "x");
    bot.read(|_| Ok(()));
    bot.dies();
    go(bot.home(), "x");
    bot.starts_again();
    let told = bot.comes_to_say("was cut off");
    let id = bot.read(|reader| reader.executions(&Default::default()))[0].id;
    let expected = format!(
        "Step 2 of 3, hold {{{{ previous }}}} ({id}) was running, so how it ended is not known; the step after it was not run. rerun {id} runs that step again."
    );
    assert!(told.text.replace('`', "").contains(&expected), "{}", told.text);
    assert!(told.text.starts_with("alice: "), "{}", told.text);
    bot.says_nothing_more();
    let executions = bot.read(|reader| reader.executions(&Default::default()));
    assert!(executions.iter().all(|it| it.action != "default.deploy"), "{executions:?}");
    assert_eq!(bot.audit_of("asked").len(), 2, "each of the two once");
    assert_eq!(bot.audit_of("started").len(), 1, "what ends at once has no start of its own");
    bot.dies();
    bot.starts_again();
    bot.says_nothing_more();
    assert!(bot.audit_is_whole());
}

#[test]
fn a_step_that_waits_for_approval_goes_on_alone_after_a_crash() {
    let mut bot = MemoryBot::start(ops().file("aliases/ship.yaml", SHIP));
    bot.says("bob", OPS, "!ship to staging | count");
    let asked = bot.comes_to_say("asks for approval of");
    let id: i64 =
        asked.text.split("approval of ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    let told = bot.comes_to_say("was cut off").text.replace('`', "");
    assert!(told.contains(&format!("({id}) still waits, and runs alone once it may")), "{told}");
    assert_eq!(bot.ask("alice", OPS, &format!("!approve {id}")), format!("you approved {id}: it runs"));
    bot.comes_to_say("deployed 1 to staging");
    bot.says_nothing_more();
}

#[test]
fn a_pipe_that_came_to_its_end_leaves_nothing_to_be_told() {
    let mut bot = MemoryBot::start(ops());
    assert_eq!(bot.ask("alice", OPS, "!deploy to staging | count"), "1");
    assert!(bot.ask("alice", OPS, "!echo moon | deploy to").contains("step 2 of 2:"));
    assert!(bot.read(|reader| reader.memos("")).is_empty());
    bot.dies();
    bot.starts_again();
    bot.says_nothing_more();
    // And one that is stopped in good order says so itself.
    bot.says("alice", OPS, "!hold y | count");
    began(bot.home(), "y");
    bot.stop(Duration::ZERO);
    bot.starts_again();
    bot.read(|_| Ok(()));
    assert!(bot.read(|reader| reader.memos("")).is_empty());
}

#[test]
fn a_pipe_begins_no_step_after_its_time() {
    let bot = MemoryBot::start(ops().set("CHATOPS_PIPE_WITHIN", "1s"));
    let start = Instant::now();
    bot.says("alice", OPS, "!hold z | deploy to staging");
    began(bot.home(), "z");
    until(SOON, || (start.elapsed() > Duration::from_millis(1200)).then_some(()));
    go(bot.home(), "z");
    bot.comes_to_say("step 2 of 2 is not run: 1 s after its start a pipe begins no further step");
    let executions = bot.read(|reader| reader.executions(&Default::default()));
    assert!(executions.iter().all(|it| it.action != "default.deploy"), "{executions:?}");
}

#[test]
fn where_a_result_goes_is_checked_first() {
    let bot = MemoryBot::start(ops());
    assert!(
        bot.ask("alice", OPS, "!deploy to staging > slack:#ops").contains("no adapter `slack` is connected")
    );
    assert!(bot.ask("bob", OPS, "!deploy to staging > memory:@carol").contains("you may not post in"));
    assert!(bot.read(|reader| reader.executions(&Default::default())).is_empty());
    bot.says("bob", OPS, "!deploy to staging > me");
    let said = [bot.posts().text, bot.posts().text];
    assert!(said.contains(&"bob: sent to you in a direct message".to_owned()), "{said:?}");
    assert!(said.contains(&"deployed 1 to staging".to_owned()), "{said:?}");
}

#[test]
fn a_room_that_takes_nothing_leaves_the_result_here() {
    let bot = MemoryBot::start(ops());
    bot.room().close("#dev");
    let said = bot.ask("alice", OPS, "!deploy to staging > #dev");
    assert!(
        said.starts_with("it could not be sent to `#dev` (") && said.contains("deployed 1 to staging"),
        "{said}"
    );
}

#[test]
fn what_goes_to_oneself_is_said_in_private_where_nobody_vouches_for_who_that_is() {
    let bot = MemoryBot::start(ops());
    let posted = bot.asks("~dave", OPS, "!echo x > me");
    assert!(posted.post.private && posted.text.ends_with('x'), "{posted:?}");
    bot.says_nothing_more();
}
