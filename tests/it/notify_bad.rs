//! What admins write and cannot mean: each is told at load, with file, line, key and what is accepted.

use std::path::Path;

use chatops::config::env::Env;
use chatops::notifier::{Rate, Read, read};
use serde_json::json;

use crate::support::homes;
use crate::support::live::{good, serve};

fn load(yaml: &str) -> Read {
    let env = Env::parse(Path::new("chatops.env"), "TOKEN=sesame-token", []).unwrap();
    read(Path::new("notifiers.yaml"), yaml, &env, Path::new("/"))
}

/// The one thing that is wrong with `to`, whose first option is in line 5.
#[track_caller]
fn wrong(kind: &str, options: &str) -> String {
    let indented = options.lines().map(|line| format!("        {line}\n")).collect::<String>();
    let yaml = format!("notifiers:\n  - name: n\n    to:\n      {kind}:\n{indented}");
    let found = load(&yaml);
    let errors: Vec<_> = found.problems.iter().filter(|problem| problem.is_fatal()).collect();
    assert_eq!(errors.len(), 1, "{kind}: {options}: {errors:?}");
    assert!(found.notifiers.is_empty());
    let text = errors[0].error().to_string();
    assert!(!text.contains("sesame"), "{text}");
    text
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn the_page_of_notifiers_loads_as_it_stands() {
    let page = include_str!("../../docs/notifiers.md");
    let yaml = page.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
    let env = Env::parse(Path::new("chatops.env"), "CHATOPS_SLACK_BOT_TOKEN=x", []).unwrap();
    let found = read(Path::new("notifiers.yaml"), yaml, &env, Path::new("/home-of-bot"));
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let room = &found.notifiers[0];
    assert_eq!(
        (room.in_flight, room.rate.as_ref().map(Rate::per_second), room.enabled),
        (Some(2), Some(1.0), true)
    );
    let siren = &found.notifiers[1];
    assert_eq!((siren.in_flight, siren.rate.is_none(), siren.enabled), (None, true, false));
    assert_eq!(siren.service.targets(), ["/home-of-bot/bin/siren"]);
}

#[test]
fn an_unknown_kind_and_a_misspelt_key_name_the_nearest() {
    says(&wrong("slakc", "token: x"), &["notifiers.yaml:4:7", "did you mean `slack`?"]);
    let text = wrong("slack", "token: ${TOKEN}\nchanels: ['#a']");
    says(&text, &["notifiers.yaml:6:9", "did you mean `channels`?"]);
    says(&wrong("webhook", "url: https://example.org\nhttp: { time_out: 3s }"), &[":6:", "`timeout`"]);
    let yaml = "notifiers:\n  - name: n\n    to: { log: { file: /tmp/x } }\n    mesages: {}\n";
    says(&load(yaml).problems[0].error().to_string(), &["notifiers.yaml:4:", "did you mean `messages`?"]);
}

#[test]
fn a_bad_colour_is_told_where_it_stands() {
    let text = wrong("slack", "token: x\nchannels: ['#a']\ncolor: mauve");
    says(&text, &["notifiers.yaml:7:9", "notifiers[0].to.slack.color", "`#36a64f`"]);
    let text = wrong("hipchat", "api_url: https://h.example.org\ntoken: x\nrooms: [a]\ncolor: mauve");
    says(&text, &["notifiers.yaml:8:", "hipchat.color", "`purple`"]);
}

#[test]
fn a_bad_number_is_told_where_it_stands() {
    says(
        &wrong("webhook", "url: https://example.org\nhttp:\n  timeout: soon"),
        &["notifiers.yaml:7:", "`10s`"],
    );
    says(
        &wrong("webhook", "url: https://example.org\nhttp:\n  timeout: 0"),
        &["notifiers.yaml:7:", "webhook.http.timeout", "more than nothing"],
    );
    says(&wrong("grafana", "url: https://example.org\nkey: k\npanel_id: three"), &["notifiers.yaml:7:"]);
    let text = wrong("grafana", "url: https://example.org\nkey: k\npanel_id: 3");
    says(&text, &["notifiers.yaml:7:", "`dashboard_uid`"]);
    let numbers = "account_sid: AC1\naccount_token: x\nfrom_number: '+15550100000'\nto_numbers: ['0155']";
    says(&wrong("twilio", numbers), &["notifiers.yaml:8:", "twilio.to_numbers", "`+15551234567`"]);
    says(&wrong("exec", "command: [x]\ntimeout_seconds: -1"), &["notifiers.yaml:6:"]);
    says(&wrong("exec", "command: [x]\ntimeout_seconds: 0"), &["notifiers.yaml:6:", "from 1 to 3600"]);
    for (line, word) in
        [("in_flight: 65", "from 1 to 64"), ("rate: fast", "`10/s`"), ("in_flight: many", "number")]
    {
        let yaml = format!("notifiers:\n  - name: n\n    to: {{ log: {{ file: /tmp/x }} }}\n    {line}\n");
        let found = load(&yaml);
        let key = format!("notifiers[0].{}", line.split(':').next().unwrap());
        says(&found.problems[0].error().to_string(), &["notifiers.yaml:4:", &key, word]);
    }
}

#[test]
fn nobody_to_tell_is_told() {
    let api = "api_url: https://h.example.org\ntoken: x\n";
    says(&wrong("slack", "token: x\nchannels: []"), &["notifiers.yaml:6:", "slack.channels", "empty"]);
    says(&wrong("slack", "token: x\nchannels: ['']"), &["notifiers.yaml:6:", "`channels`"]);
    says(&wrong("hipchat", &format!("{api}rooms: []")), &["notifiers.yaml:7:", "hipchat.rooms"]);
    let phone = "account_sid: AC1\naccount_token: x\nmessaging_service: MG1\nto_numbers: []";
    says(&wrong("twilio", phone), &["notifiers.yaml:8:", "twilio.to_numbers"]);
    says(&wrong("webex", "token: x\nto: []"), &["notifiers.yaml:6:", "webex.to"]);
    says(&wrong("chat", "places: []"), &["notifiers.yaml:5:", "chat.places"]);
    says(&wrong("exec", "command: []"), &["notifiers.yaml:5:", "exec.command"]);
    says(&wrong("log", "file: ''"), &["notifiers.yaml:5:", "log.file"]);
    says(
        &wrong("mattermost", "url: ''"),
        &["notifiers.yaml:5:", "mattermost.url", "https://example.org/path"],
    );
}

#[test]
fn a_body_that_is_no_json_and_a_template_that_does_not_parse_are_told() {
    let text = wrong("webhook", "url: https://example.org\nbody: '{\"a\": {{ event.title }}}'");
    says(&text, &["notifiers.yaml:6:9", "webhook.body", "| tojson"]);
    let text = wrong("webhook", "url: https://example.org\nbody: '{{ event.title'");
    says(&text, &["notifiers.yaml:6:"]);
}

#[test]
fn line_breaks_never_reach_a_header() {
    let text = wrong("webhook", "url: https://example.org\nheaders:\n  X-Team: \"a\\r\\nX-Evil: sesame\"");
    says(&text, &["notifiers.yaml:7:", "webhook.headers.X-Team", "`X-Team`"]);
    let text = wrong("webhook", "url: https://example.org\nheaders:\n  \"X Team\": a");
    says(&text, &["notifiers.yaml:7:", "cannot be the name of a header"]);
    let text = wrong("webhook", "url: https://example.org\nbearer: \"a\\r\\nX-Evil: b\"");
    says(&text, &["notifiers.yaml:6:", "webhook.bearer"]);
    says(&wrong("slack", "token: \"x\\n\"\nchannels: ['#a']"), &["notifiers.yaml:5:", "slack.token"]);
}

#[test]
fn a_line_with_a_secret_is_never_quoted() {
    let kinds = [
        "slack: { token: sesame-token, chanels: ['#a'] }",
        "pagerduty: { routing_key: sesame-token, verzion: v2 }",
        "mattermost: { url: 'https://example.org/hooks/sesame-token', chanel: x }",
        "discord: { webhook: 'https://example.org/sesame-token', user: x }",
        "webhook: { url: 'https://example.org', bearer: [sesame-token] }",
        "grafana: { url: 'https://example.org', key: [sesame-token] }",
    ];
    for kind in kinds {
        for more in ["", ", rate: sesame", ", in_flight: 99"] {
            let found = load(&format!("notifiers:\n  - {{ name: n, to: {{ {kind} }}{more} }}\n"));
            let text = found.problems[0].error().to_string();
            assert!(!text.contains("sesame-token"), "{text}");
            says(&text, &["notifiers.yaml:2:"]);
        }
    }
    let good = "slack: { token: sesame-token, channels: ['#a'] }";
    for more in [", rate: 1/d", ", in_flight: 99", ", messages: { error: { message: '{{ nobody }}' } }"] {
        let found = load(&format!("notifiers:\n  - {{ name: n, to: {{ {good} }}{more} }}\n"));
        let text = found.problems[0].error().to_string();
        assert!(!text.contains("sesame-token"), "{text}");
    }
}

#[test]
fn a_routes_own_options_are_checked_and_their_values_not_shown() {
    let found = load(
        "notifiers:\n  - name: n\n    to: { slack: { token: '${TOKEN}', channels: ['#a'], http: { timeout: 3s } } }\n",
    );
    let with = |options: serde_json::Value| found.notifiers[0].with(options.as_object().unwrap());
    let error = with(serde_json::json!({"token": ["sesame-token"]})).unwrap_err();
    assert!(!error.contains("sesame") && error.contains("not of the accepted kind"), "{error}");
    let error = with(serde_json::json!({"color": "${TOKEN}"})).unwrap_err();
    assert!(!error.contains("sesame"), "{error}");
    assert_eq!(with(serde_json::json!({"channels": ["${TOKEN}"]})).unwrap().targets(), ["sesame-token"]);
    let error = with(serde_json::json!({"color": "mauve"})).unwrap_err();
    assert!(error.contains("`color`"), "{error}");
    assert!(
        format!("{:?}", with(serde_json::json!({"http": {"redirects": 1}})).unwrap()).contains("timeout: 3s")
    );
}

/// Two notifiers with mistakes of every sort, and a route with one.
const MANY: &str = "---
notifiers:
  - name: room
    rate: fast
    to:
      slack:
        token: ${TOKNE}
        channels: ['#a']
        color: mauve
    messages: { error: { message: '{{ event.tittle }}' } }
  - name: hook
    level: loud
    in_flight: 0
    to: { webhook: { url: https://hooks.example.org, method: FETCH } }
routes: [ { send: [room] } ]
";

#[test]
fn check_and_a_reload_tell_all_mistakes_of_all_notifiers_in_the_order_of_their_lines() {
    let keys = [
        (4, "notifiers[0].rate"),
        (7, "notifiers[0].to.slack.token"),
        (9, "notifiers[0].to.slack.color"),
        (10, "notifiers[0].messages.error.message"),
        (12, "notifiers[1].level"),
        (13, "notifiers[1].in_flight"),
        (14, "notifiers[1].to.webhook.method"),
    ];
    let home = homes::open_to_all().file("notifiers.yaml", MANY);
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let said = format!("{}{}", ran.stdout, ran.stderr);
    let told: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("error: notifiers.yaml:"))
        .map(|(_, told)| told)
        .collect();
    assert_eq!(told.len(), keys.len(), "{said}");
    for (told, (line, key)) in told.iter().zip(keys) {
        assert!(told.starts_with(&format!("{line}:")) && told.contains(&format!(": {key}: ")), "{told}");
    }
    home.write("notifiers.yaml", "notifiers: [ { name: book, to: { log: { file: var/book.log } } } ]\n");
    let (bot, api) = serve(&home);
    home.write("notifiers.yaml", MANY);
    let loaded = good(api.post("reload", &json!({})), 200);
    let problems = loaded["problems"].as_array().unwrap();
    let told: Vec<(u64, &str)> = problems
        .iter()
        .filter(|it| it["severity"] == "error")
        .map(|it| (it["line"].as_u64().unwrap(), it["key"].as_str().unwrap()))
        .collect();
    assert_eq!(told, keys, "{loaded}");
    assert!(bot.stop().success());
}
