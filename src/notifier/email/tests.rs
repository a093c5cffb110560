use serde_json::{Value, json};

use super::*;
use crate::model::Timestamp;
use crate::notifier::conformance::Rig;

fn read(more: &Value) -> Email {
    let mut options =
        json!({"host": "mail.example.org", "from": "Bot <bot@example.org>", "to": ["a@example.org"]});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(options).unwrap()
}

fn failed() -> Notice {
    Notice {
        target: "a@example.org".into(),
        delivery: "d-1".into(),
        message: "deploy web failed".into(),
        body: "no space".into(),
        fingerprint: "awx:1".into(),
        at: Timestamp::from_micros(1_700_000_000_000_000),
        ..Notice::default()
    }
}

/// The mail as it would go out, long header lines unfolded.
fn mail(email: &Email, notice: &Notice) -> String {
    let bytes = message::build(email, notice).unwrap().formatted();
    String::from_utf8(bytes).unwrap().replace("\r\n ", " ")
}

fn header(mail: &str, name: &str) -> String {
    let start = format!("{name}: ");
    let mut lines = mail.split("\r\n\r\n").next().unwrap().split("\r\n");
    lines.find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
}

#[test]
fn everyone_gets_a_copy_and_bcc_stands_in_none() {
    let email = read(&json!({
        "to": ["Ann <a@example.org>", "b@example.org"], "cc": ["c@example.org", "a@example.org"],
        "bcc": ["d@example.org"], "reply_to": "team@example.org",
    }));
    assert_eq!(email.targets(), ["a@example.org", "b@example.org", "c@example.org", "d@example.org"]);
    let notice = Notice { target: "d@example.org".into(), ..failed() };
    let built = message::build(&email, &notice).unwrap();
    assert_eq!(built.envelope().to()[0].to_string(), "d@example.org");
    let mail = mail(&email, &notice);
    assert_eq!(header(&mail, "To"), "Ann <a@example.org>, b@example.org");
    assert_eq!(header(&mail, "Reply-To"), "team@example.org");
    assert!(!mail.contains("d@example.org"), "{mail}");
}

#[test]
fn start_and_end_thread_together_and_an_attempt_keeps_its_id() {
    let email = read(&json!({}));
    let (start, again) = (mail(&email, &failed()), mail(&email, &failed()));
    let end = mail(&email, &Notice { delivery: "d-2".into(), ..failed() });
    assert_eq!(header(&start, "Message-ID"), header(&again, "Message-ID"));
    assert_ne!(header(&start, "Message-ID"), header(&end, "Message-ID"));
    assert!(header(&start, "References").ends_with("@example.org>"), "{start}");
    assert_eq!(header(&start, "References"), header(&end, "References"));
    assert_eq!(header(&start, "In-Reply-To"), header(&end, "References"));
    let other = mail(&email, &Notice { fingerprint: "awx:2".into(), ..failed() });
    assert_ne!(header(&start, "References"), header(&other, "References"));
}

#[test]
fn a_line_break_in_a_header_is_refused_before_anything_is_sent() {
    let notice = Notice { message: "a\r\nBcc: e@example.org".into(), ..failed() };
    let why = message::build(&read(&json!({})), &notice).unwrap_err();
    assert_eq!(why, "the subject holds a line break or another control character");
    for (key, value) in [
        ("from", json!("a@example.org\r\nBcc: e@example.org")),
        ("to", json!(["a@example.org\nBcc: e@example.org"])),
        ("reply_to", json!("a@example.org\r\n")),
        ("headers", json!({"X-A": "1\r\nBcc: e@example.org"})),
        ("headers", json!({"X-A\r\nBcc": "e@example.org"})),
        ("headers", json!({"Bcc": "e@example.org"})),
    ] {
        assert!(read(&json!({key: value})).check().is_err(), "{key} {value}");
    }
}

#[test]
fn options_that_cannot_work_are_refused_at_load() {
    let check = |more: Value| read(&more).check().unwrap_err();
    assert!(check(json!({"tls": true, "starttls": true})).contains("exclude each other"));
    assert!(check(json!({"username": "bot"})).contains("needs a `password`"));
    assert!(check(json!({"password": "hunter2"})).contains("needs a `username`"));
    assert!(check(json!({"to": []})).contains("`to` is empty"));
    assert!(check(json!({"to": ["nobody"]})).contains("`nobody` is no address"));
    assert!(check(json!({"host": ""})).contains("`host`"));
    assert!(check(json!({"ca_file": "/no/ca.pem"})).contains("`/no/ca.pem`"));
    assert!(check(json!({"starttls": false, "ca_file": "/no/ca.pem"})).contains("need `tls`"));
    assert_eq!(read(&json!({"username": "", "password": ""})).check(), Ok(()));
}

#[test]
fn what_is_careless_is_said() {
    assert!(read(&json!({"insecure_skip_verify": true})).warnings()[0].contains("insecure_skip_verify"));
    let clear = json!({"starttls": false, "username": "bot", "password": "hunter2"});
    assert!(read(&clear).warnings()[0].contains("in the clear"));
    assert!(read(&json!({})).warnings().is_empty());
}

#[test]
fn the_port_follows_from_the_cover() {
    let port = |more: Value| read(&more).port();
    assert_eq!(
        [port(json!({})), port(json!({"tls": true})), port(json!({"starttls": false}))],
        [587, 465, 25]
    );
}

#[tokio::test]
async fn a_rehearsal_shows_the_dialogue_without_the_password() {
    let email = read(&json!({"username": "bot", "password": "hunter2"}));
    let mut rig = Rig::new();
    rig.mode = Mode::Rehearse;
    let shown = email.send(&rig.doors(), &failed(), None).await.unwrap().answer;
    assert!(shown.starts_with("SMTP to mail.example.org:587, with STARTTLS\nAUTH bot ***\n"), "{shown}");
    assert!(
        shown.contains("RCPT TO:<a@example.org>") && shown.contains("Subject: deploy web failed"),
        "{shown}"
    );
    assert!(!format!("{shown}{email:?}").contains("hunter2"));
}

#[test]
fn a_long_or_foreign_notice_stays_within_what_mail_allows() {
    let long = "wörd \u{1f600} <&>\n".repeat(12_000);
    let facts = (0..20).map(|number| (format!("{number}"), long.clone())).collect();
    let notice = Notice { message: long.replace('\n', " "), body: long, facts, ..failed() };
    let bytes = message::build(&read(&json!({"headers": {"X-Team": "Büro"}})), &notice).unwrap().formatted();
    assert!(bytes.is_ascii() && bytes.len() < 4 << 20, "{} bytes", bytes.len());
    let longest = bytes.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest < Some(998), "{longest:?}");
}
