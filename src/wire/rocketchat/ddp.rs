//! The frames of DDP that a listener needs: JSON texts, one a WebSocket message.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::message::{Room, Said};
use crate::model::Secret;

/// The stream of every message that the user may read.
const MESSAGES: &str = "stream-room-messages";

/// What logs a user in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A token: a personal access token, or one that an earlier login gave.
    Resume(Secret),
    /// A user name or mail address, and the password.
    Password {
        /// Who.
        user: String,
        /// The password; only its digest is sent.
        password: Secret,
    },
}

/// What the server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// The session is there.
    Connected,
    /// The server speaks another version of DDP only.
    Unsupported(String),
    /// To be answered by [`pong`] with the same id.
    Ping(Option<String>),
    /// A method has an outcome.
    Outcome {
        /// The id of the call.
        id: String,
        /// What it gave.
        outcome: Result<Value, Fault>,
    },
    /// A subscription delivers.
    Ready(Vec<String>),
    /// A subscription is refused, or has ended.
    NoSub {
        /// Its id.
        id: String,
        /// Why, where it is said.
        fault: Option<Fault>,
    },
    /// A message was written, or something about it changed.
    Said(Box<Said>, Room),
    /// Anything else: a sign of life.
    Other,
}

/// Why a method failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `403`, `too-many-requests`, `totp-required`.
    pub kind: String,
    /// One sentence.
    pub reason: String,
    /// How long to wait, where the server says so.
    pub wait: Option<Duration>,
}

/// The first frame.
pub fn connect() -> String {
    json!({"msg": "connect", "version": "1", "support": ["1"]}).to_string()
}

/// Logs in.
pub fn login(id: &str, proof: &Proof) -> String {
    let parameter = match proof {
        Proof::Resume(token) => json!({"resume": token.expose()}),
        Proof::Password { user, password } => {
            let user = if user.contains('@') { json!({"email": user}) } else { json!({"username": user}) };
            let hash = digest(&SHA256, password.expose().as_bytes());
            let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"user": user, "password": {"digest": hex, "algorithm": "sha-256"}})
        }
    };
    json!({"msg": "method", "method": "login", "id": id, "params": [parameter]}).to_string()
}

/// Asks for every message of every room that the user may read.
pub fn subscribe(id: &str) -> String {
    json!({"msg": "sub", "id": id, "name": MESSAGES, "params": ["__my_messages__", false]}).to_string()
}

/// Asks for a sign of life.
pub fn ping() -> String {
    json!({"msg": "ping"}).to_string()
}

/// Gives a sign of life.
pub fn pong(id: Option<&str>) -> String {
    match id {
        Some(id) => json!({"msg": "pong", "id": id}).to_string(),
        None => json!({"msg": "pong"}).to_string(),
    }
}

/// Reads a frame. What is not JSON, or of no known kind, is [`Incoming::Other`].
pub fn read(text: &str) -> Incoming {
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return Incoming::Other };
    let word = |key: &str| frame[key].as_str().unwrap_or_default().to_owned();
    match frame["msg"].as_str() {
        Some("connected") => Incoming::Connected,
        Some("failed") => Incoming::Unsupported(word("version")),
        Some("ping") => Incoming::Ping(frame["id"].as_str().map(str::to_owned)),
        Some("result") => {
            let outcome = match &frame["error"] {
                Value::Null => Ok(frame["result"].clone()),
                error => Err(Fault::read(error)),
            };
            Incoming::Outcome { id: word("id"), outcome }
        }
        Some("ready") => {
            let ids = frame["subs"].as_array().into_iter().flatten();
            Incoming::Ready(ids.filter_map(|id| id.as_str().map(str::to_owned)).collect())
        }
        Some("nosub") => {
            let fault = Some(&frame["error"]).filter(|error| !error.is_null()).map(Fault::read);
            Incoming::NoSub { id: word("id"), fault }
        }
        Some("changed") if frame["collection"] == MESSAGES => said(&frame["fields"]["args"]),
        _ => Incoming::Other,
    }
}

fn said(arguments: &Value) -> Incoming {
    match Said::read(&arguments[0]) {
        Some(said) => Incoming::Said(Box::new(said), Room::read(&arguments[1])),
        None => Incoming::Other,
    }
}

impl Fault {
    /// Reads the error of a method; its kind is a number or a word.
    pub(super) fn read(error: &Value) -> Self {
        let kind = match &error["error"] {
            Value::String(kind) => kind.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let reason = ["reason", "message"].into_iter().find_map(|key| error[key].as_str());
        let millis = error["details"]["timeToReset"].as_f64().filter(|millis| *millis >= 0.0);
        Self {
            reason: reason.unwrap_or("no reason given").to_owned(),
            wait: millis.map(|millis| Duration::from_millis(millis.ceil() as u64)),
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_sent_as_its_digest() {
        let proof = Proof::Password { user: "bot".into(), password: Secret::new("sesame") };
        let frame: Value = serde_json::from_str(&login("1", &proof)).unwrap();
        let digest = "d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272";
        assert_eq!(frame["params"][0]["password"], json!({"digest": digest, "algorithm": "sha-256"}));
        assert_eq!(frame["params"][0]["user"], json!({"username": "bot"}));
        let proof = Proof::Password { user: "bot@example.org".into(), password: Secret::new("x") };
        assert!(login("1", &proof).contains(r#"{"email":"bot@example.org"}"#));
    }

    #[test]
    fn frames_are_told_apart() {
        assert_eq!(read(r#"{"msg":"connected","session":"s"}"#), Incoming::Connected);
        assert_eq!(read(r#"{"msg":"ping","id":"7"}"#), Incoming::Ping(Some("7".into())));
        assert_eq!(read(r#"{"msg":"ready","subs":["2"]}"#), Incoming::Ready(vec!["2".into()]));
        for other in [r#"{"server_id":"0"}"#, "no json", "[1]", "", r#"{"msg":7}"#, r#"{"msg":"later"}"#] {
            assert_eq!(read(other), Incoming::Other, "{other}");
        }
        let changed = |args: &str| {
            read(&format!(
                r#"{{"msg":"changed","collection":"{MESSAGES}","id":"id","fields":{{"eventName":"x","args":{args}}}}}"#
            ))
        };
        for other in ["[]", "null", r#"[{"_id":7}]"#, r#"["text"]"#] {
            assert_eq!(changed(other), Incoming::Other, "{other}");
        }
        let args = r#"[{"_id":"m","rid":"r","msg":"hi","ts":{"$date":1000},"u":{"_id":"u","username":"al"}},
            {"roomParticipant":true,"roomType":"c","roomName":"ops"}]"#;
        let Incoming::Said(said, room) = changed(args) else { panic!("not a message") };
        assert_eq!((said.text.as_str(), room.name.as_deref()), ("hi", Some("ops")));
    }

    #[test]
    fn a_fault_tells_its_kind_and_how_long_to_wait() {
        let frame = r#"{"msg":"result","id":"1","error":{"error":"too-many-requests","reason":"Slow down",
            "details":{"timeToReset":2500}}}"#;
        let Incoming::Outcome { outcome: Err(fault), .. } = read(frame) else { panic!("no fault") };
        assert_eq!(
            (fault.kind.as_str(), fault.wait),
            ("too-many-requests", Some(Duration::from_millis(2500)))
        );
        let fault = Fault::read(&json!({"error": 403, "message": "no [403]"}));
        assert_eq!((fault.kind.as_str(), fault.reason.as_str()), ("403", "no [403]"));
    }
}
