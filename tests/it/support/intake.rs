//! A bot that takes events of every kind of sender, and tells all of them to a file.

use std::fs;

use chatops::model::hex;
use serde_json::Value;

use super::api::Api;
use super::bot::{Bot, Home};
use super::sender::{Request, Sent, sign};
use super::{homes, source};

/// The sources of most tests.
pub(crate) const SOURCES: &str = "\
sources:
  chaostoolkit: { bearer: chaos-token, scopes: [acme/chaos] }
  github: { hmac: [new-secret, old-secret] }
  gitlab: { hmac: gl-token }
  alertmanager: { bearer: [am-token, am-old] }
  awx: { basic: { username: awx, password: awx-password } }
  cloudevents: { header: { X-Key: ce-key } }
  apprise: { bearer: ap-token }
  plain: { from: json, bearer: p-token, largest: 64KiB }
  signed: { from: json, hmac: s-secret }
";

/// The bot that takes events and tells all of them to a file.
pub(crate) fn taking() -> (Home, Bot, Api) {
    let home = homes::small();
    let file = home.path().join("told.log").display().to_string();
    let yaml = format!(
        "notifiers:\n  - name: book\n    to: {{ log: {{ file: '{file}' }} }}\nroutes:\n  - match: {{ source: \"*\" }}\n    send: [book]\n{SOURCES}"
    );
    let home = home.file("notifiers.yaml", &yaml);
    let bot = home.serve();
    bot.logs("ready");
    let api = Api::of(&home);
    (home, bot, api)
}

/// A recorded body.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    fs::read(source::root().join("tests/data/events").join(name)).unwrap()
}

/// What was told so far.
pub(crate) fn told(home: &Home) -> String {
    fs::read_to_string(home.path().join("told.log")).unwrap_or_default()
}

/// What Chaos Toolkit's channel sends.
pub(crate) fn chaos(body: &[u8]) -> Request {
    Request::post("/in/chaostoolkit").header("authorization", "Bearer chaos-token").body(body)
}

/// What GitHub sends, signed.
pub(crate) fn github(secret: &str, event: &str, delivery: &str, body: &[u8]) -> Request {
    Request::post("/in/github")
        .header("x-github-event", event)
        .header("x-github-delivery", delivery)
        .header("x-hub-signature-256", &format!("sha256={}", hex::encode(&sign(secret, body))))
        .body(body)
}

/// The id of a taken event.
pub(crate) fn id(sent: &Sent) -> i64 {
    sent.json["id"].as_i64().unwrap_or_else(|| panic!("{sent:?}"))
}

/// A taken event.
pub(crate) fn event(api: &Api, id: i64) -> Value {
    api.get(&format!("events/{id}")).json
}
