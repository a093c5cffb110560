//! Notifiers made through the API, the paths that clients of Tower use among them.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::endpoint::Endpoint;
use crate::support::live::{bad, ends, good, home, hook, serve, tell, until_told};
use crate::support::{SOON, until};

/// Waits until a notification of an event stands so.
fn stands(api: &Api, event: i64, status: &str) -> Value {
    until(SOON, || {
        let page = good(api.get(&format!("events/{event}/notifications")), 200);
        let one = page["results"].as_array()?.first()?.clone();
        (one["status"] == status).then_some(one)
    })
}

#[test]
fn a_client_of_tower_makes_attaches_tests_and_looks() {
    let sink = Endpoint::saying(200, "", "");
    let home = home("notifiers: []\n");
    let (bot, api) = serve(&home);
    let wanted = json!({
        "name": "deploys", "description": "what ships", "organization": 1, "notification_type": "webhook",
        "notification_configuration": {"url": sink.url("/hunter2"), "headers": {}, "http_method": "POST",
            "disable_ssl_verification": false, "username": "", "password": ""},
        "messages": {"success": {"message": "{{ event.title }} shipped"}},
    });
    let made = good(api.call("POST", "notifiers/", "", wanted.to_string().as_bytes()), 201);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(
        (&made["source"], &made["notification_configuration"]["url"]),
        (&json!("api"), &json!("$encrypted$"))
    );
    assert_eq!((&made["url"], &made["organization"]), (&json!(format!("/api/v1/notifiers/{id}")), &json!(1)));

    // Attached to a project at success: a route that nobody wrote.
    let list = "scopes/acme%2Fweb/notifiers_success";
    assert_eq!(api.post(list, &json!({"id": id})).status, 204);
    assert_eq!(api.post(list, &json!({"id": id})).status, 204, "twice is once");
    let attached = good(api.get(list), 200);
    assert_eq!((&attached["count"], &attached["results"][0]["name"]), (&json!(1), &json!("deploys")));
    let event = json!({"source": "awx", "title": "deploy", "status": "ok", "scopes": ["acme/web/deploy"]});
    let explained = good(api.post("routes/explain", &json!({"event": event})), 200);
    assert_eq!(
        (&explained["sends"], &explained["routes"][0]["attached"]),
        (&json!(1), &json!("acme/web success"))
    );
    let told = good(api.post("events", &event), 202)["id"].as_i64().unwrap();
    let one = stands(&api, told, "successful");
    assert_eq!((&one["notification_template"], &one["notifications_sent"]), (&json!(id), &json!(1)));
    assert_eq!(good(api.get(&format!("notifications/{}", one["id"])), 200), one);
    assert!(sink.requests()[0].contains("deploy shipped"), "{:?}", sink.requests());
    // A failure is not its business, nor is another project.
    for other in [
        json!({"title": "x", "status": "failed", "scope": "acme/web"}),
        json!({"title": "y", "status": "ok", "scope": "acme/db"}),
    ] {
        assert_eq!(good(api.post("events", &other), 202)["deliveries"], 0, "{other}");
    }

    let tested = good(api.call("POST", &format!("notifiers/{id}/test/"), "", b"{}"), 200);
    assert_eq!(tested["good"], true, "{tested}");
    let history = good(api.get(&format!("notifiers/{id}/notifications?page_size=1")), 200);
    assert_eq!((&history["count"], &history["results"][0]["id"]), (&json!(2), &tested["notification"]));
    let next = history["next"].as_str().unwrap().strip_prefix("/api/v1/").unwrap().to_owned();
    assert_eq!(good(api.get(&next), 200)["results"][0]["id"], one["id"]);

    // What was shown is sent back: the secret stays.
    let mut again = good(api.get(&format!("notifiers/{id}")), 200);
    again["description"] = json!("what ships, and when");
    let kept = good(api.call("PUT", &format!("notifiers/{id}"), "", again.to_string().as_bytes()), 200);
    assert_eq!(kept["description"], "what ships, and when");
    bot.kill9();
    let (bot, api) = serve(&home);
    assert_eq!(good(api.get("notifiers/deploys"), 200)["id"], id, "numbers are for good");
    let told = good(api.post("events", &event), 202)["id"].as_i64().unwrap();
    stands(&api, told, "successful");
    assert!(sink.requests().last().unwrap().starts_with("POST /hunter2"));

    assert_eq!(api.post(list, &json!({"id": id, "disassociate": true})).status, 204);
    assert_eq!(good(api.post("events", &event), 202)["deliveries"], 0);
    assert_eq!(api.call("DELETE", &format!("notifiers/{id}"), "", b"").status, 204);
    assert_eq!(api.get(&format!("notifiers/{id}")).status, 404);
    assert!(bot.stop().success());
    let audit = home.run(&["audit", "export"]).stdout;
    for said in
        ["notifier added", "notifier replaced", "notifier attached", "notifier detached", "notifier removed"]
    {
        assert!(audit.contains(said), "{said}: {audit}");
    }
    assert!(!audit.contains("hunter2"));
}

