//! Requests that are not as they should be, over real sockets: each gets the answer that tells its sender what to do, and
//! the bot goes on.

use std::io::{Read, Write};

use chatops::model::hex;
use serde_json::{Value, json};

use crate::support::intake::{chaos, event, github, id, recorded, taking, told};
use crate::support::sender::{Request, gzip, sign};
use crate::support::{SOON, until};

#[test]
fn credentials_and_signatures_are_all_that_401_is_for() {
    let (_home, bot, api) = taking();
    let push = recorded("github/push.json");
    let good = github("old-secret", "push", "d1", &push).send(&api);
    assert_eq!(good.status, 202, "{good:?}");
    let unsigned = Request::post("/in/github").header("x-github-event", "push").body(&push);
    let basic = |pair: &str| {
        let value = format!("Basic {}", chatops::net::base64(pair.as_bytes()));
        Request::post("/in/awx").header("authorization", &value).body(&recorded("awx/job-failed.json"))
    };
    let keyed = |key: &str| {
        Request::post("/in/cloudevents")
            .header("x-key", key)
            .header("content-type", "application/cloudevents+json")
            .body(&recorded("cloudevents/structured.json"))
    };
    let token = |token: &str| {
        Request::post("/in/gitlab").header("x-gitlab-token", token).body(&recorded("gitlab/push.json"))
    };
    let bearer = |token: &str| {
        Request::post("/in/alertmanager")
            .header("authorization", token)
            .body(&recorded("alertmanager/one-firing.json"))
    };
    let cases = [
        ("wrong secret", github("other", "push", "d2", &push), 401),
        ("no signature", unsigned, 401),
        ("good basic", basic("awx:awx-password"), 202),
        ("wrong basic", basic("awx:awx-passwort"), 401),
        ("good header", keyed("ce-key"), 202),
        ("wrong header", keyed("ce-ke"), 401),
        ("good token", token("gl-token"), 202),
        ("wrong token", token("gl-tokem"), 401),
        ("second bearer", bearer("Bearer am-old"), 202),
        ("wrong bearer", bearer("Bearer am"), 401),
        ("no bearer", Request::post("/in/alertmanager").body(b"not read"), 401),
    ];
    for (name, request, status) in cases {
        let sent = request.send(&api);
        assert_eq!(sent.status, status, "{name}: {sent:?}");
    }
    let log = bot.log();
    for secret in ["new-secret", "am-token", "awx-password", "gl-tokem", "awx-passwort"] {
        assert!(!log.contains(secret), "{secret}");
    }
    assert!(bot.stop().success());
}

#[test]
fn a_delivery_that_is_sent_again_is_the_same_event() {
    let (_home, bot, api) = taking();
    let push = recorded("github/push.json");
    let first = github("new-secret", "push", "7d2a", &push).send(&api);
    let again = github("new-secret", "push", "7d2a", &push).send(&api);
    assert_eq!((again.status, &again.json["repeated"], id(&again)), (202, &json!(true), id(&first)));
    let other = github("new-secret", "push", "7d2b", &push).send(&api);
    assert!(id(&other) != id(&first) && other.json["repeated"].is_null());
    assert!(bot.stop().success());
}

