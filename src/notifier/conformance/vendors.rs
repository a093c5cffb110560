//! What each vendor accepts, by its published API: the fields, their types, the longest texts. Anything else is
//! refused, and so are unknown keys.

use serde_json::{Value, json};

use super::recorder::{Answer, Seen};

/// PagerDuty takes 512 KB; no other that says a number says a smaller one but Teams.
const LARGEST: usize = 512 << 10;

/// One vendor's side.
pub(super) struct Vendor {
    /// The option that holds the address.
    pub(super) address: &'static str,
    /// What comes after the recorder's own address there.
    pub(super) path: &'static str,
    /// What it says to a good request.
    pub(super) good: Answer,
    /// Where a request must go, beginning.
    to: &'static str,
    /// A JSON schema of the body.
    body: Value,
    /// The body may have this many bytes.
    largest: usize,
}

impl Vendor {
    /// Panics at what the vendor would refuse.
    pub(super) fn judge(&self, kind: &str, request: &Seen) {
        assert!(request.path.starts_with(self.to), "{kind}: {}", request.path);
        // The example of the webhook chooses its method.
        assert_eq!(request.method, if kind == "webhook" { "PUT" } else { "POST" }, "{kind}");
        if let Err(wrong) = verdict(&self.body, request, self.largest) {
            panic!("{kind}: {wrong}");
        }
    }
}

/// What the vendor would say against a request: its content type, its size, and every field.
pub(super) fn verdict(schema: &Value, request: &Seen, largest: usize) -> Result<(), String> {
    let kind = request.header("content-type").unwrap_or_default();
    if !["application/json", "application/x-www-form-urlencoded"].contains(&kind) {
        return Err(format!("content type `{kind}`"));
    }
    if request.body.len() > largest {
        return Err(format!("{} bytes", request.body.len()));
    }
    let schema = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
    let body = request.json();
    let wrong = schema.iter_errors(&body).map(|error| format!("{} at {}", error, error.instance_path()));
    let wrong = wrong.collect::<Vec<_>>().join("; ");
    if wrong.is_empty() { Ok(()) } else { Err(wrong.chars().take(2000).collect()) }
}

/// An object with these properties and no others.
pub(super) fn object(required: &[&str], properties: &Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

/// A text of one to `most` characters.
pub(super) fn text(most: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most})
}

/// The vendor of a kind that speaks HTTP.
pub(super) fn vendor(kind: &str) -> Option<Vendor> {
    Some(match kind {
        "webhook" => Vendor {
            largest: LARGEST,
            address: "url",
            path: "/hook/hunter2",
            good: Answer::status(200).body("thanks"),
            to: "/hook",
            body: json!({"type": "object"}),
        },
        "slack" => slack(),
        "mattermost" => Vendor {
            largest: LARGEST,
            address: "url",
            path: "/hooks/hunter2",
            good: Answer::status(200).body("ok"),
            to: "/hooks/hunter2",
            body: object(
                &["text"],
                &json!({"text": text(16_383), "channel": text(64), "username": text(64), "icon_url": text(2048)}),
            ),
        },
        "rocketchat" => Vendor {
            largest: LARGEST,
            address: "url",
            path: "/hooks/id/hunter2",
            good: Answer::json(200, &json!({"success": true})),
            to: "/hooks/id/hunter2",
            body: object(
                &["text"],
                &json!({"text": text(5000), "channel": text(64), "username": text(64), "icon_url": text(2048)}),
            ),
        },
        "discord" => discord(),
        "teams" => teams(),
        "pagerduty" => pagerduty(),
        "hipchat" => Vendor {
            largest: LARGEST,
            address: "api_url",
            path: "/chat",
            good: Answer::status(204),
            to: "/chat/v2/room/",
            body: object(
                &["message", "message_format"],
                &json!({
                    "message": text(10_000), "message_format": {"enum": ["text", "html"]}, "notify": {"type": "boolean"},
                    "color": {"enum": ["yellow", "green", "red", "purple", "gray", "random"]}, "from": text(64),
                }),
            ),
        },
        "twilio" => Vendor {
            largest: LARGEST,
            address: "api_url",
            path: "",
            good: Answer::json(201, &json!({"sid": "SM1", "status": "queued"})),
            to: "/2010-04-01/Accounts/AC",
            body: object(
                &["To", "Body"],
                &json!({
                    "To": {"type": "string", "pattern": "^\\+[1-9][0-9]{6,14}$"}, "From": text(16),
                    "MessagingServiceSid": text(34), "Body": text(1600),
                }),
            ),
        },
        "grafana" => Vendor {
            largest: LARGEST,
            address: "url",
            path: "/grafana/",
            good: Answer::json(200, &json!({"id": 1, "message": "Annotation added"})),
            to: "/grafana/api/annotations",
            body: object(
                &["text", "time"],
                &json!({
                    "text": text(4000), "time": {"type": "integer"}, "timeEnd": {"type": "integer"},
                    "tags": {"type": "array", "items": {"type": "string"}}, "dashboardId": {"type": "integer"},
                    "dashboardUID": text(40), "panelId": {"type": "integer"},
                }),
            ),
        },
        "webex" => Vendor {
            largest: LARGEST,
            address: "api_url",
            path: "",
            good: Answer::json(200, &json!({"id": "m", "roomId": "r"})),
            to: "/v1/messages",
            body: object(
                &["markdown"],
                &json!({"markdown": text(7439), "roomId": text(200), "toPersonEmail": text(200)}),
            ),
        },
        _ => return None,
    })
}

