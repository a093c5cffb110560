//! StackStorm's stream of announcements: results for people behind a Hubot, and what actions announce.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::live::good;
use crate::support::st2::{St2, home, serve};
use crate::support::{SOON, until};

const CHATOPS: &str = "st2.announcement__chatops";

#[test]
fn the_result_of_a_command_is_announced_as_its_alias_says() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "hubot", &["read", "run", "vouch"]);
    let mut heard = st2.listen("");
    let mut other = St2::new(&home, "other", &["read"]).listen("");
    good(st2.types("alice", "echo", "echo hello"), 201);
    let (_, event, data) = heard.event();
    assert_eq!(event, CHATOPS);
    assert_eq!(
        data["payload"],
        json!({
            "message": "said {~} **hello**", "user": "alice", "channel": "#ops", "whisper": false,
            "extra": {"slack": {"title": "echo by alice"}},
            "context": {"room": "#ops", "message": {"text": "echo hello"}}, "route": "hubot",
        })
    );
    good(st2.types("alice", "sh", "sh echo partly; echo wrong >&2; exit 4"), 201);
    let payload = heard.event().2["payload"].clone();
    let message = payload["message"].as_str().unwrap();
    assert!(message.contains("partly") && message.contains("wrong") && message.contains('4'), "{message}");
    assert_eq!(payload["extra"]["color"], "#F35A00");

    // What actions announce reaches every stream; the answers above only that of the Hubot that asked.
    let body = json!({"action": "default.tell", "parameters": {"message": {"text": "out now"}}});
    good(St2::new(&home, "ops", &["run"]).post("/executions", &body), 201);
    for reader in [&mut heard, &mut other] {
        let (_, event, data) = reader.event();
        assert_eq!(
            (event.as_str(), &data["payload"]["message"]["text"]),
            ("st2.announcement__deploys", &json!("out now"))
        );
    }
    let began = Instant::now();
    assert!(bot.stop().success());
    assert!(began.elapsed() < SOON, "a stream does not hold up the stop");
}

#[test]
fn a_route_of_its_own_is_announced_under_its_name_too_and_a_filter_chooses() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "errbot", &["read", "run"]);
    let mut all = st2.listen("");
    let mut own = st2.listen("?events=st2.announcement__errbot,st2.execution__update");
    let body = json!({
        "command": "echo hi", "user": "@alice", "source_channel": "@alice", "notification_route": "errbot",
    });
    good(st2.post("/aliasexecution/match_and_execute", &body), 201);
    let events = [all.event().1, all.event().1];
    assert_eq!(events, [CHATOPS, "st2.announcement__errbot"]);
    let (_, event, data) = own.event();
    assert_eq!((event.as_str(), &data["payload"]["user"]), ("st2.announcement__errbot", &json!("@alice")));
    assert!(bot.stop().success());
}

#[test]
fn a_reader_that_comes_back_gets_what_it_missed() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "hubot", &["read", "run"]);
    let mut first = st2.listen("");
    let mut second = st2.listen("");
    good(st2.types("alice", "echo", "echo one"), 201);
    let (id, ..) = first.event();
    first.leave();
    good(st2.types("alice", "echo", "echo two"), 201);
    assert_eq!(
        [second.event().2, second.event().2].map(|data| text(&data)),
        ["said {~} **one**", "said {~} **two**"]
    );
    let mut back = st2.listen_after("", &id);
    assert_eq!(text(&back.event().2), "said {~} **two**");
    assert!(bot.stop().success());
}

fn text(data: &Value) -> String {
    data["payload"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn what_nobody_listens_to_waits_also_through_a_crash() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "hubot", &["read", "run", "vouch"]);
    let taken = good(st2.types("alice", "sh", "sh echo kept"), 201);
    let path = format!("/executions/{}", taken["execution"]["id"].as_str().unwrap());
    until(SOON, || (good(st2.get(&path), 200)["status"] == "succeeded").then_some(()));
    bot.kill9();
    std::fs::remove_file(home.path().join("var/api")).unwrap();
    let bot = serve(&home);
    let st2 = St2::with(&home, &st2.token);
    let mut heard = st2.listen("");
    let payload = heard.event().2["payload"].clone();
    assert_eq!(
        payload,
        json!({
            "message": "kept", "user": "alice", "channel": "#ops", "whisper": false, "extra": {},
            "context": null, "route": "hubot",
        })
    );
    good(st2.types("alice", "echo", "echo next"), 201);
    assert_eq!(text(&heard.event().2), "said {~} **next**");
    let told = heard.lines.since(0).iter().filter(|line| line.contains("\"kept\"")).count();
    assert_eq!(told, 1);
    assert!(bot.stop().success());
}

#[test]
fn notifications_reach_rooms_behind_a_hubot() {
    let notifiers = "notifiers: [ { name: room, to: { chat: { places: ['hubot:ops'] } } } ]\n\
                     routes: [ { match: { source: '*' }, send: [room] } ]\n";
    let home = home().file("notifiers.yaml", notifiers);
    let bot = serve(&home);
    let mut heard = St2::new(&home, "hubot", &["read"]).listen("");
    let event = json!({"source": "backup", "title": "backup of db1 failed", "status": "failed"});
    good(Api::of(&home).post("events", &event), 202);
    let payload = heard.event().2["payload"].clone();
    assert!(payload["message"].as_str().unwrap().contains("backup of db1 failed"), "{payload}");
    assert_eq!((&payload["channel"], &payload["user"]), (&json!("ops"), &Value::Null));
    assert!(bot.stop().success());
}
