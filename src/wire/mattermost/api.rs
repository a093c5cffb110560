//! The REST API: requests with the token, and what the answers mean. During upgrades a proxy answers with a page of
//! HTML, and the rate limiter with plain text: only a 2xx is read as JSON.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::multipart::Form;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::model::{Secret, Timestamp};
use crate::net::http::cause;

/// The wait after a 429 that names none.
const PAUSE: Duration = Duration::from_secs(1);
/// No server may make us wait longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// This much of an answer is read: a page of posts can be large.
const READ: usize = 16 << 20;
/// Characters of a text that nobody documented, for the log.
const EXCERPT: usize = 200;

/// The REST API of one server, as one user.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: Secret,
}

/// A good answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The JSON.
    pub body: Value,
    /// The server's time, to the second; 0 where it does not tell.
    pub date: Timestamp,
}

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Not now: no connection, 429, 5xx.
    #[error("{why}")]
    Later {
        /// What happened.
        why: String,
        /// How long the server asks to wait.
        after: Option<Duration>,
        /// Whether the server said that there are too many requests, which holds for all of them.
        limited: bool,
    },
    /// The token is not, or no longer, good.
    #[error("{0}")]
    Unauthorized(String),
    /// The server says no.
    #[error("{why}")]
    Refused {
        /// The status.
        status: u16,
        /// The server's name of the error: `api.context.permissions.app_error`.
        id: String,
        /// What it said.
        why: String,
    },
}

impl ApiError {
    /// The status, where the server said no.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unauthorized(_) => Some(401),
            Self::Later { .. } => None,
        }
    }
}

impl Api {
    /// The API of the server at `base`, `https://chat.example.org/sub`, without a slash at its end.
    pub fn new(client: Client, base: &str, token: Secret) -> Self {
        Self { client, base: format!("{base}/api/v4"), token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/{path}", self.base));
        request.bearer_auth(self.token.expose())
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Result<Reply, ApiError> {
        send(self.request(Method::GET, path)).await
    }

    /// Makes something.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, ApiError> {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// Changes something.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Reply, ApiError> {
        send(self.request(Method::PUT, path).json(body)).await
    }

    /// Takes something away.
    pub async fn delete(&self, path: &str) -> Result<Reply, ApiError> {
        send(self.request(Method::DELETE, path)).await
    }

    /// Uploads.
    pub async fn upload(&self, path: &str, form: Form) -> Result<Reply, ApiError> {
        send(self.request(Method::POST, path).multipart(form)).await
    }
}

async fn send(request: RequestBuilder) -> Result<Reply, ApiError> {
    let later = |error: &reqwest::Error| ApiError::Later { why: cause(error), after: None, limited: false };
    let mut response = request.send().await.map_err(|error| later(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| later(&error))? {
        if bytes.len() + chunk.len() > READ {
            return Err(refused(status, "the answer is too large"));
        }
        bytes.extend_from_slice(&chunk);
    }
    read(status, &headers, &String::from_utf8_lossy(&bytes))
}

/// What an answer means.
fn read(status: u16, headers: &HeaderMap, text: &str) -> Result<Reply, ApiError> {
    let json = serde_json::from_str::<Value>(text);
    match status {
        200..300 => match json {
            Ok(body) => Ok(Reply { body, date: date(headers) }),
            // A proxy's page: what became of the request is not known.
            Err(_) => Err(later(status, text, None, false)),
        },
        429 => Err(later(status, text, Some(pause(headers)), true)),
        408 | 425 | 500 | 502.. => Err(later(status, text, wait(headers, "retry-after"), false)),
        _ => {
            let body = json.unwrap_or_default();
            let said = body["message"].as_str().map_or_else(|| excerpt(text), str::to_owned);
            let why = format!("mattermost answers {status}: {}", excerpt(&said));
            if status == 401 {
                return Err(ApiError::Unauthorized(why));
            }
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            Err(ApiError::Refused { status, id, why })
        }
    }
}

fn refused(status: u16, why: &str) -> ApiError {
    ApiError::Refused { status, id: String::new(), why: why.to_owned() }
}

fn later(status: u16, text: &str, after: Option<Duration>, limited: bool) -> ApiError {
    let why = format!("mattermost answers {status}: {}", excerpt(text));
    ApiError::Later { why, after, limited }
}

/// `Retry-After`, else `X-Ratelimit-Reset`: both in seconds.
fn pause(headers: &HeaderMap) -> Duration {
    wait(headers, "retry-after").or_else(|| wait(headers, "x-ratelimit-reset")).unwrap_or(PAUSE)
}

fn wait(headers: &HeaderMap, name: &str) -> Option<Duration> {
    let seconds = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// The `Date` of an answer.
fn date(headers: &HeaderMap) -> Timestamp {
    let text = headers.get("date").and_then(|date| date.to_str().ok());
    let read = |text: &str| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    text.and_then(read).map_or(Timestamp::default(), |time| Timestamp::from_micros(time.as_microsecond()))
}

/// The beginning of a text on one line, without tags.
fn excerpt(text: &str) -> String {
    let mut inside = false;
    let words = text.chars().filter(|c| match c {
        '<' => {
            inside = true;
            false
        }
        '>' => !std::mem::take(&mut inside),
        _ => !inside,
    });
    let words: String = words.map(|c| if c.is_control() { ' ' } else { c }).take(EXCERPT).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_page_of_html_is_a_reason_to_wait() {
        let page = "<html><body><h1>503 Service\nUnavailable</h1></body></html>";
        let error = read(503, &headers(&[]), page).unwrap_err();
        assert_eq!(error.to_string(), "mattermost answers 503: 503 Service Unavailable");
        assert!(matches!(read(200, &headers(&[]), page), Err(ApiError::Later { .. })));
    }

    #[test]
    fn a_limit_in_plain_text_names_its_end() {
        let error = read(429, &headers(&[("x-ratelimit-reset", "3")]), "limit exceeded").unwrap_err();
        let after = Some(Duration::from_secs(3));
        assert!(matches!(&error, ApiError::Later { after: found, limited: true, .. } if *found == after));
        let error = read(429, &headers(&[]), "").unwrap_err();
        assert!(matches!(error, ApiError::Later { after: Some(PAUSE), .. }));
    }

    #[test]
    fn an_error_of_the_server_has_a_name() {
        let body = r#"{"id": "api.post.x", "message": "No.", "status_code": 403, "request_id": "r"}"#;
        let error = read(403, &headers(&[]), body).unwrap_err();
        assert!(matches!(&error, ApiError::Refused { status: 403, id, .. } if id == "api.post.x"));
        assert_eq!(error.to_string(), "mattermost answers 403: No.");
        assert!(matches!(read(401, &headers(&[]), body), Err(ApiError::Unauthorized(_))));
    }

    #[test]
    fn the_servers_time_is_read() {
        let reply = read(200, &headers(&[("date", "Sat, 21 Nov 2026 08:40:00 GMT")]), "{}").unwrap();
        assert_eq!(reply.date.as_secs(), 1_795_250_400);
    }
}
