//! Events in: told by HTTP and by the command line, refused where they are not as they should be, looked at, silenced,
//! sent again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::api::{Answer, Api};
use crate::support::bot::{Bot, Home, Ran};
use crate::support::{SOON, homes, until};

/// A home whose events go to a file, and a bot that serves it.
fn telling() -> (Home, Bot, Api) {
    let home = homes::small();
    let file = home.path().join("told.log").display().to_string();
    let yaml = format!(
        "notifiers:\n  - name: book\n    to: {{ log: {{ file: '{file}' }} }}\nroutes:\n  - match: {{ source: \"*\" }}\n    send: [book]\n"
    );
    let home = home.file("notifiers.yaml", &yaml);
    serving(home)
}

fn serving(home: Home) -> (Home, Bot, Api) {
    let bot = home.serve();
    bot.logs("ready");
    let api = Api::of(&home);
    (home, bot, api)
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// What was told so far.
fn told(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("told.log")).unwrap_or_default()
}

/// Waits until none of an event's deliveries is on its way.
fn ended(api: &Api, event: i64) -> Value {
    until(SOON, || {
        let seen = api.get(&format!("events/{event}")).json;
        let open = seen["deliveries"].as_array()?.iter().any(|one| one["state"] == "due");
        (!open).then_some(seen)
    })
}

/// A token that may do one thing.
fn token(home: &Home, name: &str, scope: &str) -> String {
    let ran = home.run(&["token", "create", name, "--scope", scope, "--json"]);
    parsed(&ran)["token"].as_str().unwrap_or_else(|| panic!("{ran:?}")).to_owned()
}

#[test]
fn an_event_is_committed_delivered_and_shown() {
    let (home, bot, api) = telling();
    let event = json!({"source": "ci", "title": "deploy web", "status": "failed", "labels": {"env": "prod"},
        "payload": {"api_token": "hunter2", "n": 1}});
    let taken = api.post("events", &event);
    assert_eq!((taken.status, taken.json["deliveries"].as_u64()), (202, Some(1)), "{taken:?}");
    let id = taken.json["id"].as_i64().unwrap();
    let seen = ended(&api, id);
    assert_eq!(seen["notifiers"], json!({"book": "successful"}), "{seen}");
    assert_eq!(
        (&seen["title"], &seen["level"], &seen["payload"]["api_token"]),
        (&json!("deploy web"), &json!("error"), &json!("***"))
    );
    assert!(told(&home).contains("deploy web") && !told(&home).contains("hunter2"), "{}", told(&home));
    let listed = api.get("events?source=ci&status=failed&limit=1").json;
    assert_eq!((listed["events"][0]["id"].as_i64(), &listed["next"]), (Some(id), &json!(id)));
    let delivery = seen["deliveries"][0]["id"].as_i64().unwrap();
    let whole = api.get(&format!("deliveries/{delivery}")).json;
    assert_eq!(
        (&whole["attempts"][0]["outcome"], &whole["events"][0]["id"]),
        (&json!("sent"), &json!(id)),
        "{whole}"
    );
    let shown = parsed(&home.run(&["delivery", "show", &delivery.to_string(), "--json"]));
    assert_eq!(shown, whole);
    let health = api.get("notifiers").json;
    assert_eq!(
        (&health["notifiers"][0]["name"], &health["notifiers"][0]["state"]),
        (&json!("book"), &json!("up")),
        "{health}"
    );
    assert!(bot.stop().success());
}

/// The field that an answer complains of.
fn field(answer: &Answer) -> &str {
    answer.json["field"].as_str().unwrap_or_default()
}

