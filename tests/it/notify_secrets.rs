//! A secret in every option that may hold one, and endpoints that repeat all they are told: it is shown nowhere.

use std::sync::Arc;

use chatops::model::SendError;
use chatops::notifier::Service;
use serde_json::{Value, json};

use crate::support::endpoint::{Endpoint, answer};
use crate::support::homes;
use crate::support::notify::{failed, notifier, tell};

const CANARY: &str = "sesame-canary-0123456789";

/// Every kind with an address, and options full of secrets.
fn kinds(base: &str) -> Vec<Value> {
    let http = json!({"timeout": "5s"});
    let hook = format!("{base}/hooks/{CANARY}");
    let login = base.replace("http://", &format!("http://bot:{CANARY}@"));
    vec![
        json!({"webhook": {"url": format!("{login}/in/{CANARY}?key={CANARY}"), "bearer": CANARY, "headers": {"X-Key": CANARY}, "http": http}}),
        json!({"webhook": {"url": hook, "username": "bot", "password": CANARY, "signing_secret": ["c2VzYW1lLWNhbmFyeS0wMTIz"], "http": http}}),
        json!({"slack": {"token": CANARY, "channels": ["#a"], "api_url": format!("{base}/api"), "http": http}}),
        json!({"slack": {"webhook": hook, "http": http}}),
        json!({"mattermost": {"url": hook, "channel": "ops", "http": http}}),
        json!({"rocketchat": {"url": hook, "http": http}}),
        json!({"discord": {"webhook": hook, "http": http}}),
        json!({"teams": {"webhook": format!("{hook}?sig={CANARY}"), "http": http}}),
        json!({"pagerduty": {"routing_key": CANARY, "api_url": base, "http": http}}),
        json!({"pagerduty": {"routing_key": CANARY, "version": "v1", "api_url": base, "http": http}}),
        json!({"hipchat": {"api_url": base, "token": CANARY, "rooms": ["The Ops Room"], "http": http}}),
        json!({"twilio": {"account_sid": "AC1", "account_token": CANARY, "from_number": "+15550100000", "to_numbers": ["+15550100001"], "api_url": base, "http": http}}),
        json!({"grafana": {"url": base, "key": CANARY, "http": http}}),
        json!({"webex": {"token": CANARY, "to": ["room"], "api_url": base, "http": http}}),
        json!({"exec": {"command": ["sh", "-c", "cat; echo \"$1 $KEY\"; echo \"$1\" >&2; exit 3", "sh", CANARY], "env": {"KEY": CANARY}, "with": {"a": [{"b": CANARY}]}}}),
    ]
}

/// Whether a text holds the secret, as it is or in base64 behind a user.
fn leaks(text: &str) -> bool {
    text.contains(CANARY)
        || text.contains("Ym90OnNlc2FtZS1jYW5hcnk")
        || text.contains("QUMxOnNlc2FtZS1jYW5hcnk")
}

#[test]
fn an_endpoint_that_repeats_everything_learns_nobody_anything() {
    for status in [200, 302, 400, 429, 503] {
        let end = Arc::new(Endpoint::start("127.0.0.1", move |request| answer(status, "", request)));
        for to in kinds(&end.url("")) {
            let notifier = notifier(&to);
            for (target, outcome) in tell(&notifier, failed()) {
                let text = format!("{target} {outcome:?} {notifier:?}");
                assert!(!leaks(&text), "{status}: {text}");
                if let Err(SendError::Retry { why, .. } | SendError::Refused { why }) = &outcome {
                    assert!(!leaks(why));
                }
            }
            let service: &Service = &notifier.service;
            assert!(!leaks(&format!("{service:?} {:?}", service.warnings())));
        }
        let asked = end.requests().join("\n");
        assert!(leaks(&asked), "the secrets do travel");
    }
}

#[test]
fn an_endpoint_that_is_away_learns_nobody_anything() {
    let base = format!("http://127.0.0.1:{}", crate::support::ircd::free_port());
    for to in kinds(&base) {
        for (_, outcome) in tell(&notifier(&to), failed()) {
            let text = outcome.unwrap_err().to_string();
            assert!(!leaks(&text), "{text}");
        }
    }
}

#[test]
fn the_command_line_shows_no_secret_in_lists_tests_dry_runs_or_logs() {
    let end = Endpoint::start("127.0.0.1", |request| answer(400, "", request));
    let entries: Vec<Value> = kinds(&end.url(""))
        .into_iter()
        .enumerate()
        .map(|(index, to)| json!({"name": format!("n{index}"), "to": to}))
        .collect();
    let yaml = json!({"notifiers": entries}).to_string();
    let home = homes::small().set("CHATOPS_LOG", "trace").file("notifiers.yaml", &yaml);
    let listed = home.run(&["--json", "notifier", "list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let mut all = format!("{}{}", listed.stdout, listed.stderr);
    for index in 0..entries.len() {
        for dry in [true, false] {
            let name = format!("n{index}");
            let arguments = ["notifier", "test", &name, "--dry-run"];
            let ran = home.run(if dry { &arguments } else { &arguments[..3] });
            assert_eq!(ran.code, Some(i32::from(!dry)), "{ran:?}");
            all.push_str(&format!("{}{}", ran.stdout, ran.stderr));
        }
    }
    assert!(!leaks(&all), "{all}");
    assert!(all.contains("***"), "{all}");
}
