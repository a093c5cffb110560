//! Why a request was not granted (docs.discord.com/developers/topics/opcodes-and-status-codes).

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A request that Discord did not grant, or that never got there.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// Discord's own code of the error; 0 where it gave none.
    pub code: u64,
    /// What happened, free of secrets.
    pub why: String,
    /// How long it asks to wait.
    pub after: Option<Duration>,
    /// Whether all requests have to wait, not only those of the same kind.
    pub global: bool,
}

/// The longest excerpt of an answer, in characters.
const EXCERPT: usize = 200;

impl Failure {
    /// There was no answer.
    pub fn unreachable(why: String) -> Self {
        Self { status: 0, code: 0, why, after: None, global: false }
    }

    /// The request has to wait before it is even sent.
    pub fn wait(after: Duration) -> Self {
        let why = "the rate limit is used up".to_owned();
        Self { status: 429, code: 0, why, after: Some(after), global: false }
    }

    /// Reads an answer that is no success. A page of HTML is not repeated.
    pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let header = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
        let seconds = json["retry_after"].as_f64().or(header);
        let reason = status.canonical_reason().unwrap_or_default();
        let said = json["message"].as_str().unwrap_or(reason);
        let details = if json["errors"].is_object() { format!(" {}", json["errors"]) } else { String::new() };
        let why: String = format!("{} {said}{details}", status.as_u16()).chars().take(EXCERPT).collect();
        Self {
            status: status.as_u16(),
            code: json["code"].as_u64().unwrap_or(0),
            why,
            after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            global: json["global"].as_bool().unwrap_or(false) || headers.contains_key("x-ratelimit-global"),
        }
    }

    /// Whether the same request may be granted later.
    pub fn is_passing(&self) -> bool {
        // A refusal without a code of Discord's own comes from what stands in front of it.
        matches!(self.status, 0 | 408 | 429 | 500..) || (self.status == 403 && self.code == 0)
    }

    /// Whether the bot's token is refused.
    pub fn is_revoked(&self) -> bool {
        self.status == 401 && self.code != INVALID_WEBHOOK_TOKEN
    }
}

/// The token of an interaction has ended.
const INVALID_WEBHOOK_TOKEN: u64 = 50_027;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_tells_how_long_to_the_fraction() {
        let body = br#"{"message":"You are being rate limited.","retry_after":0.3,"global":true}"#;
        let failure = Failure::read(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), body);
        assert_eq!(failure.after, Some(Duration::from_millis(300)));
        assert!(failure.global && failure.is_passing());
    }

    #[test]
    fn a_page_of_html_is_not_repeated() {
        let failure = Failure::read(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), b"<html>busy</html>");
        assert_eq!(failure.why, "503 Service Unavailable");
        assert!(failure.is_passing() && failure.after.is_none());
    }

    #[test]
    fn the_end_of_an_interaction_is_no_revoked_token() {
        let read = |body: &[u8]| Failure::read(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body);
        assert!(read(br#"{"message":"401: Unauthorized","code":0}"#).is_revoked());
        assert!(!read(br#"{"message":"Invalid Webhook Token","code":50027}"#).is_revoked());
    }
}
