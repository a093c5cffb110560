//! Topics and their handlers, from the API to the destinations and over restarts.

use serde_json::{Value, json};

use crate::support::endpoint::Endpoint;
use crate::support::live::{bad, ends, good, home, hook, serve, tell, titles, until_told};

fn handler(id: &str, more: &Value) -> Value {
    let mut spec = json!({"id": id, "kind": "webhook"});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

#[test]
fn a_handler_hears_what_its_match_holds_for_and_the_topic_remembers() {
    let endpoint = Endpoint::saying(200, "", "thanks");
    let home = home(&hook(&endpoint.url("/in")));
    let (bot, api) = serve(&home);
    let spec = handler("page", &json!({"match": "changed and level >= ERROR and labels.none != 'x'"}));
    let made = good(api.post("topics/cpu/handlers", &spec), 201);
    assert_eq!((&made["options"]["notifier"], &made["topic"]), (&json!("hook"), &json!("cpu")));
    let quiet = handler("none", &json!({"match": "labels.none == 'x' or labels.none.deeper > 2"}));
    good(api.post("topics/cpu/handlers", &quiet), 201);

    let first = tell(&api, "cpu", "load of web1", "failed");
    let told = ends(&api, first);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["state"], &told[0]["notifier"]), (&json!("sent"), &json!("hook")), "{told:?}");
    assert!(ends(&api, tell(&api, "cpu", "load of web1", "failed")).is_empty(), "nothing changed");
    assert!(ends(&api, tell(&api, "other", "load of web1", "failed")).is_empty(), "nobody listens");
    assert_eq!(titles(&endpoint), ["load of web1"]);

    let topics = good(api.get("topics"), 200);
    let expected = json!([
        {"id": "cpu", "level": "error", "events": 1, "handlers": 2}, {"id": "other", "level": "error", "events": 1, "handlers": 0},
    ]);
    assert_eq!(topics["topics"], expected);
    assert_eq!(good(api.get("topics?pattern=c*"), 200)["topics"].as_array().unwrap().len(), 1);
    assert_eq!(good(api.get("topics?min-level=CRITICAL"), 200)["topics"], json!([]));
    let events = good(api.get("topics/cpu/events"), 200);
    let id = events["events"][0]["id"].as_str().unwrap();
    let since = &events["events"][0]["since"];
    assert!(since.is_string());
    let one = good(api.get(&format!("topics/cpu/events/{}", id.replace(' ', "%20"))), 200);
    assert_eq!(
        (&one["level"], &one["title"], &one["since"]),
        (&json!("error"), &json!("load of web1"), since)
    );
    tell(&api, "cpu", "load of web1", "ok");
    assert_eq!(good(api.get("topics/cpu"), 200)["level"], "ok");
    assert_eq!(good(api.get("topics/cpu/events?min-level=info"), 200)["events"], json!([]));
    good(api.call("DELETE", "topics/cpu", "", b""), 200);
    assert_eq!((api.get("topics/cpu").status, api.get("topics/cpu/handlers/page").status), (404, 404));
    assert!(bot.stop().success());
}

#[test]
fn publishing_reaches_other_topics_once_and_gathering_survives_a_kill() {
    let endpoint = Endpoint::saying(200, "", "thanks");
    let home = home(&hook(&endpoint.url("/in")));
    let (bot, api) = serve(&home);
    let publish = |topics: Value| json!({"id": "on", "kind": "publish", "options": {"topics": topics}});
    good(api.post("topics/a/handlers", &publish(json!(["b", "c"]))), 201);
    good(api.post("topics/b/handlers", &publish(json!(["a", "c"]))), 201);
    let gather = json!({"id": "sum", "kind": "aggregate", "options": {
        "interval": "3s", "topic": "sums", "message": "{{ count }} in {{ interval }}"}});
    good(api.post("topics/c/handlers", &gather), 201);
    // What comes of gathering is not gathered again, wherever it is published.
    good(api.post("topics/sums/handlers", &publish(json!(["c"]))), 201);
    good(api.post("topics/sums/handlers", &handler("hook", &json!({}))), 201);
    tell(&api, "a", "disk of db1", "warning");
    tell(&api, "a", "disk of db2", "failed");
    bot.kill9();
    let (bot, api) = serve(&home);
    assert_eq!(until_told(&endpoint, 1), ["2 in 3 s"]);
    let body = endpoint.requests().remove(0);
    assert!(body.contains("[warning] disk of db1") && body.contains("[error] disk of db2"), "{body}");
    assert_eq!(good(api.get("topics/sums"), 200)["level"], "error");
    let names = |path: &str| good(api.get(path), 200)["topics"].as_array().unwrap().len();
    assert_eq!(names("topics"), 4);
    // In a circle the first sum would be gathered with this one.
    tell(&api, "a", "disk of db3", "failed");
    assert_eq!(until_told(&endpoint, 2), ["2 in 3 s", "1 in 3 s"]);
    assert!(bot.stop().success());
}

