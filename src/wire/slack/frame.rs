//! The frames of Socket Mode (docs.slack.dev/apis/events-api/using-socket-mode): hello, disconnect, envelopes.

use serde_json::{Value, json};

/// One text frame from Slack.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// The socket is ready.
    Hello,
    /// The socket is about to be closed.
    Disconnect(Leave),
    /// Something that is to be acknowledged within three seconds.
    Envelope {
        /// What the acknowledgement names.
        id: String,
        /// `events_api`, `interactive`, `slash_commands`, or what Slack invents next.
        kind: String,
        /// What it is about.
        payload: Value,
    },
    /// Anything else: of a kind that does not exist yet, or no JSON at all.
    Unknown,
}

/// Why a socket is about to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// `warning`, `refresh_requested`: open another one.
    Refresh,
    /// `link_disabled`: somebody switched Socket Mode off.
    Disabled,
}

impl Frame {
    /// Reads a frame. Never fails: what cannot be read is [`Frame::Unknown`].
    pub fn read(text: &str) -> Self {
        let Ok(mut frame) = serde_json::from_str::<Value>(text) else { return Self::Unknown };
        let kind = frame["type"].as_str().unwrap_or_default().to_owned();
        if let Some(id) = frame["envelope_id"].as_str() {
            let id = id.to_owned();
            return Self::Envelope { id, kind, payload: frame["payload"].take() };
        }
        match (kind.as_str(), frame["reason"].as_str()) {
            ("hello", _) => Self::Hello,
            ("disconnect", Some("link_disabled")) => Self::Disconnect(Leave::Disabled),
            ("disconnect", _) => Self::Disconnect(Leave::Refresh),
            _ => Self::Unknown,
        }
    }

    /// The acknowledgement of an envelope.
    pub fn acknowledgement(id: &str) -> String {
        json!({"envelope_id": id}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_read_as_something() {
        assert_eq!(Frame::read(r#"{"type":"hello","num_connections":1}"#), Frame::Hello);
        for reason in ["warning", "refresh_requested", "something_new"] {
            let frame = json!({"type": "disconnect", "reason": reason}).to_string();
            assert_eq!(Frame::read(&frame), Frame::Disconnect(Leave::Refresh));
        }
        let off = r#"{"type":"disconnect","reason":"link_disabled"}"#;
        assert_eq!(Frame::read(off), Frame::Disconnect(Leave::Disabled));
        for text in ["", "hello", "[]", "null", "7", r#"{"type":"goodbye"}"#, r#"{"envelope_id":7}"#] {
            assert_eq!(Frame::read(text), Frame::Unknown, "{text}");
        }
    }

    #[test]
    fn an_envelope_of_an_unknown_kind_is_acknowledged_too() {
        let frame = Frame::read(r#"{"envelope_id":"e1","type":"telepathy"}"#);
        let expected = Frame::Envelope { id: "e1".into(), kind: "telepathy".into(), payload: Value::Null };
        assert_eq!(frame, expected);
        assert_eq!(Frame::acknowledgement("e1"), r#"{"envelope_id":"e1"}"#);
    }
}
