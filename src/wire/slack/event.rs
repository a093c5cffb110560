//! What happened, out of the payload of an envelope (docs.slack.dev/reference/events/message,
//! `reference/interaction-payloads/block_actions-payload`, `interactivity/implementing-slash-commands`).
//!
//! Read by hand and not into a crate's types: a field that Slack changes must not cost a message.

use serde_json::Value;

/// Something that is for the bot, perhaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person said something new.
    Said(Said),
    /// A slash command.
    Slash(Slash),
    /// A button was pressed.
    Pressed(Action),
    /// A message of the bot, of another one or of Slack, an edit, a removal: only its place and time count.
    Other {
        /// The channel.
        channel: String,
        /// Its time.
        ts: String,
    },
}

/// A message of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The channel's id.
    pub channel: String,
    /// Whether only that person and the bot read it.
    pub direct: bool,
    /// The person's id.
    pub user: String,
    /// The text as on the wire.
    pub text: String,
    /// The message's id in the channel, and its time: seconds and a fraction, `1700000000.000100`.
    pub ts: String,
    /// The id of the first message of its thread, where it is not that one itself.
    pub thread: Option<String>,
}

/// A slash command such as `/chatops run date`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slash {
    /// The channel's id.
    pub channel: String,
    /// The channel's name as Slack tells it: `ops`, `directmessage`, `privategroup`.
    pub channel_name: String,
    /// The person's id.
    pub user: String,
    /// What follows the command.
    pub text: String,
    /// What was typed, command included.
    pub raw: String,
    /// The id of this use of the command.
    pub trigger: String,
}

/// A press of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The channel's id.
    pub channel: String,
    /// The channel's name as Slack tells it.
    pub channel_name: String,
    /// The person's id.
    pub user: String,
    /// What the button holds.
    pub value: String,
    /// The message that carries it.
    pub message: String,
    /// The thread that it stands in.
    pub thread: Option<String>,
    /// The id of this press.
    pub trigger: String,
}

/// Subtypes under which people speak; all others are edits, joins, bots and news.
const SPEECH: &[&str] = &["thread_broadcast", "file_share", "me_message"];

/// Users that are no persons.
const NOBODY: &[&str] = &["", "USLACKBOT"];

impl Event {
    /// What an envelope of `kind` is about; nothing where the bot has no use for it. `me` is the bot's user id.
    pub fn of(kind: &str, payload: &Value, me: &str) -> Vec<Self> {
        match kind {
            "events_api" => Self::pushed(&payload["event"], me).into_iter().collect(),
            "slash_commands" => slash(payload).map(Self::Slash).into_iter().collect(),
            "interactive" => presses(payload).into_iter().map(Self::Pressed).collect(),
            _ => Vec::new(),
        }
    }

    fn pushed(event: &Value, me: &str) -> Option<Self> {
        if !matches!(event["type"].as_str(), Some("message" | "app_mention")) {
            return None;
        }
        match Self::message(event, event["channel"].as_str()?, me)? {
            // An edit comes again as `app_mention`, with the mark of the edit.
            Self::Said(Said { channel, ts, .. }) if event["edited"].is_object() => {
                Some(Self::Other { channel, ts })
            }
            other => Some(other),
        }
    }

    /// A message in `channel`, as an event or the history has it.
    pub fn message(event: &Value, channel: &str, me: &str) -> Option<Self> {
        let (channel, ts) = (channel.to_owned(), event["ts"].as_str()?.to_owned());
        if channel.is_empty() || ts.is_empty() {
            return None;
        }
        let subtype = event["subtype"].as_str();
        let person = event["user"].as_str().filter(|user| *user != me && !NOBODY.contains(user));
        let by_a_bot = event["bot_id"].is_string() || event["bot_profile"].is_object();
        let speech = subtype.is_none_or(|subtype| SPEECH.contains(&subtype)) && !by_a_bot;
        let (Some(user), true, Some(said)) = (person, speech, event["text"].as_str()) else {
            return Some(Self::Other { channel, ts });
        };
        let direct = match event["channel_type"].as_str() {
            Some(kind) => kind == "im",
            None => channel.starts_with('D'),
        };
        let thread = event["thread_ts"].as_str().filter(|thread| *thread != ts).map(str::to_owned);
        Some(Self::Said(Said { channel, direct, user: user.to_owned(), text: said.to_owned(), ts, thread }))
    }
}

fn slash(payload: &Value) -> Option<Slash> {
    let field = |name: &str| payload[name].as_str().map(str::to_owned);
    let (command, text) = (field("command")?, field("text").unwrap_or_default());
    Some(Slash {
        channel: field("channel_id")?,
        channel_name: field("channel_name").unwrap_or_default(),
        user: field("user_id")?,
        raw: format!("{command} {text}").trim_end().to_owned(),
        text,
        trigger: field("trigger_id")?,
    })
}