#[test]
fn handlers_are_replaced_patched_and_removed_and_outlive_the_process() {
    let (first, second) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let home = home(&hook(&first.url("/in")));
    let (bot, api) = serve(&home);
    let other = json!({"kind": "webhook", "options": {"url": second.url("/hunter2")}});
    let made = good(api.call("PUT", "topics/cpu/handlers/page", "", other.to_string().as_bytes()), 200);
    assert_eq!((&made["options"]["url"], &made["redacted"]), (&json!(true), &json!(["url"])));
    let patch = json!({"match": "level > OK", "options": {"headers": {"x-a": "b"}}});
    let kind = "content-type: application/merge-patch+json\r\n";
    good(api.call("PATCH", "topics/cpu/handlers/page", kind, patch.to_string().as_bytes()), 200);
    let steps = json!([{"op": "replace", "path": "/match", "value": "level > INFO"}, {"op": "remove", "path": "/options/headers"}]);
    let patched = good(api.call("PATCH", "topics/cpu/handlers/page", "", steps.to_string().as_bytes()), 200);
    assert_eq!(patched["match"], "level > INFO");
    assert_eq!(patched["options"], json!({"url": true, "notifier": "hook"}));
    bot.kill9();
    let (bot, api) = serve(&home);
    assert_eq!(good(api.get("topics/cpu/handlers"), 200)["handlers"], json!([patched]));
    ends(&api, tell(&api, "cpu", "hot", "failed"));
    assert_eq!((titles(&first).len(), titles(&second)), (0, vec!["hot".to_owned()]));
    let renamed = api.call("PATCH", "topics/cpu/handlers/page", "", br#"{"id": "wake"}"#);
    assert_eq!(good(renamed, 200)["id"], "wake");
    assert_eq!(api.get("topics/cpu/handlers/page").status, 404);
    good(api.call("DELETE", "topics/cpu/handlers/wake", "", b""), 200);
    assert!(ends(&api, tell(&api, "cpu", "hotter", "failed")).is_empty());
    assert!(bot.stop().success());
    let audit = home.run(&["audit", "export"]).stdout;
    assert!(audit.contains("topic/cpu/page") && audit.contains("handler removed"), "{audit}");
    assert!(!audit.contains("hunter2"));
    for file in std::fs::read_dir(home.path().join("var")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
    }
}

#[test]
fn what_is_wrong_with_a_handler_is_said_at_once() {
    let yaml = "notifiers:
  - { name: a, to: { webhook: { url: 'http://127.0.0.1:1/a' } } }
  - { name: b, to: { webhook: { url: 'http://127.0.0.1:1/b' } } }
  - { name: book, to: { log: { file: told.log } } }\n";
    let home = home(yaml);
    let (bot, api) = serve(&home);
    let log = |more: Value| {
        let mut spec = json!({"id": "h", "kind": "log"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec
    };
    for (spec, field, said) in [
        (log(json!({"match": "level >= "})), "match", "match:1"),
        (log(json!({"match": "levl >= ERROR"})), "match", "there is no `levl`"),
        (log(json!({"match": "level > 1 }} {{ x"})), "match", "match:1"),
        (log(json!({"kind": "slck"})), "kind", "did you mean `slack`?"),
        (log(json!({"kind": "slack"})), "options", "no notifier of kind `slack` is configured"),
        (log(json!({"kind": "webhook"})), "options", "several notifiers of kind `webhook`"),
        (
            log(json!({"kind": "webhook", "options": {"notifier": "book"}})),
            "options",
            "no notifier `book` of kind",
        ),
        (log(json!({"options": {"fil": "x"}})), "options", "unknown field `fil`, expected `file`"),
        (log(json!({"options": {"notifier": 7}})), "options", "the name of a notifier"),
        (log(json!({"kind": "publish", "options": {"topics": ["t"]}})), "options", "own topic"),
        (log(json!({"kind": "publish", "options": {"topic": ["t"]}})), "options", "expected `topics`"),
        (
            log(json!({"kind": "aggregate", "options": {"interval": "1ms", "topic": "u"}})),
            "options",
            "1 s to 7 days",
        ),
        (
            log(
                json!({"kind": "aggregate", "options": {"interval": "1s", "topic": "u", "message": "{{ count"}}),
            ),
            "options",
            "options.message",
        ),
        (log(json!({"topic": "other"})), "topic", "the address says `t`"),
        (log(json!({"id": "a,b"})), "id", "no commas"),
        (log(json!({"extra": 1})), "", "unknown field `extra`"),
    ] {
        let (detail, part) = bad(api.post("topics/t/handlers", &spec), 400);
        assert!(detail.contains(said), "{spec}: {detail}");
        assert_eq!(part, field, "{spec}: {detail}");
    }
    good(api.post("topics/t/handlers", &log(json!({}))), 201);
    assert!(bad(api.post("topics/t/handlers", &log(json!({}))), 409).0.contains("PUT replaces it"));
    assert_eq!(bad(api.call("POST", "topics/t/handlers", "", b"{"), 400).1, "");
    bad(api.call("PATCH", "topics/t/handlers/h", "", br#"[{"op": "remove", "path": "/nothing"}]"#), 400);
    bad(api.call("PATCH", "topics/t/handlers/h", "", br#"{"match": "("}"#), 400);
    bad(api.call("PATCH", "topics/t/handlers/none", "", b"{}"), 404);
    bad(api.call("DELETE", "topics/none", "", b""), 404);
    bad(api.get("topics/none/events"), 404);
    bad(api.get("topics/t/events/none"), 404);
    bad(api.get("topics?min-level=loud"), 400);
    // A good match that cannot be asked of some event is kept in the history, not lost and not an error.
    let heavy = json!({"match": "('x' * 90000000) == 'y'"});
    good(api.call("PUT", "topics/t/handlers/h", "", log(heavy).to_string().as_bytes()), 200);
    let told = ends(&api, tell(&api, "t", "x", "failed"));
    assert_eq!(told[0]["state"], "dropped", "{told:?}");
    assert!(told[0]["answer"].as_str().unwrap().contains("its match cannot be asked"), "{told:?}");
    let ran = home.run(&["token", "create", "eyes", "--scope", "read", "--json"]);
    let token: Value = serde_json::from_str(&ran.stdout).unwrap();
    let eyes = api.with(token["token"].as_str().unwrap());
    assert_eq!(good(eyes.get("topics/t/handlers"), 200)["handlers"].as_array().unwrap().len(), 1);
    bad(eyes.post("topics/t/handlers", &log(json!({"id": "i"}))), 403);
    assert!(bot.stop().success());
}

#[test]
fn a_scope_is_a_topic_and_a_silence_holds_there_too() {
    let endpoint = Endpoint::saying(200, "", "");
    let home = home(&hook(&endpoint.url("/in")));
    let (bot, api) = serve(&home);
    good(api.post("topics/acme%2Fweb/handlers", &handler("all", &json!({}))), 201);
    let event = |title: &str| json!({"title": title, "status": "failed", "scopes": ["acme/web/deploy"]});
    let id = |answer: Value| answer["id"].as_i64().unwrap();
    ends(&api, id(good(api.post("events", &event("one")), 202)));
    assert_eq!(titles(&endpoint), ["one"]);
    let silence = json!({"match": {"scope": "acme/web"}, "for": "1h", "why": "work"});
    good(api.post("silences", &silence), 201);
    let told = ends(&api, id(good(api.post("events", &event("two")), 202)));
    assert_eq!(told[0]["state"], "dropped");
    assert!(told[0]["answer"].as_str().unwrap().contains("silenced by"), "{told:?}");
    let event = home.path().join("event.json");
    std::fs::write(&event, json!({"title": "x", "status": "failed", "scopes": ["acme/web"]}).to_string())
        .unwrap();
    let explained = home.run(&["route", "explain", &event.display().to_string()]);
    assert!(explained.stdout.contains("acme/web/all"), "{explained:?}");
    assert!(bot.stop().success());
}
