//! A serving bot whose notifiers are endpoints of the test.

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::bot::{Bot, Home};
use super::endpoint::Endpoint;
use super::{SOON, homes, until};

/// A home with this `notifiers.yaml`.
pub(crate) fn home(notifiers: &str) -> Home {
    homes::open_to_all().file("notifiers.yaml", notifiers)
}

/// One webhook called `hook`.
pub(crate) fn hook(url: &str) -> String {
    format!("notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{url}' }} }} }}]\n")
}

/// Serves until the API is there.
pub(crate) fn serve(home: &Home) -> (Bot, Api) {
    let bot = home.serve();
    bot.logs("ready");
    (bot, Api::of(home))
}

/// The answer's body, if it is of this status.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "an answer is read once")]
pub(crate) fn good(answer: Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer:?}");
    answer.json
}

/// What is said of a request that is not accepted, and of which part.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "an answer is read once")]
pub(crate) fn bad(answer: Answer, status: u16) -> (String, String) {
    assert_eq!(answer.status, status, "{answer:?}");
    let text = |key: &str| answer.json[key].as_str().unwrap_or_default().to_owned();
    (text("detail"), text("field"))
}

/// Tells an event to a topic; gives its id.
#[track_caller]
pub(crate) fn tell(api: &Api, topic: &str, title: &str, status: &str) -> i64 {
    let event = json!({"source": "test", "title": title, "status": status, "labels": {"topic": topic}});
    good(api.post("events", &event), 202)["id"].as_i64().unwrap()
}

/// Waits until every delivery of an event has its end; gives them.
pub(crate) fn ends(api: &Api, event: i64) -> Vec<Value> {
    until(SOON, || {
        let seen = api.get(&format!("events/{event}")).json;
        let all = seen["deliveries"].as_array()?.clone();
        all.iter().all(|one| one["state"] != "due" && one["state"] != "held").then_some(all)
    })
}

/// The titles that an endpoint was told, as they came.
pub(crate) fn titles(endpoint: &Endpoint) -> Vec<String> {
    let body = |request: &String| -> Value {
        serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap_or_default()).unwrap_or_default()
    };
    endpoint.requests().iter().map(|it| body(it)["title"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Waits until an endpoint was told so much.
pub(crate) fn until_told(endpoint: &Endpoint, count: usize) -> Vec<String> {
    until(SOON, || Some(titles(endpoint)).filter(|all| all.len() >= count))
}
