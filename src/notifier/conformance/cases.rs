//! Requests with every option, edits and older interfaces: what the vendors' published APIs accept there.

use serde_json::{Value, json};

use super::vendors::{object, text, verdict};
use super::{Answer, Notice, Recorder, Rig};
use crate::model::{Handle, Level, Moment, Timestamp};
use crate::notifier::{Service, Texts};
use crate::template::Templates;

/// One request.
struct Case {
    kind: &'static str,
    /// The options; `BASE` stands for the recorder.
    options: Value,
    /// What the last message gave.
    earlier: Option<&'static str>,
    moment: Moment,
    good: Value,
    /// Method, path and `Authorization`.
    asks: (&'static str, &'static str, Option<&'static str>),
    body: Value,
}

fn case(
    kind: &'static str,
    options: Value,
    asks: (&'static str, &'static str, Option<&'static str>),
    body: Value,
) -> Case {
    Case {
        kind,
        options,
        earlier: None,
        moment: Moment::Error,
        good: json!({"ok": true, "status": "success"}),
        asks,
        body,
    }
}

/// One that edits.
fn edit(earlier: &'static str, case: Case) -> Case {
    Case { earlier: Some(earlier), ..case }
}

fn at(moment: Moment, case: Case) -> Case {
    Case { moment, ..case }
}

fn only(value: &str) -> Value {
    json!({"enum": [value]})
}

fn slack(ts: &str) -> Value {
    let attachment = object(
        &["color", "text", "fallback", "mrkdwn_in"],
        &json!({"color": only("#36a64f"), "text": text(4000), "fallback": text(300), "mrkdwn_in": {"type": "array"}}),
    );
    let attachments = json!({"type": "array", "minItems": 1, "maxItems": 1, "items": attachment});
    let mut properties = json!({"attachments": attachments, "channel": text(80)});
    let mut required = vec!["attachments"];
    if ts == "channel" {
        required.push(ts);
    } else if !ts.is_empty() {
        properties[ts] = json!({"type": "string", "pattern": "^[0-9]+\\.[0-9]+$"});
        required.extend(["channel", ts]);
    }
    object(&required, &properties)
}

fn annotation(required: &[&str]) -> Value {
    let mut properties = json!({
        "text": text(4000), "tags": {"type": "array", "items": text(100)}, "time": only_millis(), "timeEnd": only_millis(),
        "dashboardUID": text(40), "panelId": {"type": "integer"},
    });
    let all = properties.as_object_mut().unwrap();
    all.retain(|key, _| required.contains(&key.as_str()));
    object(required, &properties)
}

/// 2 January 2006, 22:04:05 in UTC, whatever zone the source spoke of, or a moment later.
fn only_millis() -> Value {
    json!({"type": "integer", "minimum": 1_136_239_445_000_i64, "maximum": 1_136_239_745_000_i64})
}

fn cases() -> Vec<Case> {
    let token =
        || json!({"token": "xoxb-1", "channels": ["#ops"], "api_url": "BASE/api", "color": "#36a64f"});
    let thread =
        || json!({"token": "xoxb-1", "channels": ["#ops,17.1"], "api_url": "BASE/api", "color": "#36a64f"});
    let bearer = Some("Bearer xoxb-1");
    let grafana =
        || json!({"url": "BASE/g/", "key": "k1", "dashboard_uid": "web", "panel_id": 3, "tags": ["deploy"]});
    let global = || json!({"url": "BASE", "key": "k1", "tags": ["deploy"]});
    let pager = |version: &str| json!({"routing_key": "r1", "api_url": "BASE", "version": version, "client_name": "bot"});
    let v2 = |action: &str| {
        object(
            &["routing_key", "event_action", "dedup_key"],
            &json!({
                "routing_key": only("r1"), "event_action": only(action), "dedup_key": only("job:7"),
            }),
        )
    };
    let v1 = |action: &str, more: Value| {
        let mut properties = json!({
            "service_key": only("r1"), "event_type": only(action), "incident_key": only("job:7"),
            "description": text(1024), "details": {"type": "object"},
        });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object(&["service_key", "event_type", "incident_key", "description"], &properties)
    };
    let (v1_path, v2_path) = ("/generic/2010-04-15/create_event.json", "/v2/enqueue");
    let hook = json!({"url": "BASE/hooks/k1", "channel": "town", "username": "bot", "icon_url": "https://example.org/i.png"});
    let hook_body = object(
        &["text", "channel", "username", "icon_url"],
        &json!({
            "text": text(5000), "channel": only("town"), "username": only("bot"), "icon_url": only("https://example.org/i.png"),
        }),
    );
    let bare = object(&["text"], &json!({"text": text(5000)}));
    let embeds = json!({"type": "array", "minItems": 1, "maxItems": 10, "items": object(
        &["description", "color"], &json!({"description": text(4096), "color": {"type": "integer", "maximum": 16_777_215}})
    )});
    let nobody = json!({"enum": [{"parse": []}]});
    let discord_new = object(
        &["embeds", "username", "avatar_url", "allowed_mentions"],
        &json!({
            "embeds": embeds, "username": only("bot"), "avatar_url": text(2048), "allowed_mentions": nobody,
        }),
    );
    let discord_edit =
        object(&["embeds", "allowed_mentions"], &json!({"embeds": embeds, "allowed_mentions": nobody}));
    let discord = || json!({"webhook": "BASE/api/webhooks/1/k1?thread_id=9", "username": "bot", "avatar_url": "https://example.org/a.png"});
    let hipchat = json!({"api_url": "BASE", "token": "t1", "rooms": ["The Ops/Room"], "color": "purple", "notify": true, "message_from": "bot"});
    let hipchat_body = object(
        &["message", "message_format", "notify", "color", "from"],
        &json!({
            "message": text(10_000), "message_format": only("text"), "notify": {"enum": [true]}, "color": only("purple"), "from": only("bot"),
        }),
    );
    let twilio = json!({
        "account_sid": "AC1", "account_token": "t1", "messaging_service": "MG0123456789abcdef0123456789abcdef",
        "to_numbers": ["+15550100001"], "api_url": "BASE",
    });
    let twilio_body = object(
        &["To", "MessagingServiceSid", "Body"],
        &json!({
            "To": only("+15550100001"), "MessagingServiceSid": {"type": "string", "pattern": "^MG[0-9a-f]{32}$"}, "Body": text(1600),
        }),
    );
    let webex = |to: &str| json!({"token": "t1", "to": [to], "api_url": "BASE"});
    let webex_body = |key: &str| object(&["markdown", key], &json!({"markdown": text(7439), key: text(200)}));
    vec![
        case("slack", token(), ("POST", "/api/chat.postMessage", bearer), slack("channel")).without_ts(),
        case("slack", thread(), ("POST", "/api/chat.postMessage", bearer), slack("thread_ts")),
        edit("C1 1.2", case("slack", token(), ("POST", "/api/chat.update", bearer), slack("ts"))),
        case(
            "slack",
            json!({"webhook": "BASE/services/T/B/k1", "color": "#36a64f"}),
            ("POST", "/services/T/B/k1", None),
            slack(""),
        ),
        case("mattermost", hook.clone(), ("POST", "/hooks/k1", None), hook_body.clone()),
        case(
            "mattermost",
            json!({"url": "BASE/hooks/k1", "channel": " "}),
            ("POST", "/hooks/k1", None),
            bare.clone(),
        ),
        case("rocketchat", hook, ("POST", "/hooks/k1", None), hook_body),
        case("rocketchat", json!({"url": "BASE/hooks/k1"}), ("POST", "/hooks/k1", None), bare),
        case("discord", discord(), ("POST", "/api/webhooks/1/k1?thread_id=9&wait=true", None), discord_new),
        edit(
            "77",
            case(
                "discord",
                discord(),
                ("PATCH", "/api/webhooks/1/k1/messages/77?thread_id=9", None),
                discord_edit,
            ),
        ),
        case(
            "grafana",
            grafana(),
            ("POST", "/g/api/annotations", Some("Bearer k1")),
            annotation(&["text", "tags", "time", "timeEnd", "dashboardUID", "panelId"]),
        ),
        at(
            Moment::Started,
            case(
                "grafana",
                global(),
                ("POST", "/api/annotations", Some("Bearer k1")),
                annotation(&["text", "tags", "time"]),
            ),
        ),
        edit(
            "7",
            case(
                "grafana",
                global(),
                ("PATCH", "/api/annotations/7", Some("Bearer k1")),
                annotation(&["text", "tags", "timeEnd"]),
            ),
        ),
        at(Moment::Recovered, case("pagerduty", pager("v2"), ("POST", v2_path, None), v2("resolve"))),
        at(
            Moment::Error,
            case(
                "pagerduty",
                pager("v1"),
                ("POST", v1_path, None),
                v1("trigger", json!({"client": only("bot"), "client_url": text(2000)})),
            ),
        ),
        at(
            Moment::Success,
            case("pagerduty", pager("v1"), ("POST", v1_path, None), v1("resolve", json!({}))),
        ),
        case(
            "hipchat",
            hipchat,
            ("POST", "/v2/room/The%20Ops%2FRoom/notification", Some("Bearer t1")),
            hipchat_body,
        ),
        case(
            "twilio",
            twilio,
            ("POST", "/2010-04-01/Accounts/AC1/Messages.json", Some("Basic QUMxOnQx")),
            twilio_body,
        ),
        case("webex", webex("Y2lzY29"), ("POST", "/v1/messages", Some("Bearer t1")), webex_body("roomId")),
        case(
            "webex",
            webex("a@example.org"),
            ("POST", "/v1/messages", Some("Bearer t1")),
            webex_body("toPersonEmail"),
        ),
        edit(
            "M1 R1 9",
            case(
                "webex",
                webex("a@example.org"),
                ("PUT", "/v1/messages/M1", Some("Bearer t1")),
                object(&["markdown", "roomId"], &json!({"markdown": text(7439), "roomId": only("R1")})),
            ),
        ),
    ]
}

impl Case {
    /// A message of its own: the channel, and no thread.
    fn without_ts(mut self) -> Self {
        self.body["properties"]["channel"] = only("#ops");
        self
    }

    fn notice(&self, service: &Service) -> Notice {
        let at = Timestamp::from_micros(1_136_239_445_000_000);
        let finished = (self.moment != Moment::Started).then(|| at.plus(std::time::Duration::from_secs(250)));
        let notice = Notice {
            target: service.targets().remove(0),
            delivery: "d-1".into(),
            title: "deploy web".into(),
            body: "no space left".into(),
            moment: self.moment,
            level: Level::Critical,
            fingerprint: "job:7".into(),
            link: Some("https://awx.example.org/#/jobs/7".into()),
            started: Some(at),
            finished,
            at,
            ..Notice::default()
        };
        Texts::of(notice, &super::super::Messages::default(), &Templates::default()).notice
    }
}

#[tokio::test]
async fn every_option_edit_and_older_interface_is_as_the_vendor_wants_it() {
    let rig = Rig::new();
    for case in cases() {
        let recorder = Recorder::start(Answer::json(200, &case.good)).await;
        let options = case.options.to_string().replace("BASE", &recorder.base());
        let options: Value = serde_json::from_str(&options).unwrap();
        let service: Service = serde_json::from_value(json!({case.kind: options})).unwrap();
        assert_eq!(service.check(), Ok(()), "{}", case.kind);
        let earlier = case.earlier.map(|handle| Handle(handle.to_owned()));
        let outcome = service.send(&rig.doors(), &case.notice(&service), earlier.as_ref()).await;
        assert!(outcome.is_ok(), "{}: {outcome:?}", case.kind);
        let seen = recorder.requests().remove(0);
        let asked = (seen.method.as_str(), seen.path.as_str(), seen.header("authorization"));
        assert_eq!(asked, case.asks, "{}", case.kind);
        let said = verdict(&case.body, &seen, 1 << 20);
        assert_eq!(said, Ok(()), "{} {}: {}", case.kind, case.asks.1, seen.body);
    }
}

#[tokio::test]
async fn the_recorders_refuse_unknown_keys_wrong_types_and_lengths() {
    let schema = object(&["text"], &json!({"text": text(5), "n": {"type": "integer"}}));
    let recorder = Recorder::start(Answer::status(200)).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let bodies = [
        json!({"text": "a", "m": 1}),
        json!({"text": 1}),
        json!({"text": "abcdef"}),
        json!({"n": 1}),
        json!({"text": ""}),
    ];
    for body in bodies {
        client.post(recorder.base()).json(&body).send().await.unwrap();
        let seen = recorder.requests().pop().unwrap();
        assert!(verdict(&schema, &seen, 1 << 20).is_err(), "{body}");
    }
    client.post(recorder.base()).json(&json!({"text": "a"})).send().await.unwrap();
    let seen = recorder.requests().pop().unwrap();
    assert_eq!(verdict(&schema, &seen, 1 << 20), Ok(()));
    assert!(verdict(&schema, &seen, 5).is_err(), "too large");
}
