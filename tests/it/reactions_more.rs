//! Rules and escalation where things go wrong: a crash, an owner who is gone, a mistake in the file.

use serde_json::{Value, json};

use crate::support::endpoint::Endpoint;
use crate::support::homes::small;
use crate::support::live::{self, good, serve, until_told};
use crate::support::{SOON, until};

const ROUTES: &str = "notifiers:\n  - { name: room, to: { webhook: { url: 'ROOM' } } }\n  - { name: pager, to: { webhook: { url: 'PAGER' } } }\n\
                      routes:\n  - match: { source: probe }\n    send: [room]\n    escalate:\n      - { after: AFTER, to: [pager] }\n      - { after: 2h, to: [pager, room] }\n";

fn down(name: &str) -> Value {
    json!({"source": "probe", "title": format!("{name} failed"), "status": "failed", "fingerprint": name})
}

#[test]
fn what_waits_for_nobody_taking_care_outlives_a_crash_and_an_acknowledgement_stops_it() {
    let (room, pager) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let rules =
        ROUTES.replace("ROOM", &room.url("/")).replace("PAGER", &pager.url("/")).replace("AFTER", "3s");
    let home = live::home(&rules);
    let (bot, api) = serve(&home);
    good(api.post("events", &down("disk")), 202);
    good(api.post("events", &down("net")), 202);
    until_told(&room, 2);
    bot.kill9();
    let (bot, api) = serve(&home);
    good(api.post("subjects/ack", &json!({"subject": "probe:net"})), 200);
    assert_eq!(until_told(&pager, 1), ["disk failed"]);
    let waiting = || api.get("deliveries?state=held").json["deliveries"].as_array().map_or(9, Vec::len);
    // Of the disk two more wait for two hours, of the net none.
    until(SOON, || (waiting() == 2).then_some(()));
    assert_eq!(live::titles(&pager), ["disk failed"]);
    assert!(bot.stop().success());
}

#[test]
fn explain_says_who_is_told_later() {
    let rules = ROUTES.replace("ROOM", "http://127.0.0.1:1/").replace("PAGER", "http://127.0.0.1:1/");
    let home = small().file("notifiers.yaml", &rules.replace("AFTER", "10m"));
    let explain = |more: &[&str]| {
        let arguments = [&["route", "explain", "-", "--at", "2026-11-21T12:00:00Z"], more].concat();
        home.feed(&arguments, &down("disk").to_string())
    };
    let ran = explain(&[]);
    assert_eq!(
        ran.stdout,
        "line 5: sends `error`: room: sent at once
line 5: escalates: pager: told after 10 min unless somebody takes care of it (at 2026-11-21T12:10:00.000Z)
line 5: escalates: pager, room: told after 2 h unless somebody takes care of it (at 2026-11-21T14:00:00.000Z)
1 notification",
        "{ran:?}"
    );
    assert!(!explain(&["--subject-status", "failed"]).stdout.contains("escalates"), "it began before");
    let verdicts: Value = serde_json::from_str(&explain(&["--json"]).stdout).unwrap();
    assert_eq!(
        (&verdicts[1]["escalates_to"], &verdicts[1]["after_seconds"]),
        (&json!(["pager"]), &json!(600))
    );
    let (bot, api) = serve(&home);
    let told = good(api.post("routes/explain", &json!({"event": down("disk")})), 200);
    assert_eq!(told["escalations"].as_array().map(Vec::len), Some(2), "{told}");
    assert!(bot.stop().success());
}

#[test]
fn a_mistake_in_a_rule_is_told_with_its_place_and_the_nearest_key() {
    let rules = "notifiers: []\nrules:\n  - name: heal\n    match: { source: probe }\n    run: core.noop\n    as: irc:al\n    limits: { count: 1, within: 1h }\n";
    let home = small().file("notifiers.yaml", rules);
    let ran = home.run(&["check"]);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("notifiers.yaml:7:") && said.contains("rules[0].limits"), "{said}");
    assert!(said.contains("did you mean `limit`?"), "{said}");
}

#[test]
fn the_examples_of_the_page_load_whole_and_rules_stand_beside_notifiers() {
    let page = std::fs::read_to_string(crate::support::source::root().join("docs/rules.md")).unwrap();
    let notifiers = "notifiers:\n  - { name: ops-room, to: { log: { file: /tmp/ops.jsonl } } }\n  - { name: pager, to: { log: { file: /tmp/p.jsonl } } }\n  \
                     - { name: boss, to: { log: { file: /tmp/b.jsonl } } }\n";
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    let home = small().file("notifiers.yaml", &format!("{notifiers}{}{}", blocks[0], blocks[1]));
    let ran = home.run(&["check"]);
    assert!(ran.code == Some(0) && !ran.stderr.contains("error"), "{ran:?}");
}
