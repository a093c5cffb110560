//! From an event to its destinations, through the whole program: order, retries, outages, crashes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::bot::{Bot, Home};
use crate::support::endpoint::{Endpoint, answer};
use crate::support::memory::Watch;
use crate::support::scripted::Scripted;
use crate::support::{SOON, homes, until};
use crate::{load, sink};

/// A home whose events go where `notifiers` says.
fn home(notifiers: &str) -> Home {
    homes::open_to_all().set("CHATOPS_LOG", "info").file("notifiers.yaml", notifiers)
}

/// Serves until the API is there.
fn serve(home: &Home) -> Bot {
    let bot = home.serve();
    bot.logs("ready");
    bot
}

/// Tells an event and returns its id.
fn tell(home: &Home, arguments: &[&str]) -> String {
    let mut all = vec!["notify", "--json"];
    all.extend_from_slice(arguments);
    let ran = home.run(&all);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    told["id"].to_string().trim_matches('"').to_owned()
}

/// The deliveries that fit, the newest first.
fn listed(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["delivery", "list", "--json"];
    all.extend_from_slice(arguments);
    let ran = home.run(&all);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    found.as_array().or_else(|| found["deliveries"].as_array()).expect("a list").clone()
}

/// Waits until so many deliveries of a state are listed.
fn until_listed(home: &Home, state: &str, count: usize) -> Vec<Value> {
    until(SOON, || {
        let found = listed(home, &["--state", state]);
        (found.len() == count).then_some(found)
    })
}

fn body_of(request: &str) -> Value {
    serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap_or_default()).unwrap_or_default()
}

