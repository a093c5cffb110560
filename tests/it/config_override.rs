//! Options of notifiers, changed while the bot runs.

use serde_json::{Value, json};

use crate::support::endpoint::Endpoint;
use crate::support::live::{bad, ends, good, home, serve, tell, titles};
use crate::support::{SOON, until};

/// One webhook that hears of everything.
fn hook(url: &str) -> String {
    format!(
        "notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{url}' }} }} }}]\nroutes: [{{ send: [hook] }}]\n"
    )
}

#[test]
fn an_override_is_in_force_at_once_and_stays_until_it_is_taken_away() {
    let (first, second) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let yaml = format!(
        "notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{}', username: '${{WHO}}' }} }} }}]\nroutes: [{{ send: [hook] }}]\n",
        first.url("/a")
    );
    let home = home(&yaml).set("WHO", "robert");
    let (bot, api) = serve(&home);
    let before = good(api.get("config/webhook/hook"), 200);
    assert_eq!((&before["options"]["url"], &before["overridden"]), (&json!(true), &json!([])));
    assert_eq!(before["options"]["bearer"], false);
    assert_eq!(before["options"]["username"], "${WHO}", "what stands elsewhere is named, not shown");
    let patch = json!({"set": {"url": second.url("/hunter2"), "username": "bot", "password": "hunter2"}});
    let after = good(api.post("config/webhook/hook", &patch), 200);
    assert_eq!(after["overridden"], json!(["url", "username", "password"]));
    assert_eq!((&after["options"]["username"], &after["options"]["password"]), (&json!("bot"), &json!(true)));
    assert!(after["redacted"].as_array().unwrap().contains(&json!("password")));
    assert!(after["set"]["by"].as_str().unwrap().starts_with("terminal:"), "{after}");
    ends(&api, tell(&api, "t", "one", "failed"));
    assert_eq!((titles(&first).len(), titles(&second)), (0, vec!["one".to_owned()]));
    good(api.post("reload", &json!({})), 200);
    bot.kill9();
    let (bot, api) = serve(&home);
    assert_eq!(good(api.get("config/webhook/hook"), 200), after);
    ends(&api, tell(&api, "t", "two", "failed"));
    assert_eq!(titles(&second), ["one", "two"]);
    // What was shown is no value: a secret that is set stays so.
    let again = json!({"set": {"password": true, "username": null}, "delete": ["url"]});
    let after = good(api.post("config/webhook/hook", &again), 200);
    assert_eq!(after["overridden"], json!(["password"]));
    good(api.post("config/webhook/hook", &json!({"delete": ["password"]})), 200);
    ends(&api, tell(&api, "t", "three", "failed"));
    assert_eq!(titles(&first), ["three"]);
    assert_eq!(good(api.get("config/webhook/hook"), 200), before);
    assert!(bot.stop().success());
    let audit = home.run(&["audit", "export"]).stdout;
    assert!(audit.contains("config/webhook/hook") && !audit.contains("hunter2"), "{audit}");
    for file in std::fs::read_dir(home.path().join("var")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
    }
}

