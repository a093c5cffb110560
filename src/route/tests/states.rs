//! What a subject goes through: failing again, flapping, running too long, being taken care of.

use serde_json::json;

use super::{Life, second};
use crate::model::{Acknowledged, RECENT};

#[test]
fn the_third_failure_in_time_is_told_and_so_is_the_end_of_it() {
    let rules = "routes: [{after: {count: 3, within: 10m}, send: [a]}]";
    let mut life = Life::under(rules);
    assert_eq!(life.tells(0, "failed"), "a dropped: failure 1 of 3 in 10 min");
    assert_eq!(life.tells(60, "failed"), "a dropped: failure 2 of 3 in 10 min");
    assert_eq!(life.tells(61, "started"), "a started");
    assert_eq!(life.tells(120, "warning"), "a warning");
    assert_eq!(life.tells(180, "ok"), "a recovered");
    assert_eq!(life.tells(181, "ok"), "a success");
    let mut seldom = Life::under(rules);
    for at in [0, 700, 1400] {
        assert_eq!(seldom.tells(at, "failed"), "a dropped: failure 1 of 3 in 10 min");
    }
    assert_eq!(seldom.tells(1500, "ok"), "a dropped: its failures were not told: fewer than 3 in 10 min");
}

#[test]
fn what_fails_still_is_told_again_only_after_its_time_unless_it_gets_worse() {
    let mut life = Life::under("routes: [{repeat: 4h, send: [a]}, {send: [b]}]");
    let told = "a dropped: told already, again only after 4 h, b error";
    assert_eq!(life.tells(0, "failed"), "a error, b error");
    assert_eq!(life.tells(3600, "failed"), told);
    assert_eq!(life.tells(4 * 3600, "failed"), "a error, b error");
    assert_eq!(life.tells(4 * 3600 + 1, "failed"), told);
    life.event["level"] = json!("critical");
    assert_eq!(life.tells(4 * 3600 + 2, "failed"), "a error, b error");
    assert_eq!(life.tells(4 * 3600 + 3, "ok"), "a recovered, b recovered");
    assert_eq!(life.tells(4 * 3600 + 4, "failed"), "a error, b error");
}

const FLAPPING: &str = "limits: {flapping: {changes: 3, within: 10m}}
routes: [{send: [a]}, {on: [error], send: [b]}, {on: [flapping], send: [c]}]";

#[test]
fn what_changes_too_often_is_one_notice_until_it_is_calm() {
    let mut life = Life::under(FLAPPING);
    assert_eq!(life.tells(0, "failed"), "a error, b error");
    assert_eq!(life.tells(10, "ok"), "a recovered");
    assert_eq!(life.tells(20, "failed"), "a error, b error");
    assert_eq!(life.tells(30, "ok"), "a flapping, c flapping");
    let dropped = "a dropped: flapping: 3 changes in 10 min, told again when it is calm";
    assert_eq!(life.tells(40, "failed"), format!("{dropped}, b error"));
    assert_eq!(life.tells(50, "failed"), format!("{dropped}, b error"));
    assert_eq!(life.wakes(639), None);
    assert_eq!(life.wakes(640).as_deref(), Some("a changed, c changed"));
    assert_eq!(life.wakes(700), None);
    assert_eq!(life.tells(700, "ok"), "a recovered");
}

#[test]
fn what_flaps_is_told_when_it_is_worse_than_ever() {
    let mut life = Life::under(FLAPPING);
    ["failed", "ok", "failed", "ok"].into_iter().zip(0..).for_each(|(status, at)| {
        life.tells(at, status);
    });
    life.event["level"] = json!("critical");
    assert_eq!(life.tells(10, "failed"), "a error, b error");
    life.tells(11, "ok");
    assert!(life.tells(12, "failed").starts_with("a dropped: flapping"));
}

#[test]
fn notifiers_that_take_no_flapping_hear_every_change() {
    let rules = "limits: {flapping: {changes: 2, within: 10m}}\nroutes: [{send: [d]}]";
    let mut life = Life::with(&format!("notifiers: [{{name: d, on: [error]}}]\n{rules}"));
    for (at, status) in (0..).zip(["failed", "ok", "failed", "ok", "failed"]) {
        assert_eq!(life.tells(at, status), if status == "failed" { "d error" } else { "" });
    }
}

#[test]
fn a_start_without_an_end_is_told_and_then_at_twice_the_time() {
    let rules = "limits: {still_running: 1h}
routes:
- {on: [error, still_running], send: [a]}
- {on: [error], still_running: 15m, send: [b]}
- {match: {source: other}, still_running: 1m, send: [c]}";
    let mut life = Life::under(rules);
    assert_eq!(life.tells(0, "started"), "");
    assert_eq!(life.wakes(15 * 60 - 1), None);
    assert_eq!(life.wakes(15 * 60).as_deref(), Some("b still_running"));
    assert_eq!(life.wakes(20 * 60), None);
    assert_eq!(life.wakes(30 * 60).as_deref(), Some("b still_running"));
    assert_eq!(life.wakes(60 * 60).as_deref(), Some("a still_running, b still_running"));
    life.tells(61 * 60, "started");
    assert_eq!(life.wakes(119 * 60), None);
    assert_eq!(life.wakes(120 * 60).as_deref(), Some("a still_running, b still_running"));
    life.tells(121 * 60, "ok");
    assert_eq!(life.wakes(100 * 3600), None);
    assert_eq!(life.subject.unwrap().opened, None);
}

