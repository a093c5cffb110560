//! What keeps a message back: silences, inhibition, groups, digests, quiet hours.

use serde_json::{Value, json};

use super::{Life, second};
use crate::model::{EventStatus, Level, Outcome, Silence, Subject};
use crate::route::Muted;

fn silence(matching: Value) -> Result<Muted, String> {
    let matching = matching.as_object().unwrap().clone();
    let (who, why) = ("alice".to_owned(), "disk swap".to_owned());
    Muted::parse(&Silence { id: 1, matching, who, why, from: second(10), until: second(20) })
}

#[test]
fn a_silence_drops_what_it_matches_in_its_time_and_says_who_wanted_it() {
    let dropped = "a dropped: silenced by alice until 2026-11-21T08:40:20.000Z: disk swap";
    let rows = [
        (json!({"labels": {"host": "web-*"}}), true),
        (json!({"labels": {"host": "db-*"}}), false),
        (json!({"level": "error", "source": "api"}), true),
        (json!({"status": ["ok"]}), false),
        (json!({"subject": "api:f"}), true),
        (json!({"subject": "api:g"}), false),
        (json!({"scope": "acme/"}), true),
        (json!({"scope": "acme/db"}), false),
    ];
    for (matching, holds) in rows {
        let mut life = Life::under("routes: [{send: [a]}]");
        life = life.of(json!({"labels": {"host": "web-1"}, "scopes": ["acme/web"]}));
        life.silences = vec![silence(matching.clone()).unwrap()];
        assert_eq!(life.tells(9, "failed"), "a error", "{matching}");
        assert_eq!(life.tells(10, "failed"), if holds { dropped } else { "a error" }, "{matching}");
        assert_eq!(life.tells(20, "failed"), "a error", "{matching}");
    }
}

#[test]
fn a_silence_with_mistakes_is_refused_with_all_of_them() {
    assert_eq!(
        silence(json!({"sorce": "a", "level": "eror"})).unwrap_err(),
        "sorce: unknown key `sorce`, did you mean `source`?; level: unknown word `eror`, did you mean `error`?"
    );
    assert!(silence(json!({})).unwrap_err().contains("everything"));
    assert!(silence(json!({"labels": {"a": "/(/"}})).unwrap_err().contains("regular expression"));
    assert!(silence(json!({"events": 3})).is_err());
}

const INHIBIT: &str = "inhibit: [{when: {source: mon, level: critical}, mute: {source: api}, equal: [site]}]
routes: [{send: [a]}]";

fn failing(site: Option<&str>, status: EventStatus, at: i64) -> Subject {
    let mut life = Life::under("").of(json!({"source": "mon", "title": "db down", "level": "critical"}));
    life.event["labels"] = site.map_or(json!({}), |site| json!({"site": site}));
    life.tells(at, "failed");
    let outcome = Outcome { at: second(at), status };
    Subject { status: Some(status), recent: vec![outcome], level: Level::Critical, ..life.subject.unwrap() }
}

#[test]
fn while_one_fails_others_with_the_same_labels_are_mute() {
    let dropped = "a dropped: `db down` fails, and the rule in line 2 mutes this";
    let rows = [
        (Some(failing(Some("ams"), EventStatus::Failed, 0)), dropped),
        (Some(failing(Some("fra"), EventStatus::Failed, 0)), "a error"),
        (Some(failing(None, EventStatus::Failed, 0)), "a error"),
        (Some(failing(Some("ams"), EventStatus::Warning, 0)), "a error"),
        (None, "a error"),
    ];
    for (failing, expected) in rows {
        let mut life = Life::under(INHIBIT).of(json!({"labels": {"site": "ams"}}));
        life.failing.extend(failing);
        assert_eq!(life.tells(1, "failed"), expected, "{:?}", life.failing);
    }
}

#[test]
fn the_end_of_a_failure_that_was_told_passes_and_of_one_that_was_not_does_not() {
    let mut life = Life::under(INHIBIT).of(json!({"labels": {"site": "ams"}}));
    assert_eq!(life.tells(0, "failed"), "a error");
    life.failing.push(failing(Some("ams"), EventStatus::Failed, 5));
    assert!(life.tells(6, "failed").starts_with("a dropped"));
    assert_eq!(life.tells(7, "ok"), "a recovered");
    assert!(life.tells(8, "failed").starts_with("a dropped"));
    assert!(life.tells(9, "ok").starts_with("a dropped"));
}

