//! Random events through random rules: decisions are total, repeatable, and never say one thing twice.

use serde_json::{Value, json};

use super::{parse, second};
use crate::model::{Acknowledged, Event, Moment, RECENT, Silence, Subject, Timestamp};
use crate::route::{Asked, Decision, Muted, Rules, Scene, When, decide, explain, overdue};

/// Numbers that look random and are the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn one<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const STATUSES: [&str; 10] =
    ["started", "ok", "warning", "failed", "error", "canceled", "pending", "resolved", "info", "unknown"];
const LEVELS: [&str; 5] = ["ok", "info", "warning", "error", "critical"];
const SCOPES: [&str; 5] = ["acme", "acme/web", "acme/web/deploy", "acme/db", "other"];
const KINDS: [&str; 4] = ["job.end", "approval.denied", "approval.pending", "\u{202e}x/*"];

fn route(dice: &mut Dice) -> String {
    let scoped = dice.below(2) == 0;
    let mut parts = vec![if scoped { format!("scope: {}", dice.one(&SCOPES)) } else { String::new() }];
    parts.push(format!(
        "on: [{}]",
        dice.one(&[
            "any",
            "error, recovered",
            "started",
            "changed, flapping",
            "success, approvals",
            "still_running"
        ])
    ));
    let inherit = ["", "inherit: replace", "except: [n1]", "inherit: append"];
    parts.push(if scoped { dice.one(&inherit).to_owned() } else { String::new() });
    parts.push(
        dice.one(&[
            "",
            "group: {by: [env, scope], wait: 30s}",
            "digest: 1h",
            "digest: {at: \"02:30\", zone: Europe/Amsterdam, below: all}",
        ])
        .to_owned(),
    );
    parts.push(dice.one(&["", "", "after: {count: 3, within: 10m}"]).to_owned());
    parts.push(dice.one(&["", "", "repeat: 5m", "repeat: 4h"]).to_owned());
    parts.push(dice.one(&["", "", "still_running: 15m"]).to_owned());
    let matching = [
        "",
        "level: error",
        "status: [failed, ok]",
        "labels: {env: \"p*\"}",
        "events: [\"/job.*/\"]",
        "source: api",
    ];
    parts.push(format!("match: {{{}}}", dice.one(&matching)));
    let sends = ["n1", "n2", "{n1: {channels: [x]}}", "{n3: {digest: 2h}}", "n1, n1, n3"];
    parts.push(format!("send: [{}, {}]", dice.one(&sends), dice.one(&sends)));
    format!("- {{{}}}", parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
}

fn rules(dice: &mut Dice) -> Rules {
    let routes: Vec<String> = (0..1 + dice.below(8)).map(|_| route(dice)).collect();
    let quiet = [
        "",
        "quiet: [{name: n, from: \"22:00\", to: \"02:30\", zone: Europe/Amsterdam, below: critical, then: hold}]",
        "quiet: [{name: n, from: \"00:00\", to: \"12:00\", zone: UTC, below: all, then: drop}]",
    ];
    let inhibit = ["", "inhibit: [{when: {status: [failed]}, mute: {level: info}, equal: [env]}]"];
    parse(&format!(
        "notifiers: [{{name: n1}}, {{name: n2, level: warning}}, {{name: n3, on: [error, success, flapping]}}]\n\
         limits: {{still_running: 1h, flapping: {{changes: {}, within: 10m}}}}\n{}\n{}\nroutes:\n{}\n",
        2 + dice.below(6),
        dice.one(&quiet),
        dice.one(&inhibit),
        routes.join("\n")
    ))
}

fn event(dice: &mut Dice) -> Event {
    let scopes: Vec<&str> = (0..dice.below(3)).map(|_| dice.one(&SCOPES)).collect();
    let labels = [
        json!({}),
        json!({"env": "prod"}),
        json!({"env": "\n\"',=\u{0}"}),
        json!({"env": "ü".repeat(1_500)}),
    ];
    let times = [
        Value::Null,
        json!("2026-11-21T08:40:00Z"),
        json!("1970-01-01T00:00:00Z"),
        json!("9999-12-30T00:00:00Z"),
        json!("0001-01-02T00:00:00Z"),
    ];
    let mut value = json!({
        "title": "t", "fingerprint": dice.one(&["f", "g", ""]), "status": dice.one(&STATUSES), "scopes": scopes,
        "kind": dice.one(&KINDS), "labels": labels[dice.below(4)], "ts": times[dice.below(5)], "started": times[dice.below(5)],
    });
    if dice.below(2) == 0 {
        value["level"] = json!(dice.one(&LEVELS));
    }
    Event::from_json(&value).unwrap()
}

fn silences(dice: &mut Dice) -> Vec<Muted> {
    let matching = json!({"labels": {"env": "prod"}, "status": [dice.one(&STATUSES)]});
    let matching = matching.as_object().unwrap().clone();
    let (who, why) = ("alice".to_owned(), String::new());
    let (from, until) = (second(0), second(100_000));
    vec![Muted::parse(&Silence { id: 1, matching, who, why, from, until }).unwrap()]
}

/// The clock goes on, and sometimes jumps, to the ends of time too.
fn tick(dice: &mut Dice, now: Timestamp) -> Timestamp {
    let seconds = |seconds: i64| Timestamp::from_micros(now.as_micros().saturating_add(seconds * 1_000_000));
    match dice.below(40) {
        0 => seconds(-100_000),
        1 => Timestamp::from_micros([i64::MIN, i64::MAX, 0][dice.below(3)]),
        2 => second(0),
        _ => seconds(i64::try_from(dice.below(300)).unwrap()),
    }
}

fn check_sends(sends: &[Decision], now: Timestamp) {
    for (at, one) in sends.iter().enumerate() {
        let same = |other: &Decision| (&other.notifier, &other.options) == (&one.notifier, &one.options);
        assert!(!sends[..at].iter().any(same), "twice: {sends:?}");
        match &one.when {
            When::Held(until) | When::Gather { until, .. } => {
                assert!(*until >= now)
            }
            When::Now => {}
            When::Dropped(why) => assert!(!why.is_empty()),
        }
        if let When::Gather { key, .. } = &one.when {
            assert!(key.len() <= 200, "{key}");
        }
    }
}

fn check_subject(subject: &Subject, now: Timestamp) {
    assert!(subject.recent.len() <= RECENT);
    assert!(subject.recent.iter().all(|outcome| outcome.at <= now), "{subject:?} at {now}");
    assert!(subject.recent.is_sorted_by_key(|outcome| outcome.at), "{subject:?}");
    assert!(
        subject.since <= now && subject.opened.is_none_or(|opened| opened <= now),
        "{subject:?} at {now}"
    );
    let waits = subject.opened.is_some() || subject.flapping;
    assert!(waits || subject.overdue.is_none(), "{subject:?}");
}

#[test]
fn ten_thousand_random_events_are_decided_alike_each_time_and_never_told_twice() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut sent, mut dropped, mut woken) = (0, 0, 0);
    for _ in 0..200 {
        let (rules, muted) = (rules(&mut dice), silences(&mut dice));
        let (mut subject, mut now): (Option<Subject>, _) = (None, second(0));
        for id in 1..=50 {
            now = tick(&mut dice, now);
            let event = event(&mut dice);
            let derived = subject.as_ref().and_then(|subject| overdue(subject, now));
            let derived = if dice.below(30) == 0 { Some(Moment::Flapping) } else { derived };
            woken += usize::from(derived.is_some());
            let asked = Asked { event: &event, id, now, derived };
            let failing =
                || subject.clone().map(|one| Subject { key: "x".to_owned(), ..one }).into_iter().collect();
            let scene = Scene { subject: subject.as_ref(), failing: &failing };
            let outcome = decide(&rules, &muted, &asked, scene);
            assert_eq!(decide(&rules, &muted, &asked, scene), outcome);
            let explained = explain(&rules, &muted, &asked, scene);
            let verdicts: Vec<Decision> =
                explained.verdicts.into_iter().filter_map(|verdict| verdict.sends).collect();
            assert_eq!((verdicts, explained.subject), (outcome.sends.clone(), outcome.subject.clone()));
            check_sends(&outcome.sends, now);
            check_subject(&outcome.subject, now);
            sent += outcome.sends.iter().filter(|sends| sends.is_sent()).count();
            dropped += outcome.sends.iter().filter(|sends| !sends.is_sent()).count();
            subject = Some(outcome.subject);
            if dice.below(20) == 0 {
                let taken = Acknowledged { who: "alice".to_owned(), at: now };
                subject = subject.map(|subject| Subject { acknowledged: Some(taken), ..subject });
            }
        }
    }
    assert!(sent > 1_000 && dropped > 1_000 && woken > 100, "{sent} {dropped} {woken}");
}

