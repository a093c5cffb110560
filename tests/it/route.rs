//! `chatops route explain` as people use it: who hears of an event, and why the others do not.

use serde_json::Value;

use crate::support::bot::{Home, Ran};
use crate::support::{homes, source};

const RULES: &str = "notifiers:
  - { name: ops, level: warning, to: { log: { file: /tmp/ops.jsonl } } }
  - { name: web, to: { log: { file: /tmp/web.jsonl } } }
  - { name: pager, on: [error, recovered], to: { log: { file: /tmp/pager.jsonl } } }
routes:
  - { scope: acme, send: [ops, pager] }
  - { scope: acme/web, on: [error, recovered], except: [pager], send: [web] }
  - { match: { labels: { env: prod } }, digest: 1h, send: [web] }
quiet:
  - { name: night, from: \"22:00\", to: \"07:00\", zone: Europe/Amsterdam, below: critical, then: hold }
";

/// What is said about an event of `acme/web` with this status.
fn explain(home: &Home, status: &str, more: &[&str]) -> Ran {
    let event = format!(r#"{{"title": "deploy web", "status": "{status}", "scopes": ["acme/web"]}}"#);
    home.feed(&[&["route", "explain", "-"], more].concat(), &event)
}

#[test]
fn explain_says_who_hears_what_and_why_the_others_do_not() {
    let home = homes::small().file("notifiers.yaml", RULES);
    let ran = explain(&home, "failed", &["--at", "2026-11-21T12:00:00Z"]);
    assert_eq!(
        ran.stdout,
        "line 6: sends `error`: ops: sent at once
line 6: not: pager: the route in line 7 does not inherit it
line 7: sends `error`: web: sent at once
line 8: not: the label `env` does not match
2 notifications
",
        "{ran:?}"
    );
    assert_eq!(ran.code, Some(0));
}

#[test]
fn the_subject_and_the_clock_can_be_set() {
    let home = homes::small().file("notifiers.yaml", RULES);
    let at_night = ["--at", "2026-11-21T22:30:00Z", "--subject-status", "failed"];
    let ran = explain(&home, "ok", &at_night);
    let first = "line 6: sends `recovered`: ops: held until 2026-11-22T06:00:00.000Z: quiet hours `night`\n";
    assert!(ran.stdout.starts_with(first), "{ran:?}");
    let ran = explain(&home, "ok", &["--at", "2026-11-21T12:00:00Z"]);
    assert!(ran.stdout.contains("ops: the notifier takes `warning` and above"), "{ran:?}");
    assert!(ran.stdout.contains("line 7: not: it is not the moment (`on`)"), "{ran:?}");
    assert_eq!(explain(&home, "ok", &["--at", "yesterday"]).code, Some(2));
}

#[test]
fn json_has_the_decisions() {
    let home = homes::small().file("notifiers.yaml", RULES);
    let ran = explain(&home, "failed", &["--at", "2026-11-21T12:00:00Z", "--json"]);
    let verdicts: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(verdicts[0]["sends"]["moment"], "error");
    assert_eq!(verdicts[0]["sends"]["when"], "now");
    assert_eq!(verdicts[1]["sends"], Value::Null);
    assert_eq!(verdicts.as_array().unwrap().len(), 4);
}

#[test]
fn all_mistakes_are_told_with_their_places() {
    let rules = RULES.replace("except: [pager]", "excpt: [pager]").replace("Amsterdam", "Amstrdam");
    let home = homes::small().file("notifiers.yaml", &rules);
    let ran = explain(&home, "failed", &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("notifiers.yaml:7:48: routes[1].excpt: unknown key `excpt`"), "{ran:?}");
    assert!(ran.stderr.contains("did you mean `except`?"), "{ran:?}");
    assert!(ran.stderr.contains("there is no time zone `Europe/Amstrdam`"), "{ran:?}");
}

#[test]
fn the_examples_of_the_page_load_whole() {
    let page = std::fs::read_to_string(source::root().join("docs/routes.md")).unwrap();
    let home =
        homes::small().set("SLACK_TOKEN", "xoxb-1").file("pagerduty.key", "0123456789abcdef0123456789abcdef");
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 6);
    for block in blocks {
        home.write("notifiers.yaml", block);
        let ran = home.run(&["notifier", "list"]);
        assert!(ran.code == Some(0) && ran.stderr.is_empty(), "{block}\n{ran:?}");
        assert_eq!(explain(&home, "failed", &[]).code, Some(0), "{block}");
    }
}
