//! StackStorm's chat API: who may call, what is listed and found, and how errors are told.

use serde_json::{Value, json};

use crate::support::api::{Api, request};
use crate::support::live::good;
use crate::support::st2::{St2, fault, home, serve};
use crate::support::{SOON, until};

#[test]
fn a_token_opens_it_in_every_way_that_clients_send_one() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read"]);
    let path = "GET /st2/api/v1/actionalias";
    let ask = |first: &str, lines: &str| request(&st2.address, first, lines, b"");
    let token = &st2.token;
    for name in ["X-Auth-Token", "St2-Api-Key"] {
        good(ask(path, &format!("{name}: {token}\r\n")), 200);
        good(ask(&format!("{path}/?{}={token}", name.to_lowercase()), ""), 200);
    }
    good(ask(path, &format!("Authorization: Bearer {token}\r\n")), 200);
    let none = fault(ask(path, ""), 401);
    assert_eq!(none, "Unauthorized - One of Token or API key required.");
    let wrong = fault(ask(path, "X-Auth-Token: guess\r\n"), 401);
    assert!(wrong.starts_with("Unauthorized") && !wrong.contains("guess"), "{wrong}");
    let lacking = fault(st2.types("alice", "echo", "echo hi"), 403);
    assert_eq!(lacking, "the token `ops` lacks the scope `run`");
    fault(st2.get("/apikeys"), 403);
    let local = std::fs::read_to_string(home.path().join("var/token")).unwrap();
    let keys = good(St2::with(&home, local.trim()).get("/apikeys"), 200);
    assert_eq!((&keys[0]["user"], &keys[0]["metadata"]["scopes"]), (&json!("ops"), &json!(["read"])));
    assert!(!keys.to_string().contains(token.as_str()));
    assert!(bot.stop().success());
}

#[test]
fn a_name_and_a_password_give_a_token_that_ends_with_the_one_it_stands_on() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read"]);
    let login = |path: &str, name: &str, password: &str, body: &str| {
        let basic = chatops::net::base64(format!("{name}:{password}").as_bytes());
        let lines = format!("Authorization: Basic {basic}\r\n");
        request(&st2.address, &format!("POST /st2/auth{path}"), &lines, body.as_bytes())
    };
    let session = good(login("/v1/tokens", "ops", &st2.token, "{\"ttl\": 600}"), 201);
    assert_eq!(session["user"], "ops");
    let ends: jiff::Timestamp = session["expiry"].as_str().unwrap().parse().unwrap();
    let left = ends.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((500..=600).contains(&left), "{left}");
    let with = St2::with(&home, session["token"].as_str().unwrap());
    assert_eq!(good(with.get("/user"), 200)["username"], "ops");
    good(login("/tokens", "ops", &st2.token, ""), 201);

    let valid = |token: &str| {
        let body = json!({"token": token}).to_string();
        good(request(&st2.address, "POST /st2/auth/v1/tokens/validate", "", body.as_bytes()), 200)["valid"]
            .clone()
    };
    assert_eq!((valid(&with.token), valid("st2_0.99999999999.00")), (json!(true), json!(false)));
    fault(login("/v1/tokens", "ops", "guess", ""), 401);
    fault(login("/v1/tokens", "another", &st2.token, ""), 401);
    fault(login("/v1/tokens", "ops", &st2.token, "{\"ttl\": 90000}"), 400);
    let forged = with.token.replacen("st2_", "st2_9", 1);
    fault(St2::with(&home, &forged).get("/user"), 401);

    let short = good(login("/v1/tokens", "ops", &st2.token, "{\"ttl\": 1}"), 201);
    let short = St2::with(&home, short["token"].as_str().unwrap());
    until(SOON, || (short.get("/user").status == 401).then_some(()));

    assert_eq!(home.run(&["token", "revoke", "ops"]).code, Some(0));
    fault(with.get("/user"), 401);
    assert_eq!(valid(&with.token), false);
    assert!(bot.stop().success());
}