#[test]
fn fifty_routes_cost_some_microseconds() {
    let routes: String = (0..50)
        .map(|at| format!("- {{scope: acme/team{at}, match: {{source: ci, labels: {{env: \"p*\"}}}}, repeat: 1h, send: [n]}}\n- {{match: {{source: \"s{at}*\", events: [\"job.*\"]}}, send: [n]}}\n"))
        .take(25)
        .collect();
    let rules = parse(&format!(
        "notifiers: [{{name: n}}]\nlimits: {{flapping: {{changes: 5, within: 10m}}}}\nroutes:\n{routes}"
    ));
    assert_eq!(rules.routes.len(), 50);
    let event = Event::from_json(&json!({"title": "t", "source": "ci", "kind": "job.end", "status": "failed", "scopes": ["acme/team3"], "labels": {"env": "prod"}})).unwrap();
    let asked = |at| Asked { event: &event, id: 1, now: second(at), derived: None };
    let mut subject = None;
    for at in 0..40 {
        subject = Some(
            decide(&rules, &[], &asked(at), Scene { subject: subject.as_ref(), failing: &Vec::new }).subject,
        );
    }
    let scene = Scene { subject: subject.as_ref(), failing: &Vec::new };
    let began = std::time::Instant::now();
    for _ in 0..1_000 {
        std::hint::black_box(decide(&rules, &[], &asked(50), scene));
    }
    let each = began.elapsed() / 1_000;
    // Not optimised and on a busy machine a decision may take a hundred times as long as it does for people.
    assert!(each < std::time::Duration::from_millis(2), "{each:?}");
    #[expect(clippy::print_stderr, reason = "shown with --nocapture")]
    {
        eprintln!("a decision before 50 routes takes {each:?}");
    }
}
