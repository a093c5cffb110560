//! Approvals: asked for, decided by a second person, counted, and kept over a restart.

use std::sync::atomic::{AtomicUsize, Ordering};

use chatops::adapter::memory::Posted;
use serde_json::Value;

use crate::support::bot::Home;
use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS, text};
use crate::support::{SOON, until};

/// `ship to TARGET`, which one of the group `sre` must approve.
pub(crate) const SHIP: &str = r#"---
name: ship
description: Bring the application out
action_ref: default.deploy
formats: ["ship to {{target}}"]
ack: { enabled: false }
result: { format: "{{ execution.result.stdout | trim }}" }
extra: { approval: { by: sre, within: 1h } }
"#;

pub(crate) fn home(approval: &str) -> Home {
    ops().file("aliases/ship.yaml", &SHIP.replace("{ by: sre, within: 1h }", approval))
}

pub(crate) fn bot() -> MemoryBot {
    MemoryBot::start(home("{ by: sre, within: 1h }"))
}

/// Bob asks for a release; the message that asks others, and its number.
pub(crate) fn asked(bot: &MemoryBot) -> (Posted, i64) {
    bot.says("bob", OPS, "!ship to staging");
    let asked = bot.comes_to_say("bob asks for approval of");
    let id = number(&asked.text);
    (asked, id)
}

/// The number behind `approval of`.
fn number(text: &str) -> i64 {
    let rest = text.split("approval of ").nth(1).unwrap();
    rest.split(':').next().unwrap().parse().unwrap()
}

fn nonce<'a>(posted: &'a Posted, label: &str) -> &'a str {
    let found = posted.post.choices.iter().find(|choice| choice.label == label);
    &found.unwrap_or_else(|| panic!("no button `{label}`: {posted:?}")).nonce
}

/// Somebody presses a button; the id of the press, which no message has.
pub(crate) fn press(bot: &MemoryBot, person: &str, on: &Posted, label: &str) -> String {
    static PRESSES: AtomicUsize = AtomicUsize::new(0);
    let id = format!("p{}", PRESSES.fetch_add(1, Ordering::Relaxed));
    bot.room().press_as(&id, on, person, nonce(on, label));
    id
}

fn presses(bot: &MemoryBot, person: &str, on: &Posted, label: &str) -> Posted {
    let id = press(bot, person, on, label);
    loop {
        let posted = bot.posts();
        if posted.answer.as_ref().is_some_and(|answer| answer.last && *answer.key.id == *id) {
            return posted;
        }
    }
}

/// It is recorded that it went well; the answer does not wait for that.
fn succeeds(bot: &MemoryBot, id: i64) {
    until(SOON, || (status(bot, id) == "succeeded").then_some(()));
}

pub(crate) fn status(bot: &MemoryBot, id: i64) -> String {
    bot.read(move |reader| reader.execution(id)).unwrap().status.to_string()
}

fn kinds(bot: &MemoryBot) -> Vec<String> {
    let events =
        bot.read(|reader| reader.events(&chatops::store::EventFilter { limit: 50, ..Default::default() }));
    events.into_iter().rev().map(|stored| stored.event.kind.clone()).collect()
}

#[test]
fn a_second_person_approves_by_a_button_and_it_runs_once() {
    let bot = bot();
    let (asked, id) = asked(&bot);
    for part in
        ["`ship to staging`", "default.deploy", "target: `staging`", "it never ran well before", "1 of `sre`"]
    {
        assert!(asked.text.contains(part), "{part}: {}", asked.text);
    }
    assert_eq!(status(&bot, id), "pending");
    let answer = presses(&bot, "alice", &asked, "approve");
    assert_eq!(text(&answer), format!("you approved {id}: it runs"));
    bot.comes_to_say("deployed 1 to staging");
    succeeds(&bot, id);
    // The second click finds it decided.
    let again = presses(&bot, "alice", &asked, "approve");
    assert!(text(&again).starts_with(&format!("{id} was approved by alice already")), "{}", again.text);
    assert!(again.post.private);
    assert_eq!(bot.audit_of("started").len(), 1);
    assert_eq!(kinds(&bot), ["approval.pending", "approval.approved"]);
    let records: Vec<Value> = bot.audit_of("approved");
    assert_eq!((records.len(), &records[0]["person"]), (1, &Value::from("memory:alice")));
    assert!(bot.audit_is_whole());
}

#[test]
fn the_message_becomes_what_came_of_it() {
    let bot = bot();
    let (asked, id) = asked(&bot);
    press(&bot, "alice", &asked, "deny");
    let changed = bot.comes_to_say("denied");
    let changed = if changed.edited { changed } else { bot.comes_to_say(" denied") };
    assert!(
        changed.edited && changed.handle == asked.handle && changed.post.choices.is_empty(),
        "{changed:?}"
    );
    bot.comes_to_say(&format!("({id}) did not run: denied by alice"));
    assert_eq!(status(&bot, id), "canceled");
    assert_eq!(kinds(&bot), ["approval.pending", "approval.denied"]);
    assert!(bot.audit_of("started").is_empty());
}

