//! The API against its own description: the document is valid, and a property-based client finds no answer that it does
//! not describe.

use std::process::Command;

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
    good(api.post("events", &serde_json::json!({"title": "first"})), 202);
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
