//! Every rule of who may call, and that no answer tells a secret.

use serde_json::{Value, json};

use crate::support::api::{Answer, Api};
use crate::support::bot::Home;
use crate::support::live::{good, serve};
use crate::support::{homes, until};

const SECRET: &str = "hunter2-so-secret";

/// Every call of the catalogue, as the bot itself describes it: method, path, scope.
fn catalogue(api: &Api) -> Vec<(String, String, String)> {
    let document = api.root("/api/openapi.json").json;
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            let said = call["description"].as_str().unwrap();
            let scope = said.split('`').nth(1).unwrap().to_owned();
            calls.push((method.to_uppercase(), path.trim_start_matches('/').to_owned(), scope));
        }
    }
    calls
}

/// A path with something in the place of every name in braces.
fn filled(path: &str) -> String {
    let part = |part: &str| {
        match part {
            "{id}" => "1",
            "{list}" => "notifiers_any",
            "{section}" | "{kind}" => "webhook",
            "{notifier}" | "{element}" => "hook",
            "{person}" => "irc:alice",
            "{action}" => "default.deploy",
            "{alias}" => "default.deploy",
            part if part.starts_with('{') => "x",
            part => return part.to_owned(),
        }
        .to_owned()
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn token(api: &Api, name: &str, scopes: &[&str], expires: Option<&str>) -> String {
    let body = json!({"name": name, "scopes": scopes, "expires": expires});
    good(api.post("tokens", &body), 201)["token"].as_str().unwrap().to_owned()
}

fn says_who(answer: &Answer) -> bool {
    answer.status == 401 && answer.head.contains("www-authenticate: bearer")
}

#[test]
fn every_call_needs_a_token_that_is_good_and_has_its_scope() {
    let home = homes::small();
    let (bot, api) = serve(&home);
    let calls = catalogue(&api);
    assert!(calls.len() > 60, "{}", calls.len());
    let admin = token(&api, "boss", &["admin"], None);
    for scope in ["events", "read", "deliver", "run", "audit"] {
        let narrow = api.with(&token(&api, &format!("only-{scope}"), &[scope], None));
        for (method, path, needed) in calls.iter().filter(|(.., needed)| needed != scope) {
            let answer = narrow.call(method, &filled(path), "", b"{}");
            assert_eq!(answer.status, 403, "{method} {path} needs {needed}, {scope} was there: {answer:?}");
            assert!(answer.json["detail"].as_str().unwrap().contains(needed), "{answer:?}");
        }
    }
    for (method, path, _) in &calls {
        let answer = api.with("").call(method, &filled(path), "", b"{}");
        assert!(says_who(&answer), "{method} {path}: {answer:?}");
    }
    let short = token(&api, "short", &["read"], Some("1s"));
    let short = api.with(&short);
    until(crate::support::SOON, || says_who(&short.get("status")).then_some(()));
    let gone = api.with(&admin);
    good(gone.get("status"), 200);
    good(api.call("DELETE", "tokens/boss", "", b""), 200);
    assert!(says_who(&gone.get("status")));
    assert!(says_who(&api.with("").root("/metrics")), "what it counts is nobody's business");
    assert!(bot.stop().success());
}

#[test]
fn an_address_that_guesses_is_slowed_down_and_good_tokens_pass_all_the_same() {
    let home =
        homes::small().file("notifiers.yaml", "sources: { ci: { from: json, bearer: right-token } }\n");
    let (bot, api) = serve(&home);
    let guesses: Vec<Answer> = (0..25).map(|n| api.with(&format!("cho_{n}")).get("status")).collect();
    assert!(says_who(&guesses[0]));
    let last = guesses.last().unwrap();
    assert_eq!(last.status, 429, "{last:?}");
    assert!(last.head.contains("retry-after: "), "{last:?}");
    good(api.get("status"), 200);
    // The same for senders, who come from the same address.
    let sent = api.ask("POST", "/in/ci", "authorization: Bearer wrong\r\n", b"{\"title\": \"x\"}");
    assert_eq!(sent.status, 429, "{sent:?}");
    let sent = api.ask("POST", "/in/ci", "authorization: Bearer right-token\r\n", b"{\"title\": \"x\"}");
    assert_eq!(sent.status, 202, "{sent:?}");
    bot.logs("a wrong token was sent");
    assert!(bot.stop().success());
}

#[test]
fn answers_are_safe_in_a_browser_and_strange_requests_are_problems() {
    let home = homes::small();
    let (bot, api) = serve(&home);
    let all = ["/api/v1/status", "/healthz", "/api/", "/nowhere", "/api/openapi.json", "/in/x"];
    for path in all {
        let answer = api.root(path);
        for header in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "frame-ancestors 'none'",
            "default-src 'none'",
        ] {
            assert!(answer.head.contains(header), "{path}: {header}: {}", answer.head);
        }
    }
    for (method, path, more, body, status) in [
        ("GET", "executions/abc", "", "", 400),
        ("GET", "executions/99999999999999999999", "", "", 400),
        ("GET", "executions/1%2f..%2f..%2fetc", "", "", 400),
        ("GET", "../../../../etc/passwd", "", "", 404),
        ("GET", "%2e%2e/%2e%2e/etc/passwd", "", "", 404),
        ("GET", "aliases/%ff", "", "", 400),
        ("GET", "events?limit=many", "", "", 400),
        ("GET", "events?page=0", "", "", 400),
        ("GET", "events?order_by=payload", "", "", 400),
        ("DELETE", "status", "", "", 405),
        ("POST", "tokens", "", "{", 400),
        ("POST", "tokens", "", "{\"name\": \"x\"}", 422),
        ("GET", "nothing", "", "", 404),
    ] {
        let answer = api.call(method, path, more, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.head.contains("application/problem+json"), "{method} {path}: {answer:?}");
        assert_eq!(answer.json["status"], status, "{method} {path}");
        assert!(answer.head.contains("x-content-type-options"), "{method} {path}");
    }
    let wrong = api.call("GET", "events?limit=many", "", b"");
    assert_eq!(wrong.json["field"], "limit");
    let plain = api.ask(
        "POST",
        "/api/v1/tokens",
        &format!("authorization: Bearer {}\r\ncontent-type: text/plain\r\n", api.token()),
        b"{}",
    );
    assert_eq!(plain.status, 415, "{plain:?}");
    let huge = vec![b' '; 2_000_000];
    assert_eq!(api.call("POST", "notifiers", "", &huge).status, 413);
    // A line break in a path or a value never becomes a header.
    let split = api.call("GET", "aliases/x%0d%0aset-cookie:%20a=b", "", b"");
    assert_eq!(split.status, 404, "{split:?}");
    assert!(!split.head.contains("\r\nset-cookie:"), "{split:?}");
    assert!(bot.stop().success());
}

/// A home with the secret wherever one can stand.
fn seeded() -> Home {
    let notifiers = format!(
        "notifiers:\n  - name: hook\n    to: {{ webhook: {{ url: 'http://127.0.0.1:9/{SECRET}', password: '{SECRET}', username: bot, headers: {{ x-key: '{SECRET}' }} }} }}\n\
         routes: [ {{ send: [ {{ hook: {{ headers: {{ x-other: '{SECRET}' }} }} }} ] }} ]\n\
         sources: {{ ci: {{ from: json, bearer: '{SECRET}' }} }}\n"
    );
    homes::ops()
        .file("notifiers.yaml", &notifiers)
        .file("access.yaml", "everyone: [ { run: [default.*, core.*] } ]\n")
        .set("HTTPS_PROXY", &format!("http://user:{SECRET}@127.0.0.1:9"))
        .set("CHATOPS_ROCKETCHAT_URL", "http://127.0.0.1:9")
        .set("CHATOPS_ROCKETCHAT_USER_ID", "bot")
        .set("CHATOPS_ROCKETCHAT_TOKEN", SECRET)
}

#[test]
fn no_answer_tells_a_secret() {
    let home = seeded();
    let (bot, api) = serve(&home);
    let run = json!({"action": "default.deploy", "parameters": {"target": "staging", "token": SECRET}, "user": "root"});
    let ran = api.post("actions/run", &run);
    assert_eq!(good(ran, 200)["status"], "succeeded");
    good(
        api.call(
            "PUT",
            "keys/deploy_token",
            "",
            json!({"value": SECRET, "secret": true}).to_string().as_bytes(),
        ),
        200,
    );
    let added = json!({"name": "added", "kind": "webhook", "options": {"url": format!("http://127.0.0.1:9/{SECRET}"), "password": SECRET, "username": "u"}});
    good(api.post("notifiers", &added), 201);
    good(api.post("topics/t/handlers", &json!({"id": "h", "kind": "webhook", "options": {"notifier": "hook", "password": SECRET, "username": "u"}})), 201);
    good(api.post("events", &json!({"title": "x", "payload": {"password": SECRET}})), 202);
    let issued = token(&api, "walker", &["read", "audit"], None);
    let mut answers = 0;
    for (method, path, _) in catalogue(&api) {
        // What ends the bot's own token, or its own work, is no part of the walk.
        if method == "DELETE" {
            continue;
        }
        let body = if path.ends_with("/test") { &b""[..] } else { b"{}" };
        let answer = api.call(&method, &filled(&path), "accept: application/json\r\n", body);
        let whole = answer.whole();
        assert!(!whole.contains(SECRET), "{method} {path}: {whole}");
        assert!(!whole.contains(&issued) && !whole.contains(api.token()), "{method} {path}: {whole}");
        answers += 1;
    }
    assert!(answers > 60, "{answers}");
    for path in ["/metrics", "/healthz", "/readyz", "/api/openapi.json", "/api/", "/in/ci", "/in/nobody"] {
        assert!(!api.root(path).whole().contains(SECRET), "{path}");
    }
    let listed = good(api.get("notifiers/added"), 200);
    assert_eq!(listed["notification_configuration"]["password"], Value::from("$encrypted$"));
    assert!(!bot.log().contains(SECRET), "the log neither");
    assert!(bot.stop().success());
}