#[test]
fn who_asks_never_approves_under_any_name() {
    let home = home("{ by: [sre, deployer], within: 1h }");
    home.write(
        "access.yaml",
        "people: { bob: [memory:bob, memory:robert, irc:bob], alice: [memory:alice] }\n\
        groups: { sre: [alice, bob], deployer: [bob] }\nroles: { all: [ { run: [default.*, core.*] } ] }\n\
        grants: [ { role: all, to: [sre] } ]\n",
    );
    let bot = MemoryBot::start(home.set("CHATOPS_ADMINS", "memory:bob"));
    let (asked, id) = asked(&bot);
    for person in ["bob", "robert", "~bob"] {
        let answer = presses(&bot, person, &asked, "approve");
        assert!(answer.post.private, "{answer:?}");
        let said = text(&answer);
        assert!(
            said.contains("who asks never approves") || said.contains("does not vouch"),
            "{person}: {said}"
        );
    }
    let typed = bot.ask("robert", OPS, &format!("!approve {id} it is fine"));
    assert!(typed.contains("who asks never approves"), "{typed}");
    assert_eq!(status(&bot, id), "pending");
    assert!(bot.audit_of("refused").len() >= 4);
    // The buttons are still there for others.
    presses(&bot, "alice", &asked, "approve");
    bot.comes_to_say("deployed 1 to staging");
}

#[test]
fn somebody_without_the_role_is_told_in_private_and_the_button_stays() {
    let bot = bot();
    let (asked, id) = asked(&bot);
    let answer = presses(&bot, "mallory", &asked, "approve");
    assert_eq!((text(&answer).as_str(), answer.post.private), ("that is for `sre` to decide", true));
    assert_eq!(bot.audit_of("refused")[0]["body"]["said"], "approve");
    assert!(presses(&bot, "mallory", &asked, "deny").post.private);
    assert_eq!(status(&bot, id), "pending");
    presses(&bot, "alice", &asked, "approve");
    bot.comes_to_say("deployed 1 to staging");
}

#[test]
fn two_must_approve_and_the_first_denial_ends_it() {
    let home = home("{ by: [sre, keeper, operator], count: 2 }");
    let bot = MemoryBot::start(home);
    let (first, id) = asked(&bot);
    let answer = presses(&bot, "alice", &first, "approve");
    assert_eq!(text(&answer), format!("you approved {id}: 1 of 2"));
    let again = bot.ask("alice", OPS, &format!("!approve {id}"));
    assert_eq!(again, "you have said `approve` already");
    assert_eq!(bot.ask("carol", OPS, &format!("!approve {id}")), format!("you approved {id}: it runs"));
    bot.comes_to_say("deployed 1 to staging");
    let (second, id) = asked(&bot);
    presses(&bot, "alice", &second, "approve");
    bot.says("carol", OPS, &format!("!deny {id} not today"));
    bot.comes_to_say("did not run: denied by carol: not today");
    bot.comes_to_say(&format!("you denied {id}"));
    assert_eq!(status(&bot, id), "canceled");
}

#[test]
fn what_differs_from_the_last_run_is_shown() {
    let bot = bot();
    let (first, id) = asked(&bot);
    presses(&bot, "alice", &first, "approve");
    bot.comes_to_say("deployed 1 to staging");
    succeeds(&bot, id);
    let (same, _) = asked(&bot);
    assert!(same.text.contains("nothing differs from run "), "{}", same.text);
    bot.says("bob", OPS, "!ship to dev-1 count=3 token=hunter2");
    let other = bot.comes_to_say("asks for approval of");
    for part in ["target: staging → dev-1", "count: 1 → 3", "token: `********`"] {
        assert!(other.text.contains(part), "{part}: {}", other.text);
    }
    assert!(!other.text.contains("hunter2"), "{}", other.text);
}

#[test]
fn a_request_survives_a_restart_and_runs_once() {
    let mut bot = bot();
    bot.says("bob", OPS, "!ship to dev-1 token=hunter2");
    let asked = bot.comes_to_say("bob asks for approval of");
    let id = number(&asked.text);
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    assert_eq!(status(&bot, id), "pending");
    let answer = presses(&bot, "alice", &asked, "approve");
    assert_eq!(text(&answer), format!("you approved {id}: it runs"));
    bot.comes_to_say("deployed 1 to dev-1");
    succeeds(&bot, id);
    assert_eq!(bot.audit_of("started").len(), 1);
    bot.dies();
    bot.starts_again();
    let late = bot.ask("alice", OPS, &format!("!approve {id}"));
    assert!(late.contains("was approved by alice already"), "{late}");
    assert_eq!(bot.audit_of("started").len(), 1);
}

