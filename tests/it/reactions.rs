//! Rules that run something because of an event, and escalation.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::endpoint::Endpoint;
use crate::support::homes::ops;
use crate::support::live::{self, good, serve, until_told};
use crate::support::memory_bot::{MemoryBot, OPS};
use crate::support::{SOON, until};

use chatops::bot::notify::Incoming;
use chatops::model::Event;

/// A home with these rules.
fn home(rules: &str) -> Home {
    ops().file("notifiers.yaml", rules)
}

/// All executions.
fn all() -> chatops::store::Filter {
    chatops::store::Filter { limit: 10, ..Default::default() }
}

/// The number of what is asked for next: a message that was edited asks no more.
fn asked(bot: &MemoryBot, before: &mut Vec<String>) -> String {
    loop {
        let asks = bot.comes_to_say("approval of").text;
        let id = asks.split("approval of ").nth(1).unwrap().split(':').next().unwrap().to_owned();
        if !before.contains(&id) {
            before.push(id.clone());
            return id;
        }
    }
}

/// Tells the bot an event.
fn tell(bot: &MemoryBot, event: &Value) -> i64 {
    let event = Event::from_json(event).unwrap();
    bot.wait(bot.bot().notify().accept(Incoming::own(event))).unwrap().id
}

fn down(target: &str) -> Value {
    json!({"source": "probe", "kind": "web.down", "title": "web is down", "status": "failed", "labels": {"env": target}})
}

const DEPLOY: &str = "rules:\n  - name: heal\n    match: { source: probe, events: [web.down], status: [failed] }\n    \
                      run: default.deploy\n    with: { target: \"{{ labels.env }}\", count: 3 }\n    as: memory:alice\n    in: \"memory:#ops\"\n";

#[test]
fn an_event_runs_an_action_with_its_labels_as_values_and_the_rights_of_the_owner() {
    let bot = MemoryBot::start(home(DEPLOY));
    tell(&bot, &down("staging"));
    assert!(bot.posts().text.contains("deployed 3 to staging"));
    let executions = bot.read(|reader| reader.executions(&Default::default()));
    let one = &executions[0];
    assert_eq!((one.cause.as_str(), one.person.to_string().as_str()), ("rule", "memory:alice"));
    tell(&bot, &down("moon"));
    let said = bot.posts().text;
    assert!(said.contains("rule `heal` does not run: `target` cannot be `moon`"), "{said}");
    tell(
        &bot,
        &json!({"source": "probe", "kind": "web.down", "title": "x", "status": "ok", "labels": {"env": "staging"}}),
    );
    tell(
        &bot,
        &json!({"source": "other", "kind": "web.down", "title": "x", "status": "failed", "labels": {"env": "staging"}}),
    );
    bot.says_nothing_more();
    assert!(bot.audit_is_whole());
}

#[test]
fn a_command_gets_labels_as_values_and_never_as_text_of_the_line_or_of_a_shell() {
    let rules = "rules:\n  - name: say\n    match: { source: probe }\n    command: \"echo env is {{ labels.env }}\"\n    as: memory:alice\n    in: \"memory:#ops\"\n";
    let bot = MemoryBot::start(home(rules));
    let hostile = "$(touch hacked) | count > #dev message=other";
    tell(&bot, &down(hostile));
    assert_eq!(bot.posts().text, format!("alice: env is {hostile}"));
    let deploys = rules.replace("echo env is {{ labels.env }}", "deploy to {{ labels.env }}");
    bot.home().write("notifiers.yaml", &deploys);
    bot.reload();
    tell(&bot, &down("staging count=9"));
    let said = bot.posts().text;
    assert!(said.contains("`target` cannot be `staging count=9`"), "{said}");
    assert!(!bot.home().path().join("hacked").exists());
}

#[test]
fn a_rule_of_somebody_who_may_not_is_refused_and_told() {
    let bot = MemoryBot::start(home(&DEPLOY.replace("memory:alice", "memory:dave")));
    tell(&bot, &down("staging"));
    let said = bot.posts().text;
    assert!(said.contains("rule `heal` does not run: no rule allows you to run `default.deploy`"), "{said}");
    assert_eq!(bot.audit_of("refused").len(), 1);
}

#[test]
fn a_rule_runs_no_more_often_than_it_may() {
    let bot = MemoryBot::start(home(&format!("{DEPLOY}    limit: {{ count: 2, within: 1h }}\n")));
    for _ in 0..3 {
        tell(&bot, &down("staging"));
    }
    let said = [bot.posts().text, bot.posts().text, bot.posts().text];
    assert_eq!(said.iter().filter(|said| said.contains("deployed 3")).count(), 2, "{said:#?}");
    assert_eq!(said.iter().filter(|said| said.contains("it ran 2 times within")).count(), 1, "{said:#?}");
}

