//! Why a REST call failed, as whoever calls decides on it.

use std::time::Duration;

use serde_json::Value;

/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Why a call failed. No variant holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer: whether the server did it is not known.
    #[error("{0}")]
    Unreachable(String),
    /// 5xx, or a page of a proxy in between: whether the server did it is not known.
    #[error("{0}")]
    Down(String),
    /// 429: the server did nothing.
    #[error("{why}")]
    Busy {
        /// What the server says.
        why: String,
        /// How long to wait.
        after: Option<Duration>,
    },
    /// 401: the token counts no longer.
    #[error("{0}")]
    LoggedOut(String),
    /// The server will not do it.
    #[error("{why}")]
    Refused {
        /// `error-room-not-found`, or the text where there is no such word.
        kind: String,
        /// What the server says.
        why: String,
    },
}

/// What an answer holds that tells of a failure.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) after: Option<Duration>,
    pub(super) body: Option<&'a Value>,
}

impl Failure {
    /// What the answer to `endpoint` means; `None` for success.
    pub(super) fn of(endpoint: &str, answer: &Answer<'_>) -> Option<Self> {
        let status = answer.status;
        let told = || match answer.body.map(sentence).unwrap_or_default() {
            text if text.is_empty() => format!("{endpoint}: the server answers {status}"),
            text => format!("{endpoint}: {text}"),
        };
        match (status, answer.body) {
            (429, _) => {
                let after = answer.after.or_else(|| seconds(&told())).map(|after| after.min(LONGEST_WAIT));
                Some(Self::Busy { why: told(), after })
            }
            (408 | 500.., _) => Some(Self::Down(told())),
            (401, _) => Some(Self::LoggedOut(told())),
            (200..=299, Some(body)) if body["success"] != Value::Bool(false) => None,
            (200..=299, None) => Some(Self::Down(format!("{endpoint}: the answer is not JSON"))),
            (_, body) => Some(Self::Refused { kind: body.map(kind).unwrap_or_default(), why: told() }),
        }
    }

    /// Whether the server may have done it all the same.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Down(_))
    }

    /// Whether the room is closed to the bot: gone, archived, read only, or it is not in it.
    pub fn is_closed_room(&self) -> bool {
        const WORDS: [&str; 9] = [
            "archived",
            "error-invalid-room",
            "error-room-not-found",
            "error-not-allowed",
            "error-not-in-room",
            "not-in-channel",
            "readonly",
            "muted",
            "room_is_blocked",
        ];
        match self {
            Self::Refused { kind, why } => WORDS.iter().any(|word| kind.contains(word) || why.contains(word)),
            _ => false,
        }
    }
}

fn sentence(body: &Value) -> String {
    let text = ["error", "message"].into_iter().find_map(|key| body[key].as_str()).unwrap_or_default();
    let short: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
    short.trim_end_matches('.').to_owned()
}

fn kind(body: &Value) -> String {
    if let Some(kind) = body["errorType"].as_str() {
        return kind.to_owned();
    }
    let text = sentence(body);
    match text.rsplit_once('[').and_then(|(_, rest)| rest.strip_suffix(']')) {
        Some(kind) => kind.to_owned(),
        None => text,
    }
}

/// `You must wait 13 seconds before ...`
fn seconds(text: &str) -> Option<Duration> {
    let number = text.split("wait ").nth(1)?.split(' ').next()?;
    number.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: u16, body: Option<Value>) -> Option<Failure> {
        Failure::of("chat.react", &Answer { status, after: None, body: body.as_ref() })
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(of(200, Some(json!({"success": true}))), None);
        assert!(matches!(of(503, None), Some(Failure::Down(_))));
        assert!(matches!(of(200, None), Some(Failure::Down(_))), "a page of a proxy");
        let body = json!({"status": "error", "message": "You must be logged in to do this."});
        let expected = "chat.react: You must be logged in to do this".to_owned();
        assert_eq!(of(401, Some(body)), Some(Failure::LoggedOut(expected)));
        let body = json!({"success": false, "error": "too many. You must wait 13 seconds before trying"});
        let Some(Failure::Busy { after, .. }) = of(429, Some(body)) else { panic!("not busy") };
        assert_eq!(after, Some(Duration::from_secs(13)));
    }

    #[test]
    fn a_closed_room_is_known_by_its_error() {
        let refused = |body: Value| of(400, Some(body)).unwrap();
        for error in
            ["error-not-allowed", "The channel, ops, is archived [error-room-archived]", "error-invalid-room"]
        {
            assert!(refused(json!({"success": false, "error": error})).is_closed_room(), "{error}");
        }
        let other = refused(json!({"success": false, "error": "no [error-message-size-exceeded]"}));
        assert!(!other.is_closed_room());
        assert!(matches!(other, Failure::Refused { kind, .. } if kind == "error-message-size-exceeded"));
    }
}
