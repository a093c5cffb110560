//! `chatops notifier` as people use it: list, help, a test that really arrives, a dry run that does not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::support::homes;

/// Whether the JSON body of a request has come.
fn is_whole(request: &str) -> bool {
    let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str::<serde_json::Value>(body).is_ok()
}

/// Takes one request, answers with `status`, and gives the request's text.
fn once(status: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks/hunter2", listener.local_addr().unwrap());
    let request = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut text, mut chunk) = (String::new(), [0; 4096]);
        while !is_whole(&text) {
            let count = stream.read(&mut chunk).unwrap();
            text.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
        stream.write_all(answer.as_bytes()).unwrap();
        text
    });
    (url, request)
}

fn yaml(url: &str) -> String {
    format!(
        "notifiers:\n  - name: hook\n    to: {{ webhook: {{ url: '{url}', bearer: '${{HOOK_TOKEN}}' }} }}\n"
    )
}

#[test]
fn a_test_takes_the_real_way_and_shows_what_the_other_side_said() {
    let (url, request) = once("200 OK");
    let home = homes::small().set("HOOK_TOKEN", "sesame-token").file("notifiers.yaml", &yaml(&url));
    let ran = home.run(&["notifier", "test", "hook"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("sent: 200 hi"), "{ran:?}");
    let request = request.join().unwrap();
    assert!(request.contains("Bearer sesame-token") && request.contains("\"test\":true"), "{request}");
}

#[test]
fn a_refusal_exits_with_1_and_is_shown() {
    let (url, request) = once("403 Forbidden");
    let home = homes::small().set("HOOK_TOKEN", "sesame-token").file("notifiers.yaml", &yaml(&url));
    let ran = home.run(&["notifier", "test", "hook"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("not sent: 403 hi"), "{ran:?}");
    request.join().unwrap();
}

#[test]
fn a_dry_run_sends_nothing_and_shows_no_secret() {
    let home = homes::small().set("HOOK_TOKEN", "sesame-token");
    let home = home.file("notifiers.yaml", &yaml("http://127.0.0.1:1/hooks/hunter2"));
    let event = "title: deploy web\nstatus: failed\nlevel: critical\n";
    let home = home.file("event.yaml", event);
    let file = home.path().join("event.yaml");
    let ran = home.run(&["notifier", "test", "hook", "--dry-run", "--event", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("POST http://127.0.0.1:1/...") && ran.stdout.contains("deploy web failed"),
        "{ran:?}"
    );
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains("sesame") && !all.contains("hunter2"), "{all}");
}

#[test]
fn a_misspelt_option_is_told_with_file_line_and_the_nearest() {
    let text = "notifiers:\n  - name: a\n    to:\n      webhook:\n        urll: https://example.org\n";
    let ran = homes::small().file("notifiers.yaml", text).run(&["notifier", "list"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("notifiers.yaml:5:9"), "{ran:?}");
    assert!(ran.stderr.contains("did you mean `url`?"), "{ran:?}");
}

#[test]
fn help_prints_the_page_of_a_kind() {
    let home = homes::small();
    let ran = home.run(&["notifier", "help", "slack"]);
    assert!(ran.stdout.starts_with("# slack\n"), "{ran:?}");
    assert!(home.run(&["notifier", "help", "slak"]).stderr.contains("did you mean `slack`?"));
}
