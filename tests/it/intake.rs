//! Events as their senders send them, over real sockets: what becomes of them.

use std::path::PathBuf;

use chatops::model::hex;
use serde_json::{Value, json};

use crate::support::intake::{chaos, event, github, id, recorded, taking, told};
use crate::support::sender::Request;
use crate::support::{SOON, homes, source, until};

#[test]
fn an_experiment_is_taken_as_it_is_sent_and_told() {
    let (home, bot, api) = taking();
    let started = chaos(&recorded("chaostoolkit/run-started.json")).send(&api);
    assert_eq!((started.status, started.json["deliveries"].as_u64()), (202, Some(1)), "{started:?}");
    let ended = Request::put("/in/chaostoolkit?scope=acme/web&scope=acme/api")
        .header("authorization", "bearer chaos-token")
        .body(&recorded("chaostoolkit/run-completed.json"))
        .send(&api);
    assert_eq!(ended.status, 202, "{ended:?}");
    let (started, ended) = (event(&api, id(&started)), event(&api, id(&ended)));
    assert_eq!(started["subject"], ended["subject"]);
    assert_eq!((&ended["status"], &ended["source"]), (&json!("ok"), &json!("chaostoolkit")));
    assert_eq!(ended["scopes"], json!(["acme/web", "acme/api", "acme/chaos"]));
    let raw = recorded("chaostoolkit/run-completed.json");
    assert_eq!(ended["size"].as_u64(), Some(raw.len() as u64));
    assert_eq!(
        ended["sha256"],
        json!(hex::encode(ring::digest::digest(&ring::digest::SHA256, &raw).as_ref()))
    );
    until(SOON, || told(&home).contains("succeeded").then_some(()));
    assert!(bot.stop().success());
}

#[test]
fn a_deviated_run_is_told_once_although_it_is_sent_twice() {
    let (_home, bot, api) = taking();
    let first = chaos(&recorded("chaostoolkit/run-completed.deviated.json")).send(&api);
    let second = chaos(&recorded("chaostoolkit/run-deviated.json")).send(&api);
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!((id(&second), &second.json["repeated"]), (id(&first), &json!(true)), "{second:?}");
    let kept = event(&api, id(&first));
    assert_eq!((&kept["status"], &kept["level"]), (&json!("failed"), &json!("error")));
    assert!(bot.stop().success());
}

#[test]
fn a_get_says_in_its_address_what_happened() {
    let (_home, bot, api) = taking();
    let get = |path: &str| Request::new("GET", path).header("authorization", "Bearer chaos-token").send(&api);
    let failed = get("/in/chaostoolkit?event=run-failed&title=shop&scope=acme/web");
    let kept = event(&api, id(&failed));
    assert_eq!(
        (&kept["status"], &kept["level"], &kept["title"]),
        (&json!("error"), &json!("critical"), &json!("shop"))
    );
    assert_eq!(kept["scopes"], json!(["acme/web", "acme/chaos"]));
    let ping = get("/in/chaostoolkit");
    assert_eq!(ping.status, 202);
    assert!(ping.json["ignored"].as_str().unwrap().contains("?event=NAME"), "{ping:?}");
    assert_eq!(Request::new("GET", "/in/github").send(&api).status, 405);
    assert_eq!(Request::new("DELETE", "/in/github").send(&api).status, 405);
    let asked = Request::new("OPTIONS", "/in/cloudevents")
        .header("webhook-request-origin", "events.example.org")
        .send(&api);
    assert!(asked.head.contains("webhook-allowed-origin: events.example.org"), "{asked:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_source_that_is_not_declared_is_404_and_the_log_shows_what_to_add() {
    let (_home, bot, api) = taking();
    assert_eq!(Request::post("/in/grafana").body(b"{}").send(&api).status, 404);
    bot.logs("hmac: \"${GRAFANA_SECRET}\"");
    assert_eq!(Request::post("/in/githup").body(b"{}").send(&api).status, 404);
    bot.logs("githup: { from: github");
    assert!(bot.stop().success());
}

#[test]
fn forms_of_github_and_apprise_are_read() {
    let (_home, bot, api) = taking();
    let payload: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &String::from_utf8(recorded("github/ping.json")).unwrap())
        .finish();
    let form = "application/x-www-form-urlencoded";
    let sent = github("new-secret", "ping", "d1", payload.as_bytes()).header("content-type", form).send(&api);
    assert_eq!((sent.status, &event(&api, id(&sent))["title"]), (202, &json!("acme/shop: ping")), "{sent:?}");
    let sent = Request::post("/in/apprise")
        .header("authorization", "Bearer ap-token")
        .header("content-type", form)
        .body(&recorded("generic-json/apprise-form-warning.form"))
        .send(&api);
    let kept = event(&api, id(&sent));
    assert_eq!((&kept["title"], &kept["status"]), (&json!("Backup late"), &json!("warning")));
    assert!(bot.stop().success());
}

#[test]
fn what_a_message_repeats_within_a_minute_is_told_once() {
    let (_home, bot, api) = taking();
    let send = |body: &[u8]| {
        Request::post("/in/apprise").header("authorization", "Bearer ap-token").body(body).send(&api)
    };
    let body = recorded("generic-json/apprise-success.json");
    let first = send(&body);
    let again = send(&body);
    assert_eq!((id(&again), &again.json["repeated"]), (id(&first), &json!(true)));
    assert!(
        send(br#"{"title": "Backup finished", "message": "db-2", "type": "success"}"#).json["repeated"]
            .is_null()
    );
    assert!(bot.stop().success());
}

#[test]
fn a_saved_request_can_be_tried_without_any_configuration() {
    let home = homes::small();
    let file = |name: &str| -> PathBuf { source::root().join("tests/data/events").join(name) };
    let push = file("github/push.json").display().to_string();
    let ran = home.run(&[
        "source",
        "try",
        "github",
        &push,
        "--header",
        "X-GitHub-Event: push",
        "--header",
        "X-GitHub-Delivery: d9",
    ]);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!((&shown[0]["title"], &shown[0]["dedup_key"]), (&json!("1 commit to main"), &json!("d9")));
    let keys: Vec<&String> = shown[0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 11, "{keys:?}");
    let ran = home.feed(
        &[
            "source",
            "try",
            "chaostoolkit",
            "-",
            "--method",
            "GET",
            "--query",
            "event=discover-failed&scope=a/b",
        ],
        "",
    );
    assert!(ran.stdout.contains("\"discovery-failed\""), "{ran:?}");
    let bad = home.feed(&["source", "try", "githup", "-"], "{}");
    assert_eq!(bad.code, Some(1));
    assert!(bad.stderr.contains("did you mean `github`?"), "{bad:?}");
    let bad = home.feed(&["source", "try", "json", "-"], "[1]");
    assert!(bad.code == Some(1) && bad.stderr.contains("the body is a list"), "{bad:?}");
    let help = home.run(&["source", "help", "awx"]);
    assert!(help.stdout.starts_with("# awx") && help.code == Some(0), "{help:?}");
    let list = home.run(&["source", "list", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["kinds"].as_array().unwrap().len(), 12);
}