#[test]
fn what_is_no_event_is_refused_with_its_field_and_nothing_is_kept() {
    let (_home, bot, api) = telling();
    let cases = [
        (json!({}), "title"),
        (json!({"title": "  "}), "title"),
        (json!({"title": "t", "levl": "error"}), "levl"),
        (json!({"title": "t", "level": "eror"}), "level"),
        (json!([{"title": "a"}, {"title": "b", "labels": 3}]), "[1].labels"),
        (json!([]), "event"),
        (json!("text"), "event"),
    ];
    for (body, expected) in cases {
        let answer = api.post("events", &body);
        assert_eq!((answer.status, field(&answer)), (400, expected), "{body}: {answer:?}");
        assert!(answer.head.contains("application/problem+json"), "{answer:?}");
    }
    let cut = api.call("POST", "events", "", b"{\"title\": ");
    assert_eq!(cut.status, 400, "{cut:?}");
    let key = api.call("POST", "events", "idempotency-key: \r\n", b"{\"title\":\"t\"}");
    assert_eq!((key.status, field(&key)), (400, "Idempotency-Key"), "{key:?}");
    assert_eq!(api.get("events").json["events"], json!([]));
    assert!(bot.stop().success());
}

#[test]
fn an_event_of_20_mb_is_refused_and_the_bot_goes_on() {
    let (_home, bot, api) = telling();
    let body = json!({"title": "t", "payload": "x".repeat(20 << 20)}).to_string();
    let answer = api.call("POST", "events", "", body.as_bytes());
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(api.post("events", &json!({"title": "small"})).status, 202);
    assert!(bot.stop().success());
}

#[test]
fn the_same_key_is_the_same_event() {
    let (home, bot, api) = telling();
    let post = |api: &Api, key: &str| {
        let answer =
            api.call("POST", "events", &format!("idempotency-key: {key}\r\n"), b"{\"title\":\"once\"}");
        assert_eq!(answer.status, 202, "{answer:?}");
        (answer.json["id"].as_i64().unwrap(), answer.json["repeated"] == true)
    };
    let (first, repeated) = post(&api, "k1");
    assert!(!repeated);
    assert_eq!(post(&api, "k1"), (first, true));
    assert_ne!(post(&api, "k2").0, first);
    // Another sender may use the same key.
    let other = api.with(&token(&home, "ci", "events"));
    assert!(!post(&other, "k1").1);
    let list = [json!({"title": "a"}), json!({"title": "b"})];
    let twice =
        |_| api.call("POST", "events", "idempotency-key: l\r\n", json!(list).to_string().as_bytes()).json;
    let (one, two) = (twice(1), twice(2));
    assert_eq!(one["events"][1]["id"], two["events"][1]["id"]);
    assert_eq!((&one["events"][0]["repeated"], &two["events"][0]["repeated"]), (&Value::Null, &json!(true)));
    assert!(bot.stop().success());
}

#[test]
fn a_token_may_do_what_its_scopes_say_until_it_is_revoked_or_expires() {
    let home = homes::small();
    // Without a running bot too.
    let early = token(&home, "early", "events");
    let (home, bot, api) = serving(home);
    let event = json!({"title": "t"});
    assert_eq!(api.with(&early).post("events", &event).status, 202);
    let ci = api.with(&token(&home, "ci", "events"));
    assert_eq!(ci.post("events", &event).status, 202);
    let refused = ci.get("events");
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(
        refused.json["detail"].as_str().unwrap().contains("the token `ci` lacks the scope `read`"),
        "{refused:?}"
    );
    let admin = api.with(&token(&home, "boss", "admin"));
    assert_eq!((admin.get("tokens").status, admin.post("events", &event).status), (200, 202));
    assert!(!admin.get("tokens").json.to_string().contains("hash"));
    let twice = home.run(&["token", "create", "ci"]);
    assert!(twice.code == Some(1) && twice.stderr.contains("there is a token `ci` already"), "{twice:?}");
    let listed = home.run(&["token", "list"]);
    assert!(
        listed.stdout.contains("boss  admin  good") && listed.stdout.contains("ci  events"),
        "{listed:?}"
    );
    assert_eq!(home.run(&["token", "revoke", "ci"]).code, Some(0));
    assert_eq!(ci.post("events", &event).status, 401);
    let short = home.run(&["token", "create", "short", "--expires", "1s"]);
    let short = api.with(short.stdout.trim());
    let expired = until(SOON, || Some(short.post("events", &event)).filter(|answer| answer.status == 401));
    assert!(expired.json["detail"].as_str().unwrap().contains("`short` has expired"), "{expired:?}");
    let audit = home.run(&["audit", "search", "--what", "changed", "--json"]);
    assert!(audit.stdout.contains("\"create\"") && !audit.stdout.contains("cho_"), "{audit:?}");
    assert!(bot.stop().success());
}

