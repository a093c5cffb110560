//! The examples of the page, and what routes mean together.
mod awx;
mod hostile;
mod keeping;
mod mistakes;
mod states;

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::model::{Event, EventStatus, Moment, Subject, Timestamp};

const NAMES: &str = "notifiers: [{name: a}, {name: b}, {name: c, level: errors}]\n";

/// 2026-11-21T08:40:00Z, and so many seconds.
pub(super) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_250_400_000_000 + seconds * 1_000_000)
}

pub(super) fn parse(text: &str) -> Rules {
    match Rules::parse(Path::new("notifiers.yaml"), text) {
        Ok(rules) => rules,
        Err(errors) => panic!("{text}\n{}", errors.iter().map(ToString::to_string).collect::<String>()),
    }
}

/// One subject's life before some rules.
pub(super) struct Life {
    pub(super) rules: Rules,
    pub(super) silences: Vec<Muted>,
    pub(super) failing: Vec<Subject>,
    pub(super) subject: Option<Subject>,
    pub(super) event: Value,
    id: i64,
}

impl Life {
    pub(super) fn under(text: &str) -> Self {
        Self::with(&format!("{NAMES}{text}"))
    }

    pub(super) fn with(file: &str) -> Self {
        let (rules, event) = (parse(file), json!({"title": "t", "fingerprint": "f"}));
        Self { rules, silences: Vec::new(), failing: Vec::new(), subject: None, event, id: 0 }
    }

    /// Fields of every event of this life.
    pub(super) fn of(mut self, fields: Value) -> Self {
        self.event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self
    }

    fn asks(&mut self, event: &Event, at: i64, derived: Option<Moment>) -> Vec<Decision> {
        self.id += 1;
        let asked = Asked { event, id: self.id, now: second(at), derived };
        let scene = Scene { subject: self.subject.as_ref(), failing: &|| self.failing.clone() };
        let outcome = decide(&self.rules, &self.silences, &asked, scene);
        self.subject = Some(outcome.subject);
        outcome.sends
    }

    /// What is decided about an event with this status, so many seconds after the beginning.
    pub(super) fn decisions(&mut self, at: i64, status: &str) -> Vec<Decision> {
        let mut event = self.event.clone();
        event["status"] = json!(status);
        self.asks(&Event::from_json(&event).unwrap(), at, None)
    }

    /// `a error`, `b dropped: why`, separated by commas.
    pub(super) fn tells(&mut self, at: i64, status: &str) -> String {
        shown(&self.decisions(at, status))
    }

    /// What the bot tells by itself at this second, if its time has come.
    pub(super) fn wakes(&mut self, at: i64) -> Option<String> {
        let moment = overdue(self.subject.as_ref()?, second(at))?;
        let mut event = self.event.clone();
        event["status"] = json!(self.subject.as_ref()?.status.unwrap_or(EventStatus::Started));
        Some(shown(&self.asks(&Event::from_json(&event).unwrap(), at, Some(moment))))
    }
}

pub(super) fn shown(sends: &[Decision]) -> String {
    let one = |sends: &Decision| match &sends.when {
        When::Dropped(why) => format!("{} dropped: {why}", sends.notifier),
        When::Now => format!("{} {}", sends.notifier, sends.moment),
        When::Held(until) => format!("{} {} at {until}", sends.notifier, sends.moment),
        When::Gather { until, key, bundle } => {
            let in_micros = until.as_micros() - second(0).as_micros();
            format!("{} {} {} {}s {key}", sends.notifier, sends.moment, bundle.word(), in_micros / 1_000_000)
        }
    };
    sends.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn sent(text: &str, fields: Value) -> String {
    let mut life = Life::under(text).of(fields);
    let status = life.event["status"].as_str().unwrap_or("info").to_owned();
    life.tells(0, &status)
}

#[test]
fn a_job_tells_its_template_its_project_and_its_organization_each_notifier_once() {
    let routes = "routes:\n- {scope: acme, send: [a]}\n- {scope: acme/project, send: [b]}\n- {scope: acme/job, on: [error], send: [c, a]}\n";
    let job = json!({"status": "failed", "scopes": ["acme/job", "acme/project"]});
    assert_eq!(sent(routes, job), "a error, b error, c error");
    assert_eq!(sent(routes, json!({"scopes": ["acme/project"]})), "a any, b any");
    assert_eq!(sent(routes, json!({"scopes": ["acme2/job"]})), "");
    assert_eq!(sent(routes, json!({})), "");
}

#[test]
fn a_lower_scope_replaces_silences_or_excepts_those_above() {
    let above = "routes:\n- {scope: acme, send: [a, b]}\n";
    let event = |status: &str| json!({"status": status, "scopes": ["acme/web"]});
    let replace = format!("{above}- {{scope: acme/web, on: [error], inherit: replace, send: [c]}}");
    assert_eq!(sent(&replace, event("failed")), "c error");
    assert_eq!(sent(&replace, event("ok")), "a success, b success");
    assert_eq!(sent(&format!("{above}- {{scope: acme/web, inherit: none}}"), event("ok")), "");
    assert_eq!(sent(&format!("{above}- {{scope: acme/web, except: [a]}}"), event("ok")), "b success");
}

#[test]
fn an_end_reaches_those_who_heard_of_the_failure() {
    let mut life =
        Life::under("routes: [{send: [c]}, {on: [success], send: [a]}, {on: [recovered], send: [b]}]");
    assert_eq!(life.tells(0, "failed"), "c error");
    assert_eq!(life.tells(1, "canceled"), "");
    assert_eq!(life.tells(2, "ok"), "c recovered, a recovered, b recovered");
    assert_eq!(life.tells(3, "ok"), "a success");
}

#[test]
fn a_level_in_a_match_lets_the_end_of_what_was_so_bad_pass() {
    let mut life = Life::under("routes: [{match: {level: error}, send: [a]}]");
    assert_eq!(life.tells(0, "ok"), "");
    assert_eq!(life.tells(1, "failed"), "a error");
    assert_eq!(life.tells(2, "resolved"), "a recovered");
}

#[test]
fn the_soonest_of_several_routes_sends_and_what_is_dropped_gives_way() {
    let routes =
        "routes:\n- {digest: 1h, send: [a]}\n- {on: [error], send: [a]}\n- {send: [a, {a: {x: 1}}]}\n";
    let mut life = Life::under(routes);
    assert_eq!(life.tells(0, "failed"), "a error, a error");
    assert_eq!(life.tells(0, "ok"), "a recovered, a recovered");
    let after = "routes:\n- {after: {count: 3, within: 5m}, send: [a]}\n- {send: [a]}\n";
    assert_eq!(sent(after, json!({"status": "failed"})), "a error");
}

#[test]
fn the_examples_of_the_page_are_accepted() {
    let page = include_str!("../../../docs/routes.md");
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        parse(block);
    }
}
