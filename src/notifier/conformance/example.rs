//! The notifier that CONTRIBUTING.md shows: it is the file that is compiled here, and it works.

use serde_json::{Value, json};

use super::{Answer, Recorder, Rig};
use crate::notifier::my_service::MyService;
use crate::notifier::{Notice, Notifier, schema};

/// The first Rust block of a page's section, its indentation taken away.
fn block(page: &str, heading: &str) -> String {
    let section = page.split_once(heading).unwrap().1;
    let block = section.split_once("   ```rust\n").unwrap().1.split_once("   ```\n").unwrap().0;
    block.lines().map(|line| format!("{}\n", line.strip_prefix("   ").unwrap_or(line))).collect()
}

#[test]
fn contributing_shows_what_is_compiled() {
    let shown = block(include_str!("../../../CONTRIBUTING.md"), "## A notifier in ten minutes");
    let compiled = include_str!("../../../tests/example/src/notifier/my_service.rs");
    assert_eq!(shown, compiled, "the example and tests/example/src/notifier/my_service.rs must be the same");
}

#[test]
fn the_schema_of_the_example_is_its_type() {
    let schema = schema::of::<MyService>();
    assert_eq!(schema::keys(&schema), ["api_url", "token", "rooms", "http"]);
    let token = json!({"type": "string", "writeOnly": true, "format": "password", "description": "A token that may post."});
    assert_eq!(schema["properties"]["token"], token);
    assert_eq!(schema["required"], json!(["api_url", "token", "rooms"]));
    let options = json!({"token": "hunter2", "rooms": ["ops"]});
    let (shown, cut) = schema::redact(&schema, options.as_object().unwrap());
    assert_eq!(Value::Object(shown), json!({"token": true, "rooms": ["ops"], "api_url": false}));
    assert_eq!(cut, ["token", "api_url"]);
}

#[tokio::test]
async fn the_example_sends() {
    let recorder = Recorder::start(Answer::status(200).body("thanks")).await;
    let page: Value =
        serde_yaml::from_str(MyService::PAGE.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0)
            .unwrap();
    let mut options = page["notifiers"][0]["to"]["my-service"].clone();
    options["api_url"] = json!(recorder.base());
    options["token"] = json!("hunter2");
    let service: MyService = serde_json::from_value(options).unwrap();
    assert_eq!(service.check(), Ok(()));
    let target = service.targets().remove(0);
    let notice = Notice { target, message: "deploy failed".into(), ..Notice::default() };
    let receipt = service.send(&Rig::new().doors(), &notice, None).await.unwrap();
    assert_eq!(receipt.answer, "200 thanks");
    let seen = recorder.requests().remove(0);
    assert_eq!((seen.path.as_str(), seen.header("authorization")), ("/v1/messages", Some("Bearer hunter2")));
    assert_eq!(seen.json()["room"], "ops");
}
