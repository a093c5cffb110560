//! Messages and rooms as DDP and REST give them.

use serde_json::Value;

use crate::model::Timestamp;

/// A point in time as DDP (`{"$date": ms}`) and REST (RFC 3339) write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id, which never changes.
    pub id: String,
    /// The unique name, as in `@alice`.
    pub username: String,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Its id, unique on the server.
    pub id: String,
    /// The id of its room.
    pub room: String,
    /// The text as typed; empty where there is none.
    pub text: String,
    /// When the server took it.
    pub at: Option<Timestamp>,
    /// Who wrote it.
    pub by: User,
    /// The message whose thread it is in.
    pub thread: Option<String>,
    /// The people it mentions; `all` and `here` among them.
    pub mentions: Vec<User>,
    /// Whether it is a notice of the server: somebody joined, the topic changed.
    pub notice: bool,
    /// Whether it was edited.
    pub edited: bool,
    /// Whether an integration or a bot's library wrote it.
    pub bot: bool,
}

/// What the server says of a message's room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// Whether the bot is in it.
    pub joined: bool,
    /// `c` a channel, `p` a private group, `d` a direct conversation, `l` a customer's.
    pub kind: String,
    /// Its name, without `#`.
    pub name: Option<String>,
}

impl Moment {
    /// Reads either form.
    pub fn read(value: &Value) -> Option<Self> {
        let millis = match &value["$date"] {
            Value::Number(millis) => millis.as_i64()?,
            _ => value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_millisecond(),
        };
        Some(Self(Timestamp::from_micros(millis.checked_mul(1000)?)))
    }
}

impl User {
    fn read(value: &Value) -> Option<Self> {
        let id = value["_id"].as_str().filter(|id| !id.is_empty())?.to_owned();
        let username = value["username"].as_str().filter(|name| !name.is_empty()).unwrap_or(&id).to_owned();
        Some(Self { id, username })
    }
}

impl Said {
    /// Reads a message; `None` where it has no id, room or author.
    pub fn read(value: &Value) -> Option<Self> {
        let word = |key: &str| value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let there = |key: &str| !matches!(value[key], Value::Null | Value::Bool(false));
        Some(Self {
            id: word("_id")?,
            room: word("rid")?,
            text: word("msg").unwrap_or_default(),
            at: Moment::read(&value["ts"]).map(|moment| moment.0),
            by: User::read(&value["u"])?,
            thread: word("tmid"),
            mentions: value["mentions"].as_array().into_iter().flatten().filter_map(User::read).collect(),
            notice: there("t"),
            edited: there("editedAt"),
            bot: there("bot"),
        })
    }

    /// Whether a person other than `me` said something new.
    pub fn is_speech(&self, me: &str) -> bool {
        !self.notice && !self.edited && !self.bot && self.by.id != me && !self.text.trim().is_empty()
    }
}

impl Room {
    /// Reads the second argument of a stream's event.
    pub fn read(value: &Value) -> Self {
        let word = |key: &str| value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            joined: value["roomParticipant"].as_bool().unwrap_or(false),
            kind: word("roomType").unwrap_or_default(),
            name: word("roomName"),
        }
    }

    /// Whether it is a conversation with the bot alone.
    pub fn is_direct(&self) -> bool {
        self.kind == "d"
    }

    /// Whether the bot listens there: rooms that it is in, and direct ones; not those of customers.
    pub fn is_ours(&self) -> bool {
        self.is_direct() || (self.joined && matches!(self.kind.as_str(), "c" | "p"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(more: Value) -> Value {
        let mut message =
            json!({"_id": "m", "rid": "r", "msg": "hi", "u": {"_id": "u", "username": "alice"}});
        let more = more.as_object().unwrap().clone();
        message.as_object_mut().unwrap().extend(more);
        message
    }

    #[test]
    fn only_new_words_of_people_are_speech() {
        let speech = |more: Value| Said::read(&message(more)).unwrap().is_speech("me");
        assert!(speech(
            json!({"reactions": {":x:": {}}, "urls": [], "replies": ["u"], "tcount": 1, "alias": ""})
        ));
        for more in [
            json!({"t": "uj"}),
            json!({"editedAt": {"$date": 1}}),
            json!({"bot": {"i": "hook"}}),
            json!({"u": {"_id": "me", "username": "bot"}}),
            json!({"msg": ""}),
            json!({"msg": null}),
            json!({"msg": ["no", "text"]}),
        ] {
            assert!(!speech(more.clone()), "{more}");
        }
    }

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let expected = Some(Moment(Timestamp::from_micros(1_760_000_000_123_000)));
        assert_eq!(Moment::read(&json!({"$date": 1_760_000_000_123_i64})), expected);
        assert_eq!(Moment::read(&json!("2025-10-09T08:53:20.123Z")), expected);
        assert_eq!(Moment::read(&json!("soon")), None);
    }

    #[test]
    fn rooms_that_the_bot_is_not_in_are_not_ours() {
        let ours = |joined: bool, kind: &str| Room { joined, kind: kind.into(), name: None }.is_ours();
        assert!(ours(true, "c") && ours(true, "p") && ours(false, "d"));
        assert!(!ours(false, "c") && !ours(true, "l") && !ours(true, ""));
    }

    #[test]
    fn a_message_without_an_author_is_none() {
        assert_eq!(Said::read(&json!({"_id": "m", "rid": "r", "msg": "x"})), None);
        assert_eq!(Said::read(&json!("x")), None);
    }
}
