//! What waits, in a real browser that nobody reloads: approvals, how many there are, who is told if nobody takes care.

use serde_json::json;

use crate::support::bot::Home;
use crate::support::browser::Browser;
use crate::support::console::{Console, Visitor, home};
use crate::support::{SOON, homes, skip, until};

const ALL: &[&str] = &["read", "run", "deliver"];
const NO_BROWSER: &str = "chromium and chromium-driver are not installed";

/// Alice and carol approve what bob asks for; everybody may ask.
const ACCESS: &str = r##"---
people: { alice: [web:alice], bob: [web:bob], carol: [web:carol] }
groups: { sre: [alice, carol] }
everyone: [ { run: [default.*, core.*, chatops.*] } ]
"##;

/// `ship to TARGET`, which both of the group must approve.
const SHIP: &str = r#"---
name: ship
action_ref: default.deploy
formats: ["ship to {{target}}"]
extra: { approval: { by: sre, within: 1h, count: 2 } }
"#;

fn house() -> Home {
    home("http://127.0.0.1:9/hook").file("access.yaml", ACCESS).file("aliases/ship.yaml", SHIP)
}

fn says(visitor: &Visitor<'_>, text: &str, key: &str) {
    let text = text.replace(' ', "+");
    assert_eq!(visitor.post("/chat/say", &format!("text={text}&key=0123456789abcdef{key}")).status, 303);
}

#[test]
fn approvals_come_change_and_go_while_somebody_looks_and_what_is_typed_stays() {
    let Some(alice) = Browser::open() else { return skip(NO_BROWSER) };
    let console = Console::start(house());
    console.enter(&alice, &console.token("alice", ALL));
    let bob = console.visitor(&console.token("bob", ALL));
    let carol = console.visitor(&console.token("carol", ALL));
    alice.click(".side a[href='/approvals']");
    alice.sees("#pulse", "live");
    assert_eq!((alice.count(".wait"), alice.count(".side .count:not([hidden])")), (0, 0));
    // From here on nobody loads a page: what is marked stays marked.
    alice.run("document.body.dataset.mark = 'same'");
    says(&bob, "ship to staging", "0001");
    alice.sees(".wait", "0 of 2 approved");
    alice.sees(".side .count", "1");
    assert_eq!(alice.count("#nothing:not([hidden])"), 0);
    alice.type_into(".wait input[name=reason]", "looks fi");
    let ship = console.api.get("approvals").json["results"][0]["id"].clone();
    assert_eq!(carol.post(&format!("/approvals/{ship}/approve"), "reason=mine").status, 303);
    alice.sees(".wait", "1 of 2 approved");
    alice.sees(".wait .votes", "mine");
    // She goes on typing where she was.
    alice.press("ne");
    assert_eq!(alice.property(".wait input[name=reason]", "value"), "looks fine");
    says(&bob, "ship to production", "0002");
    until(SOON, || (alice.count(".wait") == 2).then_some(()));
    alice.sees(".side .count", "2");
    alice.pictures("approvals-live");
    let second = console.api.get("approvals").json["results"][1]["id"].clone();
    assert_eq!(bob.post(&format!("/approvals/{second}/withdraw"), "").status, 303);
    until(SOON, || (alice.count(".wait") == 1).then_some(()));
    assert_eq!(alice.property(".wait input[name=reason]", "value"), "looks fine");
    assert_eq!(alice.run("return document.body.dataset.mark"), "same");
    alice.click(".wait .approve");
    alice.sees("#execution", "deployed 1 to staging");
    assert!(console.bot.stop().success());
}

#[test]
fn how_many_things_wait_is_live_on_every_page() {
    let Some(alice) = Browser::open() else { return skip(NO_BROWSER) };
    let console = Console::start(house());
    console.enter(&alice, &console.token("alice", ALL));
    let bob = console.visitor(&console.token("bob", ALL));
    for (number, page) in ["/", "/chat", "/executions", "/notifiers"].into_iter().enumerate() {
        alice.go(&console.at(page));
        alice.run("document.body.dataset.mark = 'same'");
        assert_eq!(alice.count(".side .count:not([hidden])"), 0, "{page}");
        says(&bob, "ship to staging", &format!("{number:04}"));
        alice.sees(".side .count:not([hidden])", "1");
        let ship = console.api.get("approvals").json["results"][0]["id"].clone();
        assert_eq!(bob.post(&format!("/approvals/{ship}/withdraw"), "").status, 303);
        until(SOON, || (alice.count(".side .count:not([hidden])") == 0).then_some(()));
        assert_eq!(alice.run("return document.body.dataset.mark"), "same", "{page}");
    }
    // Whoever may not see them is not told how many there are.
    let runner = console.visitor(&console.token("runner", &["run"]));
    assert_eq!(runner.get("/live/waits").status, 403);
    assert_eq!(runner.get("/live/approvals").status, 403);
    assert!(console.bot.stop().success());
}

#[test]
fn the_page_of_an_event_says_who_is_told_if_nobody_takes_care_and_who_was() {
    let Some(alice) = Browser::open() else { return skip(NO_BROWSER) };
    let home = homes::ops();
    let here = home.path().display().to_string();
    let notifiers = format!(
        "notifiers:\n  - {{ name: room, to: {{ log: {{ file: {here}/room.log }} }} }}\n  \
         - {{ name: pager, to: {{ log: {{ file: {here}/pager.log }} }} }}\nroutes:\n  \
         - match: {{ source: probe }}\n    send: [room]\n    escalate:\n      - {{ after: 1s, to: [pager] }}\n      \
         - {{ after: 2h, to: [pager, room] }}\n"
    );
    let console = Console::start(home.file("access.yaml", ACCESS).file("notifiers.yaml", &notifiers));
    console.enter(&alice, &console.token("alice", ALL));
    let event =
        json!({"source": "probe", "title": "web1 is down", "status": "failed", "fingerprint": "web1"});
    let id = console.api.post("events", &event).json["id"].clone();
    until(SOON, || std::fs::read_to_string(console.home.path().join("pager.log")).ok());
    until(SOON, || {
        let told = console.api.get(&format!("events/{id}")).json["deliveries"].as_array()?.clone();
        let sent = |one: &&serde_json::Value| one["purpose"] == "escalation" && one["state"] == "sent";
        (told.iter().filter(sent).count() == 1).then_some(())
    });
    alice.go(&console.at(&format!("/events/{id}")));
    alice.sees(".escalations", "pager.log: told");
    alice.sees(".escalations", "told unless somebody takes care");
    alice.sees(".escalations", "in 1 h");
    assert_eq!(alice.count(".escalations li"), 3);
    assert!(!alice.text("table").contains("pager"), "{}", alice.text("table"));
    alice.pictures("event-escalates");
    let cared = console.api.post("subjects/ack", &json!({"event": id}));
    assert_eq!(cared.status, 200, "{cared:?}");
    alice.reload();
    alice.sees(".escalations", "takes care of it");
    alice.sees(".escalations", "not told");
    // Of one that is over, what the rules would do the next time.
    console.api.post(
        "events",
        &json!({"source": "probe", "title": "web1 is up", "status": "ok", "fingerprint": "web1"}),
    );
    alice.reload();
    alice.sees("main", "told after 2 h unless somebody takes care of it");
    assert!(console.bot.stop().success());
}