#[test]
fn a_notifier_of_a_file_is_read_only_and_mistakes_name_their_field() {
    let sink = Endpoint::saying(200, "", "");
    let home = home(&hook(&sink.url("/a")));
    let (bot, api) = serve(&home);
    let filed = good(api.get("notifiers/hook"), 200);
    assert_eq!((&filed["source"], &filed["kind"]), (&json!("file"), &json!("webhook")));
    let id = &filed["id"];
    assert_eq!(bad(api.call("PATCH", &format!("notifiers/{id}"), "", b"{\"enabled\": false}"), 409).1, "");
    assert!(bad(api.call("DELETE", "notifiers/hook", "", b""), 409).0.contains("notifiers.yaml"));
    let with = |name: &str, kind: &str, options: Value, more: Value| {
        let mut body = json!({"name": name, "kind": kind, "options": options});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        api.post("notifiers", &body)
    };
    let url = json!({"url": sink.url("/b")});
    assert_eq!(bad(with("hook", "webhook", url.clone(), json!({})), 409).1, "");
    assert_eq!(bad(with("12", "webhook", url.clone(), json!({})), 400).1, "name");
    assert_eq!(bad(with("x", "webhok", url.clone(), json!({})), 400).1, "notification_type");
    assert_eq!(bad(with("x", "webhook", json!({"urll": "x"}), json!({})), 400).1, "urll");
    assert_eq!(bad(with("x", "webhook", url.clone(), json!({"colour": "red"})), 400).1, "colour");
    let wrong = json!({"messages": {"error": {"message": "{{ event.titel }}"}}});
    assert_eq!(bad(with("x", "webhook", url, wrong), 400).1, "messages.error.message");
    assert_eq!(bad(api.post("scopes/acme/notifiers_success", &json!({"id": 99})), 400).1, "id");
    assert_eq!(api.get("scopes/acme/notifiers_canceled").status, 404);
    assert_eq!(good(api.get("notifiers"), 200)["count"], 1, "nothing was kept");
    assert!(bot.stop().success());
}

#[test]
fn a_route_of_the_file_can_name_an_added_notifier_over_restarts() {
    let sink = Endpoint::saying(200, "", "");
    let home = home("notifiers: []\n");
    let (bot, api) = serve(&home);
    let wanted = json!({"name": "late", "kind": "webhook", "options": {"url": sink.url("/late")}});
    good(api.post("notifiers", &wanted), 201);
    home.write("notifiers.yaml", "routes: [ { match: { source: test }, send: [late] } ]\n");
    good(api.post("reload", &json!({})), 200);
    ends(&api, tell(&api, "t", "one", "failed"));
    assert_eq!(until_told(&sink, 1), ["one"]);
    bot.kill9();
    let (bot, api) = serve(&home);
    let problems = good(api.get("status"), 200)["problems"].to_string();
    assert!(!problems.contains("notifiers.yaml"), "{problems}");
    ends(&api, tell(&api, "t", "two", "failed"));
    assert_eq!(until_told(&sink, 2), ["one", "two"]);
    assert!(bad(api.call("DELETE", "notifiers/late", "", b""), 409).0.contains("a route in notifiers.yaml"));
    // A name that nobody has is a mistake as before: the last good version stays.
    home.write("notifiers.yaml", "routes: [ { send: [nobody] } ]\n");
    let loaded = good(api.post("reload", &json!({})), 200);
    assert!(loaded["problems"].to_string().contains("there is no notifier `nobody`"), "{loaded}");
    ends(&api, tell(&api, "t", "three", "failed"));
    assert_eq!(until_told(&sink, 3).len(), 3);
    assert!(bot.stop().success());
    let (bot, api) = serve(&home);
    assert_eq!(api.post("events", &json!({"title": "x"})).status, 503, "nobody would hear of it");
    assert!(bot.stop().success());
}

