//! The notifiers that speak HTTP against endpoints that do what real ones do on bad days.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chatops::model::SendError;
use chatops::notifier::Configured;
use serde_json::{Value, json};

use crate::support::endpoint::{Endpoint, answer};
use crate::support::notify::{Outcome, failed, later, notifier, only, refused, tell};

fn webhook(url: &str, more: &Value) -> Configured {
    let mut options = json!({"url": url});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    notifier(&json!({"webhook": options}))
}

fn post(url: &str, more: &Value) -> Outcome {
    only(tell(&webhook(url, more), failed()))
}

#[test]
fn every_status_means_what_it_says() {
    const HTML: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";
    let taken = [200, 202, 204, 299];
    let passing = [408, 425, 429, 500, 502, 503];
    let lasting = [300, 301, 302, 303, 304, 400, 401, 403, 404, 410, 422];
    for status in taken.into_iter().chain(passing).chain(lasting) {
        let end = Endpoint::saying(status, "location: /elsewhere\r\n", HTML);
        let outcome = post(&end.url("/in"), &json!({}));
        let said = match &outcome {
            Ok(receipt) => receipt.answer.clone(),
            Err(error) => error.to_string(),
        };
        assert!(said.starts_with(&status.to_string()), "{status}: {said}");
        assert!(matches!(status, 204 | 304) || said.contains("Service Unavailable"), "{status}: {said}");
        let right = match &outcome {
            Ok(_) => taken.contains(&status),
            Err(SendError::Retry { .. }) => passing.contains(&status),
            Err(SendError::Refused { .. } | SendError::NoRoom { .. }) => lasting.contains(&status),
            Err(SendError::Gone { .. }) => false,
        };
        assert!(right, "{status}: {outcome:?}");
        assert_eq!(end.requests().len(), 1, "{status}: asked once");
    }
}

#[test]
fn a_service_says_when_to_come_back_in_its_own_way() {
    let in_a_minute = http_date(60);
    let ways: [(u16, String, &str, std::ops::RangeInclusive<u64>); 5] = [
        (429, "retry-after: 7\r\n".into(), "", 7000..=7000),
        (503, "Retry-After: 120\r\n".into(), "", 120_000..=120_000),
        (429, format!("retry-after: {in_a_minute}\r\n"), "", 50_000..=61_000),
        (
            429,
            String::new(),
            r#"{"message": "You are being rate limited.", "retry_after": 0.65, "global": false}"#,
            650..=650,
        ),
        (
            429,
            "x-ratelimit-reset-after: 3\r\nretry-after: 3\r\n".into(),
            r#"{"retry_after": 2.5}"#,
            3000..=3000,
        ),
    ];
    for (status, headers, body, expected) in ways {
        let told = headers.clone();
        let end = Endpoint::start("127.0.0.1", move |_| answer(status, &headers, body));
        let outcome =
            only(tell(&notifier(&json!({"discord": {"webhook": end.url("/api/webhooks/1/key")}})), failed()));
        let Err(SendError::Retry { after: Some(after), .. }) = outcome else { panic!("{told}: {outcome:?}") };
        let millis = u64::try_from(after.as_millis()).unwrap();
        assert!(expected.contains(&millis), "{told}: {after:?}");
    }
}

