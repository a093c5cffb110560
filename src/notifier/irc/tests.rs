use serde_json::{Value, json};

use super::*;
use crate::notifier::conformance::Rig;

fn read(more: &Value) -> Irc {
    let mut options = json!({"server": "irc.example.org", "targets": ["#ops", "#vault:hunter2", "alice"]});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(options).unwrap()
}

#[test]
fn channels_and_people_are_targets_and_keys_stay_hidden() {
    let irc = read(&json!({}));
    assert_eq!(irc.check(), Ok(()));
    assert_eq!(irc.targets(), ["#ops", "#vault", "alice"]);
    assert!(!format!("{irc:?}").contains("hunter2"));
    assert_eq!((irc.port(), read(&json!({"tls": false})).port()), (6697, 6667));
}

#[test]
fn options_that_cannot_work_are_refused_at_load() {
    let check = |more: Value| read(&more).check().unwrap_err();
    assert!(check(json!({"targets": []})).contains("`targets` is empty"));
    for bad in ["#a,#b", "a b", "a\r\nQUIT", "#", "#a:", "", "9a"] {
        let why = check(json!({"targets": [bad]}));
        assert!(!why.contains('\n'), "{bad:?}: {why}");
    }
    assert!(check(json!({"nickname": "a b"})).contains("`nickname`"));
    assert!(check(json!({"server": ""})).contains("`server`"));
    assert!(check(json!({"password": "a\r\nQUIT"})).contains("`password`"));
    assert!(check(json!({"sasl_user": "bot"})).contains("`sasl_password`"));
    assert!(check(json!({"fingerprint": "ab"})).contains("`fingerprint`"));
    assert!(check(json!({"tls": false, "ca_file": "/ca.pem"})).contains("need `tls`"));
    assert!(check(json!({"rate": "fast"})).contains("`rate`"));
    assert!(check(json!({"lines": 100})).contains("`timeout`"));
    assert!(check(json!({"proxy": "socks5://x:1"})).contains("`proxy`"));
}

#[test]
fn a_notice_cannot_begin_a_command() {
    let notice = Notice { message: "a".into(), body: "b\r\nQUIT :c\n\n\x01d\0".into(), ..Notice::default() };
    let words = words(&notice);
    assert!(words.iter().all(|line| !line.contains(['\r', '\n', '\0', '\x01'])), "{words:?}");
    assert_eq!(words.iter().filter(|line| line.contains("QUIT")).count(), 1);
}

#[tokio::test]
async fn a_rehearsal_shows_what_would_be_said_without_the_key() {
    let mut rig = Rig::new();
    rig.mode = Mode::Rehearse;
    let notice = Notice { target: "#vault".into(), message: "deploy failed".into(), ..Notice::default() };
    let shown = read(&json!({})).send(&rig.doors(), &notice, None).await.unwrap().answer;
    let expected = "IRC to irc.example.org:6697, over TLS, as chatops\nJOIN #vault ***\nPRIVMSG #vault :deploy failed\nQUIT";
    assert_eq!(shown, expected);
}
