use std::path::Path;

use serde_json::{Value, json};

use super::*;

const NAMES: &str = "notifiers: [{name: a}, {name: b}, {name: c, level: errors}]\n";

fn rules(text: &str) -> Rules {
    Rules::parse(Path::new("notifiers.yaml"), &format!("{NAMES}{text}")).unwrap()
}

fn sent_after(text: &str, event: &Value, subject: Option<&Subject>) -> Vec<String> {
    let event = Event::from_json(event).unwrap();
    let sent = decide(&rules(text), &event, subject, Timestamp::from_micros(1_795_250_400_000_000));
    sent.into_iter().map(|decision| decision.notifier).collect()
}

fn sent(text: &str, event: &Value) -> Vec<String> {
    sent_after(text, event, None)
}

#[test]
fn a_job_tells_its_template_its_project_and_its_organization_each_notifier_once() {
    let routes = "routes:\n- {scope: acme, send: [a]}\n- {scope: acme/project, send: [b]}\n- {scope: acme/job, on: [error], send: [c, a]}\n";
    let job = json!({"title": "t", "status": "failed", "scopes": ["acme/job", "acme/project"]});
    assert_eq!(sent(routes, &job), ["a", "b", "c"]);
    assert_eq!(sent(routes, &json!({"title": "t", "scopes": ["acme/project"]})), ["a", "b"]);
    assert!(sent(routes, &json!({"title": "t", "scopes": ["acme2/job"]})).is_empty());
    assert!(sent(routes, &json!({"title": "t"})).is_empty());
}

#[test]
fn a_lower_scope_replaces_silences_or_excepts_those_above() {
    let above = "routes:\n- {scope: acme, send: [a, b]}\n";
    let event = |status: &str| json!({"title": "t", "status": status, "scopes": ["acme/web"]});
    let replace = format!("{above}- {{scope: acme/web, on: [error], inherit: replace, send: [c]}}");
    assert_eq!(sent(&replace, &event("failed")), ["c"]);
    assert_eq!(sent(&replace, &event("ok")), ["a", "b"]);
    assert!(sent(&format!("{above}- {{scope: acme/web, inherit: none}}"), &event("ok")).is_empty());
    assert_eq!(sent(&format!("{above}- {{scope: acme/web, except: [a]}}"), &event("ok")), ["b"]);
}

#[test]
fn labels_match_exactly_by_star_and_by_expression() {
    for (pattern, fits) in
        [("web-1", true), ("web", false), ("web-*", true), ("/web-[0-9]/", true), ("/we/", false)]
    {
        let route = format!("routes: [{{match: {{labels: {{host: \"{pattern}\"}}}}, send: [a]}}]");
        let found = sent(&route, &json!({"title": "t", "labels": {"host": "web-1"}}));
        assert_eq!(found.len(), usize::from(fits), "{pattern}");
    }
}

#[test]
fn an_end_reaches_those_who_heard_of_the_failure() {
    let failed = Subject { outcome: Some(EventStatus::Failed), level: Level::Error };
    let well = json!({"title": "t", "status": "ok"});
    let route = "routes: [{on: [recovered], send: [c]}]";
    assert_eq!(sent_after(route, &well, Some(&failed)), ["c"]);
    assert!(sent(route, &well).is_empty());
    assert!(sent("routes: [{send: [c]}]", &well).is_empty());
    assert_eq!(sent("routes: [{on: [success], send: [a]}]", &well), ["a"]);
}

#[test]
fn quiet_hours_hold_by_the_clock_of_their_zone() {
    let quiet = "routes: [{send: [a]}]\nquiet: [{name: night, from: \"22:00\", to: \"07:00\", zone: Europe/Amsterdam, below: critical, then: digest}]";
    let event = Event::from_json(&json!({"title": "t"})).unwrap();
    let at = |text: &str| Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let when = |now: &str| decide(&rules(quiet), &event, None, at(now))[0].when;
    assert_eq!(when("2026-11-21T21:30:00Z"), When::Digest(at("2026-11-22T06:00:00Z")));
    assert_eq!(when("2026-11-21T20:30:00Z"), When::Now);
    assert_eq!(when("2026-03-29T00:30:00Z"), When::Digest(at("2026-03-29T05:00:00Z")));
}

#[test]
fn mistakes_are_found_with_their_places() {
    let text = format!(
        "{NAMES}routes:\n- on: [eror]\n  send: [bb]\nquiet: [{{name: n, from: x, to: \"1:00\", zone: Nowhere, below: ok, then: drop}}]"
    );
    let errors = Rules::parse(Path::new("notifiers.yaml"), &text).unwrap_err();
    let keys: Vec<&str> = errors.iter().map(|error| error.key.as_str()).collect();
    assert_eq!(keys, ["routes[0].on", "routes[0].send[0]", "quiet[0].from", "quiet[0].zone"]);
    assert_eq!(errors[0].at, Some((3, 8)));
    assert_eq!(errors[0].help.as_deref(), Some("did you mean `error`?"));
}

#[test]
fn the_examples_of_the_page_are_accepted() {
    let page = include_str!("../../docs/routes.md");
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let rules = Rules::parse(Path::new("notifiers.yaml"), block).unwrap();
        assert_eq!(rules.routes[2].send[0].options, Some(json!({"channels": ["#web"]})));
    }
}
