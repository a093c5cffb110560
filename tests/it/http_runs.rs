//! Executions, commands and the audit log through the API.

use std::io::Read;

use serde_json::{Value, json};

use crate::support::homes::{began, go};
use crate::support::live::{bad, good, serve};
use crate::support::{SOON, homes, until};

#[test]
fn an_execution_is_begun_watched_ended_found_and_run_again() {
    let home = homes::ops().file("access.yaml", "everyone: [ { run: [default.*, core.*] } ]\n");
    let (bot, api) = serve(&home);
    let hold = |name: &str| {
        let run =
            json!({"action": "default.hold", "parameters": {"name": name}, "user": "ann", "wait": false});
        good(api.post("actions/run", &run), 202)["id"].as_i64().unwrap()
    };
    let first = hold("a");
    began(&home, "a");
    let open = good(api.get("executions?open=true"), 200);
    assert_eq!((&open["count"], &open["results"][0]["id"]), (&json!(1), &json!(first)));
    // Who looks on hears the rest as it comes, and that it is over.
    let mut live =
        api.begin("GET", &format!("executions/{first}/output"), "accept: text/event-stream\r\n", b"");
    go(&home, "a");
    let mut heard = String::new();
    let _ = live.read_to_string(&mut heard);
    assert!(heard.contains("event: output") && heard.contains("a went"), "{heard}");
    assert!(heard.contains("event: end") && heard.contains("\"status\":\"succeeded\""), "{heard}");
    let kept = api.get(&format!("executions/{first}/output"));
    assert!(kept.head.contains("text/plain") && kept.text.contains("a went"), "{kept:?}");

    let again = good(api.post(&format!("executions/{first}/rerun"), &json!({})), 202);
    assert_eq!(again["rerun_of"], first);
    let second = hold("b");
    began(&home, "b");
    good(api.post(&format!("executions/{second}/cancel"), &json!({})), 200);
    let ended = until(SOON, || {
        let one = good(api.get(&format!("executions/{second}")), 200);
        one["ended"].is_string().then_some(one)
    });
    assert_eq!((&ended["status"], &ended["cause"]), (&json!("canceled"), &json!("cli")));
    assert_eq!(api.post(&format!("executions/{second}/cancel"), &json!({})).status, 404);

    let found = |query: &str| -> Vec<Value> {
        let page = good(api.get(&format!("executions?{query}")), 200);
        page["results"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(found("status=canceled"), [json!(second)]);
    assert_eq!(found("order_by=id&page_size=2"), [json!(first), again["id"].clone()]);
    assert_eq!(found("order_by=id&page_size=2&page=2"), [json!(second)]);
    assert_eq!(found("search=name%3Db"), [json!(second)]);
    assert_eq!(found("person=terminal:bob"), Vec::<Value>::new());
    assert_eq!(bad(api.get("executions?status=done"), 400).1, "status");
    assert_eq!(api.get("executions?page=9").status, 404);

    let killed = good(api.get("audit?what=killed"), 200);
    assert_eq!(killed["results"][0]["subject"], format!("execution/{second}"));
    assert!(killed["results"][0]["person"].as_str().unwrap().starts_with("terminal:"), "{killed}");
    assert!(bot.stop().success());
}

#[test]
fn commands_are_listed_matched_and_explained() {
    let home = homes::ops();
    let (bot, api) = serve(&home);
    let meant = good(api.post("aliases/match", &json!({"text": "deploy to staging"})), 200);
    assert_eq!((&meant["alias"], &meant["params"]["target"]), (&json!("default.deploy"), &json!("staging")));
    let near = good(api.post("aliases/match", &json!({"text": "deplo to staging"})), 200);
    assert_eq!((&near["match"], &near["suggestion"]), (&json!(false), &json!("deploy to {{target}}")));
    let help = good(api.get("aliases/help?filter=deploy"), 200);
    assert_eq!(help["helpstrings"][0]["display"], "deploy to {{target}}");
    let action = good(api.get("actions/default.deploy"), 200);
    let secret = action["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "token").unwrap();
    assert_eq!((&secret["secret"], &secret["default"]), (&json!(true), &Value::Null));
    assert_eq!(action["commands"], json!(["deploy to {{target}}"]));
    assert_eq!(good(api.get("users/memory:alice"), 200)["groups"], json!(["sre"]));
    let roles = good(api.get("roles?search=deployer"), 200);
    assert_eq!((&roles["count"], &roles["results"][0]["holders"]), (&json!(1), &json!(["`bob`"])));
    let holders = good(api.get("access?action=default.deploy"), 200)["holders"].to_string();
    assert!(holders.contains("bob") && holders.contains("memory:root"), "{holders}");
    assert!(bot.stop().success());
}

#[test]
fn the_audit_log_is_found_exported_and_verified() {
    let home = homes::small();
    let (bot, api) = serve(&home);
    good(api.post("tokens", &json!({"name": "ci", "scopes": ["read"]})), 201);
    let page = good(api.get("audit?what=changed&search=ci"), 200);
    assert_eq!((&page["count"], &page["results"][0]["body"]["name"]), (&json!(1), &json!("ci")));
    let whole = good(api.get("audit/verify"), 200);
    assert_eq!(whole["whole"], true, "{whole}");
    let head = whole["heads"][0].as_str().unwrap();
    assert_eq!(good(api.get(&format!("audit/verify?head={head}")), 200)["whole"], true);
    assert_eq!(bad(api.get("audit/verify?head=x"), 400).1, "head");
    let lines = api.get("audit/export");
    assert!(lines.head.contains("x-ndjson") && lines.text.contains("\"what\":\"changed\""), "{lines:?}");
    let csv = api.get("audit/export?format=csv");
    assert!(csv.text.contains("strand,seq,time"), "{csv:?}");
    assert_eq!(bad(api.get("audit/export?format=xml"), 400).1, "format");
    assert!(bot.stop().success());
}