fn slack() -> Vendor {
    let attachment = object(
        &["color", "text", "fallback"],
        &json!({
            "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"}, "text": text(4000), "fallback": text(300),
            "mrkdwn_in": {"type": "array", "items": {"enum": ["text"]}},
        }),
    );
    Vendor {
        largest: LARGEST,
        address: "api_url",
        path: "/api",
        good: Answer::json(200, &json!({"ok": true, "channel": "C1", "ts": "1700000000.000100"})),
        to: "/api/chat.postMessage",
        body: object(
            &["channel", "attachments"],
            &json!({
                "channel": text(80), "thread_ts": text(20),
                "attachments": {"type": "array", "minItems": 1, "maxItems": 100, "items": attachment},
            }),
        ),
    }
}

fn discord() -> Vendor {
    let embed = object(
        &["description"],
        &json!({"description": text(4096), "color": {"type": "integer", "minimum": 0, "maximum": 16_777_215}}),
    );
    let nobody = object(&["parse"], &json!({"parse": {"type": "array", "maxItems": 0}}));
    Vendor {
        largest: LARGEST,
        address: "webhook",
        path: "/api/webhooks/1/hunter2",
        good: Answer::json(200, &json!({"id": "77"})),
        to: "/api/webhooks/1/hunter2?wait=true",
        body: object(
            &["embeds", "allowed_mentions"],
            &json!({
                "username": text(80), "avatar_url": text(2048), "allowed_mentions": nobody,
                "embeds": {"type": "array", "minItems": 1, "maxItems": 10, "items": embed},
            }),
        ),
    }
}

/// Teams takes 28 KB.
const TEAMS: usize = 28 << 10;

fn teams() -> Vendor {
    let words = object(
        &["type", "text"],
        &json!({
            "type": {"enum": ["TextBlock"]}, "text": text(14_000), "wrap": {"type": "boolean"},
            "weight": {"enum": ["lighter", "default", "bolder"]},
            "color": {"enum": ["default", "dark", "light", "accent", "good", "warning", "attention"]},
        }),
    );
    let fact = object(&["title", "value"], &json!({"title": text(500), "value": text(500)}));
    let facts = object(
        &["type", "facts"],
        &json!({"type": {"enum": ["FactSet"]}, "facts": {"type": "array", "items": fact}}),
    );
    let open = object(
        &["type", "title", "url"],
        &json!({"type": {"enum": ["Action.OpenUrl"]}, "title": text(50), "url": text(2000)}),
    );
    let card = object(
        &["type", "version", "body"],
        &json!({
            "$schema": text(100), "type": {"enum": ["AdaptiveCard"]}, "version": {"enum": ["1.4"]},
            "body": {"type": "array", "items": {"anyOf": [words, facts]}},
            "actions": {"type": "array", "maxItems": 5, "items": open},
        }),
    );
    let attachment = object(
        &["contentType", "content"],
        &json!({"contentType": {"enum": ["application/vnd.microsoft.card.adaptive"]}, "content": card}),
    );
    Vendor {
        largest: TEAMS,
        address: "webhook",
        path: "/workflows/hunter2",
        good: Answer::status(202),
        to: "/workflows/hunter2",
        body: object(
            &["type", "attachments"],
            &json!({
                "type": {"enum": ["message"]},
                "attachments": {"type": "array", "minItems": 1, "maxItems": 1, "items": attachment},
            }),
        ),
    }
}

fn pagerduty() -> Vendor {
    let payload = object(
        &["summary", "source", "severity"],
        &json!({
            "summary": text(1024), "source": text(255), "severity": {"enum": ["critical", "error", "warning", "info"]},
            "timestamp": text(40), "class": text(255), "custom_details": {"type": "object"},
        }),
    );
    let link = object(&["href"], &json!({"href": text(2000), "text": text(100)}));
    Vendor {
        largest: LARGEST,
        address: "api_url",
        path: "",
        good: Answer::json(
            202,
            &json!({"status": "success", "message": "Event processed", "dedup_key": "k"}),
        ),
        to: "/v2/enqueue",
        body: object(
            &["routing_key", "event_action", "dedup_key"],
            &json!({
                "routing_key": text(100), "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
                "dedup_key": text(255), "client": text(255), "payload": payload,
                "links": {"type": "array", "items": link},
            }),
        ),
    }
}
