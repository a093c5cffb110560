//! Frames of the WebSocket (api-documentation, section WebSocket): events with a number, and replies to what was asked.

use serde_json::Value;

use super::post::{Kind, Post, Spoken};

/// What a frame of text is.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// An event, with its number.
    Event(i64, Event),
    /// The reply to a request of ours; the status of the error, where it failed.
    Reply(Option<u16>),
    /// Nothing that is documented.
    Unreadable,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The first event of a connection.
    Hello {
        /// What to resume it by.
        connection: String,
    },
    /// Somebody posted.
    Posted(Box<Spoken>),
    /// Something else.
    Other,
}

impl Frame {
    /// Reads a frame of text.
    pub fn read(text: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Self::Unreadable };
        if let (Some(name), Some(number)) = (value["event"].as_str(), value["seq"].as_i64()) {
            return Self::Event(number, event(name, &value["data"]));
        }
        if value["seq_reply"].is_i64() || value["status"].is_string() {
            let failed = value["status"] != "OK";
            let status = value["error"]["status_code"].as_u64().and_then(|it| u16::try_from(it).ok());
            return Self::Reply(failed.then(|| status.unwrap_or(400)));
        }
        Self::Unreadable
    }
}

fn event(name: &str, data: &Value) -> Event {
    let text = |key: &str| data[key].as_str().unwrap_or_default();
    match name {
        "hello" => Event::Hello { connection: text("connection_id").to_owned() },
        "posted" => {
            // A post travels as JSON in JSON.
            let Ok(post) = serde_json::from_str::<Post>(text("post")) else { return Event::Other };
            let kind = serde_json::from_value::<Kind>(data["channel_type"].clone()).unwrap_or_default();
            let sender = text("sender_name").trim_start_matches('@').to_owned();
            Event::Posted(Box::new(Spoken { post, kind, channel: text("channel_name").to_owned(), sender }))
        }
        _ => Event::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_post_is_read_out_of_its_event() {
        let post = json!({"id": "p", "user_id": "u", "channel_id": "c", "message": "hi", "type": ""});
        let event = json!({"event": "posted", "seq": 7, "broadcast": {"channel_id": "c"}, "data": {
            "channel_type": "D", "channel_name": "u__b", "sender_name": "@alice", "post": post.to_string()}});
        let Frame::Event(7, Event::Posted(spoken)) = Frame::read(&event.to_string()) else { panic!() };
        assert_eq!((spoken.kind, spoken.sender.as_str()), (Kind::Direct, "alice"));
        assert_eq!(spoken.post.message, "hi");
    }

    #[test]
    fn hello_and_replies_are_told_apart() {
        let hello = json!({"event": "hello", "seq": 0, "data": {"connection_id": "x"}});
        let heard = Event::Hello { connection: "x".to_owned() };
        assert_eq!(Frame::read(&hello.to_string()), Frame::Event(0, heard));
        let pong = json!({"status": "OK", "seq_reply": 1, "data": {"text": "pong"}});
        assert_eq!(Frame::read(&pong.to_string()), Frame::Reply(None));
        let refused = json!({"status": "FAIL", "seq_reply": 1, "error": {"id": "x", "status_code": 401}});
        assert_eq!(Frame::read(&refused.to_string()), Frame::Reply(Some(401)));
    }

    #[test]
    fn what_is_unknown_hurts_nobody() {
        let odd = json!({"event": "posted", "seq": 1, "data": {"post": "no json"}});
        assert_eq!(Frame::read(&odd.to_string()), Frame::Event(1, Event::Other));
        let unknown = json!({"event": "burned", "seq": 2});
        assert_eq!(Frame::read(&unknown.to_string()), Frame::Event(2, Event::Other));
        for text in ["", "{", "[1]", "null", "{\"event\": 5}", "<html>"] {
            assert_eq!(Frame::read(text), Frame::Unreadable, "{text}");
        }
    }
}