#[test]
fn nothing_mutes_itself_and_two_never_mute_each_other() {
    let rules = "inhibit: [{when: {source: api}, mute: {source: api}}]\nroutes: [{send: [a]}]";
    let mut life = Life::under(rules);
    life.tells(0, "failed");
    life.failing.extend(life.subject.clone());
    assert_eq!(life.tells(1, "failed"), "a error");
    life.failing[0].key = "api:other".to_owned();
    assert_eq!(life.tells(2, "failed"), "a error");
}

#[test]
fn events_that_belong_together_share_a_lane() {
    let rules = "routes: [{scope: acme, group: {by: [env, scope], wait: 30s}, send: [a]}]";
    let mut life = Life::under(rules).of(json!({"labels": {"env": "prod"}, "scopes": ["x", "acme/web"]}));
    assert_eq!(life.tells(0, "failed"), r#"a error group 30s group env="prod",scope="acme/web""#);
}

#[test]
fn a_digest_waits_and_what_is_critical_does_not_unless_it_is_to() {
    let rules =
        "routes:\n- {digest: 1h, send: [a, {b: {digest: {at: \"09:00\", zone: UTC, below: all}, x: 1}}]}";
    let mut life = Life::under(rules);
    let b = |sends: &str| sends.split(", ").nth(1).unwrap().to_owned();
    let all = life.tells(0, "failed");
    assert!(all.starts_with("a error digest 3600s digest 3600s, "), "{all}");
    assert!(b(&all).starts_with("b error digest 1200s digest 09:00 UTC with "), "{all}");
    life.event["level"] = json!("critical");
    let all = life.tells(1, "failed");
    assert!(all.starts_with("a error, b error digest"), "{all}");
    life.event["level"] = Value::Null;
    assert!(life.tells(2, "ok").starts_with("a recovered, b recovered digest"));
    assert_eq!(life.decisions(3, "ok")[1].options, Some(json!({"x": 1})));
}

#[test]
fn quiet_hours_gather_hold_or_drop() {
    let rules = |then: &str, route: &str| {
        format!(
            "quiet: [{{name: morning, from: \"08:00\", to: \"09:00\", zone: UTC, days: [sat], below: critical, then: {then}}}]
routes: [{{{route}send: [a]}}]"
        )
    };
    let rows = [
        ("digest", "", "a error digest 1200s quiet morning"),
        ("hold", "", "a error at 2026-11-21T09:00:00.000Z"),
        ("drop", "", "a dropped: quiet hours `morning`"),
        ("hold", "group: {by: [source], wait: 30s}, ", "a error group 1200s group source=\"api\""),
        ("digest", "digest: 2h, ", "a error digest 7200s digest 7200s"),
        ("drop", "digest: 2h, ", "a dropped: quiet hours `morning`"),
    ];
    for (then, route, expected) in rows {
        let mut life = Life::under(&rules(then, route));
        assert_eq!(life.tells(0, "failed"), expected, "{then} {route}");
        life.event["level"] = json!("critical");
        let urgent = life.tells(0, "failed");
        assert!(urgent == "a error" || urgent.starts_with("a error group 30s"), "{urgent}");
        life.event["level"] = json!(null);
        let end = life.tells(0, "ok");
        assert_eq!(end, urgent.replace("error", "recovered"), "who was woken hears that it is over");
    }
}

#[test]
fn notifiers_filter_by_level_moment_and_kind() {
    let names = "notifiers: [{name: a, level: ok}, {name: b, level: warnings}, {name: c, on: [success, approvals]}, {name: d, events: [\"job.*\"]}, {name: e, enabled: false}]";
    let rules = format!("{names}\nroutes: [{{send: [a, b, c, d, e]}}]");
    let mut life = Life::with(&rules).of(json!({"kind": "job.end"}));
    assert_eq!(life.tells(0, "ok"), "a success, c success, d success");
    assert_eq!(life.tells(1, "warning"), "a warning, b warning, d warning");
    assert_eq!(life.tells(2, "ok"), "a success, b success, c success, d success");
    life.event["kind"] = json!("approval.pending");
    assert_eq!(life.tells(3, "pending"), "a pending, c pending");
}