#[test]
fn what_is_valid_and_not_understood_is_kept_and_told_to_nobody() {
    let (home, bot, api) = taking();
    let strange = github("new-secret", "workflow_runs", "d1", b"{\"a\": 1}").send(&api);
    assert_eq!((strange.status, strange.json["deliveries"].as_u64()), (202, Some(0)), "{strange:?}");
    assert!(strange.json["ignored"].as_str().unwrap().contains("did you mean `workflow_run`?"));
    let chaos = chaos(br#"{"name": "run-compleeted", "payload": null, "phase": "run", "ts": 1}"#).send(&api);
    assert!(chaos.json["ignored"].as_str().unwrap().contains("did you mean `run-completed`?"), "{chaos:?}");
    let kept = event(&api, id(&chaos));
    assert_eq!((&kept["status"], &kept["kind"]), (&json!("unknown"), &json!("run-compleeted")));
    assert!(kept["labels"]["ignored"].is_string() && kept["deliveries"] == json!([]), "{kept}");
    assert_eq!(told(&home), "");
    assert!(bot.stop().success());
}

#[test]
fn bodies_that_say_nothing_are_400_and_leave_nothing_behind() {
    let (_home, bot, api) = taking();
    let bearer =
        |body: &[u8]| Request::post("/in/plain").header("authorization", "Bearer p-token").body(body);
    let deep = "[".repeat(20_000);
    let cases: [(&str, &[u8]); 8] = [
        ("nothing", b""),
        ("a list", b"[1, 2]"),
        ("a number", b"42"),
        ("cut", b"{\"title\": "),
        ("deep", deep.as_bytes()),
        ("no UTF-8", b"{\"title\": \"\xff\xfe\"}"),
        ("no title", b"{\"n\": 1}"),
        ("null", b"null"),
    ];
    for (name, body) in cases {
        let sent = bearer(body).send(&api);
        assert_eq!(sent.status, 400, "{name}: {sent:?}");
        assert!(sent.head.contains("application/problem+json"), "{name}: {sent:?}");
    }
    let form = Request::post("/in/github")
        .header("x-github-event", "push")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-hub-signature-256", &format!("sha256={}", hex::encode(&sign("new-secret", b"a=b"))))
        .body(b"a=b");
    assert_eq!(form.send(&api).status, 400);
    assert_eq!(chaos(b"{\"payload\": {}}").send(&api).status, 400);
    assert_eq!(api.get("events").json["events"], json!([]));
    let good = bearer(br#"{"title": "t"}"#).send(&api);
    assert_eq!(good.status, 202);
    assert!(bot.stop().success());
}

#[test]
fn a_batch_is_taken_as_a_whole_or_not_at_all() {
    let (_home, bot, api) = taking();
    let batch = |body: &[u8]| {
        Request::post("/in/cloudevents")
            .header("x-key", "ce-key")
            .header("content-type", "application/cloudevents-batch+json")
            .body(body)
            .send(&api)
    };
    let bad = batch(br#"[{"specversion":"1.0","id":"1","source":"/s","type":"t"},{"id":"2"}]"#);
    assert_eq!(bad.status, 400);
    assert!(bad.json["detail"].as_str().unwrap().starts_with("[1]: "), "{bad:?}");
    assert_eq!(api.get("events").json["events"], json!([]));
    let good = batch(&recorded("cloudevents/batch.json"));
    assert_eq!((good.status, good.json["events"].as_array().unwrap().len()), (202, 2), "{good:?}");
    let again = batch(&recorded("cloudevents/batch.json"));
    assert!(again.json["events"].as_array().unwrap().iter().all(|one| one["repeated"] == true), "{again:?}");
    let binary = Request::post("/in/cloudevents")
        .header("x-key", "ce-key")
        .header("ce-specversion", "1.0")
        .header("ce-id", "3")
        .header("ce-source", "/ci")
        .header("ce-type", "deploy.failed")
        .header("ce-subject", "shop%20%E2%86%92%20eu1")
        .body(b"{}")
        .send(&api);
    assert_eq!(event(&api, id(&binary))["title"], json!("shop → eu1"));
    assert!(bot.stop().success());
}

#[test]
fn gzip_is_inflated_up_to_the_limit() {
    let (_home, bot, api) = taking();
    let send = |body: &[u8]| {
        Request::post("/in/plain")
            .header("authorization", "Bearer p-token")
            .header("content-encoding", "gzip")
            .body(body)
            .send(&api)
    };
    assert_eq!(send(&gzip(br#"{"title": "small"}"#)).status, 202);
    assert_eq!(send(b"{\"title\": \"no gzip\"}").status, 400);
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 64 << 10);
    assert_eq!(send(&bomb).status, 413);
    let signed = gzip(br#"{"title": "signed"}"#);
    let header = |bytes: &[u8]| format!("sha256={}", hex::encode(&sign("s-secret", bytes)));
    let sent = |signature: &str| {
        Request::post("/in/signed")
            .header("x-signature", signature)
            .header("content-encoding", "gzip")
            .body(&signed)
            .send(&api)
            .status
    };
    assert_eq!(
        (sent(&header(&signed)), sent(&header(br#"{"title": "signed"}"#)), sent(&header(b"x"))),
        (202, 202, 401)
    );
    assert!(bot.stop().success());
}

#[test]
fn five_megabytes_are_accepted_and_capped_and_25_are_recorded_by_their_hash() {
    let (_home, bot, api) = taking();
    let mut journal: Value = serde_json::from_slice(&recorded("chaostoolkit/run-completed.json")).unwrap();
    journal["payload"]["run"][0]["output"]["stdout"] = json!("x".repeat(5_000_000));
    let sent = chaos(journal.to_string().as_bytes()).send(&api);
    let kept = event(&api, id(&sent));
    assert_eq!((sent.status, &kept["status"]), (202, &json!("ok")));
    assert!(kept["size"].as_u64().unwrap() > 5_000_000);
    assert!(kept["payload"].to_string().len() < 300_000, "{}", kept["payload"].to_string().len());
    let large = vec![b' '; 25 << 20];
    let refused = chaos(&large).send(&api);
    assert_eq!(refused.status, 413, "{refused:?}");
    let kept = &api.get("events?source=chaostoolkit&kind=too-large").json["events"][0];
    assert_eq!(kept["size"].as_u64(), Some(25 << 20), "{kept}");
    assert_eq!(
        kept["sha256"],
        json!(hex::encode(ring::digest::digest(&ring::digest::SHA256, &large).as_ref()))
    );
    assert!(bot.stop().success());
}

#[test]
fn ten_thousand_keys_are_kept_within_bounds() {
    let (_home, bot, api) = taking();
    let many: serde_json::Map<String, Value> = (0..2_500).map(|n| (format!("key-{n}"), json!(n))).collect();
    let mut body = json!({"title": "many", "more": many});
    body["labels"] = json!({});
    let sent = Request::post("/in/plain")
        .header("authorization", "Bearer p-token")
        .body(body.to_string().as_bytes())
        .send(&api);
    let kept = event(&api, id(&sent));
    assert_eq!(kept["payload"]["more"].as_object().unwrap().len(), 1_001);
    let wide: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("k{n}"), json!("v"))).collect();
    let body = json!({"version": "1.0", "title": "wide", "message": "m", "type": "info"});
    let mut body = body.as_object().unwrap().clone();
    body.extend(wide);
    let sent = Request::post("/in/apprise")
        .header("authorization", "Bearer ap-token")
        .body(Value::Object(body).to_string().as_bytes())
        .send(&api);
    let kept = event(&api, id(&sent));
    assert_eq!(kept["labels"].as_object().unwrap().len(), 100, "{sent:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_source_with_a_mistake_asks_senders_to_come_again() {
    let (home, bot, api) = taking();
    let yaml =
        "sources:\n  plain: { from: json, bearer: p-token }\n  fresh: { from: json, bearer: '${NOWHERE}' }\n";
    home.write("notifiers.yaml", yaml);
    bot.logs("`NOWHERE` is not set");
    let sent = until(SOON, || {
        let sent = Request::post("/in/fresh").body(b"{}").send(&api);
        (sent.status != 404).then_some(sent)
    });
    assert_eq!(sent.status, 503, "{sent:?}");
    assert!(sent.head.contains("retry-after: 1"), "{sent:?}");
    assert_eq!(Request::post("/in/github").body(b"{}").send(&api).status, 404);
    assert!(bot.stop().success());
}

#[test]
fn a_head_that_never_ends_and_a_body_that_drips_do_not_hold_a_place() {
    let (_home, bot, api) = taking();
    let mut head = api.connect();
    head.write_all(b"POST /in/plain HTTP/1.1\r\nhost: bot\r\nx-slow: ").unwrap();
    let mut body = api.connect();
    body.write_all(b"POST /in/plain HTTP/1.1\r\nhost: bot\r\nauthorization: Bearer p-token\r\ncontent-length: 100\r\n\r\n{").unwrap();
    let read = |stream: &mut std::net::TcpStream| {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    assert!(read(&mut body).starts_with("HTTP/1.1 408"));
    let rest = read(&mut head);
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{rest}");
    assert_eq!(
        Request::post("/in/plain")
            .header("authorization", "Bearer p-token")
            .body(br#"{"title":"t"}"#)
            .send(&api)
            .status,
        202
    );
    assert!(bot.stop().success());
}
