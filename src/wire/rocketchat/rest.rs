//! The REST API: JSON over HTTPS with `X-Auth-Token` and `X-User-Id`, limits per endpoint kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::failure::{Answer, Failure};
use crate::model::{Secret, Timestamp};
use crate::net::World;
use crate::net::file_bytes;
use crate::net::http::cause;
use crate::text::File;

/// A call may take this long.
const LIMIT: Duration = Duration::from_secs(20);
/// An answer larger than this is none of a chat's.
const LARGEST: usize = 16 * 1024 * 1024;

/// What the server said about time, kept over sessions: until when which endpoint is closed, and by how much its
/// clock differs from ours.
#[derive(Debug, Default)]
pub struct Waits {
    until: Mutex<HashMap<String, Timestamp>>,
    ahead: Mutex<Option<i64>>,
}

/// One user's way to the API.
#[derive(Debug, Clone)]
pub struct Rest {
    base: String,
    client: Client,
    user: String,
    token: Secret,
    world: World,
    waits: Arc<Waits>,
}

impl Waits {
    /// The server's time where ours is `now`.
    pub fn server_time(&self, now: Timestamp) -> Timestamp {
        let ahead = self.ahead().unwrap_or(0);
        Timestamp::from_micros(now.as_micros().saturating_add(ahead))
    }

    /// By how many microseconds the server's clock is ahead of ours; `None` before the first answer.
    pub fn ahead(&self) -> Option<i64> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self, endpoint: &str, now: Timestamp) -> Option<Duration> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.retain(|_, time| *time > now);
        until.get(endpoint).map(|time| time.since(now))
    }

    fn close(&self, endpoint: &str, until: Timestamp) {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint.to_owned(), until);
    }
}

impl Rest {
    /// Calls the server at `base` (no slash at its end) as `user` with `token`.
    pub fn new(
        base: &str,
        client: Client,
        user: &str,
        token: &Secret,
        world: &World,
        waits: Arc<Waits>,
    ) -> Self {
        let (base, user, token) = (base.to_owned(), user.to_owned(), token.clone());
        Self { base, client, user, token, world: world.clone(), waits }
    }

    /// What is known of the server's time.
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// `GET /api/v1/<endpoint>`.
    pub async fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        let request = self.request(Method::GET, endpoint).query(query);
        self.send(endpoint, request).await
    }

    /// `POST /api/v1/<endpoint>` with a JSON body.
    pub async fn post(&self, endpoint: &str, body: &Value) -> Result<Value, Failure> {
        self.send(endpoint, self.request(Method::POST, endpoint).json(body)).await
    }

    /// `POST /api/v1/<endpoint>` with a file and further fields.
    pub async fn upload(
        &self,
        endpoint: &str,
        file: &File,
        fields: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let part = Part::bytes(file_bytes(file)).file_name(file.name.clone());
        let part = part.mime_str("text/plain").map_err(|error| Failure::Unreachable(cause(&error)))?;
        let mut form = Form::new().part("file", part);
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        self.send(endpoint, self.request(Method::POST, endpoint).multipart(form)).await
    }

    /// The server's version, from `GET /api/info`: major and minor.
    pub async fn version(&self) -> Result<(u32, u32), Failure> {
        let request = self.client.get(format!("{}/api/info", self.base));
        let info = self.send("info", request).await?;
        let text = info["version"].as_str().or_else(|| info["info"]["version"].as_str()).unwrap_or_default();
        let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        Ok((parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
    }

    fn request(&self, method: Method, endpoint: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1/{endpoint}", self.base));
        request.header("X-Auth-Token", self.token.expose()).header("X-User-Id", &self.user)
    }

    async fn send(&self, endpoint: &str, request: RequestBuilder) -> Result<Value, Failure> {
        // Limits count by route: `rooms.media/RID` is one for all rooms.
        let name = endpoint.split('/').next().unwrap_or(endpoint);
        if let Some(left) = self.waits.left(name, self.world.now()) {
            return Err(Failure::Busy {
                why: format!("{name}: the server's limit is used up"),
                after: Some(left),
            });
        }
        match self.world.timeout(LIMIT, self.exchange(name, request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Unreachable(format!("{name}: no answer within {} s", LIMIT.as_secs()))),
        }
    }

    async fn exchange(&self, name: &str, request: RequestBuilder) -> Result<Value, Failure> {
        let lost = |error: reqwest::Error| Failure::Unreachable(format!("{name}: {}", cause(&error)));
        let mut response = request.send().await.map_err(lost)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.note_clock(&headers);
        let reset = self.reset(&headers);
        let after = whole(&headers, RETRY_AFTER.as_str()).map(Duration::from_secs).or(reset);
        if status == 429 || (whole(&headers, "x-ratelimit-remaining") == Some(0) && reset.is_some()) {
            self.waits.close(name, self.world.now().plus(after.unwrap_or(Duration::from_secs(1))));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err(Failure::Down(format!("{name}: the answer is too long")));
            }
        }
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        match Failure::of(name, &Answer { status, after, body: body.as_ref() }) {
            Some(failure) => Err(failure),
            None => Ok(body.unwrap_or_default()),
        }
    }

    /// `X-RateLimit-Reset` is milliseconds since 1970 on the server's clock.
    fn reset(&self, headers: &HeaderMap) -> Option<Duration> {
        let millis = whole(headers, "x-ratelimit-reset")?;
        let reset = Timestamp::from_micros(i64::try_from(millis).ok()?.checked_mul(1000)?);
        let now = self.waits.server_time(self.world.now());
        // The server's `Date` has whole seconds: its clock may be almost one further than we think.
        Some(reset.since(now).max(Duration::from_millis(100)))
    }

    fn note_clock(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        if let Some(date) = date {
            let ahead = date.as_microsecond() - self.world.now().as_micros();
            // Within the second that `Date` cannot tell, our own clock is the better one.
            let ahead = if (-1_000_000..=0).contains(&ahead) { 0 } else { ahead };
            *self.waits.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
    }
}

fn whole(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
