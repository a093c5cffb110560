//! Tests of services with options that need not be configured.

use serde_json::{Value, json};

use crate::support::endpoint::Endpoint;
use crate::support::live::{bad, good, home, hook, serve, titles};

#[test]
fn a_test_goes_out_for_real_and_is_kept_in_the_history() {
    let (own, other) = (Endpoint::saying(200, "", "thanks"), Endpoint::saying(500, "", "broken hunter2"));
    let home = home(&hook(&own.url("/hunter2")));
    let (bot, api) = serve(&home);
    let all = good(api.get("service-tests"), 200);
    let names: Vec<&str> =
        all["services"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"slack") && names.contains(&"webhook"));
    let some = good(api.get("service-tests?pattern=web*"), 200);
    assert_eq!(some["services"].as_array().unwrap().len(), 2, "{some}");
    let one = good(api.get("service-tests/webhook"), 200);
    let options = &one["options"];
    assert_eq!(
        (&options["notifier"], &options["url"], &options["title"]),
        (&json!("hook"), &json!(true), &json!("test notification"))
    );
    assert_eq!(one["schema"]["additionalProperties"], false);

    // What was shown can be sent back.
    let mut given = options.clone();
    given["title"] = json!("first");
    let answer = good(api.post("service-tests/webhook", &given), 200);
    assert_eq!((&answer["success"], titles(&own)), (&json!(true), vec!["first".to_owned()]), "{answer}");
    let delivery = &answer["results"][0]["delivery"];
    assert_eq!(good(api.get(&format!("deliveries/{delivery}")), 200)["purpose"], "test");

    let given = json!({"url": other.url("/hunter2"), "title": "second", "status": "failed"});
    let answer = good(api.post("service-tests/webhook", &given), 200);
    assert_eq!((&answer["success"], titles(&other)), (&json!(false), vec!["second".to_owned()]), "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("500"), "{answer}");
    assert!(!answer.to_string().contains("/hunter2"), "{answer}");
    let listed = good(api.get("deliveries?purpose=test&state=dead"), 200);
    assert_eq!(listed["deliveries"].as_array().unwrap().len(), 1, "{listed}");
    // The notifier itself is as it was.
    good(api.call("POST", "notifiers/hook/test", "", b""), 200);
    assert_eq!(titles(&own).len(), 2);
    assert!(bot.stop().success());
}

#[test]
fn a_kind_that_is_not_configured_is_tested_with_what_is_given() {
    let endpoint = Endpoint::saying(204, "", "");
    let home = home("");
    let (bot, api) = serve(&home);
    let shown = good(api.get("service-tests/discord"), 200);
    assert_eq!((&shown["options"]["notifier"], &shown["options"]["webhook"]), (&Value::Null, &json!(false)));
    let answer =
        good(api.post("service-tests/webhook", &json!({"url": endpoint.url("/x"), "text": "hello"})), 200);
    assert_eq!(answer["success"], true, "{answer}");
    assert!(endpoint.requests()[0].contains("hello"));
    let file = home.path().join("told.log").display().to_string();
    assert_eq!(good(api.post("service-tests/log", &json!({"file": file})), 200)["success"], true);
    assert!(std::fs::read_to_string(file).unwrap().contains("test notification"));
    for (kind, options, said) in [
        ("webhook", json!({"url": "http://127.0.0.1:1/"}), "127.0.0.1"),
        ("webhook", json!({}), "missing field `url`"),
        ("webhook", json!({"url": "nowhere"}), "url"),
        ("slack", json!({"token": "xoxb-hunter2"}), "channels"),
    ] {
        let answer = good(api.post(&format!("service-tests/{kind}"), &options), 200);
        let message = answer["message"].as_str().unwrap();
        assert!(answer["success"] == false && message.contains(said), "{kind} {options}: {answer}");
        assert!(!message.contains("hunter2"), "{answer}");
    }
    assert!(bot.stop().success());
}

#[test]
fn what_is_no_option_is_named_with_those_that_are() {
    let home = home("");
    let (bot, api) = serve(&home);
    let post = |body: Value| api.post("service-tests/slack", &body);
    for (answer, field, said) in [
        (
            post(json!({"chanels": ["#a"]})),
            "chanels",
            "did you mean `channels`? accepted: `token`, `channels`",
        ),
        (post(json!({"purple": 1})), "purple", "`api_url`, `http`, `notifier`, `title`"),
        (post(json!({"notifier": "none"})), "notifier", "no notifier `none` of kind `slack`"),
        (post(json!({"notifier": 1})), "notifier", "the name of a notifier"),
        (post(json!({"level": "loud"})), "level", "accepted: `ok`"),
        (post(json!({"title": 1})), "title", "a text is expected"),
        (post(json!([])), "", "does not fit"),
        (api.call("POST", "service-tests/slack", "", b"{"), "", "no JSON"),
    ] {
        let (detail, part) = bad(answer, 400);
        assert!(detail.contains(said), "{said}: {detail}");
        assert_eq!(part, field, "{detail}");
    }
    assert!(bad(api.get("service-tests/slak"), 404).0.contains("did you mean `slack`?"));
    bad(api.post("service-tests/slak", &json!({})), 404);
    assert_eq!(good(api.get("service-tests?pattern=none"), 200)["services"], json!([]));
    bad(api.get("service-tests?pattern=/(/"), 400);
    assert!(bot.stop().success());
}