/// What stands beside `to:` in a file is no option of the kind, and the same for a copy.
#[test]
fn a_copy_of_a_notifier_of_a_file_keeps_everything_that_the_file_says() {
    let sink = Endpoint::saying(200, "", "");
    let file = format!(
        "notifiers:\n  - name: hook\n    description: pages people\n    in_flight: 2\n    rate: 1800/m\n    level: error\n    \
         on: [error, success]\n    events: ['deploy*']\n    messages: {{ error: {{ message: '{{{{ event.title }}}} broke' }} }}\n    \
         to: {{ webhook: {{ url: '{}', method: PUT }} }}\nroutes: [ {{ send: [hook] }} ]\n",
        sink.url("/hunter2")
    );
    let home = home(&file);
    let (bot, api) = serve(&home);
    let from = good(api.get("notifiers/hook"), 200);
    let made = good(api.post("notifiers/hook/copy", &json!({"name": "again"})), 201);
    let kept = [
        "description",
        "enabled",
        "in_flight",
        "rate",
        "level",
        "on",
        "events",
        "notification_configuration",
    ];
    for key in kept {
        assert_eq!(made[key], from[key], "{key}");
    }
    assert_eq!((&made["in_flight"], &made["rate"]), (&json!(2), &json!("1800/m")));
    assert_eq!(
        (&made["level"], &made["on"], &made["events"]),
        (&json!("error"), &json!(["error", "success"]), &json!(["deploy*"]))
    );
    assert_eq!(made["messages"]["error"]["message"], "{{ event.title }} broke");
    // Sent back as it was shown it stays; null takes one away; what is none is refused with its name.
    let back = good(api.call("PUT", "notifiers/again", "", made.to_string().as_bytes()), 200);
    assert_eq!((&back["rate"], &back["events"]), (&made["rate"], &made["events"]));
    for (key, bad_value) in [
        ("rate", json!("fast")),
        ("in_flight", json!(65)),
        ("level", json!("loud")),
        ("on", json!(["noon"])),
        ("events", json!(["/(/"])),
    ] {
        let body = json!({key: bad_value}).to_string();
        assert_eq!(bad(api.call("PATCH", "notifiers/again", "", body.as_bytes()), 400).1, key);
    }
    let patched = good(api.call("PATCH", "notifiers/again", "", br#"{"rate": null}"#), 200);
    assert_eq!((&patched["rate"], &patched["in_flight"]), (&Value::Null, &json!(2)));
    // The copy hears of what the file's one hears of, after a restart too.
    home.write("notifiers.yaml", &file.replace("[hook]", "[again]"));
    bot.kill9();
    let (bot, api) = serve(&home);
    let event = |kind: &str, status: &str| json!({"title": kind, "kind": kind, "status": status});
    for (kind, status) in [("build", "failed"), ("deploy-web", "warning"), ("deploy-web", "failed")] {
        good(api.post("events", &event(kind, status)), 202);
    }
    let told = until(SOON, || {
        let all = good(api.get("deliveries?notifier=again"), 200)["deliveries"].as_array()?.clone();
        all.iter().any(|one| one["state"] == "sent").then_some(all)
    });
    assert!(told.iter().filter(|one| one["state"] != "dropped").count() == 1, "{told:?}");
    assert!(sink.requests()[0].contains("deploy-web broke"), "{:?}", sink.requests());
    assert!(bot.stop().success());
}

#[test]
fn a_notifier_is_copied_under_a_new_name_with_its_secrets() {
    let sink = Endpoint::saying(200, "", "");
    let home = home(&hook(&sink.url("/hunter2")));
    let (bot, api) = serve(&home);
    let from = good(api.get("notifiers/hook"), 200);
    let copy = from["related"]["copy"].as_str().unwrap().trim_start_matches("/api/v1/").to_owned();
    let made = good(api.post(&copy, &json!({"name": "again"})), 201);
    assert_eq!(
        (&made["name"], &made["source"], &made["kind"]),
        (&json!("again"), &json!("api"), &json!("webhook"))
    );
    assert_ne!(made["id"], from["id"]);
    assert_eq!(made["notification_configuration"]["url"], "$encrypted$", "{made}");
    let tested = good(api.post("notifiers/again/test", &json!({})), 200);
    assert_eq!(tested["good"], true, "{tested}");
    assert!(sink.requests()[0].contains("/hunter2"), "{:?}", sink.requests());
    // One that was made here is copied with its texts.
    let patched =
        json!({"description": "second", "messages": {"error": {"message": "{{ event.title }} broke"}}});
    let patched = api.call("PATCH", "notifiers/again", "", patched.to_string().as_bytes());
    assert_eq!(patched.status, 200, "{patched:?}");
    let third = good(api.post("notifiers/again/copy", &json!({"name": "third"})), 201);
    assert_eq!(third["description"], "second");
    assert_eq!(third["messages"]["error"]["message"], "{{ event.title }} broke");
    assert_eq!(bad(api.post("notifiers/hook/copy", &json!({"name": "third"})), 409).1, "");
    assert_eq!(bad(api.post("notifiers/hook/copy", &json!({"name": "7"})), 400).1, "name");
    bad(api.post("notifiers/nobody/copy", &json!({"name": "fourth"})), 404);
    let audit = home.run(&["audit", "search", "--what", "changed"]);
    assert!(audit.stdout.contains("notifier copied") && audit.stdout.contains("test"), "{audit:?}");
    assert!(!audit.stdout.contains("hunter2"), "{audit:?}");
    assert!(bot.stop().success());
}
