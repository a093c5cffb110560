//! One call of Slack's Web API (docs.slack.dev/apis/web-api): 200 with `ok: false` is a refusal, 429 and pages of HTML are not.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::model::Secret;
use crate::net::http::cause;

/// Slack warns of JSON without its charset.
pub const JSON: &str = "application/json; charset=utf-8";

/// An answer larger than this is none of Slack's.
const LARGEST: usize = 8 * 1024 * 1024;

/// Errors of Slack's own that pass.
const PASSING: &[&str] = &[
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
];

/// The Web API with one token.
#[derive(Debug, Clone)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    token: Secret,
}

/// How arguments are sent: what only reads takes forms alone, what writes takes JSON too.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// `application/x-www-form-urlencoded`.
    Form(&'a [(&'a str, &'a str)]),
    /// `application/json`.
    Json(&'a Value),
}

/// What Slack answered with `ok: true`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The body.
    pub body: Value,
    /// The scopes of the token, from `x-oauth-scopes`, where Slack tells them.
    pub scopes: Option<Vec<String>>,
    /// The time at Slack, from `Date`, as written there.
    pub date: Option<String>,
}

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Slack's own word for it, such as `channel_not_found`.
    #[error("slack says `{error}`{}", needed.as_ref().map(|scope| format!(": the scope `{scope}` is missing")).unwrap_or_default())]
    Said {
        /// The word.
        error: String,
        /// The scope that is missing.
        needed: Option<String>,
    },
    /// It may work later: too many calls, an error that passes, no connection.
    #[error("{why}")]
    Later {
        /// What happened, free of addresses and secrets.
        why: String,
        /// How long Slack asks to wait.
        after: Option<Duration>,
    },
}

impl ApiError {
    /// Slack's word, where it said one.
    pub fn word(&self) -> &str {
        match self {
            Self::Said { error, .. } => error,
            Self::Later { .. } => "",
        }
    }

    fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after: None }
    }
}

impl Api {
    /// The API below `base`, such as `https://slack.com/api`, called with `token`. `client` is to have time limits and
    /// to follow no redirects.
    pub fn new(client: reqwest::Client, base: &str, token: Secret) -> Self {
        Self { client, base: base.to_owned(), token }
    }

    /// Calls a method, such as `auth.test`.
    ///
    /// # Errors
    /// Slack refuses it, or it may work later.
    pub async fn call(&self, method: &str, body: Body<'_>) -> Result<Answer, ApiError> {
        let request = self.client.post(format!("{}/{method}", self.base)).bearer_auth(self.token.expose());
        let request = match body {
            Body::Form(fields) => request.form(fields),
            Body::Json(body) => request.header(CONTENT_TYPE, JSON).body(body.to_string()),
        };
        let (status, headers, text) = fetch(request).await?;
        read(status, &headers, &text)
    }

    /// Sends the bytes of a file to the address that `files.getUploadURLExternal` gave. It carries its own permission:
    /// the token is not sent.
    ///
    /// # Errors
    /// It was not taken, now or at all.
    pub async fn upload(&self, url: &str, bytes: Vec<u8>) -> Result<(), ApiError> {
        let request = self.client.post(url).header(CONTENT_TYPE, "application/octet-stream").body(bytes);
        let (status, headers, _) = fetch(request).await?;
        match status {
            StatusCode::OK => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(limited(&headers)),
            status if status.is_server_error() => Err(ApiError::later(format!("the upload got {status}"))),
            status => {
                Err(ApiError::Said { error: format!("upload answered {}", status.as_u16()), needed: None })
            }
        }
    }
}

async fn fetch(request: RequestBuilder) -> Result<(StatusCode, HeaderMap, Vec<u8>), ApiError> {
    let mut response = request.send().await.map_err(|error| ApiError::later(cause(&error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok((status, headers, whole(&mut response).await?))
}

async fn whole(response: &mut Response) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ApiError::later(cause(&error)))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(ApiError::later("the answer is too large"));
        }
    }
    Ok(bytes)
}

fn limited(headers: &HeaderMap) -> ApiError {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    ApiError::Later {
        why: "slack asks to slow down".to_owned(),
        after: Some(Duration::from_secs(seconds.unwrap_or(1))),
    }
}

fn read(status: StatusCode, headers: &HeaderMap, text: &[u8]) -> Result<Answer, ApiError> {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(limited(headers));
    }
    // A proxy in front of Slack answers with pages of its own, also with 200.
    let Ok(body) = serde_json::from_slice::<Value>(text) else {
        return Err(ApiError::later(format!("slack answers {} without JSON", status.as_u16())));
    };
    if body["ok"] == true {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let scopes =
            text("x-oauth-scopes").map(|list| list.split(',').map(|one| one.trim().to_owned()).collect());
        return Ok(Answer { body, scopes, date: text(DATE.as_str()) });
    }
    let Some(error) = body["error"].as_str() else {
        return Err(ApiError::later(format!("slack answers {} without a word", status.as_u16())));
    };
    if PASSING.contains(&error) || status.is_server_error() {
        return Err(ApiError::later(format!("slack says `{error}`")));
    }
    let needed = body["needed"].as_str().map(str::to_owned);
    Err(ApiError::Said { error: error.to_owned(), needed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], text: &str) -> Result<Answer, ApiError> {
        let map = headers
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap()));
        read(StatusCode::from_u16(status).unwrap(), &map.collect(), text.as_bytes())
    }

    #[test]
    fn what_slack_says_decides_and_not_its_200() {
        let refused = answer(200, &[], r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "slack says `missing_scope`: the scope `chat:write` is missing"
        );
        let passing = answer(200, &[], r#"{"ok":false,"error":"internal_error"}"#);
        assert!(matches!(passing, Err(ApiError::Later { .. })));
    }

    #[test]
    fn a_page_of_html_passes_and_is_never_read_as_json() {
        for status in [200, 502, 503] {
            let page = answer(status, &[], "<html>upgrading</html>");
            assert!(matches!(page, Err(ApiError::Later { after: None, .. })), "{page:?}");
        }
    }

    #[test]
    fn too_many_calls_wait_as_long_as_slack_asks() {
        let limited = answer(429, &[("retry-after", "7")], "");
        assert!(matches!(limited, Err(ApiError::Later { after: Some(after), .. }) if after.as_secs() == 7));
    }

    #[test]
    fn scopes_and_time_come_with_a_good_answer() {
        let headers =
            [("x-oauth-scopes", "chat:write, files:write"), ("date", "Tue, 15 Nov 1994 08:12:31 GMT")];
        let good = answer(200, &headers, r#"{"ok":true}"#).unwrap();
        assert_eq!(good.scopes.unwrap(), ["chat:write", "files:write"]);
        assert!(good.date.unwrap().ends_with("GMT"));
    }
}