#[test]
fn wrong_tokens_are_refused_and_soon_not_answered_one_by_one() {
    let (_home, bot, api) = telling();
    let event = json!({"title": "t"});
    let none = api.with("").post("events", &event);
    assert_eq!(none.status, 401, "{none:?}");
    assert!(none.head.contains("www-authenticate: bearer"), "{none:?}");
    let wrong = api.with("cho_guess");
    assert_eq!(wrong.post("events", &event).status, 401);
    (0..30).for_each(|_| drop(wrong.post("events", &event)));
    let last = wrong.post("events", &event);
    assert_eq!(last.status, 429, "{last:?}");
    assert!(last.head.contains("retry-after: "), "{last:?}");
    assert_eq!(api.post("events", &event).status, 202, "a good token passes all the same");
    assert!(bot.stop().success());
}

#[test]
fn a_silence_keeps_an_event_from_being_told_and_is_ended() {
    let (home, bot, api) = telling();
    let bad = home.run(&["silence", "add", "level=eror", "--for", "1h", "--why", "w"]);
    assert!(bad.code == Some(1) && bad.stderr.contains("did you mean `error`?"), "{bad:?}");
    let made = parsed(&home.run(&[
        "silence",
        "add",
        "source=noisy",
        "env=dev-*",
        "--for",
        "1h",
        "--why",
        "upgrade",
        "--json",
    ]));
    let id = made["id"].as_i64().unwrap();
    let tell = |title: &str| {
        let event = json!({"source": "noisy", "title": title, "labels": {"env": "dev-1"}});
        let id = api.post("events", &event).json["id"].as_i64().unwrap();
        ended(&api, id)
    };
    let quiet = tell("one");
    assert_eq!(
        (&quiet["deliveries"][0]["state"], &quiet["notifiers"]["book"]),
        (&json!("dropped"), &json!("dropped")),
        "{quiet}"
    );
    let listed = home.run(&["silence", "list"]);
    assert!(listed.stdout.contains("upgrade") && listed.stdout.contains("dev-*"), "{listed:?}");
    assert_eq!(home.run(&["silence", "remove", &id.to_string()]).code, Some(0));
    assert!(home.run(&["silence", "list"]).stdout.contains("nothing is silenced"));
    assert_eq!(home.run(&["silence", "remove", &id.to_string()]).code, Some(1));
    assert_eq!(tell("two")["deliveries"][0]["state"], "sent");
    assert!(!told(&home).contains("\"one\"") && told(&home).contains("two"), "{}", told(&home));
    assert!(bot.stop().success());
}

/// Answers requests with 403 until told otherwise by `good`, then with 200; counts them.
fn door(good: Arc<AtomicUsize>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut text = Vec::new();
            let mut chunk = [0; 4096];
            while !String::from_utf8_lossy(&text).contains("\r\n\r\n{") {
                match stream.read(&mut chunk) {
                    Ok(0) | Err(_) => break,
                    Ok(size) => text.extend_from_slice(&chunk[..size]),
                }
            }
            counter.fetch_add(1, Ordering::SeqCst);
            let status = if good.load(Ordering::SeqCst) > 0 { "200 OK" } else { "403 Forbidden" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
        }
    });
    (url, count)
}

fn hooked() -> (Home, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let good = Arc::new(AtomicUsize::new(0));
    let (url, count) = door(good.clone());
    let yaml = format!(
        "notifiers:\n  - name: hook\n    to: {{ webhook: {{ url: '{url}' }} }}\nroutes:\n  - match: {{ source: shell }}\n    send: [hook]\n"
    );
    (homes::small().file("notifiers.yaml", &yaml), good, count)
}