/// A moment in `seconds`, as HTTP writes it.
fn http_date(seconds: i64) -> String {
    let out = Command::new("date")
        .args(["-u", "-d", &format!("+{seconds} seconds"), "+%a, %d %b %Y %H:%M:%S GMT"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_307_and_a_308_are_followed_with_the_body() {
    for status in [307, 308] {
        let end = Endpoint::start("127.0.0.1", move |head| match head.contains(" /in ") {
            true => answer(status, "location: /new\r\n", ""),
            false => answer(200, "", "here"),
        });
        let receipt = post(&end.url("/in"), &json!({"bearer": "sesame-token", "method": "PUT"})).unwrap();
        assert_eq!(receipt.answer, "200 here");
        let second = &end.requests()[1];
        assert!(second.starts_with("PUT /new ") && second.contains("deploy web"), "{second}");
        assert!(second.contains("Bearer sesame-token"), "the same host keeps the credentials: {second}");
    }
}

#[test]
fn another_host_gets_no_credentials_and_no_key_in_a_body() {
    let other =
        std::sync::Arc::new(Endpoint::start("127.0.0.2", |_| answer(200, "", r#"{"status": "success"}"#)));
    let there = format!("location: http://127.0.0.2:{}/new\r\n", other.port());
    let first = Endpoint::start("127.0.0.1", move |_| answer(307, &there, ""));
    let secrets =
        json!({"username": "bot", "password": "sesame-token", "headers": {"X-Key": "sesame-header"}});
    post(&first.url("/in"), &secrets).unwrap();
    let seen = other.requests().remove(0);
    assert!(seen.contains("deploy web"), "{seen}");
    assert!(!seen.contains("sesame") && !seen.to_lowercase().contains("authorization"), "{seen}");
    assert!(first.requests()[0].contains("sesame-header"));
    let pager = notifier(&json!({"pagerduty": {"routing_key": "sesame-routing", "api_url": first.url("")}}));
    let why = refused(only(tell(&pager, failed())));
    assert!(why.contains("the body holds a key"), "{why}");
    assert_eq!(other.requests().len(), 1);
}

#[test]
fn a_get_follows_what_a_post_may_not() {
    let end = Endpoint::start("127.0.0.1", |head| match head.contains(" /in ") {
        true => answer(302, "location: /new\r\n", ""),
        false => answer(200, "", "here"),
    });
    let receipt = post(&end.url("/in"), &json!({"method": "GET"})).unwrap();
    assert_eq!(receipt.answer, "200 here");
    assert!(end.requests().iter().all(|request| request.starts_with("GET ") && !request.contains("deploy")));
    assert!(refused(post(&end.url("/in"), &json!({}))).starts_with("302"));
}

#[test]
fn a_redirect_loop_ends_and_one_that_leads_nowhere_is_said() {
    let end = Endpoint::saying(307, "location: /again\r\n", "");
    assert_eq!(refused(post(&end.url("/in"), &json!({"http": {"redirects": 3}}))), "more than 3 redirects");
    assert_eq!(end.requests().len(), 4);
    let none = Endpoint::saying(308, "", "");
    assert_eq!(refused(post(&none.url("/in"), &json!({}))), "308 that leads nowhere");
    let file = Endpoint::saying(308, "location: file:///etc/passwd\r\n", "");
    assert_eq!(refused(post(&file.url("/in"), &json!({}))), "308 that leads nowhere");
}

/// One byte of `text` every 100 ms.
fn drip(text: &str) -> Vec<(Vec<u8>, Duration)> {
    text.bytes().map(|byte| (vec![byte], Duration::from_millis(100))).collect()
}

fn within(limit: Duration, outcome: impl FnOnce() -> Outcome) -> Outcome {
    let begun = Instant::now();
    let outcome = outcome();
    let took = begun.elapsed();
    // Half a second for a busy machine.
    assert!(took < limit + Duration::from_millis(1500), "{took:?}: {outcome:?}");
    outcome
}

#[test]
fn an_endpoint_that_drips_ends_within_the_limit() {
    let http = json!({"http": {"timeout": "1s"}});
    let head = Endpoint::start("127.0.0.1", |_| drip(&format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(500))));
    let why = later(within(Duration::from_secs(1), || post(&head.url("/in"), &http)));
    assert!(why.contains("no answer") && why.contains("within 1s"), "{why}");
    // Its status came, so it was taken; whether slack took it stands in the body that did not come.
    let body = |_: &str| {
        let mut all = vec![(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n".to_vec(), Duration::ZERO)];
        all.extend(drip(&"y".repeat(500)));
        all
    };
    let end = Endpoint::start("127.0.0.1", body);
    let receipt = within(Duration::from_secs(1), || post(&end.url("/in"), &http)).unwrap();
    assert!(receipt.answer.starts_with("200 yy"), "{}", receipt.answer);
    let slack = json!({"slack": {"token": "x", "channels": ["#a"], "api_url": end.url(""), "http": {"timeout": "1s"}}});
    let why = later(within(Duration::from_secs(1), || only(tell(&notifier(&slack), failed()))));
    assert!(why.contains("the rest of the answer did not come"), "{why}");
}

#[test]
fn slow_redirects_share_one_limit() {
    let end = Endpoint::start("127.0.0.1", |_| {
        let mut slow = vec![(Vec::new(), Duration::from_millis(400))];
        slow.extend(answer(307, "location: /again\r\n", ""));
        slow
    });
    let http = json!({"http": {"timeout": "1s"}});
    let why = later(within(Duration::from_secs(1), || post(&end.url("/in"), &http)));
    assert!(why.contains("within 1s"), "{why}");
    assert!(end.requests().len() < 5, "{}", end.requests().len());
}

#[test]
fn a_black_hole_is_given_up_within_the_connect_limit() {
    let hole = BlackHole::start();
    let http = json!({"http": {"connect_timeout": "1s", "timeout": "20s"}});
    let url = format!("http://127.0.0.1:{}/in", hole.port);
    let why = later(within(Duration::from_secs(1), || post(&url, &http)));
    assert!(why.contains("no connection") && why.contains("within 1s"), "{why}");
}

/// A port whose queue of those who wait to be let in is full: the kernel answers nothing to whoever comes next.
struct BlackHole {
    child: Child,
    port: u16,
}

impl BlackHole {
    fn start() -> Self {
        let script = "import socket, time\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)\n\
                      waiting = []\nfor _ in range(4):\n    c = socket.socket(); c.settimeout(0.3); waiting.append(c)\n    \
                      try: c.connect(s.getsockname())\n    except OSError: pass\n\
                      print(s.getsockname()[1], flush=True)\ntime.sleep(60)\n";
        let mut child = Command::new("python3").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for BlackHole {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_large_answer_is_read_and_kept_in_part() {
    let end = Endpoint::start("127.0.0.1", |_| answer(404, "", &"x".repeat(4 << 20)));
    let why = refused(post(&end.url("/in"), &json!({})));
    assert_eq!(why.len(), "404 ".len() + 300);
}

#[test]
fn a_payload_that_is_too_large_is_refused_before_it_is_sent() {
    let end = Endpoint::saying(200, "", "");
    let large = chatops::notifier::Notice { payload: json!("x".repeat(20 << 20)), ..failed() };
    let why = refused(only(tell(&webhook(&end.url("/in"), &json!({"send": "payload"})), large)));
    assert!(why.contains("bytes, at most"), "{why}");
    assert!(end.requests().is_empty());
}
