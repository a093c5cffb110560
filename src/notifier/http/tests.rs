use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::*;
use crate::model::{Secret, Timestamp};
use crate::notifier::conformance::{Answer, Recorder, Rig};

async fn send(rig: &Rig, to: &Recorder, options: &str) -> Result<Receipt, SendError> {
    let http: Http = serde_yaml::from_str(options).unwrap();
    let url = Secret::new(format!("{}/hook", to.base()));
    let request = Request::post(url, &json!({"a": 1})).bearer(&Secret::new("hunter2"));
    deliver(&rig.doors(), &http, request, |reply| Ok(reply.receipt())).await
}

#[tokio::test]
async fn each_status_is_taken_retried_or_final() {
    let rig = Rig::new();
    for status in [200, 204, 299, 300, 301, 302, 303, 304, 400, 401, 404, 408, 410, 425, 429, 500, 502, 599] {
        let recorder = Recorder::start(Answer::status(status)).await;
        let outcome = send(&rig, &recorder, "{}").await;
        let as_expected = match status {
            200..300 => outcome.is_ok(),
            408 | 425 | 429 | 500.. => matches!(outcome, Err(SendError::Retry { .. })),
            _ => matches!(outcome, Err(SendError::Refused { .. })),
        };
        assert!(as_expected, "{status}: {outcome:?}");
        assert_eq!(recorder.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_308_is_followed_and_another_host_gets_no_credentials() {
    let rig = Rig::new();
    let end = Recorder::start(Answer::status(200)).await;
    // The same machine by another name is another host.
    let there = format!("{}/new", end.base().replace("127.0.0.1", "localhost"));
    let start = Recorder::start(Answer::status(308).header("location", &there)).await;
    send(&rig, &start, "{}").await.unwrap();
    let (first, second) = (start.requests().remove(0), end.requests().remove(0));
    assert_eq!(first.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(second.header("authorization"), None);
    assert_eq!((second.method.as_str(), second.body.as_str()), ("POST", r#"{"a":1}"#));
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let rig = Rig::new();
    let recorder = Recorder::start(Answer::status(307).header("location", "/again")).await;
    let error = send(&rig, &recorder, "{redirects: 3}").await.unwrap_err();
    assert_eq!(error, refused("more than 3 redirects"));
    assert_eq!(recorder.requests().len(), 4);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let rig = Rig::new();
    let recorder = Recorder::start(Answer::silence()).await;
    let error = send(&rig, &recorder, "{timeout: 200ms}").await.unwrap_err();
    let shown = error.to_string();
    assert!(matches!(error, SendError::Retry { .. }) && shown.contains("within 200ms"), "{shown}");
}

#[tokio::test]
async fn an_answer_that_repeats_the_token_is_masked() {
    let rig = Rig::new();
    let recorder = Recorder::start(Answer::status(403).body("bad token hunter2")).await;
    assert_eq!(send(&rig, &recorder, "{}").await.unwrap_err(), refused("403 bad token ***"));
}

#[tokio::test]
async fn nobody_at_the_other_end_may_pass() {
    let rig = Rig::new();
    let closed = Recorder::closed().await;
    assert!(matches!(send(&rig, &closed, "{}").await, Err(SendError::Retry { .. })));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = Timestamp::from_micros(784_111_777 * 1_000_000);
    let read = |text: &'static str| {
        let headers =
            HeaderMap::from_iter([("retry-after".parse().unwrap(), HeaderValue::from_static(text))]);
        answer::wait(&headers, now)
    };
    assert_eq!(read("120"), Some(Duration::from_secs(120)));
    assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(read("Sun, 06 Nov 1994 08:48:37 GMT"), Some(Duration::ZERO));
    assert_eq!(read("soon"), None);
    assert_eq!(read("99999999"), Some(Duration::from_secs(86_400)));
}
