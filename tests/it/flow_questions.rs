//! Questions inside workflows and chains: asked in a room, answered by somebody else, over a restart, too late; and
//! what workflows read of the datastore.

use crate::support::bot::Home;
use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS, text};
use chatops::adapter::memory::Posted;

/// An action that is a workflow or a chain, and the command for it.
fn flow(home: Home, runner: &str, name: &str, file: &str) -> Home {
    let action = format!("name: {name}\nrunner_type: {runner}\nentry_point: flows/{name}.yaml\n");
    let alias = format!("name: {name}\naction_ref: default.{name}\nformats: [{name}]\n");
    home.file(&format!("actions/{name}.yaml"), &action)
        .file(&format!("actions/flows/{name}.yaml"), file)
        .file(&format!("aliases/{name}.yaml"), &alias)
}

const RELEASE: &str = r#"version: 1.0
tasks:
  sign_off:
    action: core.ask
    input:
      users: [bob]
      ttl: 5
    next:
      - when: <% succeeded() and result().response.continue %>
        do: ship
      - when: <% succeeded() and not result().response.continue %>
        do: stay
      - when: <% failed() %>
        publish: [{why: <% task(sign_off).status %>}]
        do: late
  ship:
    action: core.echo message="it is shipped"
    next: [{publish: [{said: <% result().stdout %>}]}]
  stay:
    action: core.echo message="it stays"
    next: [{publish: [{said: <% result().stdout %>}]}]
  late:
    action: core.echo message="nobody said so"
    next: [{publish: [{said: <% result().stdout %>}]}]
output: [{said: <% ctx().said %>}]
"#;