#[test]
fn what_the_service_does_not_take_is_not_kept() {
    let endpoint = Endpoint::saying(200, "", "");
    let home = home(&hook(&endpoint.url("/a")));
    let (bot, api) = serve(&home);
    let before = good(api.get("config"), 200);
    let set = |options: Value| api.post("config/webhook/hook", &json!({"set": options}));
    for (answer, field, said) in [
        (
            set(json!({"urll": "http://127.0.0.1:1/"})),
            "urll",
            "did you mean `url`? accepted: `url`, `method`",
        ),
        (set(json!({"url": "nowhere"})), "url", "url"),
        (set(json!({"url": 7})), "set", "not of the accepted kind"),
        (set(json!({"body": "{{ broken"})), "body", "cannot be rendered"),
        (set(json!({"http": {"timeout": "0s"}})), "timeout", "more than nothing"),
        (set(json!({"username": "${NOBODY_SET_THIS}"})), "set", "NOBODY_SET_THIS"),
        (api.post("config/webhook/hook", &json!({"delete": ["nothing"]})), "nothing", "has no option"),
        (api.post("config/webhook/hook", &json!({})), "", "write `set`"),
        (api.post("config/webhook/hook", &json!({"put": {}})), "", "unknown field `put`"),
        (api.post("config/webhook", &json!({"remove": ["hook"]})), "remove", "stands in notifiers.yaml"),
        (api.post("config/webhook", &json!({"add": {"url": "http://127.0.0.1:1/"}})), "name", "the name"),
        (
            api.post("config/webhook", &json!({"add": {"name": "a b", "url": "http://127.0.0.1:1/"}})),
            "",
            "no name",
        ),
        (api.post("config/webhook", &json!({"add": {"name": "c"}})), "url", "missing field `url`"),
        (api.post("config/webhook", &json!({})), "", "write `add`"),
        (api.call("POST", "config/webhook/hook", "", b"set"), "", "no JSON"),
    ] {
        let (detail, part) = bad(answer, 400);
        assert!(detail.contains(said), "{said}: {detail}");
        assert!(field.is_empty() || part == field, "{part} is not {field}: {detail}");
    }
    bad(api.post("config/webhook/hok", &json!({"set": {"username": "x"}})), 404);
    bad(api.post("config/slack/hook", &json!({"set": {"color": "#36a64f"}})), 404);
    assert!(bad(api.get("config/webhok"), 404).0.contains("did you mean `webhook`?"));
    bad(api.post("config/webhook", &json!({"add": {"name": "hook", "url": "http://127.0.0.1:1/"}})), 409);
    bad(api.post("config/webhook", &json!({"remove": ["none"]})), 404);
    assert_eq!(good(api.get("config"), 200), before);
    ends(&api, tell(&api, "t", "still here", "failed"));
    assert_eq!(titles(&endpoint), ["still here"]);
    let ran = home.run(&["token", "create", "eyes", "--scope", "read", "--json"]);
    let token: Value = serde_json::from_str(&ran.stdout).unwrap();
    let eyes = api.with(token["token"].as_str().unwrap());
    assert_eq!(good(eyes.get("config"), 200), before);
    bad(eyes.post("config/webhook/hook", &json!({"set": {"username": "x"}})), 403);
    assert!(bot.stop().success());
}

#[test]
fn a_file_wins_over_an_added_notifier_of_its_name() {
    let (first, second) = (Endpoint::saying(200, "", ""), Endpoint::saying(200, "", ""));
    let home = home("");
    let (bot, api) = serve(&home);
    let added =
        good(api.post("config/webhook", &json!({"add": {"name": "hook", "url": first.url("/a")}})), 200);
    assert_eq!((&added["added"], &added["shadowed"]), (&json!(true), &json!(false)));
    good(api.post("topics/t/handlers", &json!({"id": "h", "kind": "webhook"})), 201);
    ends(&api, tell(&api, "t", "one", "failed"));
    assert_eq!(titles(&first), ["one"]);
    home.write(
        "notifiers.yaml",
        &format!("notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{}' }} }} }}]\n", second.url("/b")),
    );
    good(api.post("reload", &json!({})), 200);
    let shown = good(api.get("config/webhook"), 200);
    let elements = shown["elements"].as_array().unwrap();
    let marks: Vec<(bool, bool)> =
        elements.iter().map(|it| (it["added"] == true, it["shadowed"] == true)).collect();
    assert_eq!(marks, [(false, false), (true, true)], "{shown}");
    assert_eq!(shown["schema"]["properties"]["url"]["writeOnly"], true);
    ends(&api, tell(&api, "t", "two", "failed"));
    assert_eq!(titles(&second), ["two"]);
    good(api.post("config/webhook", &json!({"remove": ["hook"]})), 200);
    assert_eq!(good(api.get("config/webhook"), 200)["elements"].as_array().unwrap().len(), 1);
    home.write("notifiers.yaml", "");
    good(api.post("reload", &json!({})), 200);
    // The handler stays, and what it cannot tell is in the history.
    let told = ends(&api, tell(&api, "t", "three", "failed"));
    assert_eq!(told[0]["state"], "dropped", "{told:?}");
    until(SOON, || (api.get("notifiers").json["notifiers"] == json!([])).then_some(()));
    assert!(bot.stop().success());
}