#[test]
fn rules_that_cause_each_other_end() {
    let action = "---\nname: loop\nrunner_type: local-shell-cmd\nparameters:\n  cmd: { immutable: true, default: 'echo round >> HERE/rounds' }\nnotify: { on-complete: { message: again } }\n";
    let rules = "rules:\n  - name: again\n    match: { source: action, events: [action.completed] }\n    run: default.loop\n    as: memory:alice\n    in: \"memory:#ops\"\n";
    let home = home(rules);
    let here = home.path().display().to_string();
    let alias = "---\nname: loop\naction_ref: default.loop\nformats: [go round]\nack: { enabled: false }\n";
    let bot = MemoryBot::start(
        home.file("actions/loop.yaml", &action.replace("HERE", &here)).file("aliases/loop.yaml", alias),
    );
    bot.says("alice", OPS, "!go round");
    bot.comes_to_say("3 rules ran because of each other already");
    let rounds = std::fs::read_to_string(bot.home().path().join("rounds")).unwrap();
    assert_eq!(rounds.lines().count(), 4, "once by hand, three times by the rule");
    bot.says_nothing_more();
}

#[test]
fn an_event_that_was_committed_before_a_crash_is_looked_at_once_after_it() {
    let mut bot = MemoryBot::start(home(DEPLOY));
    tell(&bot, &down("staging"));
    bot.comes_to_say("deployed 3 to staging");
    bot.read(|reader| reader.fresh_events(10));
    bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
    bot.stop(SOON);
    // As a crash leaves it that came between the event's commit and the rule's look.
    let database = rusqlite::Connection::open(bot.home().database()).unwrap();
    let event: i64 = database.query_row("SELECT max(id) FROM event", [], |row| row.get(0)).unwrap();
    database.execute("INSERT INTO fresh_event (seq, event) VALUES (1, ?1)", [event]).unwrap();
    database.execute("UPDATE seen SET key = 'other' WHERE key LIKE 'rule%'", []).unwrap();
    drop(database);
    bot.starts_again();
    bot.comes_to_say("deployed 3 to staging");
    bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
    // And again, when the execution was recorded and only the look was not.
    bot.stop(SOON);
    let database = rusqlite::Connection::open(bot.home().database()).unwrap();
    database.execute("INSERT INTO fresh_event (seq, event) VALUES (1, ?1)", [event]).unwrap();
    drop(database);
    bot.starts_again();
    bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
    bot.says_nothing_more();
    assert_eq!(bot.read(|reader| reader.executions(&all())).len(), 2);
}