/// The number of the execution that asks.
fn asks(asked: &Posted) -> i64 {
    asked.text.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

/// The workflow runs for alice and rests at its question, which has this id.
fn released() -> (MemoryBot, i64) {
    let bot = MemoryBot::start(flow(ops(), "orquesta", "release", RELEASE));
    bot.says("alice", OPS, "!release");
    let id = asks(&bot.comes_to_say("asks, for alice"));
    bot.until(|| bot.ask("alice", OPS, "!ps").contains("paused").then_some(()));
    (bot, id)
}

#[test]
fn somebody_else_answers_a_question_of_a_workflow_and_it_goes_on() {
    let bot = MemoryBot::start(flow(ops(), "orquesta", "release", RELEASE));
    bot.says("alice", OPS, "!release");
    let id = asks(&bot.comes_to_say("asks, for alice"));
    bot.until(|| bot.ask("alice", OPS, "!ps").contains("paused").then_some(()));
    assert!(bot.ask("alice", OPS, &format!("!answer {id} continue=true")).contains("for `bob` to answer"));
    bot.says("bob", OPS, &format!("!answer {id} continue=true"));
    let end = text(&bot.comes_to_say("it is shipped"));
    assert!(end.contains("2 succeeded"), "{end}");
    bot.says("alice", OPS, "!release");
    let id = asks(&bot.comes_to_say("asks, for alice"));
    bot.says("bob", OPS, &format!("!answer {id} continue=no"));
    bot.comes_to_say("it stays");
    assert!(bot.audit_is_whole());
}

#[test]
fn a_question_of_a_workflow_is_answered_after_a_restart() {
    let (mut bot, id) = released();
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    bot.until(|| bot.ask("alice", OPS, "!ps").contains("paused").then_some(()));
    bot.says("bob", OPS, &format!("!answer {id} continue=true"));
    let end = text(&bot.comes_to_say("it is shipped"));
    assert!(end.contains("2 succeeded"), "{end}");
}

#[test]
fn a_question_that_nobody_answers_in_time_takes_the_way_of_a_failure() {
    let (mut bot, id) = released();
    bot.read(|_| Ok(()));
    bot.dies();
    // The five minutes pass while nobody is there.
    let file = bot.home().path().join("var/chatops.db");
    let database = rusqlite::Connection::open(file).unwrap();
    assert_eq!(
        database.execute("UPDATE request SET until = asked + 1000 WHERE execution = ?1", [id]).unwrap(),
        1
    );
    drop(database);
    bot.starts_again();
    let end = text(&bot.comes_to_say("nobody said so"));
    assert!(end.contains("1 failed (sign_off)"), "{end}");
    let step = bot.read(move |reader| reader.execution(id)).unwrap();
    assert_eq!(step.status.as_str(), "timeout");
}

const CHAIN: &str = r#"chain:
  - name: first
    ref: default.hold
    parameters: { name: first }
    publish: { said: "{{ first.stdout }}" }
    on-success: sure
  - name: sure
    ref: core.ask
    parameters: { users: [bob] }
    on-success: second
  - name: second
    ref: default.hold
    parameters: { name: second }
    on-success: last
    on-failure: last
  - name: last
    ref: core.echo
    parameters: { message: "{{ said }} and then {{ sure.response.continue }}" }
"#;

#[test]
fn a_chain_is_paused_asks_and_goes_on_after_a_crash_in_the_middle() {
    let mut bot = MemoryBot::start(flow(ops(), "action-chain", "line", CHAIN));
    bot.says("alice", OPS, "!line");
    began(bot.home(), "first");
    assert!(bot.ask("alice", OPS, "!pause 1").contains("starts nothing more"));
    go(bot.home(), "first");
    bot.until(|| bot.ask("alice", OPS, "!ps").contains("paused").then_some(()));
    assert!(bot.ask("alice", OPS, "!resume 1").contains("1 goes on"));
    let id = asks(&bot.comes_to_say("asks, for alice"));
    bot.says("bob", OPS, &format!("!answer {id} continue=true"));
    began(bot.home(), "second");
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    let asked = text(&bot.comes_to_say("is paused"));
    assert!(asked.contains("`second`") && asked.contains("resume 1 rerun"), "{asked}");
    std::fs::remove_file(bot.home().path().join("began-second")).unwrap();
    assert!(bot.ask("alice", OPS, "!resume 1 rerun").contains("1 goes on"));
    began(bot.home(), "second");
    go(bot.home(), "second");
    let end = text(&bot.comes_to_say("4 tasks: 4 succeeded"));
    assert!(end.contains("line"), "{end}");
    let steps = bot.read(|reader| reader.steps(1));
    let last = steps.last().unwrap().id;
    let (result, _) = bot.read(move |reader| reader.result(last)).unwrap();
    assert_eq!(result["stdout"].as_str().unwrap().trim_end(), "first went and then True");
    assert!(bot.audit_is_whole());
}

#[test]
fn a_chain_that_is_killed_starts_no_further_node() {
    let bot = MemoryBot::start(flow(ops(), "action-chain", "line", CHAIN));
    bot.says("alice", OPS, "!line");
    began(bot.home(), "first");
    assert!(bot.ask("alice", OPS, "!kill 1").contains("ending 1"));
    go(bot.home(), "first");
    let end = text(&bot.comes_to_say("ended by alice"));
    assert!(end.contains("canceled"), "{end}");
    assert_eq!(bot.read(|reader| reader.steps(1)).len(), 1);
}

#[test]
fn a_chain_goes_on_from_the_node_that_failed() {
    let file = r#"chain:
  - { name: count, ref: default.count, on-success: needs }
  - { name: needs, ref: default.needs, on-success: last }
  - { name: last, ref: default.count }
"#;
    let home = flow(ops(), "action-chain", "line", file);
    let here = home.path().display().to_string();
    let action = |name: &str, cmd: &str| {
        format!(
            "name: {name}\nrunner_type: local-shell-cmd\nparameters:\n  cmd: {{immutable: true, default: '{cmd}'}}\n"
        )
    };
    let home = home
        .file("actions/count.yaml", &action("count", &format!("echo ran >> {here}/ran")))
        .file("actions/needs.yaml", &action("needs", &format!("test -e {here}/flag")));
    let bot = MemoryBot::start(home);
    let end = bot.ask("alice", OPS, "!line");
    assert!(end.contains("1 failed (needs)"), "{end}");
    bot.home().write("flag", "");
    let end = bot.ask("alice", OPS, "!rerun 1");
    assert!(end.contains("succeeded") && !end.contains("cannot"), "{end}");
    let ran = std::fs::read_to_string(bot.home().path().join("ran")).unwrap();
    assert_eq!(ran.lines().count(), 2, "the first node ran once, the last one once");
}

#[test]
fn a_workflow_reads_the_keys_of_its_person_and_never_shows_a_secret_of_them() {
    let file = r#"version: 1.0
vars:
  - url: <% st2kv('system.web.url') %>
  - own: <% st2kv('note') %>
  - word: <% st2kv('system.web.pw', decrypt => true) %>
tasks:
  tell:
    action: core.echo
    input: {message: "to <% ctx().url %> by <% ctx().own %> with <% ctx().word %>"}
    next: [{publish: [{said: <% result().stdout %>}]}]
output:
  - said: <% ctx().said %>
  - sealed: <% st2kv('system.web.pw') %>
"#;
    let access = "people: { alice: [memory:alice], bob: [memory:bob] }\n\
                  roles: { all: [ { run: ['default.*', 'core.*', 'chatops.*'] } ] }\n\
                  grants: [ { role: all, to: [alice, bob] } ]\n";
    let bot = MemoryBot::start(flow(ops(), "orquesta", "tell", file).file("access.yaml", access));
    bot.ask("root", OPS, "!kv set web.url https://example.org");
    bot.ask("root", "@root", "kv set web.pw hunter2 --secret");
    bot.ask("alice", OPS, "!kv set note alice --scope user");
    bot.ask("bob", OPS, "!kv set note bob --scope user");
    for person in ["alice", "bob"] {
        bot.says(person, OPS, "!tell");
        let end = text(&bot.comes_to_say("1 task"));
        assert!(end.contains(&format!("to https://example.org by {person} with ********")), "{end}");
        assert!(!end.contains("hunter2"), "{end}");
    }
    bot.read(|_| Ok(()));
    for file in ["chatops.db", "chatops.db-wal"] {
        let bytes = std::fs::read(bot.home().path().join("var").join(file)).unwrap_or_default();
        assert!(!bytes.windows(7).any(|part| part == b"hunter2"), "the secret is in {file}");
    }
}
