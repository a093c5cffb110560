use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::adapter::{Abilities, Adapter, Boxed, Ears, Outlet, Parcel};
use crate::model::{AdapterName, Receipt, SendError, Timestamp};
use crate::net::World;

const ALICE: &str = "alicealicealicealicealice1";
const OPS: &str = "opsopsopsopsopsopsopsops12";
const ROOT: &str = "rootrootrootrootrootroot12";
const NOW: Timestamp = Timestamp::from_micros(1_795_250_400_000_000);

#[derive(Default)]
struct Heard {
    messages: Mutex<Vec<Message>>,
    presses: Mutex<Vec<Press>>,
}

impl Ears for Heard {
    fn heard(&self, message: Message) {
        self.messages.lock().unwrap().push(message);
    }

    fn pressed(&self, press: Press) {
        self.presses.lock().unwrap().push(press);
    }

    fn up(&self, _: Abilities, _: Vec<String>) {}
}

struct Nothing;

impl Outlet for Nothing {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(std::future::pending())
    }

    fn settle(&self, _: Parcel, _: Result<Receipt, SendError>) {}

    fn give_back(&self, _: Parcel) {}
}

struct Bench {
    mattermost: Mattermost,
    link: Link,
    heard: Arc<Heard>,
    clock: Arc<crate::net::ManualClock>,
}

fn bench() -> Bench {
    let set = [("URL", "https://chat.example.org"), ("TOKEN", "bot-token"), ("SLASH_TOKEN", "one,two")];
    let mut lookup =
        |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let mattermost = Mattermost::from_options(&mut lookup).unwrap();
    let (world, clock) = World::manual(NOW);
    let heard = Arc::new(Heard::default());
    let link = Link {
        name: AdapterName::new("mattermost").unwrap(),
        bot: "chatops".to_owned(),
        world,
        stop: CancellationToken::new(),
        ears: heard.clone(),
        outlet: Arc::new(Nothing),
    };
    Bench { mattermost, link, heard, clock }
}

impl Bench {
    fn call(&self, path: &str, body: &str) -> Returned {
        let header = |_: &str| None;
        let call = Call { method: "POST", path, header: &header, body: body.as_bytes() };
        self.mattermost.call(&self.link, &call)
    }

    fn context(&self, nonce: &str) -> Value {
        let seal = Seal::new(&self.mattermost.token, "mattermost");
        serde_json::to_value(seal.seal(nonce, OPS, ROOT, false, NOW)).unwrap()
    }

    fn press(&self, context: &Value, trigger: &str) -> Returned {
        let body = json!({"user_id": ALICE, "user_name": "alice", "channel_id": OPS, "channel_name": "ops",
            "team_id": "", "team_domain": "", "post_id": ROOT, "trigger_id": trigger, "type": "button",
            "data_source": "", "context": context});
        self.call("press", &body.to_string())
    }

    fn presses(&self) -> Vec<Press> {
        self.heard.presses.lock().unwrap().clone()
    }
}

#[test]
fn a_press_with_our_seal_is_heard_once() {
    let bench = bench();
    let context = bench.context("n1");
    assert_eq!(bench.press(&context, "t1").status, 200);
    assert_eq!(bench.press(&context, "t1").status, 200, "the same press again");
    let [press] = &bench.presses()[..] else { panic!("{:?}", bench.presses()) };
    assert_eq!((press.nonce.as_str(), press.name.as_str()), ("n1", "alice"));
    assert_eq!(press.person.to_string(), format!("mattermost:{ALICE}"));
    assert_eq!(press.place.to_string(), format!("mattermost:{OPS}/{ROOT}"));
    assert_eq!(press.on, Some(Handle(ROOT.to_owned())));
    assert_eq!(press.room_name.as_deref(), Some("#ops"));
}

#[test]
fn a_forged_press_is_refused_and_not_heard() {
    let bench = bench();
    let mut context = bench.context("n1");
    context["nonce"] = json!("n2");
    assert_eq!(bench.press(&context, "t1").status, 401);
    let foreign =
        Seal::new(&crate::model::Secret::new("other"), "mattermost").seal("n1", OPS, "", false, NOW);
    assert_eq!(bench.press(&json!(foreign), "t2").status, 401);
    for body in ["", "[]", "{\"context\": {}}", "no json"] {
        assert_eq!(bench.call("press", body).status, 400, "{body}");
    }
    assert!(bench.presses().is_empty());
}

#[test]
fn a_press_that_comes_too_late_is_told_so() {
    let bench = bench();
    let context = bench.context("n1");
    bench.clock.advance(Duration::from_secs(8 * 24 * 3600));
    let returned = bench.press(&context, "t1");
    assert!(returned.status == 200 && returned.body.contains("expired"), "{returned:?}");
    assert!(bench.presses().is_empty());
}

fn form(token: &str, text: &str) -> String {
    format!(
        "token={token}&team_id=x&channel_id={OPS}&channel_name=ops&user_id={ALICE}&user_name=alice\
         &command=%2Fchatops&text={text}&trigger_id=t-{text}"
    )
}

#[test]
fn a_slash_command_is_heard_with_either_token() {
    let bench = bench();
    assert_eq!(bench.call("slash", &form("one", "run+date+%26+more")).status, 200);
    let returned = bench.call("slash", &form("two", ""));
    assert_eq!(returned.body, r#"{"response_type":"ephemeral","text":""}"#);
    let heard = bench.heard.messages.lock().unwrap();
    let texts: Vec<_> = heard.iter().map(|message| (message.text.as_str(), message.mentioned)).collect();
    assert_eq!(texts, [("run date & more", true), ("help", true)]);
    assert_eq!(heard[0].raw, "/chatops run date & more");
    assert_eq!(heard[0].person.to_string(), format!("mattermost:{ALICE}"));
    assert!(!heard[0].place.is_direct());
}

#[test]
fn a_slash_command_with_a_wrong_token_is_refused() {
    let bench = bench();
    for token in ["", "three", "on", "one,two"] {
        assert_eq!(bench.call("slash", &form(token, "run")).status, 401, "{token}");
    }
    assert!(bench.heard.messages.lock().unwrap().is_empty());
}

#[test]
fn the_token_may_come_as_a_header() {
    let bench = bench();
    let header = |name: &str| (name == "authorization").then_some("Token two");
    let form = form("", "help");
    let call = Call { method: "POST", path: "slash", header: &header, body: form.as_bytes() };
    assert_eq!(bench.mattermost.call(&bench.link, &call).status, 200);
}

#[test]
fn other_paths_and_methods_lead_nowhere() {
    let bench = bench();
    assert_eq!(bench.call("other", "").status, 404);
    let call = Call { method: "GET", path: "press", header: &|_| None, body: b"" };
    assert_eq!(bench.mattermost.call(&bench.link, &call).status, 405);
}