fn presses(payload: &Value) -> Vec<Action> {
    if payload["type"] != "block_actions" {
        return Vec::new();
    }
    let field = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let first = |pointers: [&str; 2]| pointers.into_iter().find_map(field);
    let channel = first(["/channel/id", "/container/channel_id"]);
    let message = first(["/message/ts", "/container/message_ts"]);
    let (Some(user), Some(channel), Some(message)) = (field("/user/id"), channel, message) else {
        return Vec::new();
    };
    let thread = first(["/message/thread_ts", "/container/thread_ts"]).filter(|thread| *thread != message);
    let actions = payload["actions"].as_array().map_or(&[][..], Vec::as_slice);
    let pressed = actions.iter().filter_map(|action| {
        // A button that only leads somewhere has no value.
        let value = action["value"].as_str()?;
        let trigger = action["action_ts"].as_str().map(str::to_owned).or_else(|| field("/trigger_id"))?;
        Some(Action {
            channel: channel.clone(),
            channel_name: field("/channel/name").unwrap_or_default(),
            user: user.clone(),
            value: value.to_owned(),
            message: message.clone(),
            thread: thread.clone(),
            trigger,
        })
    });
    pressed.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(more: &Value) -> Event {
        let mut event = json!({"type": "message", "channel": "C0OPS", "channel_type": "channel", "user": "U0ALICE", "text": "!ping", "ts": "1.2"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Event::of("events_api", &json!({"event": event}), "U0BOT").pop().unwrap()
    }

    #[test]
    fn people_are_heard_and_nobody_else_is() {
        for heard in [
            json!({}),
            json!({"type": "app_mention"}),
            json!({"subtype": "thread_broadcast", "thread_ts": "1.0"}),
            json!({"subtype": "file_share", "files": [{}]}),
        ] {
            assert!(matches!(message(&heard), Event::Said(_)), "{heard}");
        }
        for passed_over in [
            json!({"bot_id": "B0OTHER"}),
            json!({"user": "U0BOT"}),
            json!({"user": null}),
            json!({"subtype": "bot_message", "user": null, "bot_id": "B1"}),
            json!({"subtype": "message_changed", "message": {"text": "!ping"}}),
            json!({"subtype": "message_deleted"}),
            json!({"subtype": "channel_join"}),
            json!({"subtype": "of_tomorrow"}),
            json!({"type": "app_mention", "edited": {"user": "U0ALICE", "ts": "2.0"}}),
            json!({"user": "USLACKBOT"}),
            json!({"text": null}),
            json!({"text": 7}),
        ] {
            assert!(matches!(message(&passed_over), Event::Other { .. }), "{passed_over}");
        }
    }

    #[test]
    fn a_thread_is_known_by_its_first_message_and_that_one_stands_in_none() {
        let thread = |more: &Value| match message(more) {
            Event::Said(said) => said.thread,
            other => panic!("{other:?}"),
        };
        assert_eq!(thread(&json!({"thread_ts": "1.0"})), Some("1.0".to_owned()));
        assert_eq!(thread(&json!({"thread_ts": "1.2"})), None);
    }

    #[test]
    fn payloads_without_what_they_should_hold_are_nothing() {
        for (kind, payload) in [
            ("events_api", json!({})),
            ("events_api", json!({"event": {"type": "message"}})),
            ("events_api", json!({"event": {"type": "reaction_added", "ts": "1.0", "channel": "C1"}})),
            ("slash_commands", json!({"command": "/chatops"})),
            ("interactive", json!({"type": "block_actions", "actions": [{}]})),
            ("interactive", json!({"type": "view_submission"})),
            ("telepathy", json!({})),
        ] {
            assert_eq!(Event::of(kind, &payload, "U0BOT"), [], "{kind} {payload}");
        }
    }

    #[test]
    fn a_press_names_person_message_and_value() {
        let payload = json!({
            "type": "block_actions", "user": {"id": "U0BOB"}, "trigger_id": "t1",
            "channel": {"id": "C0OPS", "name": "ops"}, "message": {"ts": "5.5", "thread_ts": "5.0"},
            "actions": [{"type": "button", "action_id": "choice-0", "value": "n1", "action_ts": "9.9"}, {"type": "button"}],
        });
        let expected = Action {
            channel: "C0OPS".into(),
            channel_name: "ops".into(),
            user: "U0BOB".into(),
            value: "n1".into(),
            message: "5.5".into(),
            thread: Some("5.0".into()),
            trigger: "9.9".into(),
        };
        assert_eq!(Event::of("interactive", &payload, "U0BOT"), [Event::Pressed(expected)]);
    }
}
