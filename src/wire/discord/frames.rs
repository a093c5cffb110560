//! Frames of the gateway (docs.discord.com/developers/events/gateway): what we send, what we understand, and what
//! a close code means for the next connection.

use serde::Deserialize;
use serde_json::{Value, json};
use serenity::model::gateway::GatewayIntents;

use crate::model::Secret;

/// What the bot wants to hear of: rooms, and what is said in them and to it. The text of messages is privileged:
/// it has to be switched on in the Developer Portal.
pub const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::DIRECT_MESSAGES)
    .union(GatewayIntents::MESSAGE_CONTENT);

/// What the gateway says.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// Something happened (op 0).
    Dispatch {
        /// Its number in the session.
        seq: u64,
        /// `MESSAGE_CREATE` and so on.
        kind: String,
        /// What, as the kind has it.
        data: Value,
    },
    /// A heartbeat is wanted at once (op 1).
    Asked,
    /// Connect again and resume (op 7).
    Reconnect,
    /// The session is not valid (op 9).
    Invalid {
        /// Whether it may be resumed all the same.
        resumable: bool,
    },
    /// The first word (op 10): how often to send a heartbeat, in milliseconds.
    Hello {
        /// Milliseconds.
        interval: u64,
    },
    /// Our heartbeat arrived (op 11).
    Acknowledged,
    /// Something that no documentation names yet.
    Unknown {
        /// The number of its kind.
        op: u64,
    },
}

#[derive(Deserialize)]
struct Frame {
    op: u64,
    #[serde(default)]
    d: Value,
    s: Option<u64>,
    t: Option<String>,
}

/// Reads one frame.
///
/// # Errors
/// It is no frame of the gateway; in one sentence, without its text.
pub fn read(text: &str) -> Result<Received, String> {
    let frame: Frame =
        serde_json::from_str(text).map_err(|error| format!("a frame that cannot be read: {error}"))?;
    Ok(match frame.op {
        0 => match (frame.s, frame.t) {
            (Some(seq), Some(kind)) => Received::Dispatch { seq, kind, data: frame.d },
            _ => return Err("an event without a number or a name".to_owned()),
        },
        1 => Received::Asked,
        7 => Received::Reconnect,
        9 => Received::Invalid { resumable: frame.d == Value::Bool(true) },
        10 => {
            let interval = frame.d["heartbeat_interval"].as_u64().filter(|millis| *millis > 0);
            Received::Hello { interval: interval.ok_or("a hello without its interval")? }
        }
        11 => Received::Acknowledged,
        op => Received::Unknown { op },
    })
}

/// Begins a new session (op 2).
pub fn identify(token: &Secret) -> String {
    let properties = json!({"os": std::env::consts::OS, "browser": "chatops", "device": "chatops"});
    let data = json!({"token": token.expose(), "intents": INTENTS.bits(), "properties": properties});
    json!({"op": 2, "d": data}).to_string()
}

/// Goes on with a session after the event `seq` (op 6).
pub fn resume(token: &Secret, session: &str, seq: u64) -> String {
    json!({"op": 6, "d": {"token": token.expose(), "session_id": session, "seq": seq}}).to_string()
}

/// A heartbeat (op 1) with the number of the last event, if there was one.
pub fn heartbeat(seq: Option<u64>) -> String {
    json!({"op": 1, "d": seq}).to_string()
}

/// What to do when the token is refused.
pub const REVOKED: &str = "the token is refused: Developer Portal > your application > Bot > Reset Token, then put it into CHATOPS_DISCORD_TOKEN";

/// What a close code asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Connect again and resume.
    Resume,
    /// Connect again and begin a new session.
    Anew,
    /// Nothing helps but a person: what that person has to do.
    Refused(&'static str),
}

/// What the close code of the gateway asks for.
pub const fn closing(code: u16) -> Closing {
    match code {
        4003 | 4007 | 4009 => Closing::Anew,
        4004 => Closing::Refused(REVOKED),
        4010 => Closing::Refused("the shard is not valid; the bot runs on one connection without shards"),
        4011 => Closing::Refused("the bot is on too many servers for one connection: remove it from some"),
        4012 => Closing::Refused("version 10 of the gateway is no longer spoken: a newer chatops is needed"),
        4013 => Closing::Refused("the intents are not valid: a newer chatops is needed"),
        4014 => Closing::Refused(
            "the Message Content intent is not switched on: Developer Portal > your application > Bot > Privileged Gateway Intents > Message Content Intent, then Save Changes",
        ),
        _ => Closing::Resume,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_and_what_is_none_is_said() {
        assert_eq!(
            read(r#"{"op":0,"s":3,"t":"RESUMED","d":null}"#),
            Ok(Received::Dispatch { seq: 3, kind: "RESUMED".to_owned(), data: Value::Null })
        );
        assert_eq!(
            read(r#"{"op":10,"d":{"heartbeat_interval":41250}}"#),
            Ok(Received::Hello { interval: 41_250 })
        );
        assert_eq!(read(r#"{"op":9,"d":false}"#), Ok(Received::Invalid { resumable: false }));
        assert_eq!(read(r#"{"op":99,"d":[]}"#), Ok(Received::Unknown { op: 99 }));
        for bad in ["", "hello", "[]", r#"{"op":10,"d":{}}"#, r#"{"op":0,"d":{}}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_identify_names_the_intents_and_nothing_unknown() {
        let frame: Value = serde_json::from_str(&identify(&Secret::new("t"))).unwrap();
        assert_eq!(frame["op"], 2);
        assert_eq!(frame["d"]["intents"], 1 + (1 << 9) + (1 << 12) + (1 << 15));
        let keys: Vec<_> = frame["d"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["token", "intents", "properties"]);
    }

    #[test]
    fn only_what_a_person_must_mend_is_refused() {
        for code in [4004, 4010, 4011, 4012, 4013, 4014] {
            assert!(matches!(closing(code), Closing::Refused(_)), "{code}");
        }
        for code in [1000, 1001, 1006, 4000, 4008] {
            assert_eq!(closing(code), Closing::Resume, "{code}");
        }
        assert_eq!(closing(4009), Closing::Anew);
    }
}
