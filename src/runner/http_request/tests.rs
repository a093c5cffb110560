//! Requests to a server on this machine.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::model::Status;
use crate::runner::testing::{input, job};
use crate::runner::{Job, Outcome, Settings};

async fn mirror(
    method: axum::http::Method,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let field = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    axum::Json(json!({
        "method": method.as_str(),
        "query": query.0,
        "x": field("x-test"),
        "cookie": field("cookie"),
        "authorization": field("authorization"),
        "type": field("content-type"),
        "body": String::from_utf8_lossy(&body),
    }))
}

async fn server() -> String {
    let away = |uri: Uri| async move {
        let to = uri.query().unwrap().to_owned();
        (StatusCode::FOUND, [("location", to)])
    };
    let app = Router::new()
        .route("/mirror", any(mirror))
        .route("/text", get(|| async { "plain" }))
        .route("/missing", get(|| async { (StatusCode::NOT_FOUND, "{\"why\": \"gone\"}") }))
        .route("/long", get(|| async { "x".repeat(3 << 20) }))
        .route("/slow", get(|| async { std::future::pending::<()>().await }))
        .route("/away", get(away));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

async fn ask(parameters: Value) -> Outcome {
    crate::runner::run("http-request", input(parameters), &job(), &Settings::default()).await
}

#[tokio::test]
async fn an_answer_is_data() {
    let base = server().await;
    let outcome = ask(json!({"url": format!("{base}/mirror"), "params": {"a": "b c", "n": [1, 2]}, "headers": {"X-Test": 5}, "cookies": {"k": "v"}, "username": "me", "password": "pw"})).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    assert_eq!(outcome.result["status_code"], 200);
    assert_eq!(outcome.result["parsed"], true);
    assert_eq!(outcome.result["headers"]["content-type"], "application/json");
    let body = &outcome.result["body"];
    assert_eq!(body["method"], "GET");
    assert_eq!(body["query"], "a=b+c&n=1&n=2");
    assert_eq!((&body["x"], &body["cookie"]), (&json!("5"), &json!("k=v")));
    assert_eq!(body["authorization"], "Basic bWU6cHc=");
}

#[tokio::test]
async fn a_body_makes_it_a_post_and_objects_are_json_or_a_form() {
    let url = format!("{}/mirror", server().await);
    let seen = ask(json!({"url": url, "body": "raw"})).await.result["body"].clone();
    assert_eq!((&seen["method"], &seen["body"]), (&json!("POST"), &json!("raw")));
    let seen = ask(json!({"url": url, "method": "put", "body": {"a": 1}})).await.result["body"].clone();
    assert_eq!(
        (&seen["method"], &seen["type"], &seen["body"]),
        (&json!("PUT"), &json!("application/json"), &json!("{\"a\":1}"))
    );
    let form = json!({"Content-Type": "application/x-www-form-urlencoded"});
    let seen = ask(json!({"url": url, "headers": form, "body": {"a": "b&c"}})).await.result["body"].clone();
    assert_eq!(seen["body"], "a=b%26c");
    let seen =
        ask(json!({"url": url, "file_name": "a.txt", "file_content": "hello"})).await.result["body"].clone();
    assert!(seen["body"].as_str().unwrap().contains("filename=\"a.txt\""));
}

#[tokio::test]
async fn an_answer_that_is_not_good_fails_with_its_code_and_body() {
    let base = server().await;
    let outcome = ask(json!({"url": format!("{base}/missing")})).await;
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.why.unwrap(), "the answer was 404 Not Found");
    assert_eq!(outcome.result["body"], json!({"why": "gone"}));
    let outcome = ask(json!({"url": format!("{base}/text")})).await;
    assert_eq!((&outcome.result["body"], &outcome.result["parsed"]), (&json!("plain"), &json!(false)));
}

#[tokio::test]
async fn a_long_body_is_cut_and_a_slow_one_is_late() {
    let base = server().await;
    let outcome = ask(json!({"url": format!("{base}/long")})).await;
    assert!(outcome.result["body"].as_str().unwrap().ends_with("... output cut: 1048576 bytes kept"));
    let short = Job { limit: Duration::from_millis(300), ..job() };
    let slow = input(json!({"url": format!("{base}/slow")}));
    let outcome = crate::runner::run("http-request", slow, &short, &Settings::default()).await;
    assert_eq!(outcome.status, Status::Timeout);
    assert_eq!(outcome.why.unwrap(), "Action failed to complete in 0.3 seconds");
}

#[tokio::test]
async fn a_kill_ends_the_request() {
    let base = server().await;
    let job = job();
    let stop = job.stop.clone();
    let slow = input(json!({"url": format!("{base}/slow")}));
    let settings = Settings::default();
    let running = crate::runner::run("http-request", slow, &job, &settings);
    let (outcome, ()) = tokio::join!(running, async { stop.cancel() });
    assert_eq!(outcome.status, Status::Canceled);
}

#[tokio::test]
async fn redirects_are_followed_only_if_asked_for_and_never_to_a_barred_host() {
    let base = server().await;
    let away = format!("{base}/away?{base}/text");
    assert_eq!(ask(json!({"url": away})).await.result["status_code"], 302);
    assert_eq!(ask(json!({"url": away, "allow_redirects": true})).await.result["body"], "plain");
    let barred = format!("{base}/away?http://localhost:1/");
    let outcome =
        ask(json!({"url": barred, "allow_redirects": true, "url_hosts_blacklist": ["localhost"]})).await;
    assert!(outcome.why.unwrap().contains("the action does not allow requests to `localhost`"));
    let outcome = ask(json!({"url": base, "url_hosts_whitelist": ["example.org"]})).await;
    assert_eq!(outcome.why.unwrap(), "the action does not allow requests to `127.0.0.1`");
}

#[tokio::test]
async fn errors_are_sentences_without_secrets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = ask(json!({"url": format!("http://me:hunter2@{address}/hook/token?k=v")})).await;
    let why = outcome.why.clone().unwrap();
    assert!(why.starts_with(&format!("cannot connect to `http://{address}/...`: ")), "{why}");
    for secret in ["hunter2", "token", "k=v"] {
        assert!(!format!("{outcome:?}").contains(secret));
    }
    let why = |parameters| async move { ask(parameters).await.why.unwrap() };
    assert!(why(json!({"url": "ftp://example.org"})).await.contains("is not an address of the web"));
    assert!(why(json!({})).await.contains("no `url` is given"));
    let broken = json!({"url": "http://127.0.0.1:1", "headers": {"A": "secret\nb"}});
    assert_eq!(why(broken).await, "the value for `A` holds a line break or a control character");
}