#[test]
fn a_rule_that_needs_approval_waits_for_it_and_its_owner_cannot_give_it() {
    let bot = MemoryBot::start(home(&format!("{DEPLOY}    approval: {{ by: [sre, carol] }}\n")));
    tell(&bot, &down("staging"));
    let asks = bot.comes_to_say("approval of");
    let id = asks.text.split("approval of ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
    let own = bot.ask("alice", OPS, &format!("!approve {id}"));
    assert!(!own.contains("approved"), "{own}");
    bot.says("carol", OPS, &format!("!approve {id}"));
    bot.comes_to_say("deployed 3 to staging");
    let executions = bot.read(|reader| reader.executions(&all()));
    assert_eq!(executions.len(), 1, "what was approved runs, and is not asked for anew: {executions:?}");
    assert!(bot.audit_of("denied").is_empty());
}

#[test]
fn a_limit_outlives_a_crash() {
    let mut bot = MemoryBot::start(home(&format!("{DEPLOY}    limit: {{ count: 2, within: 1h }}\n")));
    for _ in 0..2 {
        tell(&bot, &down("staging"));
        bot.comes_to_say("deployed 3 to staging");
    }
    bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
    bot.dies();
    bot.starts_again();
    tell(&bot, &down("staging"));
    bot.comes_to_say("it ran 2 times within");
    bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
    assert_eq!(bot.read(|reader| reader.executions(&all())).len(), 2);
}

#[test]
fn how_many_rules_ran_because_of_each_other_outlives_a_crash() {
    let action = "---\nname: loop\nrunner_type: local-shell-cmd\nparameters:\n  cmd: { immutable: true, default: 'echo round' }\nnotify: { on-complete: { message: again } }\n";
    let rules = "rules:\n  - name: again\n    match: { source: action, events: [action.completed] }\n    run: default.loop\n    as: memory:alice\n    in: \"memory:#ops\"\n    approval: { by: [sre, carol] }\n";
    let alias = "---\nname: loop\naction_ref: default.loop\nformats: [go round]\nack: { enabled: false }\n";
    let home = home(rules).file("actions/loop.yaml", action).file("aliases/loop.yaml", alias);
    let mut bot = MemoryBot::start(home);
    bot.says("alice", OPS, "!go round");
    let mut before = Vec::new();
    for round in 0..3 {
        let id = asked(&bot, &mut before);
        bot.until(|| bot.read(|reader| reader.fresh_events(10)).is_empty().then_some(()));
        if round == 1 {
            bot.dies();
            bot.starts_again();
        }
        bot.says("carol", OPS, &format!("!approve {id}"));
    }
    bot.comes_to_say("3 rules ran because of each other already");
}

#[test]
fn mistakes_in_rules_are_named() {
    for (rule, part) in [
        ("{ name: a, match: { source: x }, as: memory:alice }", "either `run`, an action, or `command`"),
        ("{ name: a, run: core.noop, as: memory:alice }", "which events it is about"),
        ("{ name: a, match: { source: x }, run: core.noop }", "the key `as` is missing"),
        ("{ name: a, match: { source: x }, run: core.noop, as: \"irc:~al\" }", "unproven"),
        ("{ name: a, match: { source: x }, run: core.noop, as: irc:al, limits: {} }", "did you mean `limit`"),
        (
            "{ name: a, match: { source: x }, run: core.noop, as: irc:al, limit: { count: 0, within: 1h } }",
            "not 1 to 1000",
        ),
    ] {
        let home = home(&format!("rules:\n  - {rule}\n"));
        let ran = home.run(&["check"]);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code == Some(1) && said.contains(part), "{rule}: {said}");
    }
}

/// A room that hears first, and a pager that hears when nobody takes care within a second.
fn escalating(room: &Endpoint, pager: &Endpoint) -> Home {
    let hook =
        |name: &str, url: &str| format!("  - {{ name: {name}, to: {{ webhook: {{ url: '{url}' }} }} }}\n");
    let notifiers = format!("notifiers:\n{}{}", hook("room", &room.url("/")), hook("pager", &pager.url("/")));
    let routes =
        "routes:\n  - match: { source: probe }\n    send: [room]\n    escalate: { after: 1s, to: [pager] }\n";
    live::home(&format!("{notifiers}{routes}"))
}

fn told(api: &Api, status: &str, fingerprint: &str) {
    let event = json!({"source": "probe", "title": format!("{fingerprint} {status}"), "status": status, "fingerprint": fingerprint});
    good(api.post("events", &event), 202);
}

#[test]
fn a_failure_that_nobody_takes_care_of_is_told_to_the_next_who_hear_its_end_too() {
    let (room, pager) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let home = escalating(&room, &pager);
    let (bot, api) = serve(&home);
    told(&api, "failed", "disk");
    until_told(&room, 1);
    assert_eq!(until_told(&pager, 1), ["disk failed"]);
    told(&api, "ok", "disk");
    assert_eq!(until_told(&pager, 2), ["disk failed", "disk ok"]);
    assert!(bot.stop().success());
}

#[test]
fn what_is_acknowledged_or_over_is_not_told_to_the_next() {
    let (room, pager) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let home = escalating(&room, &pager);
    home.write(
        "notifiers.yaml",
        &std::fs::read_to_string(home.path().join("notifiers.yaml"))
            .unwrap()
            .replace("after: 1s", "after: 1h"),
    );
    let (bot, api) = serve(&home);
    for thing in ["disk", "net"] {
        told(&api, "failed", thing);
    }
    until_told(&room, 2);
    let waiting =
        || api.get("deliveries?notifier=pager&state=held").json["deliveries"].as_array().map_or(0, Vec::len);
    assert_eq!(waiting(), 2);
    good(api.post("subjects/ack", &json!({"subject": "probe:disk"})), 200);
    assert_eq!(waiting(), 1);
    told(&api, "ok", "net");
    until(SOON, || (waiting() == 0).then_some(()));
    let dropped = api.get("deliveries?notifier=pager&state=dropped").json;
    let answers: Vec<String> = dropped["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["answer"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(
        answers.iter().any(|it| it.contains("takes care of it"))
            && answers.iter().any(|it| it == "it is over"),
        "{answers:?}"
    );
    assert!(bot.stop().success());
}
