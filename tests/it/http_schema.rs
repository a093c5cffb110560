//! The API against its own description: the document is valid, and a property-based client finds no answer that it does
//! not describe.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::homes;
use crate::support::live::{good, serve};
use crate::support::room::program;

/// Examples of each call; `CHATOPS_TEST_EXAMPLES` asks for more.
fn examples() -> String {
    std::env::var("CHATOPS_TEST_EXAMPLES").unwrap_or_else(|_| "8".to_owned())
}

#[test]
fn the_document_is_valid_and_shows_every_call() {
    let Some(python) = program("schemathesis", "python") else { return };
    let home = homes::small();
    let (bot, api) = serve(&home);
    let document = api.root("/api/openapi.json");
    assert_eq!(document.json["openapi"], "3.1.0");
    home.write("openapi.json", &document.json.to_string());
    let check = "import json, sys\nfrom openapi_spec_validator import validate\nvalidate(json.load(open(sys.argv[1])))";
    let ran =
        Command::new(python).args(["-c", check]).arg(home.path().join("openapi.json")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let page = api.root("/api/");
    for path in document.json["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(&format!("/api/v1{path}</code>")), "{path} is not on the page");
    }
    assert!(!page.text.contains("<script") && page.head.contains("style-src 'self'"), "{}", page.head);
    assert!(bot.stop().success());
}

#[test]
fn a_property_based_client_finds_no_server_error_and_no_undocumented_answer() {
    let Some(client) = program("schemathesis", "schemathesis") else { return };
    // Nothing that is configured leaves the machine, whatever the client thinks of.
    let home = homes::small()
        .file("notifiers.yaml", "notifiers: [ { name: book, to: { log: { file: var/book.log } } } ]\n");
    let (bot, api) = serve(&home);
    good(api.post("events", &json!({"title": "first"})), 202);
    let ran = Command::new(client)
        .arg("run")
        .arg(format!("{}/api/openapi.json", api.url()))
        .args(["--url", &format!("{}/api/v1", api.url())])
        .args(["--header", &format!("Authorization: Bearer {}", api.token())])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", &examples()])
        .args(["--seed", "6", "--request-timeout", "30", "--suppress-health-check", "all", "--no-color"])
        // Kinds of notifiers that a made-up option could send into the world, or to a program of this machine; and an
        // answer without an end.
        .args(["--exclude-path-regex", "^/(service-tests|chat/listen)"])
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(bot.stop().success());
}

/// Whether a value fits what the document says of a part of a call.
fn fits(document: &Value, part: &str, value: &Value) -> bool {
    let schema = document.pointer(part).unwrap_or_else(|| panic!("{part} is not in the document"));
    jsonschema::validator_for(schema).unwrap().is_valid(value)
}

/// Where the document says what a call gives.
fn given(path: &str, method: &str) -> String {
    let path = path.replace('/', "~1");
    format!("/paths/{path}/{method}/responses/200/content/application~1json/schema")
}

/// Where the document says what a call takes.
fn taken(path: &str, method: &str) -> String {
    let path = path.replace('/', "~1");
    format!("/paths/{path}/{method}/requestBody/content/application~1json/schema")
}

/// The property-based client leaves the tests of services alone, and seldom hits on a notifier that exists.
#[test]
fn what_depends_on_the_kind_fits_the_document_and_a_mistake_does_not() {
    let file =
        "notifiers:\n  - { name: hook, to: { webhook: { url: https://hooks.example.org/hunter2 } } }\n";
    let home = homes::small().file("notifiers.yaml", file);
    let (bot, api) = serve(&home);
    let document = api.root("/api/openapi.json").json;
    let set = json!({"set": {"method": "PUT"}});
    assert!(fits(&document, &taken("/config/{section}/{element}", "post"), &set));
    let changed = good(api.post("config/webhook/hook", &set), 200);
    assert!(fits(&document, &given("/config/{section}/{element}", "post"), &changed), "{changed}");
    for (asked, path) in [
        ("config", "/config"),
        ("config/webhook", "/config/{section}"),
        ("config/webhook/hook", "/config/{section}/{element}"),
        ("service-tests?pattern=w*", "/service-tests"),
        ("service-tests/webhook", "/service-tests/{kind}"),
    ] {
        let answer = good(api.get(asked), 200);
        assert!(fits(&document, &given(path, "get"), &answer), "{asked}: {answer}");
        assert!(!fits(&document, &given(path, "get"), &json!({"other": 1})), "{path} takes anything");
    }
    let add = json!({"add": {"name": "second", "url": "https://hooks.example.org/hunter2"}});
    assert!(fits(&document, &taken("/config/{section}", "post"), &add));
    for body in [add, json!({"remove": ["second"]})] {
        let answer = good(api.post("config/webhook", &body), 200);
        assert!(fits(&document, &given("/config/{section}", "post"), &answer), "{answer}");
    }
    let handlers = taken("/topics/{topic}/handlers", "post");
    for (body, good) in [
        (json!({"id": "a", "kind": "webhook", "options": {"notifier": "hook"}, "match": null}), true),
        (json!({"id": "b", "kind": "publish", "options": {"topics": ["all"]}}), true),
        (json!({"id": "c", "kind": "pigeon"}), false),
        (json!({"kind": "webhook"}), false),
        (json!({"id": "d", "kind": "webhook", "channel": "#a"}), false),
    ] {
        assert_eq!(fits(&document, &handlers, &body), good, "{body}");
        let answer = api.post("topics/cpu/handlers", &body);
        assert_eq!(answer.status == 201, good, "{body}: {}", answer.text);
    }
    let one = "/topics/{topic}/handlers/{handler}";
    for body in [json!({"match": null}), json!([{"op": "remove", "path": "/match"}])] {
        assert!(fits(&document, &taken(one, "patch"), &body), "{body}");
    }
    assert!(!fits(&document, &taken(one, "patch"), &json!([{"op": "grow", "path": "/match"}])));
    assert!(fits(&document, &taken(one, "put"), &json!({"kind": "log", "options": {"file": "a.log"}})));
    assert!(bot.stop().success());
}