fn titles(endpoint: &Endpoint) -> Vec<String> {
    endpoint
        .requests()
        .iter()
        .map(|it| body_of(it)["title"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn one(url: &str) -> String {
    format!(
        "notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{url}' }} }} }}]\nroutes: [{{ send: [hook] }}]\n"
    )
}

#[test]
fn an_event_is_told_and_what_the_other_side_said_is_kept() {
    let endpoint = Endpoint::saying(200, "", "thanks");
    let home = home(&one(&endpoint.url("/in")));
    let bot = serve(&home);
    tell(&home, &["the disk is full", "--status", "failed", "--label", "host=web-1"]);
    let sent = until_listed(&home, "sent", 1);
    assert!(sent[0]["answer"].as_str().unwrap().contains("thanks"), "{sent:?}");
    let body = body_of(&endpoint.requests()[0]);
    assert_eq!((&body["title"], &body["labels"]["host"]), (&"the disk is full".into(), &"web-1".into()));
    let shown = home.run(&["delivery", "show", &sent[0]["id"].to_string()]);
    assert!(shown.stdout.contains("thanks"), "{shown:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_subject_keeps_its_order_through_failures_and_holds_up_no_other() {
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = failures.clone();
    let endpoint = Endpoint::start("127.0.0.1", move |request| {
        let first = request.contains("\"fingerprint\":\"shell:a\"") && request.contains("a one");
        match first && counted.fetch_add(1, Ordering::SeqCst) < 2 {
            true => answer(503, "", "<html>busy</html>"),
            false => answer(200, "", ""),
        }
    });
    let home = home(&one(&endpoint.url("/")));
    let bot = serve(&home);
    for title in ["a one", "a two", "b one"] {
        tell(&home, &[title, "--fingerprint", &title[..1]]);
    }
    until_listed(&home, "sent", 3);
    let told = titles(&endpoint);
    let last = |title: &str| told.iter().rposition(|known| known == title).unwrap();
    assert!(last("a one") < last("a two"), "{told:?}");
    assert!(last("b one") < last("a one"), "the other subject did not wait: {told:?}");
    assert_eq!(told.iter().filter(|title| *title == "a one").count(), 3);
    let ids: Vec<String> = endpoint
        .requests()
        .iter()
        .filter(|it| it.contains("a one"))
        .filter_map(|it| {
            it.to_lowercase().lines().find(|line| line.starts_with("webhook-id")).map(str::to_owned)
        })
        .collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "each try has the same id: {ids:?}");
    assert!(bot.stop().success());
}

#[test]
fn what_retry_after_asks_for_is_waited_for() {
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = refused.clone();
    let endpoint = Endpoint::start("127.0.0.1", move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => answer(429, "retry-after: 2\r\n", "slow down"),
        _ => answer(200, "", ""),
    });
    let home = home(&one(&endpoint.url("/")));
    let bot = serve(&home);
    let start = Instant::now();
    tell(&home, &["one"]);
    until_listed(&home, "sent", 1);
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(2), "{took:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_refused_delivery_is_kept_and_sent_again_on_demand() {
    let well = Arc::new(AtomicUsize::new(0));
    let switch = well.clone();
    let endpoint = Endpoint::start("127.0.0.1", move |_| match switch.load(Ordering::SeqCst) {
        0 => answer(404, "", "no such hook"),
        _ => answer(200, "", "ok"),
    });
    let home = home(&one(&endpoint.url("/")));
    let bot = serve(&home);
    tell(&home, &["one"]);
    tell(&home, &["two"]);
    let dead = until_listed(&home, "dead", 2);
    assert!(dead[0]["answer"].as_str().unwrap().contains("404"), "{dead:?}");
    well.store(1, Ordering::SeqCst);
    let ran = home.run(&["delivery", "replay", "--notifier", "hook"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let sent = until_listed(&home, "sent", 2);
    assert_eq!(sent[0]["id"], dead[0]["id"], "under the same id");
    assert!(bot.stop().success());
}

#[test]
fn a_destination_that_hangs_keeps_no_other_waiting() {
    let slow = Endpoint::start("127.0.0.1", |_| vec![(Vec::new(), Duration::from_secs(20))]);
    let fast = Endpoint::saying(200, "", "");
    let home = home(&format!(
        "notifiers:\n  - {{ name: slow, to: {{ webhook: {{ url: '{}' }} }} }}\n  - {{ name: fast, to: {{ webhook: {{ url: '{}' }} }} }}\nroutes: [{{ send: [slow, fast] }}]\n",
        slow.url("/"),
        fast.url("/")
    ));
    let bot = serve(&home);
    let start = Instant::now();
    for number in 0..12 {
        tell(&home, &[&format!("event {number}")]);
    }
    until(SOON, || (fast.requests().len() == 12).then_some(()));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(slow.requests().len() <= 8, "at most eight on the way");
    bot.kill9();
}

#[test]
fn events_that_belong_together_are_told_as_one() {
    let endpoint = Endpoint::saying(200, "", "");
    let home = home(&format!(
        "notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{}' }} }} }}]\nroutes: [{{ send: [hook], group: {{ by: [env], wait: 2s }} }}]\n",
        endpoint.url("/")
    ));
    let bot = serve(&home);
    for title in ["one", "two", "three"] {
        tell(&home, &[title, "--label", "env=prod"]);
    }
    until(SOON, || (!endpoint.requests().is_empty()).then_some(()));
    let body = body_of(&endpoint.requests()[0]);
    assert!(body["message"].as_str().unwrap().starts_with("3 events"), "{body}");
    assert_eq!(endpoint.requests().len(), 1);
    assert!(bot.stop().success());
}

#[test]
fn a_destination_that_keeps_failing_is_told_of_elsewhere_once_and_again_when_it_is_well() {
    let well = Arc::new(AtomicUsize::new(0));
    let switch = well.clone();
    let bad = Endpoint::start("127.0.0.1", move |_| match switch.load(Ordering::SeqCst) {
        0 => answer(500, "", "out of order"),
        _ => answer(200, "", "ok"),
    });
    let good = Endpoint::saying(200, "", "");
    let home = home(&format!(
        "notifiers:\n  - {{ name: bad, to: {{ webhook: {{ url: '{}' }} }} }}\n  - {{ name: good, to: {{ webhook: {{ url: '{}' }} }} }}\nroutes: [{{ match: {{ source: shell }}, send: [bad] }}]\nfallback: [good]\n",
        bad.url("/"),
        good.url("/")
    ));
    let bot = serve(&home);
    tell(&home, &["one"]);
    until(Duration::from_secs(60), || (good.requests().len() == 1).then_some(()));
    let body = body_of(&good.requests()[0]);
    assert_eq!(body["title"], "notifier bad keeps failing");
    well.store(1, Ordering::SeqCst);
    until(Duration::from_secs(60), || (good.requests().len() == 2).then_some(()));
    assert_eq!(body_of(&good.requests()[1])["title"], "notifier bad works again");
    assert!(bot.stop().success());
}

#[test]
fn a_room_of_a_connected_adapter_hears_it_and_what_it_may_type() {
    let mut server = Scripted::start();
    let home = homes::on_irc(&server.address()).file(
        "notifiers.yaml",
        "notifiers:\n  - name: room\n    to: { chat: { places: ['irc:#ops'], acknowledge: true, buttons: [{ label: again, run: 'echo {{ event.labels.host }}' }] } }\nroutes: [{ send: [room] }]\n",
    );
    let bot = home.serve();
    server.receives("JOIN #ops");
    tell(&home, &["web-1 is down", "--status", "failed", "--label", "host=web-1"]);
    server.receives("web-1 is down");
    server.receives("!echo web-1");
    server.receives("!ack #1");
    let sent = until_listed(&home, "sent", 1);
    assert_eq!(sent[0]["target"], "irc:#ops");
    assert!(bot.stop().success());
}

#[test]
fn an_action_tells_others_and_still_answers_who_asked() {
    let endpoint = Endpoint::saying(200, "", "");
    let home = home(&one(&endpoint.url("/"))).file(
        "actions/greet.yaml",
        "name: greet\nrunner_type: local-shell-cmd\nnotify:\n  on-success: { message: 'greeted {{ action_parameters.who }}', routes: [hook] }\n  on-failure: { routes: [hook] }\nparameters:\n  who: { type: string }\n  cmd: { immutable: true, default: 'echo hello \"{{ who }}\"' }\n",
    ).file("aliases/greet.yaml", "name: greet\naction_ref: default.greet\nformats: ['greet {{who}}']\n");
    let bot = serve(&home);
    let said = home.chat("greet alice\n");
    assert!(said.stdout.contains("hello alice"), "{said:?}");
    until(SOON, || (endpoint.requests().len() == 1).then_some(()));
    let body = body_of(&endpoint.requests()[0]);
    assert_eq!((&body["title"], &body["source"]), (&"greeted alice".into(), &"action".into()));
    assert_eq!(body["payload"]["action_ref"], "default.greet");
    assert!(bot.stop().success());
}

#[test]
fn a_test_is_sent_for_real_and_marked_in_the_history() {
    let endpoint = Endpoint::saying(200, "", "got it");
    let home = home(&one(&endpoint.url("/")));
    let bot = serve(&home);
    let ran = home.run(&["notifier", "test", "hook"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("got it"), "{ran:?}");
    assert_eq!(body_of(&endpoint.requests()[0])["test"], true);
    assert_eq!(until_listed(&home, "sent", 1)[0]["purpose"], "test");
    let dry = home.run(&["notifier", "test", "hook", "--dry-run"]);
    assert!(dry.stdout.contains("POST") && endpoint.requests().len() == 1, "{dry:?}");
    assert!(bot.stop().success());
}

#[test]
fn secrets_of_a_payload_never_reach_the_disk() {
    let endpoint = Endpoint::saying(200, "", "");
    let home = home(&one(&endpoint.url("/")));
    let bot = serve(&home);
    let address = std::fs::read_to_string(home.path().join("var/api")).unwrap();
    let token = std::fs::read_to_string(home.path().join("var/token")).unwrap();
    let body = r#"{"title": "t", "payload": {"db": {"password": "hunter2-canary"}, "plain": "kept"}}"#;
    let status = post(address.trim(), token.trim(), body);
    assert_eq!(status, 202);
    until(SOON, || (endpoint.requests().len() == 1).then_some(()));
    assert!(endpoint.requests()[0].contains("kept") && !endpoint.requests()[0].contains("canary"));
    assert!(bot.stop().success());
    for file in ["var/chatops.db", "var/chatops.db-wal"] {
        let bytes = std::fs::read(home.path().join(file)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{file}");
    }
}

/// Posts one event and returns the status.
fn post(address: &str, token: &str, body: &str) -> u16 {
    use std::io::{Read, Write};
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap()
}

/// The load that the benchmark posts, against a bot on `home`.
fn posting(home: &Path, events: u32, connections: u32) -> load::Load {
    let address = std::fs::read_to_string(home.join("var/api")).unwrap();
    let token = std::fs::read_to_string(home.join("var/token")).unwrap();
    load::Load {
        address: address.trim().trim_start_matches("http://").trim_end_matches('/').parse().unwrap(),
        head: format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
            token.trim()
        ),
        body: r#"{"source": "test", "title": "job %K", "text": "%M", "fingerprint": "job-%K"}"#.to_owned(),
        events,
        connections,
        first_key: 0,
        rate: Some(1_000.0),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_mid_load_again_and_again_nothing_accepted_is_lost() {
    let sink = sink::Sink::start().await.unwrap();
    let home = home(&one(&format!("http://{}/hook", sink.address)));
    for round in 0..5 {
        sink.clear();
        let bot = serve(&home);
        let work =
            load::Load { first_key: 100 * u32::try_from(round).unwrap(), ..posting(home.path(), 600, 8) };
        let work = tokio::spawn(work.run());
        // Killed when some have arrived and more are on the way, a little later in each round.
        sink.settled("/hook", 20 + 40 * round, Duration::from_secs(10)).await;
        bot.kill9();
        let posted = work.await.unwrap();
        let bot = serve(&home);
        sink.arrived("/hook", &posted.accepted, Duration::from_secs(10)).await;
        let came = sink.seen().on("/hook");
        let accepted = posted.accepted.len();
        assert!(
            accepted > 0 && posted.refused > 0,
            "round {round}: not killed in mid-load: {accepted} accepted"
        );
        let lost: Vec<_> = posted.accepted.iter().filter(|mark| !came.contains_key(mark)).collect();
        assert!(lost.is_empty(), "round {round}: {} of {} lost", lost.len(), posted.accepted.len());
        let other = came.values().filter(|came| came.ids.len() > 1).count();
        assert_eq!(other, 0, "round {round}: what came twice came with another id");
        assert_eq!(sink.seen().disordered, 0, "round {round}: out of order within a subject");
        assert!(bot.stop().success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_events_for_a_dead_destination_are_kept_and_cost_little() {
    let home = home(&one("http://127.0.0.1:9/nobody"));
    let bot = serve(&home);
    let watch = Watch::of(bot.pid());
    let mut load = posting(home.path(), 10_000, 16);
    load.rate = None;
    let posted = load.run().await;
    assert_eq!((posted.accepted.len(), posted.refused), (10_000, 0));
    let said = home.chat("echo still here\n");
    assert!(said.stdout.contains("still here"), "{said:?}");
    let cost = watch.cost();
    assert!(cost < 200, "{cost} MiB in a debug build");
    let ran = home.run(&["delivery", "list", "--state", "due", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_bad_edit_keeps_what_was_good_and_is_noticed_by_itself() {
    let (one, two) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let file = |key: &str| {
        format!(
            "notifiers:\n  - {{ name: one, to: {{ webhook: {{ url: '{}' }} }} }}\n  - {{ name: two, to: {{ webhook: {{ {key}: '{}' }} }} }}\nroutes: [{{ send: [one, two] }}]\n",
            one.url("/"),
            two.url("/")
        )
    };
    let home = home(&file("url"));
    let bot = serve(&home);
    home.write("notifiers.yaml", &file("ulr"));
    bot.logs("ulr");
    tell(&home, &["still told"]);
    until(SOON, || (one.requests().len() == 1 && two.requests().len() == 1).then_some(()));
    home.write("notifiers.yaml", "notifiers: [");
    bot.logs("notifiers.yaml:1");
    tell(&home, &["still told"]);
    until(SOON, || (one.requests().len() == 2 && two.requests().len() == 2).then_some(()));
    assert!(bot.stop().success());
}

#[test]
fn a_bot_that_starts_without_usable_rules_takes_no_event_until_they_are_mended() {
    let endpoint = Endpoint::saying(200, "", "");
    let home = home("notifiers: [");
    let bot = serve(&home);
    let refused = home.run(&["notify", "one"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("nobody would hear"), "{refused:?}");
    home.write("notifiers.yaml", &one(&endpoint.url("/")));
    bot.logs("configuration loaded");
    until(SOON, || (home.run(&["notify", "two"]).code == Some(0)).then_some(()));
    until(SOON, || (!endpoint.requests().is_empty()).then_some(()));
    assert!(bot.stop().success());
}

#[test]
fn what_a_route_sent_with_its_own_options_goes_on_when_the_route_changes() {
    let well = Arc::new(AtomicUsize::new(0));
    let switch = well.clone();
    let endpoint = Endpoint::start("127.0.0.1", move |_| match switch.load(Ordering::SeqCst) {
        0 => answer(503, "", ""),
        _ => answer(200, "", ""),
    });
    let file = |path: &str| {
        format!(
            "notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{}' }} }} }}]\nroutes: [{{ send: [{{ hook: {{ url: '{}' }} }}] }}]\n",
            endpoint.url("/own"),
            endpoint.url(path)
        )
    };
    let home = home(&file("/first"));
    let bot = serve(&home);
    tell(&home, &["one"]);
    until(SOON, || (!endpoint.requests().is_empty()).then_some(()));
    home.write("notifiers.yaml", &file("/second"));
    bot.logs("configuration loaded");
    well.store(1, Ordering::SeqCst);
    until_listed(&home, "sent", 1);
    assert!(endpoint.requests().last().unwrap().starts_with("POST /first "));
    assert!(bot.stop().success());
}
