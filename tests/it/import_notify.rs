//! `chatops import awx` and `chatops import chaostoolkit` as people use them: what is written is accepted by the
//! commands that read it, and an imported plugin is really called.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::bot::{Home, Ran};
use crate::support::homes;

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// What is fatal in a home, by `check` and by `notifier list`.
fn problems(home: &Home) -> Vec<Value> {
    let checked = parsed(&home.run(&["check", "--json"]));
    let listed = parsed(&home.run(&["notifier", "list", "--json"]));
    let all =
        [&checked["problems"], &listed["problems"]].into_iter().flat_map(|list| list.as_array().unwrap());
    all.filter(|problem| problem["severity"] == "error").cloned().collect()
}

/// The kinds of the home's notifiers.
fn kinds(home: &Home) -> Vec<String> {
    let listed = parsed(&home.run(&["notifier", "list", "--json"]));
    let all = listed["notifiers"].as_array().unwrap();
    all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

const AWX: &str = r##"{"notification_templates": [
    {"name": "mail", "organization": {"name": "Acme"}, "notification_type": "email", "notification_configuration": {"host": "mail.example.org",
     "port": 25, "username": "", "password": "", "use_tls": false, "use_ssl": false, "sender": "awx@example.org", "recipients": ["ops@example.org"],
     "timeout": 30}, "messages": {"error": {"message": "{{ job.name }} failed", "body": "{{ url }}"}}},
    {"name": "chat", "organization": {"name": "Acme"}, "notification_type": "slack", "notification_configuration": {"token": "$encrypted$",
     "channels": ["#ops"]}, "messages": null},
    {"name": "topic", "organization": {"name": "Acme"}, "notification_type": "awssns", "notification_configuration": {}}
  ],
  "organizations": [{"name": "Acme", "related": {"notification_templates_error": [{"organization": {"name": "Acme"}, "name": "chat"}]}}]}"##;

#[test]
fn an_awx_export_becomes_a_home_that_is_good() {
    let home = homes::small().file("export.json", AWX);
    let ran = home.run(&["import", "awx", "export.json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in
        ["wrote 2 notifiers, 1 routes", "left out topic (awssns)", "give their values to AWX_CHAT_TOKEN"]
    {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    assert_eq!(problems(&home), Vec::<Value>::new());
    assert_eq!(kinds(&home), ["email", "slack"]);
    let again = home.run(&["import", "awx", "export.json"]);
    assert!(again.code == Some(1) && again.stderr.contains("--force"), "{again:?}");
    let ran = home.run(&["import", "awx", "export.json", "--force", "--json"]);
    assert_eq!((ran.code, parsed(&ran)["routes"].as_u64()), (Some(0), Some(1)), "{ran:?}");
}

const SETTINGS: &str = r##"
dummy: 1
notifications:
  - type: http
    url: https://hooks.example.org/k/sesame-url
    headers: { Authorization: "Bearer sesame-header", X-Team: ops }
  - type: http
    url: https://ping.example.org
    verify_tls: false
    forward_event_payload: false
    events: [discover-completed, run-failed, no-such-event]
  - type: plugin
    module: chaosslack.notification
    token: xoxb-sesame
    channel: general
  - type: plugin
    module: siren
    func: sound
    token: sesame-plugin
    loud: { very: true }
  - type: telegraph
  - type: http
"##;

/// A plugin that notes how it was called.
const SIREN: &str = "import json\n\ndef sound(channel, event):\n    if event['name'] == 'offline':\n        raise ConnectionError('nobody there')\n    \
                     if event['name'] == 'broken':\n        raise KeyError('status')\n    \
                     print(json.dumps({'channel': channel, 'event': event}))\n";

#[test]
fn settings_of_chaos_toolkit_become_notifiers_and_a_route() {
    let home = homes::small().file("settings.yaml", SETTINGS);
    let ran = home.run(&["import", "chaostoolkit", "settings.yaml"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in ["no event `no-such-event`", "type `telegraph`", "it has no `url`", "`verify_tls` was off"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    assert_eq!(problems(&home), Vec::<Value>::new());
    assert_eq!(kinds(&home), ["webhook", "webhook", "slack", "exec"]);
    let text = std::fs::read_to_string(home.path().join("notifiers.yaml")).unwrap();
    assert!(!text.contains("sesame"), "{text}");
    for part in [
        "events: [discovery-completed, run-failed, no-such-event]",
        "method: GET",
        "send: payload",
        "source: chaostoolkit",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let rehearsed = home.run(&["notifier", "test", "chaostoolkit-http", "--dry-run"]);
    assert!(rehearsed.stdout.contains("POST https://hooks.example.org/..."), "{rehearsed:?}");
}

/// Sends an event to the imported plugin.
fn siren(home: &Home, kind: &str) -> Ran {
    home.write("event.yaml", &format!("title: run\nkind: {kind}\npayload: {{ name: {kind}, phase: run, payload: {{ title: t }}, ts: 1.5 }}\n"));
    home.run(&["notifier", "test", "chaostoolkit-siren", "--event", "event.yaml", "--json"])
}

#[test]
fn an_imported_plugin_is_called_with_its_channel_and_the_event_as_it_came() {
    let python = Command::new("python3").arg("--version").output();
    assert!(python.is_ok_and(|out| out.status.success()), "python3 is needed");
    let home = homes::small().file("settings.yaml", SETTINGS).file("siren.py", SIREN);
    let path = home.path().display().to_string();
    let home = home.set("PYTHONPATH", &path);
    assert_eq!(home.run(&["import", "chaostoolkit", "settings.yaml"]).code, Some(0));
    let ran = siren(&home, "run-failed");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let answer = parsed(&ran)[0]["answer"].as_str().unwrap().to_owned();
    let called: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    // Every option of a channel may be a secret, so none is shown again in the answer.
    let channel =
        json!({"type": "plugin", "module": "***", "func": "***", "token": "***", "loud": {"very": true}});
    assert_eq!(called["channel"], channel);
    assert_eq!(
        called["event"],
        json!({"name": "run-failed", "phase": "run", "payload": {"title": "t"}, "ts": 1.5})
    );
    let offline = siren(&home, "offline");
    assert_eq!(
        (offline.code, parsed(&offline)[0]["may_pass"].as_bool()),
        (Some(1), Some(true)),
        "{offline:?}"
    );
    let broken = siren(&home, "broken");
    assert_eq!((broken.code, parsed(&broken)[0]["may_pass"].as_bool()), (Some(1), Some(false)), "{broken:?}");
    home.remove("siren.py");
    let missing = siren(&home, "run-failed");
    assert!(missing.stdout.contains("cannot import"), "{missing:?}");
}