#[test]
fn aliases_are_listed_helped_with_and_found_as_clients_expect() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read"]);
    let answer = st2.get("/actionalias?limit=-1&offset=0");
    let head = answer.head.clone();
    let all = good(answer, 200);
    let total = all.as_array().unwrap().len();
    assert!(head.contains(&format!("x-total-count: {total}\r\n")), "{head}");
    let find = |name: &str| all.as_array().unwrap().iter().find(|one| one["ref"] == name).cloned();
    let echo = find("default.echo").unwrap();
    assert_eq!(echo["formats"], json!(["echo {{message}}"]));
    assert_eq!((&echo["ack"]["append_url"], &echo["enabled"]), (&json!(false), &json!(true)));
    let sh = json!([{"display": "sh {{cmd}}", "representation": ["sh {{cmd}}", "shell {{cmd}}"]}]);
    assert_eq!(find("default.sh").unwrap()["formats"], sh);
    assert_eq!(find("default.idle").unwrap()["enabled"], false);
    assert!(find("chatops.ps").is_some() && find("chatops.help").is_none());

    let page = st2.get("/actionalias?pack=default&limit=2&offset=1");
    assert!(page.head.contains("x-total-count: 5\r\n") && page.head.contains("x-limit: 2\r\n"), "{page:?}");
    assert_eq!(good(page, 200).as_array().unwrap().len(), 2);
    assert_eq!(good(st2.get("/actionalias/default.echo"), 200)["name"], "echo");
    assert_eq!(good(st2.get("/actionalias/echo"), 200)["pack"], "default");
    fault(st2.get("/actionalias/nothing"), 404);
    fault(st2.get("/actionalias?limit=0"), 400);

    let help = good(st2.get("/actionalias/help?pack=default&filter=SH"), 200);
    assert_eq!(help["available"], 1);
    let line = &help["helpstrings"][0];
    assert_eq!((&line["display"], &line["description"]), (&json!("sh {{cmd}}"), &json!("Run it here")));
    let some = good(st2.get("/actionalias/help?pack=default&limit=2&offset=1"), 200);
    assert_eq!((&some["available"], some["helpstrings"].as_array().unwrap().len()), (&json!(4), 2));

    let fit = |text: &str| st2.post("/actionalias/match", &json!({"command": text}));
    let found = good(fit("SHELL ls -l"), 200);
    assert_eq!(found["actionalias"]["ref"], "default.sh");
    assert_eq!(
        (&found["display"], &found["representation"]),
        (&json!("sh {{cmd}}"), &json!("shell {{cmd}}"))
    );
    assert_eq!(fault(fit("no such thing"), 400), "Command 'no such thing' matched no patterns");
    let tie = fault(fit("echo2 x"), 400);
    assert!(tie.contains("more than 1 pattern") && tie.contains("default.twin"), "{tie}");
    assert!(bot.stop().success());
}

#[test]
fn actions_runners_and_packs_are_shown_with_what_may_be_given() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read"]);
    let action = good(st2.get("/actions/default.sh"), 200);
    assert_eq!((&action["runner_type"], &action["ref"]), (&json!("local-shell-cmd"), &json!("default.sh")));
    assert_eq!(action["parameters"]["cmd"]["required"], true);
    assert_eq!(action["parameters"]["password"], json!({"type": "string", "secret": true}));
    fault(st2.get("/actions/default.nothing"), 404);
    let listed = good(st2.get("/actions?pack=default&exclude_attributes=parameters"), 200);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed[0].get("parameters").is_none());
    let all = good(st2.get("/actions/views/parameters/default.sh"), 200);
    assert_eq!(all["parameters"]["timeout"]["type"], "integer");
    assert_eq!(good(st2.get("/actions/views/overview/core.echo"), 200)["pack"], "core");
    let runners = good(st2.get("/runnertypes/?name=local-shell-cmd"), 200);
    assert_eq!((runners.as_array().unwrap().len(), &runners[0]["enabled"]), (1, &json!(true)));
    let packs = good(st2.get("/packs"), 200);
    let names: Vec<&str> =
        packs.as_array().unwrap().iter().map(|pack| pack["ref"].as_str().unwrap()).collect();
    assert_eq!(names, ["chatops", "core", "default"]);
    assert!(bot.stop().success());
}

#[test]
fn whatever_is_wrong_is_told_as_a_faultstring() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read", "run"]);
    fault(st2.get("/nothing"), 404);
    fault(st2.call("PUT", "/actionalias", None), 405);
    fault(st2.get("/executions/not-a-number"), 404);
    fault(st2.get("/executions?status=done"), 400);
    let lines = format!("x-auth-token: {}\r\n", st2.token);
    let post = |body: &[u8]| request(&st2.address, "POST /st2/api/v1/aliasexecution", &lines, body);
    assert!(fault(post(b"{["), 400).contains("body"));
    assert_eq!(fault(post(b""), 400), "Alias execution \"name\" is required");
    fault(post(&vec![b' '; 2_000_000]), 413);
    let named =
        |name: &str, command: &str| st2.post("/aliasexecution", &json!({"name": name, "command": command}));
    assert_eq!(fault(named("gone", "x"), 404), "Unable to identify action alias with name \"gone\".");
    assert_eq!(fault(named("idle", "idle"), 400), "Action alias with name \"idle\" is disabled.");
    assert!(fault(named("sh", "echo hi"), 400).contains("doesn't match"));
    assert!(fault(named("echo", " "), 400).contains("command"));
    let strange = json!({"name": "echo", "command": "echo hi", "user": "a\nb"});
    assert!(fault(st2.post("/aliasexecution", &strange), 400).contains("user"));
    let unknown = fault(st2.post("/executions", &json!({"action": "no.such"})), 400);
    assert_eq!(unknown, "Action \"no.such\" does not exist");
    let missing = fault(st2.post("/executions", &json!({"action": "default.sh"})), 400);
    assert!(missing.contains("cmd"), "{missing}");
    // The rest of the API answers as it always did.
    let api = Api::of(&home).get("nothing");
    assert_eq!((api.status, &api.json["status"]), (404, &Value::from(404)));
    assert!(bot.stop().success());
}
