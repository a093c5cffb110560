//! What is told to those who watch: `/metrics`, `/readyz`, traces.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::endpoint::Endpoint;
use crate::support::live::{ends, good, hook, serve, tell};
use crate::support::{SOON, homes, until};

/// The value of a metric with these labels.
fn value(page: &str, start: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(start)?.trim().parse().ok())
}

#[test]
fn metrics_count_what_was_taken_delivered_and_given_up() {
    let (well, bad) = (Endpoint::saying(200, "", ""), Endpoint::saying(400, "", "no"));
    let yaml = format!(
        "notifiers:\n  - {{ name: well, to: {{ webhook: {{ url: '{}' }} }} }}\n  - {{ name: bad, to: {{ webhook: {{ url: '{}' }} }} }}\nroutes: [ {{ send: [well, bad] }} ]\n",
        well.url("/a"),
        bad.url("/b")
    );
    let home = homes::small().file("notifiers.yaml", &yaml);
    let (bot, api) = serve(&home);
    ends(&api, tell(&api, "t", "one", "failed"));
    let run = json!({"action": "core.local", "parameters": {"cmd": "true"}, "user": "ann"});
    assert_eq!(api.post("actions/run", &run).status, 200);
    let page = api.root("/metrics");
    assert!(page.head.contains("text/plain; version=0.0.4"), "{}", page.head);
    for (start, expected) in [
        ("chatops_events_accepted_total", 1.0),
        ("chatops_deliveries_delivered_total{notifier=\"well\"}", 1.0),
        ("chatops_deliveries_dead_total{notifier=\"bad\",reason=\"refused\"}", 1.0),
        ("chatops_deliveries{notifier=\"bad\",state=\"dead\"}", 1.0),
        ("chatops_command_duration_seconds_count{status=\"succeeded\"}", 1.0),
        ("chatops_command_duration_seconds_bucket{status=\"succeeded\",le=\"+Inf\"}", 1.0),
        ("chatops_store_queue_length{queue=\"events\"}", 0.0),
        ("chatops_commands_open{state=\"running\"}", 0.0),
    ] {
        assert_eq!(value(&page.text, start), Some(expected), "{start}: {}", page.text);
    }
    assert!(bot.stop().success());
}

#[test]
fn ready_names_the_adapter_that_is_down() {
    let home = homes::on_rocketchat("http://127.0.0.1:9");
    let (bot, api) = serve(&home);
    // The console's own room is there a moment after the API.
    let answer =
        until(SOON, || Some(api.root("/readyz")).filter(|it| it.json["down"] == json!(["rocketchat"])));
    assert_eq!(answer.status, 503, "{answer:?}");
    let again = api.call("POST", "adapters/rocketchat/reconnect", "", b"");
    assert_eq!(again.status, 202, "{again:?}");
    assert_eq!(api.call("POST", "adapters/nobody/reconnect", "", b"").status, 404);
    assert!(bot.stop().success());
}

#[test]
fn requests_events_commands_and_deliveries_are_traced() {
    let (sink, collector) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", "{}"));
    let yaml = hook(&sink.url("/a")) + "routes: [ { send: [hook] } ]\n";
    let home = homes::small()
        .file("notifiers.yaml", &yaml)
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url(""))
        .set("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc");
    let (bot, api) = serve(&home);
    let caller = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let event = json!({"source": "ci", "title": "x", "status": "failed"}).to_string();
    let id = good(api.call("POST", "events", caller, event.as_bytes()), 202)["id"].as_i64().unwrap();
    ends(&api, id);
    let run = json!({"action": "core.local", "parameters": {"cmd": "false"}, "user": "ann"});
    api.post("actions/run", &run);
    assert!(bot.stop().success());
    let began = Instant::now();
    let spans: Vec<Value> = until(SOON, || {
        let all: Vec<Value> = collector
            .requests()
            .iter()
            .filter_map(|it| serde_json::from_str::<Value>(it.split("\r\n\r\n").nth(1)?).ok())
            .flat_map(|body| {
                body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().cloned().unwrap_or_default()
            })
            .collect();
        all.iter().any(|span| span["name"] == "command").then_some(all)
    });
    assert!(began.elapsed() < SOON && collector.requests()[0].to_lowercase().contains("x-key: abc"));
    assert!(collector.requests()[0].starts_with("POST /v1/traces"));
    let named = |name: &str| {
        spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name}: {spans:?}"))
    };
    let caller = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = spans.iter().find(|span| span["traceId"] == caller && span["name"] == "request").unwrap();
    let event = spans.iter().find(|span| span["traceId"] == caller && span["name"] == "event").unwrap();
    assert_eq!(
        (&request["parentSpanId"], &event["parentSpanId"]),
        (&json!("00f067aa0ba902b7"), &request["spanId"])
    );
    assert_eq!(named("delivery")["status"], json!({}));
    assert_eq!(named("command")["status"]["code"], 2, "{}", named("command"));
}