#[test]
fn an_event_brings_a_limit_that_rules_replace() {
    let rules = "routes:
- {send: [a]}
- {on: [error], send: [b]}
- {on: [error], still_running: 15m, send: [b]}";
    let mut life = Life::under(rules);
    life.event["still_running"] = json!(600);
    life.tells(0, "started");
    assert_eq!(life.wakes(10 * 60 - 1), None);
    assert_eq!(life.wakes(10 * 60).as_deref(), Some("a still_running"));
    assert_eq!(life.wakes(15 * 60).as_deref(), Some("a still_running, b still_running"));
    let mut life = Life::under("limits: {still_running: 1h}\nroutes: [{send: [a]}]");
    life.event["still_running"] = json!(600);
    life.tells(0, "started");
    assert_eq!(life.wakes(3599), None);
    assert_eq!(life.wakes(3600).as_deref(), Some("a still_running"));
}

#[test]
fn what_has_run_too_long_when_it_is_first_heard_of_is_told_at_once() {
    let mut life = Life::under("limits: {still_running: 1m}\nroutes: [{send: [a]}]");
    life.event["started"] = json!("2026-11-21T08:40:00Z");
    life.tells(150, "started");
    assert_eq!(life.wakes(150).as_deref(), Some("a still_running"));
    assert_eq!(life.wakes(299), None);
    assert_eq!(life.wakes(300).as_deref(), Some("a still_running"));
}

#[test]
fn what_somebody_takes_care_of_is_told_when_it_is_over_or_worse() {
    let mut life = Life::under("routes: [{send: [a]}]");
    life.tells(0, "failed");
    let take = |life: &mut Life| {
        let taken = Acknowledged { who: "irc:alice".to_owned(), at: second(1) };
        life.subject.as_mut().unwrap().acknowledged = Some(taken);
    };
    take(&mut life);
    let dropped = "a dropped: irc:alice takes care of it since 2026-11-21T08:40:01.000Z";
    assert_eq!(life.tells(2, "failed"), dropped);
    assert_eq!(life.tells(3, "warning"), dropped);
    assert_eq!(life.tells(4, "started"), "a started");
    life.event["level"] = json!("critical");
    assert_eq!(life.tells(5, "failed"), "a error");
    assert!(life.subject.as_ref().unwrap().acknowledged.is_none());
    take(&mut life);
    assert_eq!(life.tells(6, "ok"), "a recovered");
    assert!(life.subject.unwrap().acknowledged.is_none());
}

#[test]
fn a_start_that_comes_after_its_end_opens_nothing() {
    let mut life = Life::under("limits: {still_running: 1m}\nroutes: [{send: [a]}]");
    life.tells(100, "ok");
    life.event["ts"] = json!("2026-11-21T08:40:10Z");
    life.tells(101, "started");
    assert_eq!(life.subject.as_ref().unwrap().opened, None);
    life.event["ts"] = json!("2026-11-21T08:42:10Z");
    life.tells(130, "started");
    assert_eq!(life.subject.as_ref().unwrap().opened, Some(second(130)));
}

#[test]
fn clocks_that_jump_leave_nothing_in_the_future() {
    let mut life = Life::under(
        "limits: {still_running: 1m, flapping: {changes: 3, within: 1m}}\nroutes: [{repeat: 1h, send: [a]}]",
    );
    life.event["ts"] = json!("2999-01-01T00:00:00Z");
    for (at, status) in
        [(1000, "failed"), (1001, "started"), (-5000, "failed"), (-4000, "ok"), (-3999, "started")]
    {
        life.tells(at, status);
        let subject = life.subject.as_ref().unwrap();
        let times =
            subject.recent.iter().map(|outcome| outcome.at).chain([subject.since]).chain(subject.opened);
        assert!(times.into_iter().all(|time| time <= second(at)), "{subject:?}");
        assert!(subject.overdue.is_none_or(|overdue| overdue > second(at)), "{subject:?}");
    }
}

#[test]
fn a_long_life_is_remembered_within_its_limit() {
    let mut life = Life::under("routes: [{repeat: 10m, send: [a]}]");
    let told = (0..2_000).filter(|minute| life.tells(minute * 60, "failed") == "a error").count();
    assert_eq!(told, 200);
    assert_eq!(life.subject.unwrap().recent.len(), RECENT);
}