#[test]
fn who_asked_takes_it_back_and_nobody_else_does() {
    let bot = bot();
    let (_, id) = asked(&bot);
    let other = bot.ask("alice", OPS, &format!("!withdraw {id}"));
    assert!(other.contains("only who asked"), "{other}");
    assert_eq!(bot.ask("bob", OPS, &format!("!withdraw {id}")), format!("{id} is withdrawn"));
    assert_eq!(status(&bot, id), "canceled");
    let late = bot.ask("alice", OPS, &format!("!approve {id}"));
    assert!(late.starts_with(&format!("{id} was withdrawn already")), "{late}");
    // `kill` does it too.
    let (_, id) = asked(&bot);
    bot.ask("bob", OPS, &format!("!kill {id}"));
    bot.comes_to_say("did not run: withdrawn by bob");
}

#[test]
fn nobody_decides_in_time() {
    let bot = MemoryBot::start(home("{ by: sre, within: 1s }"));
    let (asked, id) = asked(&bot);
    bot.comes_to_say("did not run: nobody decided it within 1 s");
    assert_eq!(status(&bot, id), "timeout");
    let late = presses(&bot, "alice", &asked, "approve");
    assert!(text(&late).contains("was not decided in time already") && late.post.private, "{}", late.text);
    assert_eq!(kinds(&bot), ["approval.pending", "approval.timed_out"]);
    assert!(bot.audit_of("started").is_empty());
}

#[test]
fn what_was_changed_meanwhile_is_asked_again() {
    let bot = bot();
    let (asked, id) = asked(&bot);
    let action = std::fs::read_to_string(bot.home().path().join("actions/deploy.yaml")).unwrap();
    bot.home().write("actions/deploy.yaml", &action.replace("deployed", "removed"));
    bot.reload();
    let answer = presses(&bot, "alice", &asked, "approve");
    let said = text(&answer);
    assert!(
        said.contains(
            "the action `default.deploy` was changed since it was asked for; it is asked for again as"
        ),
        "{said}"
    );
    assert_eq!(status(&bot, id), "canceled");
    let next = id + 1;
    let open = bot.until(|| bot.bot().engine().awaiting().into_iter().find(|open| open.execution.id == next));
    assert_eq!(open.execution.rerun_of, Some(id));
    bot.ask("alice", OPS, &format!("!approve {next}"));
    bot.comes_to_say("removed 1 to staging");
}

#[test]
fn rights_are_those_of_the_moment_of_the_click() {
    let bot = bot();
    let (asked, id) = asked(&bot);
    let access = std::fs::read_to_string(bot.home().path().join("access.yaml")).unwrap();
    bot.home().write("access.yaml", &access.replace("target: [staging", "target: [nowhere"));
    bot.reload();
    let answer = presses(&bot, "alice", &asked, "approve");
    assert!(text(&answer).contains("bob may not run it any more"), "{}", answer.text);
    assert_eq!(status(&bot, id), "canceled");
    assert!(bot.audit_of("started").is_empty());
}

#[test]
fn a_reason_may_be_needed_and_a_place_too() {
    let bot = MemoryBot::start(home("{ by: sre, reason: required, in: [\"memory:#sec\"] }"));
    bot.says("bob", OPS, "!ship to staging");
    let here = bot.comes_to_say("asks for approval of");
    assert!(here.post.choices.is_empty(), "typing is needed: {here:?}");
    let there = bot.comes_to_say("asks for approval of");
    assert_ne!(here.place, there.place);
    let id = number(&here.text);
    assert_eq!(
        bot.ask("alice", OPS, &format!("!approve {id} fine")),
        "that is decided in `memory:#sec` only"
    );
    assert_eq!(
        bot.ask("alice", "#sec", &format!("!approve {id}")),
        format!("say why: `approve {id} REASON`")
    );
    assert_eq!(
        bot.ask("alice", "#sec", &format!("!approve {id} fine")),
        format!("you approved {id}: it runs")
    );
    bot.comes_to_say("deployed 1 to staging");
    assert_eq!(bot.audit_of("approved")[0]["body"]["reason"], "fine");
}

#[test]
fn actions_and_rules_ask_for_approval_too() {
    let home = ops();
    let action = std::fs::read_to_string(home.path().join("actions/deploy.yaml")).unwrap();
    home.write("actions/deploy.yaml", &format!("{action}approval: {{ by: sre }}\n"));
    let bot = MemoryBot::start(home);
    bot.says("bob", OPS, "!deploy to staging");
    let id = number(&bot.comes_to_say("asks for approval of").text);
    bot.ask("bob", OPS, &format!("!withdraw {id}"));
    bot.home().write("actions/deploy.yaml", &action);
    let access = std::fs::read_to_string(bot.home().path().join("access.yaml")).unwrap();
    let guarded =
        access.replace("- run: [default.deploy]\n", "- run: [default.deploy]\n      approval: { by: sre }\n");
    bot.home().write("access.yaml", &guarded);
    bot.reload();
    bot.says("bob", OPS, "!deploy to staging");
    let id = number(&bot.comes_to_say("asks for approval of").text);
    bot.ask("alice", OPS, &format!("!approve {id}"));
    bot.comes_to_say("deployed 1 to staging");
    // Alice has a rule that asks nobody.
    bot.says("alice", OPS, "!deploy to production");
    bot.comes_to_say("deployed 1 to production");
}