#[test]
fn what_was_given_up_is_listed_sent_again_and_purged() {
    let (home, good, _) = hooked();
    let (home, bot, api) = serving(home);
    let failed = home.run(&["notify", "disk full", "--level", "error", "--wait"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stdout.contains("failed: 403"), "{failed:?}");
    let dead = parsed(&home.run(&["delivery", "list", "--state", "dead", "--json"]));
    let id = dead[0]["id"].as_i64().unwrap();
    assert_eq!((&dead[0]["notifier"], dead.as_array().unwrap().len()), (&json!("hook"), 1), "{dead}");
    let misspelt = home.run(&["delivery", "list", "--notifier", "hok"]);
    assert!(misspelt.code == Some(0) && misspelt.stderr.contains("did you mean `hook`?"), "{misspelt:?}");
    assert_eq!(home.run(&["delivery", "list", "--notifier", "hook", "--state", "held"]).stderr, "");
    assert_eq!(home.run(&["delivery", "replay"]).code, Some(2), "say which");
    assert_eq!(api.post("deliveries/replay", &json!({})).status, 400);
    good.store(1, Ordering::SeqCst);
    let replayed = home.run(&["delivery", "replay", &id.to_string()]);
    assert!(replayed.code == Some(0) && replayed.stdout.contains("1 delivery: sent again"), "{replayed:?}");
    until(SOON, || (api.get(&format!("deliveries/{id}")).json["state"] == "sent").then_some(()));
    good.store(0, Ordering::SeqCst);
    assert_eq!(home.run(&["notify", "again", "--wait"]).code, Some(1));
    let purged = parsed(&home.run(&["delivery", "purge", "--notifier", "hook", "--json"]));
    assert_eq!(purged["changed"], 1);
    let canceled = home.run(&["delivery", "cancel", &id.to_string()]);
    assert!(canceled.code == Some(1) && canceled.stderr.contains("it is sent"), "{canceled:?}");
    assert!(bot.stop().success());
}

#[test]
fn a_test_through_the_running_bot_is_in_its_history() {
    let (home, good, count) = hooked();
    let (home, bot, api) = serving(home);
    let refused = home.run(&["notifier", "test", "hook"]);
    assert!(refused.code == Some(1) && refused.stdout.contains("not sent: 403"), "{refused:?}");
    good.store(1, Ordering::SeqCst);
    let taken = parsed(&home.run(&["notifier", "test", "hook", "--json"]));
    let delivery = taken[0]["delivery"].as_i64().unwrap();
    assert_eq!((&taken[0]["good"], &taken[0]["answer"]), (&json!(true), &json!("200 hi")));
    assert_eq!(api.get(&format!("deliveries/{delivery}")).json["purpose"], "test");
    let before = count.load(Ordering::SeqCst);
    let dry = home.run(&["notifier", "test", "hook", "--dry-run"]);
    assert!(dry.code == Some(0) && dry.stdout.contains("not sent:\nPOST http://"), "{dry:?}");
    assert_eq!(count.load(Ordering::SeqCst), before);
    let unknown = home.run(&["notifier", "test", "hok"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("no notifier `hok`"), "{unknown:?}");
    assert!(bot.stop().success());
}

#[test]
fn somebody_takes_care_of_a_subject() {
    let (_home, bot, api) = telling();
    let event = json!({"source": "ci", "title": "t", "status": "failed", "fingerprint": "f"});
    let id = api.post("events", &event).json["id"].as_i64().unwrap();
    assert_eq!(api.post("subjects/ack", &json!({})).status, 400);
    assert_eq!(api.post("subjects/ack", &json!({"subject": "nobody"})).status, 404);
    let taken = api.post("subjects/ack", &json!({"event": id}));
    assert_eq!((taken.status, &taken.json["subject"]), (200, &json!("ci:f")), "{taken:?}");
    assert!(taken.json["acknowledged"].as_str().unwrap().starts_with("terminal:"), "{taken:?}");
    let back = api.post("subjects/ack", &json!({"subject": "ci:f", "undo": true}));
    assert_eq!((back.status, &back.json["acknowledged"]), (200, &Value::Null), "{back:?}");
    assert!(bot.stop().success());
}
